//! `stimmwerk-load`: plays real conversations into a server and measures how it bears load. On loopback only.

mod fanout;
mod nats;
mod replay;
mod subscribe;
mod vote;

use anyhow::Result;
use clap::Parser;

/// Load for a Stimmwerk server on this machine.
#[derive(Parser)]
#[command(version)]
enum Cli {
    /// Play a recorded conversation into a forum and check that the server's view equals it.
    Replay(replay::Replay),
    /// Measure live delivery: latency, loss, server CPU per delivery, memory per socket.
    Fanout(fanout::Fanout),
    /// Measure first subscriptions to long contributions: server CPU and bytes each.
    Subscribe(subscribe::Subscribe),
    /// Let many people vote in the same second, each ballot sent several times, and compare the result with their list.
    Vote(vote::Vote),
}

#[tokio::main]
async fn main() -> Result<()> {
    let _ = rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum.map(|maximum| {
        rustix::process::setrlimit(
            rustix::process::Resource::Nofile,
            rustix::process::Rlimit { current: Some(maximum), maximum: Some(maximum) },
        )
    });
    match Cli::parse() {
        Cli::Replay(replay) => replay.run().await,
        Cli::Fanout(fanout) => fanout.run().await,
        Cli::Subscribe(subscribe) => subscribe.run().await,
        Cli::Vote(vote) => vote.run().await,
    }
}

/// Refuses any target but this machine.
fn loopback(server: &str) -> Result<()> {
    let host = server.strip_prefix("http://").unwrap_or_default();
    let here = ["127.0.0.1:", "localhost:", "[::1]:"].iter().any(|here| host.starts_with(here));
    anyhow::ensure!(here, "{server} is not on this machine");
    Ok(())
}
