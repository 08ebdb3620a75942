//! Plays a recorded consultation into a forum and checks that the forum then holds exactly that.
//!
//! Statements become contributions of their authors. Agreeing becomes support; the last vote of a person on a statement
//! counts, so that changing away from agreement withdraws it. Other votes have no counterpart in a forum. Nobody
//! supports their own contribution, so votes of authors on their own statements are left out and counted apart.
//! Statements the operators rejected are hidden at the end.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde::Deserialize;
use stimmwerk_core::forum::{ForumCommand, ForumView, HideReason, Waiting};
use stimmwerk_core::ids::{ContributionId, ForumId, ProcessId};
use stimmwerk_core::live::WindowRequest;
use stimmwerk_core::network::Visibility;
use stimmwerk_core::said::{Lang, Texts};
use stimmwerk_core::text::{TextLimits, clean};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::{Client, Error, Join, Written};

/// A person, as the recording numbers them.
type Person = u32;
/// A statement, as the recording numbers them.
type StatementId = u32;

/// A recorded consultation.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// In the order they were made.
    pub statements: Vec<Statement>,
    /// In the order they were given.
    pub votes: Vec<Vote>,
}

/// A statement.
#[derive(Clone, Debug, Deserialize)]
pub struct Statement {
    /// When, in milliseconds since 1970.
    #[serde(rename = "timestamp")]
    pub at: i64,
    /// Its number.
    #[serde(rename = "comment-id")]
    pub id: StatementId,
    /// Who made it.
    #[serde(rename = "author-id")]
    pub author: Person,
    /// -1: rejected by the operators.
    pub moderated: i8,
    /// The words.
    #[serde(rename = "comment-body")]
    pub text: String,
}

/// A vote.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Vote {
    /// When, in milliseconds since 1970.
    #[serde(rename = "timestamp")]
    pub at: i64,
    /// On what.
    #[serde(rename = "comment-id")]
    pub statement: StatementId,
    /// By whom.
    #[serde(rename = "voter-id")]
    pub voter: Person,
    /// 1: agree, 0: pass, -1: disagree.
    pub vote: i8,
}

/// A recording cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", path.display())]
pub struct Unreadable {
    path: PathBuf,
    source: csv::Error,
}

impl Conversation {
    /// Reads `comments.csv` and `votes.csv` of a folder.
    pub fn read(folder: &Path) -> Result<Self, Unreadable> {
        let mut conversation =
            Self { statements: rows(folder.join("comments.csv"))?, votes: rows(folder.join("votes.csv"))? };
        conversation.statements.sort_by_key(|statement| (statement.at, statement.id));
        // Stable: votes of one moment stay in the order of the file.
        conversation.votes.sort_by_key(|vote| vote.at);
        Ok(conversation)
    }

    /// Everyone who wrote or voted.
    pub fn people(&self) -> BTreeSet<Person> {
        let authors = self.statements.iter().map(|statement| statement.author);
        authors.chain(self.votes.iter().map(|vote| vote.voter)).collect()
    }
}

fn rows<T: for<'a> Deserialize<'a>>(path: PathBuf) -> Result<Vec<T>, Unreadable> {
    let read = || csv::Reader::from_path(&path)?.deserialize().collect::<Result<Vec<T>, csv::Error>>();
    read().map_err(|source| Unreadable { path: path.clone(), source })
}

/// How a recording is played.
#[derive(Clone, Debug)]
pub struct Options {
    /// The forum to play into. `None`: a new process with a new forum.
    pub forum: Option<ForumId>,
    /// The title of a new process.
    pub title: String,
    /// The language of the statements.
    pub lang: Option<Lang>,
    /// How many requests are under way at once.
    pub connections: usize,
    /// How many recorded seconds pass in one. `None`: as fast as possible.
    pub speed: Option<f64>,
}

/// A step was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A person joined.
    Joined,
    /// A statement was made.
    Contributed,
    /// A vote was dealt with.
    Voted,
    /// A rejected statement was hidden.
    Hidden,
}

