//! Many people vote in the same second.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use indicatif::ProgressBar;
use stimmwerk_client::{Burst, Client, Join, command_id, latencies, question, sums};
use stimmwerk_core::network::Visibility;
use stimmwerk_core::poll::{PollCommand, Secrecy};
use stimmwerk_core::said::{Lang, Texts};
use stimmwerk_core::tally::Method;

/// How many options the question has.
const OPTIONS: usize = 5;
/// How many join at a time.
const AT_ONCE: usize = 32;

/// Take a vote by storm and compare its result with the client's own list.
#[derive(clap::Args)]
pub struct Vote {
    /// The server, on this machine.
    #[arg(long)]
    server: String,
    /// A token that may create processes and moderate.
    #[arg(long)]
    token: String,
    /// How many people vote (at most 10,000).
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    people: u32,
    /// Within how many seconds (at most 60).
    #[arg(long, default_value = "1s", value_parser = seconds)]
    within: Duration,
    /// How often each sends their ballot (at most 10), over socket and REST.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=10))]
    copies: u32,
    /// `open`, `confidential` or `secret`.
    #[arg(long, default_value = "confidential")]
    secrecy: String,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: u64 = text.trim_end_matches('s').parse().map_err(|_| "seconds, such as 1s".to_owned())?;
    if (1..=60).contains(&seconds) { Ok(Duration::from_secs(seconds)) } else { Err("1s to 60s".to_owned()) }
}

impl Vote {
    /// Votes, counts and prints.
    pub async fn run(self) -> Result<()> {
        crate::loopback(&self.server)?;
        let staff = Client::new(&self.server).with_token(&self.token);
        let title = Texts::of(Lang::german(), "Messung");
        let process = staff.create_process(&title, Visibility::Code).await?;
        let mut asked = question("Was zuerst?", Method::Single, &["A", "B", "C", "D", "E"][..OPTIONS]);
        asked.secrecy = match self.secrecy.as_str() {
            "open" => Secrecy::Open,
            "secret" => Secrecy::Secret,
            _ => Secrecy::Confidential,
        };
        let poll = staff.create_poll(process, None, &asked).await?;
        staff.tell_poll(poll, command_id(), &PollCommand::Open { seconds: None }).await?;
        let stream = staff.poll(poll).await?.stream;
        let code = staff.codes(process).await?.spoken;
        let bar = ProgressBar::new(u64::from(self.people)).with_message("people");
        let people: Vec<(Client, Vec<u8>)> = stream::iter(0..self.people)
            .map(|_| async {
                let (client, _) = staff.join(&Join::with_code(&code)).await?;
                bar.inc(1);
                let mut marks = vec![0; OPTIONS];
                marks[rand::random_range(0..OPTIONS)] = 1;
                Ok::<_, stimmwerk_client::Error>((client, marks))
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        bar.finish_and_clear();
        let burst = Burst {
            poll,
            stream,
            round: 1,
            within: self.within,
            copies: self.copies as usize,
            patience: Duration::from_secs(30),
        };
        let casts = burst.run(people).await?;
        staff.tell_poll(poll, command_id(), &PollCommand::Close { seconds: Some(0) }).await?;
        let counted = staff.poll(poll).await?.view.result.context("staff see the result of a closed poll")?.tally;
        let acknowledged = casts.iter().filter(|cast| cast.acknowledged.is_some()).count();
        let refused: usize = casts.iter().map(|cast| cast.refused.len()).sum();
        let all = latencies(&casts);
        let ms = |micros: u64| micros as f64 / 1_000.0;
        let mut frames: Vec<usize> = casts.iter().map(|cast| cast.frames).collect();
        frames.sort_unstable();
        println!("people {}, within {:?}, {} requests each, {}", self.people, self.within, self.copies, self.secrecy);
        println!("acknowledged   {acknowledged} of {} ({refused} requests refused)", self.people);
        println!(
            "latency        p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms",
            ms(all.value_at_quantile(0.5)),
            ms(all.value_at_quantile(0.99)),
            ms(all.max())
        );
        println!(
            "frames         {} a viewer (median), {} at most",
            frames.get(frames.len() / 2).copied().unwrap_or(0),
            frames.last().copied().unwrap_or(0)
        );
        println!("tally          {:?} of {} ballots, here {:?}", counted.sums, counted.ballots, sums(&casts));
        ensure!(acknowledged == casts.len() && refused == 0, "not every ballot was acknowledged");
        ensure!(counted.ballots == self.people && counted.sums == sums(&casts), "the tally is not what was cast");
        println!("exact");
        Ok(())
    }
}
