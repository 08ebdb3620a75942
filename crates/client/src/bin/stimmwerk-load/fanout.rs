//! Live delivery to many sockets of one forum.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use indicatif::ProgressBar;
use stimmwerk_client::{Client, Join, LiveSocket, command_id};
use stimmwerk_core::forum::{ForumCommand, Waiting};
use stimmwerk_core::live::ClientFrame;
use stimmwerk_core::network::Visibility;
use stimmwerk_core::said::{Lang, Texts};
use tokio::task::JoinHandle;

use crate::nats::NatsServer;

/// Authors share the rate, so that none meets a limit.
const AUTHORS: usize = 20;
/// Begins a contribution of this measurement; the microseconds at which it was sent follow.
const MARK: &str = "gesendet ";
/// Ends the readers of nats-server.
const END: &str = "end";

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
    /// A nats-server program to measure in the same run.
    #[arg(long)]
    nats: Option<PathBuf>,
    /// Length of a contribution.
    #[arg(long, default_value_t = 300)]
    bytes: usize,
}

/// What the readers of one measurement have seen.
struct Tally {
    received: AtomicU64,
    latencies: Mutex<Histogram<u64>>,
}

impl Tally {
    fn new() -> Result<Arc<Self>> {
        Ok(Arc::new(Self { received: AtomicU64::new(0), latencies: Mutex::new(Histogram::new(3)?) }))
    }