/// What was played, how long it took, and what does not fit.
#[derive(Debug)]
pub struct Report {
    /// Where it was played.
    pub forum: ForumId,
    /// People who joined.
    pub people: usize,
    /// Statements that became contributions.
    pub contributions: usize,
    /// Statements that no contribution can hold, with the reason.
    pub unfit: Vec<(StatementId, String)>,
    /// Votes read.
    pub votes: usize,
    /// Votes that became support or withdrew it.
    pub votes_sent: usize,
    /// Votes of authors on their own statements.
    pub own_votes: usize,
    /// Votes that say nothing in a forum: disagreeing or passing without having agreed, or on unfit statements.
    pub silent_votes: usize,
    /// Contributions hidden at the end.
    pub hidden: usize,
    /// Support the forum must show, over all contributions.
    pub support: usize,
    /// How often the server asked to come again later.
    pub retries: u64,
    /// From the first contribution to the last vote.
    pub took: Duration,
    /// Microseconds until a contribution was acknowledged.
    pub contribution_acks: Histogram<u64>,
    /// Microseconds until a vote was acknowledged.
    pub vote_acks: Histogram<u64>,
    /// Where the forum differs from the recording. To be empty.
    pub mismatches: Vec<String>,
}

/// Plays a recording as a moderator's token, then reads the forum completely and compares.
pub async fn play(
    conversation: &Conversation,
    staff: &Client,
    options: &Options,
    progress: impl Fn(Step) + Clone + Send + Sync + 'static,
) -> Result<Report, Error> {
    let (process, forum) = place(staff, options).await?;
    let script = Script::of(conversation, options.connections.max(1));
    let code = staff.codes(process).await?.spoken;
    let people = Arc::new(join_all(conversation.people(), staff, &code, options.connections, progress.clone()).await?);

    let doors: HashMap<_, _> = script.expected.keys().map(|id| (*id, watch::channel(None).0)).collect();
    let stage = Arc::new(Stage {
        forum,
        lang: options.lang.clone(),
        doors,
        start: Instant::now(),
        first: script.first,
        speed: options.speed,
    });
    let mut workers = JoinSet::new();
    for acts in script.acts {
        let (stage, people, progress) = (Arc::clone(&stage), Arc::clone(&people), progress.clone());
        workers.spawn(async move { perform(&stage, &people, acts, progress).await });
    }
    let mut timing = Timing::new();
    // The first failure ends all: dropping the set aborts those who wait for what will not come.
    while let Some(done) = workers.join_next().await {
        timing.add(&done.map_err(Error::transport)??);
    }
    let took = stage.start.elapsed();

    let made: BTreeMap<StatementId, ContributionId> =
        stage.doors.iter().filter_map(|(id, door)| Some((*id, (*door.borrow())?))).collect();
    let rejected = script.expected.iter().filter(|(_, expected)| expected.rejected).map(|(id, _)| made[id]);
    let mut hidden = 0;
    for contribution in rejected {
        let command = ForumCommand::Hide { contribution, reason: HideReason::OffTopic, note: None };
        patiently(staff, forum, &command, &mut timing.retries).await?;
        progress(Step::Hidden);
        hidden += 1;
    }

    let mismatches = compare(staff, &people, forum, options.forum.is_none(), &script.expected, &made).await?;
    Ok(Report {
        forum,
        people: people.len(),
        contributions: made.len(),
        unfit: script.unfit,
        votes: conversation.votes.len(),
        votes_sent: script.votes_sent,
        own_votes: script.own_votes,
        silent_votes: script.silent_votes,
        hidden,
        support: script.expected.values().map(|expected| expected.supporters.len()).sum(),
        retries: timing.retries,
        took,
        contribution_acks: timing.contributions,
        vote_acks: timing.votes,
        mismatches,
    })
}

/// The forum to play into, and its process.
async fn place(staff: &Client, options: &Options) -> Result<(ProcessId, ForumId), Error> {
    if let Some(forum) = options.forum {
        let view = staff.forum(forum, &WindowRequest::default()).await?.view;
        return Ok((view.forum.process, forum));
    }
    let lang = options.lang.clone().unwrap_or_else(Lang::german);
    let title = Texts::of(lang, &options.title);
    let process = staff.create_process(&title, Visibility::Code).await?;
    Ok((process, staff.create_forum(process, &title, Waiting::None).await?))
}

