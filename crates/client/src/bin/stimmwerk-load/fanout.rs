//! Live delivery to many sockets of one forum.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use indicatif::ProgressBar;
use stimmwerk_client::{Client, Join, LiveSocket, command_id};
use stimmwerk_core::forum::{ForumCommand, Waiting};
use stimmwerk_core::live::ClientFrame;
use stimmwerk_core::network::Visibility;
use stimmwerk_core::said::{Lang, Texts};

/// Authors share the rate, so that none meets a limit.
const AUTHORS: usize = 20;
/// Begins a contribution of this measurement; the microseconds at which it was sent follow.
const MARK: &str = "gesendet ";

/// Measure live delivery.
#[derive(clap::Args)]
pub struct Fanout {
    /// The server, on this machine.
    #[arg(long)]
    server: String,
    /// A token that may create processes and moderate.
    #[arg(long)]
    token: String,
    /// How many sockets listen (at most 10,000).
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    sockets: u32,
    /// Contributions a second (at most 1,000).
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    rate: u32,
    /// For how many seconds (at most 300).
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=300))]
    seconds: u32,
    /// The server's process, whose CPU and memory are read.
    #[arg(long)]
    pid: u32,
    /// Length of a contribution.
    #[arg(long, default_value_t = 300)]
    bytes: usize,
}

impl Fanout {
    /// Measures and prints a table.
    pub async fn run(self) -> Result<()> {
        crate::loopback(&self.server)?;
        let staff = Client::new(&self.server).with_token(&self.token);
        let title = Texts::of(Lang::german(), "Messung");
        let process = staff.create_process(&title, Visibility::Code).await?;
        let forum = staff.create_forum(process, &title, Waiting::None).await?;
        let code = staff.codes(process).await?.spoken;
        let stream = staff.forum(forum, &Default::default()).await?.stream;
        let (reader, _) = staff.join(&Join::with_code(&code)).await?;
        let mut authors = Vec::new();
        for _ in 0..AUTHORS {
            authors.push(staff.join(&Join::with_code(&code)).await?.0);
        }
        let before = memory(self.pid)?;
        let received = Arc::new(AtomicU64::new(0));
        let latencies = Arc::new(std::sync::Mutex::new(Histogram::<u64>::new(3)?));
        let bar = ProgressBar::new(u64::from(self.sockets)).with_message("sockets");
        let mut readers = Vec::new();
        for _ in 0..self.sockets {
            let mut socket = LiveSocket::connect(&reader).await?;
            socket.send(&ClientFrame::Subscribe { stream, after: None, audience: None, from: None }).await?;
            let (received, latencies) = (received.clone(), latencies.clone());
            readers.push(tokio::spawn(async move {
                let mut own = Histogram::<u64>::new(3).expect("three digits are few");
                while let Ok(Some(text)) = socket.next_text().await {
                    for part in text.split(MARK).skip(1) {
                        let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
                        let sent: u64 = part[..digits].parse().unwrap_or(0);
                        let _ = own.record(micros().saturating_sub(sent).max(1));
                        received.fetch_add(1, Ordering::Relaxed);
                    }
                    if text.contains("\"closed\"") {
                        break;
                    }
                }
                let _ = latencies.lock().map(|mut all| all.add(own));
            }));
            bar.inc(1);
        }
        bar.finish_and_clear();
        tokio::time::sleep(Duration::from_secs(1)).await;
        let with_sockets = memory(self.pid)?;
        let cpu = cpu_seconds(self.pid)?;
        let start = Instant::now();
        let count = self.rate * self.seconds;
        let bar = ProgressBar::new(u64::from(count)).with_message("contributions");
        let mut writes = Vec::new();
        for nth in 0..count {
            tokio::time::sleep_until((start + Duration::from_secs_f64(f64::from(nth) / f64::from(self.rate))).into())
                .await;
            let author = authors[nth as usize % AUTHORS].clone();
            let bytes = self.bytes;
            let bar = bar.clone();
            writes.push(tokio::spawn(async move {
                let mut text = format!("{MARK}{} ", micros());
                while text.len() < bytes {
                    text.push('x');
                }
                let command = ForumCommand::Contribute { text, lang: None, topic: None, reply_to: None };
                let made = author.command(forum, command_id(), &command).await;
                bar.inc(1);
                made
            }));
        }
        for write in writes {
            write.await??;
        }
        bar.finish_and_clear();
        let due = u64::from(count) * u64::from(self.sockets);
        let patience = Instant::now() + Duration::from_secs(20);
        while received.load(Ordering::Relaxed) < due && Instant::now() < patience {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let cpu = cpu_seconds(self.pid)? - cpu;
        let got = received.load(Ordering::Relaxed);
        // Closing the forum ends the readers.
        let closed = ForumCommand::SetState { mode: stimmwerk_core::forum::Mode::Closed, until: None };
        staff.command(forum, command_id(), &closed).await?;
        for reader in readers {
            reader.await?;
        }
        let all = latencies.lock().map_err(|_| anyhow::anyhow!("a reader failed"))?;
        println!("sockets {}, {} contributions/s, {} s, {} bytes", self.sockets, self.rate, self.seconds, self.bytes);
        println!("delivered        {got} of {due}");
        println!(
            "latency          p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms",
            all.value_at_quantile(0.5) as f64 / 1_000.0,
            all.value_at_quantile(0.99) as f64 / 1_000.0,
            all.max() as f64 / 1_000.0
        );
        println!("server CPU       {:.2} µs a delivery ({cpu:.2} s)", cpu * 1e6 / got.max(1) as f64);
        println!(
            "server memory    {:.1} KB a socket",
            with_sockets.saturating_sub(before) as f64 / f64::from(self.sockets)
        );
        Ok(())
    }
}

fn micros() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros() as u64
}

/// Resident memory in KB.
fn memory(pid: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS")?;
    Ok(line.split_whitespace().nth(1).context("no figure")?.parse()?)
}

/// User and system time used so far.
fn cpu_seconds(pid: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let after = stat.rsplit(") ").next().context("stat")?;
    let fields: Vec<&str> = after.split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
    Ok(ticks / rustix::param::clock_ticks_per_second() as f64)
}