    /// Notes every contribution in `text` in a reader's own figures.
    fn hear(&self, text: &str, own: &mut Histogram<u64>) {
        for part in text.split(MARK).skip(1) {
            let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            let sent: u64 = part[..digits].parse().unwrap_or(0);
            let _ = own.record(micros().saturating_sub(sent).max(1));
            self.received.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A reader ends.
    fn add(&self, own: &Histogram<u64>) {
        if let Ok(mut all) = self.latencies.lock() {
            let _ = all.add(own);
        }
    }
}

fn histogram() -> Histogram<u64> {
    Histogram::new(3).expect("three digits are few")
}

impl Fanout {
    /// Measures and prints a table.
    pub async fn run(self) -> Result<()> {
        crate::loopback(&self.server)?;
        println!("sockets {}, {} contributions/s, {} s, {} bytes", self.sockets, self.rate, self.seconds, self.bytes);
        let ours = self.stimmwerk().await?;
        if let Some(program) = &self.nats {
            let theirs = self.nats(program).await?;
            println!("CPU a delivery   {:.2} of nats-server's", ours / theirs);
        }
        Ok(())
    }

    async fn stimmwerk(&self) -> Result<f64> {
        let staff = Client::new(&self.server).with_token(&self.token);
        let title = Texts::of(Lang::german(), "Messung");
        let process = staff.create_process(&title, Visibility::Code).await?;
        let forum = staff.create_forum(process, &title, Waiting::None).await?;
        let code = staff.codes(process).await?.spoken;
        let stream = staff.forum(forum, &Default::default()).await?.stream;
        let mut authors = Vec::new();
        for _ in 0..AUTHORS {
            authors.push(staff.join(&Join::with_code(&code)).await?.0);
        }
        let before = memory(self.pid)?;
        let tally = Tally::new()?;
        let mut readers = Vec::new();
        let bar = bar(self.sockets, "sockets");
        for _ in 0..self.sockets {
            // One person has few sockets: each of these is somebody else's.
            let (reader, _) = staff.join(&Join::with_code(&code)).await?;
            let mut socket = LiveSocket::connect(&reader).await?;
            socket.send(&ClientFrame::Subscribe { stream, after: None, audience: None, from: None }).await?;
            let tally = tally.clone();
            readers.push(tokio::spawn(async move {
                let mut own = histogram();
                while let Ok(Some(text)) = socket.next_text().await {
                    tally.hear(&text, &mut own);
                    if text.contains("\"closed\"") {
                        break;
                    }
                }
                tally.add(&own);
            }));
            bar.inc(1);
        }
        bar.finish_and_clear();
        let cpu = self
            .measure(self.pid, &tally, |nth, text| {
                let author = authors[nth as usize % AUTHORS].clone();
                tokio::spawn(async move {
                    let command =
                        ForumCommand::Contribute { text, lang: None, topic: None, reply_to: None, hall: None };
                    author.command(forum, command_id(), &command).await?;
                    Ok(())
                })
            })
            .await?;
        let memory = memory(self.pid)?.saturating_sub(before);
        // Closing the forum ends the readers.
        let closed = ForumCommand::SetState { mode: stimmwerk_core::forum::Mode::Closed, until: None, minutes: None };
        staff.command(forum, command_id(), &closed).await?;
        for reader in readers {
            reader.await?;
        }
        self.print("stimmwerk", &tally, cpu, memory)
    }

    async fn nats(&self, program: &std::path::Path) -> Result<f64> {
        let server = NatsServer::start(program).await?;
        let before = memory(server.pid())?;
        let tally = Tally::new()?;
        let mut readers = Vec::new();
        let bar = bar(self.sockets, "sockets");
        for _ in 0..self.sockets {
            let mut socket = server.connect().await?;
            socket.subscribe().await?;
            let tally = tally.clone();
            readers.push(tokio::spawn(async move {
                let mut own = histogram();
                while let Ok(Some(text)) = socket.next().await {
                    if text == END {
                        break;
                    }
                    tally.hear(&text, &mut own);
                }
                tally.add(&own);
            }));
            bar.inc(1);
        }
        bar.finish_and_clear();
        let mut authors = Vec::new();
        for _ in 0..AUTHORS {
            authors.push(Arc::new(tokio::sync::Mutex::new(server.connect().await?)));
        }
        let cpu = self
            .measure(server.pid(), &tally, |nth, text| {
                let author = authors[nth as usize % AUTHORS].clone();
                tokio::spawn(async move { author.lock().await.publish(&text).await })
            })
            .await?;
        let memory = memory(server.pid())?.saturating_sub(before);
        authors[0].lock().await.publish(END).await?;
        for reader in readers {
            reader.await?;
        }
        self.print("nats-server", &tally, cpu, memory)
    }

    /// Writes at the asked rate and waits until all is delivered, or no longer. Returns the processor time it took.
    async fn measure(
        &self,
        pid: u32,
        tally: &Tally,
        write: impl Fn(u32, String) -> JoinHandle<Result<()>>,
    ) -> Result<f64> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let cpu = cpu_seconds(pid)?;
        let start = Instant::now();
        let count = self.rate * self.seconds;
        let bar = bar(count, "contributions");
        let mut writes = Vec::new();
        for nth in 0..count {
            let due = start + Duration::from_secs_f64(f64::from(nth) / f64::from(self.rate));
            tokio::time::sleep_until(due.into()).await;
            let mut text = format!("{MARK}{} ", micros());
            text.extend(std::iter::repeat_n('x', self.bytes.saturating_sub(text.len())));
            writes.push(write(nth, text));
            bar.inc(1);
        }
        for write in writes {
            write.await??;
        }
        bar.finish_and_clear();
        let due = u64::from(count) * u64::from(self.sockets);
        let patience = Instant::now() + Duration::from_secs(20);
        while tally.received.load(Ordering::Relaxed) < due && Instant::now() < patience {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(cpu_seconds(pid)? - cpu)
    }

    /// Prints the figures of one server. Returns its processor time per delivery in microseconds.
    fn print(&self, name: &str, tally: &Tally, cpu: f64, memory: u64) -> Result<f64> {
        let all = tally.latencies.lock().map_err(|_| anyhow::anyhow!("a reader failed"))?;
        let got = tally.received.load(Ordering::Relaxed);
        let due = u64::from(self.rate * self.seconds) * u64::from(self.sockets);
        let ms = |micros: u64| micros as f64 / 1_000.0;
        let a_delivery = cpu * 1e6 / got.max(1) as f64;
        println!("{name}");
        println!("  delivered      {got} of {due}");
        println!(
            "  latency        p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms",
            ms(all.value_at_quantile(0.5)),
            ms(all.value_at_quantile(0.99)),
            ms(all.max())
        );
        println!("  server CPU     {a_delivery:.2} µs a delivery ({cpu:.2} s)");
        println!("  server memory  {:.1} KB a socket", memory as f64 / f64::from(self.sockets));
        Ok(a_delivery)
    }
}

fn bar(length: u32, what: &'static str) -> ProgressBar {
    ProgressBar::new(u64::from(length)).with_message(what)
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
pub fn cpu_seconds(pid: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let after = stat.rsplit(") ").next().context("stat")?;
    let fields: Vec<&str> = after.split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
    Ok(ticks / rustix::param::clock_ticks_per_second() as f64)
}
