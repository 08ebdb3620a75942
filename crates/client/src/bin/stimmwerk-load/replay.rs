//! Plays a conversation as Polis exports it: statements become contributions, agreeing votes become support.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use hdrhistogram::Histogram;
use indicatif::{ProgressBar, ProgressStyle};
use stimmwerk_client::{Client, Join, command_id};
use stimmwerk_core::forum::{ForumCommand, HideReason, Waiting};
use stimmwerk_core::ids::{ContributionId, ForumId};
use stimmwerk_core::network::Visibility;
use stimmwerk_core::said::{Lang, Texts};
use stimmwerk_core::text::{TextLimits, clean};
use tokio::sync::Mutex;

/// How many requests are under way at once.
const AT_ONCE: usize = 64;

/// Play a conversation.
#[derive(clap::Args)]
pub struct Replay {
    /// The folder with comments.csv and votes.csv.
    dir: PathBuf,
    /// The server, on this machine.
    #[arg(long)]
    server: String,
    /// A token that may create processes and moderate.
    #[arg(long)]
    token: String,
    /// How many times faster than it was. Left out: as fast as it goes.
    #[arg(long)]
    speed: Option<f64>,
}

#[derive(serde::Deserialize)]
struct Comment {
    timestamp: i64,
    #[serde(rename = "comment-id")]
    id: u32,
    #[serde(rename = "author-id")]
    author: u32,
    moderated: i32,
    #[serde(rename = "comment-body")]
    body: String,
}

#[derive(serde::Deserialize)]
struct Vote {
    timestamp: i64,
    #[serde(rename = "comment-id")]
    comment: u32,
    #[serde(rename = "voter-id")]
    voter: u32,
    vote: i32,
}