/// What is to be done by whom, and what must come of it.
struct Script {
    /// One list for each worker, by time. A person is one worker's, so that what they do stays in order.
    acts: Vec<Vec<Act>>,
    expected: BTreeMap<StatementId, Expected>,
    unfit: Vec<(StatementId, String)>,
    votes_sent: usize,
    own_votes: usize,
    silent_votes: usize,
    first: i64,
}

struct Act {
    at: i64,
    person: Person,
    statement: StatementId,
    what: What,
}

enum What {
    Contribute(String),
    Vote(Effect),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    Support,
    Unsupport,
    Own,
    Nothing,
}

struct Expected {
    text: String,
    author: Person,
    supporters: BTreeSet<Person>,
    rejected: bool,
}

impl Script {
    fn of(conversation: &Conversation, workers: usize) -> Self {
        let mut script = Self {
            acts: (0..workers).map(|_| Vec::new()).collect(),
            expected: BTreeMap::new(),
            unfit: Vec::new(),
            votes_sent: 0,
            own_votes: 0,
            silent_votes: 0,
            first: i64::MAX,
        };
        for statement in &conversation.statements {
            match clean(&statement.text, TextLimits::CONTRIBUTION) {
                Err(problem) => script.unfit.push((statement.id, problem.to_string())),
                Ok(text) => {
                    let what = What::Contribute(statement.text.clone());
                    script.act(Act { at: statement.at, person: statement.author, statement: statement.id, what });
                    let expected = Expected {
                        text: text.as_str().to_owned(),
                        author: statement.author,
                        supporters: BTreeSet::new(),
                        rejected: statement.moderated == -1,
                    };
                    script.expected.insert(statement.id, expected);
                }
            }
        }
        for vote in &conversation.votes {
            let effect = match script.expected.get_mut(&vote.statement) {
                None => Effect::Nothing,
                Some(expected) if expected.author == vote.voter => Effect::Own,
                Some(expected) if vote.vote == 1 => {
                    expected.supporters.insert(vote.voter);
                    Effect::Support
                }
                Some(expected) => {
                    if expected.supporters.remove(&vote.voter) {
                        Effect::Unsupport
                    } else {
                        Effect::Nothing
                    }
                }
            };
            match effect {
                Effect::Support | Effect::Unsupport => script.votes_sent += 1,
                Effect::Own => script.own_votes += 1,
                Effect::Nothing => script.silent_votes += 1,
            }
            script.act(Act { at: vote.at, person: vote.voter, statement: vote.statement, what: What::Vote(effect) });
        }
        for acts in &mut script.acts {
            // Stable, and statements were put first: of one moment they come before votes on them.
            acts.sort_by_key(|act| act.at);
        }
        script
    }

    fn act(&mut self, act: Act) {
        self.first = self.first.min(act.at);
        let worker = act.person as usize % self.acts.len();
        self.acts[worker].push(act);
    }
}

async fn join_all(
    people: BTreeSet<Person>,
    staff: &Client,
    code: &str,
    connections: usize,
    progress: impl Fn(Step) + Clone + Send + Sync + 'static,
) -> Result<HashMap<Person, Client>, Error> {
    let mut joining = JoinSet::new();
    let mut joined = HashMap::new();
    for person in people {
        if joining.len() >= connections.max(1)
            && let Some(done) = joining.join_next().await
        {
            let (person, client) = done.map_err(Error::transport)??;
            joined.insert(person, client);
            progress(Step::Joined);
        }
        let (staff, join) = (staff.clone(), Join::with_code(code));
        joining.spawn(async move { staff.join(&join).await.map(|(client, _)| (person, client)) });
    }
    while let Some(done) = joining.join_next().await {
        let (person, client) = done.map_err(Error::transport)??;
        joined.insert(person, client);
        progress(Step::Joined);
    }
    Ok(joined)
}

