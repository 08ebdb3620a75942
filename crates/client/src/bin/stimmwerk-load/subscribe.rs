//! What a first subscription to a forum of long contributions costs.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use indicatif::ProgressBar;
use stimmwerk_client::{Client, Join, LiveSocket, command_id};
use stimmwerk_core::forum::{ForumCommand, Waiting};
use stimmwerk_core::ids::StreamId;
use stimmwerk_core::live::ClientFrame;
use stimmwerk_core::network::Visibility;
use stimmwerk_core::said::{Lang, Texts};
use tokio::task::JoinSet;

use crate::fanout::cpu_seconds;

/// Authors write at the same time, so that none meets a limit.
const AUTHORS: u32 = 20;

/// Measure first subscriptions.
#[derive(clap::Args)]
pub struct Subscribe {
    /// The server, on this machine.
    #[arg(long)]
    server: String,
    /// A token that may create processes and moderate.
    #[arg(long)]
    token: String,
    /// The server's process, whose CPU is read.
    #[arg(long)]
    pid: u32,
    /// How many contributions stand in the forum.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    contributions: u32,
    /// Length of a contribution.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(100..=2_000))]
    chars: u32,
    /// How often somebody subscribes.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    subscriptions: u32,
}

impl Subscribe {
    /// Measures and prints.
    pub async fn run(self) -> Result<()> {
        crate::loopback(&self.server)?;
        let staff = Client::new(&self.server).with_token(&self.token);
        let title = Texts::of(Lang::german(), "Messung");
        let process = staff.create_process(&title, Visibility::Code).await?;
        let forum = staff.create_forum(process, &title, Waiting::None).await?;
        let code = staff.codes(process).await?.spoken;
        let stream = staff.forum(forum, &Default::default()).await?.stream;
        let bar = ProgressBar::new(u64::from(self.contributions));
        let mut authors = JoinSet::new();
        for nth in 0..AUTHORS {
            let (author, _) = staff.join(&Join::with_code(&code)).await?;
            let share = self.contributions / AUTHORS + u32::from(nth < self.contributions % AUTHORS);
            let (bar, chars) = (bar.clone(), self.chars as usize);
            authors.spawn(async move {
                for _ in 0..share {
                    let command = ForumCommand::Contribute {
                        text: text(chars),
                        lang: None,
                        topic: None,
                        reply_to: None,
                        hall: None,
                    };
                    author.command(forum, command_id(), &command).await?;
                    bar.inc(1);
                }
                Ok::<_, anyhow::Error>(())
            });
        }
        while let Some(written) = authors.join_next().await {
            written??;
        }
        bar.finish_and_clear();
        println!("{} contributions of {} characters", self.contributions, self.chars);
        self.measure("newest page", &staff, &code, stream, None).await?;
        self.measure("all of it (from 0)", &staff, &code, stream, Some(0)).await
    }

    async fn measure(&self, name: &str, staff: &Client, code: &str, stream: StreamId, from: Option<u64>) -> Result<()> {
        // Each is somebody else, with a socket that is open already.
        let mut sockets = Vec::new();
        for _ in 0..self.subscriptions {
            let (reader, _) = staff.join(&Join::with_code(code)).await?;
            sockets.push(LiveSocket::connect(&reader).await?);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        let (cpu, start) = (cpu_seconds(self.pid)?, Instant::now());
        let (mut frames, mut bytes) = (0, 0);
        for socket in &mut sockets {
            socket.send(&ClientFrame::Subscribe { stream, after: None, audience: None, from }).await?;
            loop {
                let text = socket.next_text().await?.context("the server has closed")?;
                anyhow::ensure!(!text.contains("\"type\":\"rejected\""), "refused: {text}");
                frames += 1;
                bytes += text.len();
                // The last frame of an answer.
                if text.starts_with("{\"type\":\"presence\"") {
                    break;
                }
            }
        }
        let cpu = cpu_seconds(self.pid)? - cpu;
        let each = |total: f64| total / f64::from(self.subscriptions);
        println!(
            "{name}: {:.2} ms of server CPU, {:.2} ms waited, {:.1} frames, {:.1} KB each",
            each(cpu * 1e3),
            each(start.elapsed().as_secs_f64() * 1e3),
            each(f64::from(frames)),
            each(bytes as f64 / 1e3)
        );
        Ok(())
    }
}

/// A long text of words, lines and one address.
fn text(chars: usize) -> String {
    let words = "Wir brauchen längere Öffnungszeiten, Räume für alle und *verlässliche* Absprachen. Darüber reden wir oft, \
                 und dann geschieht lange nichts.\n- Punkt\n\n";
    let mut text = String::from("Siehe https://beispiel.example/treffpunkt?ort=1 dazu. ");
    text.extend(words.chars().cycle().take(chars - text.chars().count() - 1));
    text.push('.');
    text
}