fn read<T: serde::de::DeserializeOwned>(path: PathBuf) -> Result<Vec<T>> {
    let mut reader = csv::Reader::from_path(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    reader.deserialize().collect::<Result<_, _>>().with_context(|| path.display().to_string())
}

fn bar(length: usize, what: &'static str) -> Result<ProgressBar> {
    let style = ProgressStyle::with_template("{msg:14} {bar:32} {pos}/{len} {per_sec} {eta}")?;
    Ok(ProgressBar::new(length as u64).with_style(style).with_message(what))
}

impl Replay {
    /// Plays, then checks.
    pub async fn run(self) -> Result<()> {
        crate::loopback(&self.server)?;
        let mut comments: Vec<Comment> = read(self.dir.join("comments.csv"))?;
        let mut votes: Vec<Vote> = read(self.dir.join("votes.csv"))?;
        comments.sort_by_key(|comment| (comment.timestamp, comment.id));
        votes.sort_by_key(|vote| vote.timestamp);
        let staff = Client::new(&self.server).with_token(&self.token);
        let title = Texts::of(Lang::german(), "Wiedergabe");
        let process = staff.create_process(&title, Visibility::Code).await?;
        let forum = staff.create_forum(process, &title, Waiting::None).await?;
        let code = staff.codes(process).await?.spoken;

        // Everyone who wrote or voted joins.
        let mut people: Vec<u32> = comments.iter().map(|c| c.author).chain(votes.iter().map(|v| v.voter)).collect();
        people.sort_unstable();
        people.dedup();
        let joined = bar(people.len(), "people join")?;
        let start = Instant::now();
        let clients: HashMap<u32, Client> = stream::iter(people)
            .map(|person| {
                let (staff, code, joined) = (staff.clone(), code.clone(), joined.clone());
                async move {
                    let (client, _) = staff.join(&Join::with_code(&code)).await?;
                    joined.inc(1);
                    Ok::<_, anyhow::Error>((person, client))
                }
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        joined.finish();
        let joining = start.elapsed();

        // Statements, in their order.
        let mut ids: BTreeMap<u32, ContributionId> = BTreeMap::new();
        let mut left_out = 0;
        let mut acks = Histogram::<u64>::new(3)?;
        let written = bar(comments.len(), "statements")?;
        let begin = comments.first().map_or(0, |comment| comment.timestamp);
        let start = Instant::now();
        for comment in &comments {
            self.wait(start, comment.timestamp - begin).await;
            if clean(&comment.body, TextLimits::CONTRIBUTION).is_err() {
                left_out += 1;
                continue;
            }
            let text = comment.body.clone();
            let command = ForumCommand::Contribute { text, lang: None, topic: None, reply_to: None, hall: None };
            let asked = Instant::now();
            let made = clients[&comment.author].command(forum, command_id(), &command).await?;
            acks.record(asked.elapsed().as_micros() as u64)?;
            ids.insert(comment.id, ContributionId(made.id.context("a contribution has an id")?));
            written.inc(1);
        }
        written.finish();
        let writing = start.elapsed();

        // Votes: those of one person keep their order, people go on side by side.
        let authors: HashMap<u32, u32> = comments.iter().map(|comment| (comment.id, comment.author)).collect();
        let mut expected: HashMap<ContributionId, HashSet<u32>> = HashMap::new();
        let (mut own, mut sent) = (0, 0);
        let mut by_person: HashMap<u32, Vec<(i64, ForumCommand)>> = HashMap::new();
        for vote in &votes {
            let Some(contribution) = ids.get(&vote.comment).copied() else { continue };
            if authors.get(&vote.comment) == Some(&vote.voter) {
                // Nobody supports their own contribution here.
                own += 1;
                continue;
            }
            let supporters = expected.entry(contribution).or_default();
            let command = if vote.vote == 1 {
                supporters.insert(vote.voter);
                ForumCommand::Support { contribution }
            } else if supporters.remove(&vote.voter) {
                ForumCommand::Unsupport { contribution }
            } else {
                continue;
            };
            sent += 1;
            by_person.entry(vote.voter).or_default().push((vote.timestamp, command));
        }
        let voted = bar(sent, "votes")?;
        let vote_acks = Arc::new(Mutex::new(Histogram::<u64>::new(3)?));
        let begin = votes.first().map_or(0, |vote| vote.timestamp);
        let start = Instant::now();
        stream::iter(by_person)
            .map(|(person, commands)| {
                let (client, voted, acks, replay) = (&clients[&person], &voted, vote_acks.clone(), &self);
                async move {
                    for (at, command) in commands {
                        replay.wait(start, at - begin).await;
                        let asked = Instant::now();
                        client.command(forum, command_id(), &command).await?;
                        acks.lock().await.record(asked.elapsed().as_micros() as u64)?;
                        voted.inc(1);
                    }
                    Ok::<_, anyhow::Error>(())
                }
            })
            .buffer_unordered(if self.speed.is_some() { usize::MAX } else { AT_ONCE })
            .try_collect::<()>()
            .await?;
        voted.finish();
        let voting = start.elapsed();

        let hidden: HashSet<ContributionId> =
            comments.iter().filter(|c| c.moderated == -1).filter_map(|c| ids.get(&c.id).copied()).collect();
        for contribution in &hidden {
            let command = ForumCommand::Hide { contribution: *contribution, reason: HideReason::Other, note: None };
            staff.command(forum, command_id(), &command).await?;
        }
        check(&clients, forum, &comments, &ids, &hidden, &expected).await?;

        let per_second = |count: usize, time: Duration| count as f64 / time.as_secs_f64().max(0.001);
        let vote_acks = vote_acks.lock().await;
        println!("people       {:>7}  {:>9.0}/s", clients.len(), per_second(clients.len(), joining));
        for (name, count, time, acks) in
            [("statements", ids.len(), writing, &acks), ("votes sent", sent, voting, &*vote_acks)]
        {
            println!(
                "{name:12} {count:>7}  {:>9.0}/s  acknowledged p50 {:.1} ms, p99 {:.1} ms",
                per_second(count, time),
                acks.value_at_quantile(0.5) as f64 / 1_000.0,
                acks.value_at_quantile(0.99) as f64 / 1_000.0,
            );
        }
        println!(
            "votes read {}, on own statements {own}, statements left out {left_out}, hidden {}",
            votes.len(),
            hidden.len()
        );
        println!("the view equals the input");
        Ok(())
    }

    async fn wait(&self, start: Instant, since_begin_ms: i64) {
        if let Some(speed) = self.speed {
            let due = Duration::from_secs_f64((since_begin_ms.max(0) as f64 / 1_000.0 / speed.max(0.001)).min(1e9));
            tokio::time::sleep_until((start + due).into()).await;
        }
    }
}

/// Compares what a participant reads with the input: texts, counts, support.
async fn check(
    clients: &HashMap<u32, Client>,
    forum: ForumId,
    comments: &[Comment],
    ids: &BTreeMap<u32, ContributionId>,
    hidden: &HashSet<ContributionId>,
    expected: &HashMap<ContributionId, HashSet<u32>>,
) -> Result<()> {
    let reader = clients.values().next().context("nobody joined")?;
    let view = reader.whole_forum(forum).await?.view;
    let shown: HashMap<ContributionId, _> =
        view.contributions.iter().filter(|c| !c.is_placeholder()).map(|c| (c.id, c)).collect();
    let visible = ids.values().filter(|id| !hidden.contains(id)).count();
    ensure!(shown.len() == visible, "{} contributions are shown, {visible} were expected", shown.len());
    ensure!(view.totals.contributions as usize == visible, "the total says {}", view.totals.contributions);
    for comment in comments {
        let Some(id) = ids.get(&comment.id) else { continue };
        match shown.get(id) {
            None if hidden.contains(id) => {}
            None => bail!("statement {} is not shown", comment.id),
            Some(_) if hidden.contains(id) => bail!("statement {} was hidden and is shown", comment.id),
            Some(found) => {
                let text = clean(&comment.body, TextLimits::CONTRIBUTION)?;
                ensure!(*found.text == *text.as_str(), "statement {} has another text", comment.id);
                let support = expected.get(id).map_or(0, HashSet::len);
                ensure!(found.support as usize == support, "statement {}: {} of {support}", comment.id, found.support);
            }
        }
    }
    Ok(())
}