/// What the workers share.
struct Stage {
    forum: ForumId,
    lang: Option<Lang>,
    /// The id of each statement's contribution, once it is acknowledged; votes wait for it.
    doors: HashMap<StatementId, watch::Sender<Option<ContributionId>>>,
    start: Instant,
    first: i64,
    speed: Option<f64>,
}

struct Timing {
    contributions: Histogram<u64>,
    votes: Histogram<u64>,
    retries: u64,
}

impl Timing {
    fn new() -> Self {
        let histogram = || Histogram::new(3).expect("three digits are possible");
        Self { contributions: histogram(), votes: histogram(), retries: 0 }
    }

    fn add(&mut self, other: &Self) {
        for (all, part) in [(&mut self.contributions, &other.contributions), (&mut self.votes, &other.votes)] {
            all.add(part).expect("histograms of one shape");
        }
        self.retries += other.retries;
    }
}

async fn perform(
    stage: &Stage,
    people: &HashMap<Person, Client>,
    acts: Vec<Act>,
    progress: impl Fn(Step),
) -> Result<Timing, Error> {
    let mut timing = Timing::new();
    for act in acts {
        if let Some(speed) = stage.speed {
            let due = Duration::from_secs_f64((act.at - stage.first) as f64 / 1_000.0 / speed);
            tokio::time::sleep(due.saturating_sub(stage.start.elapsed())).await;
        }
        let client = &people[&act.person];
        match act.what {
            What::Contribute(text) => {
                let lang = stage.lang.clone();
                let command = ForumCommand::Contribute { text, lang, topic: None, reply_to: None , hall: None};
                let (written, took) = patiently(client, stage.forum, &command, &mut timing.retries).await?;
                timing.contributions.saturating_record(took);
                let id = written.id.ok_or_else(|| Error::Contract("a contribution without an id".to_owned()))?;
                stage.doors[&act.statement].send_replace(Some(ContributionId(id)));
                progress(Step::Contributed);
            }
            What::Vote(effect) => {
                if matches!(effect, Effect::Support | Effect::Unsupport) {
                    // Comes: of all that is left to do, the earliest never waits, since statements precede their votes.
                    let mut door = stage.doors[&act.statement].subscribe();
                    let contribution = *door.wait_for(Option::is_some).await.map_err(Error::transport)?;
                    let contribution = contribution.ok_or_else(|| Error::Contract("no contribution".to_owned()))?;
                    let command = match effect {
                        Effect::Support => ForumCommand::Support { contribution },
                        _ => ForumCommand::Unsupport { contribution },
                    };
                    let (_, took) = patiently(client, stage.forum, &command, &mut timing.retries).await?;
                    timing.votes.saturating_record(took);
                }
                progress(Step::Voted);
            }
        }
    }
    Ok(timing)
}

/// Issues a command, again under the same id where the server asks for it. With the microseconds of the last try.
async fn patiently(
    client: &Client,
    forum: ForumId,
    command: &ForumCommand,
    retries: &mut u64,
) -> Result<(Written, u64), Error> {
    let id = crate::command_id();
    let mut tries = 0;
    loop {
        let asked = Instant::now();
        match client.command(forum, id, command).await {
            Ok(written) => return Ok((written, asked.elapsed().as_micros() as u64)),
            Err(Error::Problem(problem)) if tries < 20 && matches!(problem.status, 429 | 503) => {
                let seconds = problem.params.get("retry_after").and_then(serde_json::Value::as_u64).unwrap_or(1);
                tokio::time::sleep(Duration::from_secs(seconds.min(10))).await;
            }
            Err(error) => return Err(error),
        }
        tries += 1;
        *retries += 1;
    }
}

/// Reads everything back: as a participant, as staff, and some people's own views.
async fn compare(
    staff: &Client,
    people: &HashMap<Person, Client>,
    forum: ForumId,
    alone: bool,
    expected: &BTreeMap<StatementId, Expected>,
    made: &BTreeMap<StatementId, ContributionId>,
) -> Result<Vec<String>, Error> {
    let mut mismatches = Vec::new();
    let Some(guest) = people.values().next() else { return Ok(mismatches) };
    let public = guest.whole_forum(forum).await?.view;
    let all = staff.whole_forum(forum).await?.view;
    let visible = expected.values().filter(|expected| !expected.rejected).count();
    if alone {
        let readable = public.contributions.iter().filter(|one| !one.is_placeholder()).count();
        let totals = (public.totals.contributions as usize, readable, all.contributions.len());
        if totals != (visible, visible, expected.len()) {
            mismatches.push(format!("total, visible, all: {totals:?} instead of {visible}, {visible}, {}", expected.len()));
        }
    }
    let (public, all) = (by_id(&public), by_id(&all));
    for (id, expected) in expected {
        let contribution = made[id];
        let mut differ = |what: &str| mismatches.push(format!("statement {id} ({contribution}): {what}"));
        let support = expected.supporters.len() as u32;
        match all.get(&contribution) {
            None => differ("staff do not see it"),
            Some(seen) if seen.support != support => differ(&format!("support {} instead of {support}", seen.support)),
            Some(seen) if seen.hidden.is_some() != expected.rejected => differ("hidden, or not, against the recording"),
            Some(_) => {}
        }
        match (public.get(&contribution), expected.rejected) {
            (Some(seen), true) if !seen.is_placeholder() => differ("participants see what was rejected"),
            (_, true) => {
                #[derive(Deserialize)]
                struct Words {
                    text: String,
                }
                let words: Words = staff.read(&format!("/forums/{forum}/contributions/{contribution}")).await?;
                if words.text != expected.text {
                    differ("another text (hidden)");
                }
            }
            (None, false) => differ("participants do not see it"),
            (Some(seen), false) if *seen.text != *expected.text => differ("another text"),
            (Some(seen), false) if seen.support != support => differ("participants see another support"),
            (Some(_), false) => {}
        }
    }
    let mut some: Vec<_> = people.iter().collect();
    some.sort_by_key(|(person, _)| **person);
    let step = (some.len() / 20).max(1);
    for (person, client) in some.into_iter().step_by(step) {
        let window = WindowRequest { from: Some(0), ..WindowRequest::default() };
        let own = client.forum(forum, &window).await?.own.unwrap_or_default();
        let supported: BTreeSet<_> = own.supported.into_iter().collect();
        let agreed: BTreeSet<_> = expected
            .iter()
            .filter(|(_, expected)| !expected.rejected && expected.supporters.contains(person))
            .map(|(id, _)| made[id])
            .collect();
        let ours = supported.iter().filter(|id| alone || made.values().any(|made| made == *id)).copied();
        if ours.collect::<BTreeSet<_>>() != agreed {
            mismatches.push(format!("person {person}: their own view shows other support than they gave"));
        }
    }
    Ok(mismatches)
}

fn by_id(view: &ForumView) -> HashMap<ContributionId, &stimmwerk_core::forum::ContributionView> {
    view.contributions.iter().map(|contribution| (contribution.id, contribution)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(at: i64, id: StatementId, author: Person, text: &str) -> Statement {
        Statement { at, id, author, moderated: 1, text: text.to_owned() }
    }

    fn vote(at: i64, statement: StatementId, voter: Person, vote: i8) -> Vote {
        Vote { at, statement, voter, vote }
    }

    #[test]
    fn given_changed_own_and_empty_things_when_scripted_then_the_last_vote_counts_and_the_rest_is_counted_apart() {
        let conversation = Conversation {
            statements: vec![statement(1, 0, 7, " a  "), statement(2, 1, 7, "\u{200b}")],
            votes: vec![
                vote(3, 0, 7, 1),
                vote(3, 0, 8, 1),
                vote(4, 0, 9, 1),
                vote(5, 0, 8, -1),
                vote(6, 0, 8, 0),
                vote(6, 1, 8, 1),
            ],
        };
        let script = Script::of(&conversation, 2);
        assert_eq!(script.expected[&0].text, "a");
        assert_eq!(script.expected[&0].supporters, BTreeSet::from([9]));
        assert_eq!(script.unfit.len(), 1);
        assert_eq!((script.votes_sent, script.own_votes, script.silent_votes), (3, 1, 2));
        assert_eq!(script.acts.iter().map(Vec::len).sum::<usize>(), 7);
    }
}
