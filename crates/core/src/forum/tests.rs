mod floor;
mod hall;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use uuid::Uuid;

use super::*;
use crate::commands::Commands;
use crate::domain::Domain;
use crate::ids::{ContributionId, FloorId, ForumId, ParticipantId, PollId, ProcessId, StreamId, TopicId};
use crate::live::{Delta, LiveTypes, PAGE, Seq, WindowRequest};
use crate::people::{Actor, Audience, Need, Role};
use crate::poll::Phase;
use crate::rejection::{Rejection, Verdict};
use crate::said::{Lang, SaidTexts};
use crate::testing::{
    Stream, Witness, Words, account, assert_alike, assert_commands, assert_fixtures, assert_paged, assert_same, banned,
    german, guest, json, participant, staff, token, words, words_in, written,
};
use crate::time::Timestamp;

type Room = Stream<Forum>;

fn found(waiting: Waiting) -> ForumCommand {
    let (forum, process) = (ForumId(Uuid::from_u128(1)), ProcessId(Uuid::from_u128(2)));
    ForumCommand::Found { forum, process, title: german("Gespräch «9000»"), waiting }
}

fn room(waiting: Waiting) -> Room {
    let mut room = Room::new(StreamId(Uuid::from_u128(3)));
    room.ask(&Actor::system(), 0, found(waiting)).expect("founded");
    room
}

fn say(text: &str) -> ForumCommand {
    ForumCommand::Contribute { text: text.into(), lang: None, topic: None, reply_to: None, hall: None }
}

fn in_the_hall(text: &str, name: &str) -> ForumCommand {
    ForumCommand::Contribute { text: text.into(), lang: None, topic: None, reply_to: None, hall: Some(name.into()) }
}

fn add(contribution: ContributionId, text: &str) -> ForumCommand {
    ForumCommand::Add { contribution, text: text.into() }
}

fn report(contribution: ContributionId, what: Reported, text: &str) -> ForumCommand {
    ForumCommand::Report { contribution, what, reason: ReportReason::Insult, text: Some(text.into()) }
}

fn appeal(contribution: ContributionId, text: &str) -> ForumCommand {
    ForumCommand::Appeal { contribution, text: text.into() }
}

fn reject(contribution: ContributionId, note: &str) -> ForumCommand {
    ForumCommand::RejectAppeal { contribution, note: Some(note.into()) }
}

fn answer(contribution: ContributionId, text: &str) -> ForumCommand {
    ForumCommand::Contribute { text: text.into(), lang: None, topic: None, reply_to: Some(contribution), hall: None }
}

fn edit(contribution: ContributionId, text: &str) -> ForumCommand {
    ForumCommand::Edit { contribution, text: text.into() }
}

fn hide(contribution: ContributionId) -> ForumCommand {
    ForumCommand::Hide { contribution, reason: HideReason::Spam, note: Some("Bitte nicht.".into()) }
}

fn refuse(contribution: ContributionId, note: &str) -> ForumCommand {
    ForumCommand::Refuse { contribution, note: Some(note.into()) }
}

fn refuse_all(who: &Actor, note: Option<&str>) -> ForumCommand {
    let participant = who.participant.expect("somebody");
    ForumCommand::RefuseAll { participant, reason: HideReason::Spam, note: note.map(str::to_owned), seen: None }
}

fn slow(seconds: u32) -> ForumCommand {
    ForumCommand::SetState { mode: Mode::Slow { seconds }, until: None, minutes: None }
}

fn set(mode: Mode) -> ForumCommand {
    ForumCommand::SetState { mode, until: None, minutes: None }
}

fn moderator() -> Actor {
    staff(90, Role::Moderator)
}

impl Room {
    fn post(&mut self, who: &Actor, at: i64, text: &str) -> ContributionId {
        self.ask(who, at, say(text)).expect("taken");
        ContributionId(self.object().expect("it has an id"))
    }

    fn topic(&mut self, title: &str) -> TopicId {
        self.ask(&moderator(), 0, ForumCommand::AddTopic { title: german(title) }).expect("taken");
        TopicId(self.object().expect("it has an id"))
    }

    fn seen(&self, audience: Audience) -> ForumView {
        Forum::view(&self.state, audience, &WindowRequest { from: Some(0), ..WindowRequest::default() })
    }

    fn own(&self, who: &Actor) -> OwnView {
        Forum::own(&self.state, who.participant.expect("someone"), 0)
    }
}

// Laws, over random talks.

#[derive(Clone, Copy, Debug)]
enum What {
    Found,
    SetTitle,
    AddTopic,
    Contribute,
    Reply,
    Support,
    Unsupport,
    Edit,
    Withdraw,
    Approve,
    Hide,
    Refuse,
    Restore,
    SetState,
    SetWaiting,
    Introduce,
    Erase,
    ErasePerson,
    Tick,
    Hall,
    Add,
    Report,
    Dismiss,
    Claim,
    Appeal,
    RejectAppeal,
    PutBack,
    ApproveAll,
    RefuseAll,
    ShutOut,
    ResetName,
    SetSummary,
    CountHall,
    PollMoved,
    SetStage,
    SetFloor,
    AskFloor,
    WithdrawFloor,
    EnterFloor,
    GiveFloor,
    EndFloor,
    DropFloor,
    PinFloor,
}

/// One command of a random talk, in small numbers that fit whatever there is by then.
#[derive(Clone, Copy, Debug)]
struct Step {
    what: What,
    /// Who; from [`ACTORS`] on, someone who is likely to be allowed.
    by: u8,
    /// About what.
    on: u8,
    how: u8,
    /// How much later, in seconds; clocks may go back.
    later: i16,
    again: bool,
}

const ACTORS: u8 = 10;

fn step() -> impl Strategy<Value = Step> {
    let what = prop_oneof![
        1 => Just(What::Found),
        1 => Just(What::SetTitle),
        1 => Just(What::AddTopic),
        8 => Just(What::Contribute),
        4 => Just(What::Reply),
        6 => Just(What::Support),
        3 => Just(What::Unsupport),
        8 => Just(What::Edit),
        2 => Just(What::Withdraw),
        6 => Just(What::Approve),
        4 => Just(What::Hide),
        10 => Just(What::Refuse),
        4 => Just(What::Restore),
        4 => Just(What::SetState),
        3 => Just(What::SetWaiting),
        2 => Just(What::Introduce),
        1 => Just(What::Erase),
        1 => Just(What::ErasePerson),
        3 => Just(What::Tick),
        2 => Just(What::Hall),
        5 => Just(What::Add),
        5 => Just(What::Report),
        2 => Just(What::Dismiss),
        3 => Just(What::Claim),
        5 => Just(What::Appeal),
        4 => Just(What::RejectAppeal),
        4 => Just(What::PutBack),
        3 => Just(What::ApproveAll),
        1 => Just(What::RefuseAll),
        1 => Just(What::ShutOut),
        1 => Just(What::ResetName),
        1 => Just(What::SetSummary),
        1 => Just(What::CountHall),
        2 => Just(What::PollMoved),
        3 => Just(What::SetStage),
        2 => Just(What::SetFloor),
        5 => Just(What::AskFloor),
        2 => Just(What::WithdrawFloor),
        3 => Just(What::EnterFloor),
        3 => Just(What::GiveFloor),
        1 => Just(What::EndFloor),
        2 => Just(What::DropFloor),
        2 => Just(What::PinFloor),
    ];
    (what, 0..3 * ACTORS, any::<u8>(), any::<u8>(), -5..40i16, prop::bool::weighted(0.1))
        .prop_map(|(what, by, on, how, later, again)| Step { what, by, on, how, later, again })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..80)
}

/// A forum and those who talk in it.
#[derive(Clone)]
struct Talk {
    room: Room,
    retold: Retold,
    topic: TopicId,
    actors: Vec<Actor>,
    contributions: Vec<(ContributionId, ParticipantId)>,
    now: i64,
    texts: u32,
    /// How many people came in the place of erased ones.
    came: u8,
}

impl Talk {
    fn new() -> Self {
        let mut room = Room::new(StreamId(Uuid::from_u128(3)));
        let mut retold = Retold::default();
        let begin = [found(Waiting::FirstOfGuest), ForumCommand::AddTopic { title: german("Wege «9001»") }];
        for command in begin {
            for event in &room.ask(&Actor::system(), 0, command).expect("taken") {
                retold.hear(event, None);
            }
        }
        let topic = TopicId(room.object().expect("it has an id"));
        let actors = vec![
            guest(0),
            guest(1),
            guest(2),
            account(3),
            moderator(),
            staff(5, Role::Admin),
            staff(6, Role::Editor),
            token(Role::Moderator),
            banned(account(8)),
            Actor::system(),
        ];
        assert_eq!(actors.len(), usize::from(ACTORS));
        Self { room, retold, topic, actors, contributions: Vec::new(), now: 1_000_000, texts: 0, came: 0 }
    }

    fn people(&self) -> Vec<ParticipantId> {
        self.actors.iter().filter_map(|actor| actor.participant).collect()
    }

    /// The whole, a part that begins somewhere, and one topic of another part.
    fn windows(&self) -> Vec<WindowRequest> {
        let window = |from, topic| WindowRequest { before: None, from: Some(from), topic };
        vec![window(0, None), window(9, None), window(5, Some(self.topic)), window(25, None)]
    }

    fn witness(&self) -> Witness<Forum> {
        let mut witness = Witness::new(self.windows(), self.people());
        witness.see(&self.room.state);
        witness
    }

    fn text(&mut self) -> String {
        self.texts += 1;
        // Some look like markup: they are words like others.
        format!("{} «{}»", ["Ich finde", "**Laut:**", "<b>\"Ja\""][self.texts as usize % 3], self.texts)
    }

    fn who(&mut self, step: Step, contribution: ContributionId, author: Option<ParticipantId>) -> Actor {
        let supports = |one| Forum::own(&self.room.state, one, 0).supported.contains(&contribution);
        let likely = match step.what {
            What::Unsupport => self.actors.iter().position(|actor| actor.participant.is_some_and(supports)),
            What::Found | What::ErasePerson | What::Tick | What::PollMoved | What::ShutOut => Some(9),
            What::Edit | What::Withdraw | What::Add | What::Appeal => {
                self.actors.iter().position(|actor| actor.participant == author)
            }
            What::SetTitle
            | What::AddTopic
            | What::Approve
            | What::Hide
            | What::Refuse
            | What::Restore
            | What::SetState
            | What::SetWaiting
            | What::Hall
            | What::Dismiss
            | What::PutBack
            | What::ApproveAll
            | What::RefuseAll
            | What::ResetName
            | What::SetSummary
            | What::CountHall
            | What::SetStage
            | What::SetFloor
            | What::EnterFloor
            | What::GiveFloor
            | What::EndFloor
            | What::DropFloor
            | What::PinFloor => Some(4),
            What::WithdrawFloor => {
                let waits = |one| Forum::own(&self.room.state, one, 0).floor.is_some();
                self.actors.iter().position(|actor| actor.participant.is_some_and(waits))
            }
            // Whoever hid it cannot reject the appeal.
            What::Claim | What::RejectAppeal | What::Erase => Some(5),
            _ => None,
        };
        let by = usize::from(step.by);
        let by = likely.filter(|_| step.by >= ACTORS).unwrap_or(by % usize::from(ACTORS));
        // People change their names, and the program their roles.
        match step.how {
            0..30 => self.actors[by].name = Some(self.text().into()),
            30..40 => self.actors[by].name = None,
            40..45 if self.actors[by].guest => self.actors[by].roles = self.actors[by].roles.with(Role::Advisor),
            45..50 if self.actors[by].guest => self.actors[by].roles = crate::people::Roles::NONE,
            _ => {}
        }
        self.actors[by].clone()
    }

    /// A contribution, mostly one that the step fits, among the newest.
    fn about(&self, step: Step) -> Option<(ContributionId, ParticipantId)> {
        let fits = |(id, _): &&(ContributionId, ParticipantId)| {
            let found = self.room.state.contribution(*id).expect("there");
            let untouched = found.replies == 0 && found.supporters.is_empty();
            match (step.what, &found.status) {
                _ if step.on.is_multiple_of(5) => true,
                (_, Status::Withdrawn | Status::Erased) => false,
                (What::Approve, Status::Waiting) => true,
                (What::Approve, _) => found.pending.is_some(),
                (What::Refuse, _) => found.pending.is_some() || found.addition.is_some(),
                (What::Restore, status) => matches!(status, Status::Hidden { .. }),
                (What::Edit, status) => untouched && matches!(status, Status::Waiting | Status::Visible),
                (What::Unsupport, _) => !found.supporters.is_empty(),
                (What::PutBack, status) => {
                    matches!(status, Status::Hidden { .. }) || (*status == Status::Visible && found.approved)
                }
                (What::Dismiss, _) => !found.reports.is_empty(),
                (What::Appeal, status) => matches!(status, Status::Hidden { appeal: None, .. }),
                (What::RejectAppeal, _) => found.open_appeal().is_some(),
                (What::Claim, status) => *status == Status::Waiting || found.asks(),
                (What::Add | What::Report | What::Reply | What::Support | What::SetStage, status) => {
                    *status == Status::Visible
                }
                _ => true,
            }
        };
        let mut fitting: Vec<_> = self.contributions.iter().rev().filter(fits).take(12).collect();
        // What has a waiting change is rare, and where most can go wrong.
        if step.on % 5 < 3 {
            let (changing, rest): (Vec<_>, Vec<_>) = fitting
                .into_iter()
                .partition(|(id, _)| self.room.state.contribution(*id).is_some_and(Contribution::asks));
            fitting = if changing.is_empty() { rest } else { changing };
        }
        fitting.get(usize::from(step.on) % (fitting.len() + 1)).map(|found| **found)
    }

    /// When a moderator looked last: mostly just now.
    fn looked(&self, how: usize) -> Option<Seq> {
        how.is_multiple_of(3).then(|| Seq(self.room.seq().saturating_sub(how as u64 % 4)))
    }

    fn command(&mut self, step: Step, contribution: ContributionId) -> ForumCommand {
        let how = usize::from(step.how);
        match step.what {
            What::Found => found(Waiting::None),
            What::SetTitle => ForumCommand::SetTitle { title: german(&self.text()) },
            What::AddTopic => {
                let mut title = german(&self.text());
                title.texts.insert(Lang::try_from("en".to_owned()).expect("a tag"), self.text().into());
                ForumCommand::AddTopic { title }
            }
            What::Contribute | What::Reply => ForumCommand::Contribute {
                text: self.text(),
                lang: how.is_multiple_of(5).then(Lang::german),
                topic: how.is_multiple_of(3).then_some(self.topic),
                reply_to: matches!(step.what, What::Reply).then_some(contribution),
                hall: None,
            },
            What::Hall => in_the_hall(&self.text(), &if how.is_multiple_of(2) { self.text() } else { String::new() }),
            What::Add => add(contribution, &self.text()),
            What::Report => {
                let what = [Reported::Text, Reported::Name][how % 2];
                let text = how.is_multiple_of(3).then(|| self.text());
                ForumCommand::Report { contribution, what, reason: ReportReason::ALL[how % 4], text }
            }
            What::Dismiss => ForumCommand::Dismiss { contribution },
            What::Claim => ForumCommand::Claim { contribution, release: how.is_multiple_of(3) },
            What::Appeal => appeal(contribution, &self.text()),
            What::RejectAppeal => {
                let note = how.is_multiple_of(2).then(|| self.text());
                ForumCommand::RejectAppeal { contribution, note }
            }
            What::PutBack => ForumCommand::PutBack { contribution },
            What::ApproveAll | What::RefuseAll | What::ShutOut | What::ResetName => {
                let people = self.people();
                let participant = people[how % people.len()];
                let waits = |one: &ParticipantId| !Forum::own(&self.room.state, *one, 0).waiting.is_empty();
                let waiting = people.iter().copied().find(waits).unwrap_or(participant);
                match step.what {
                    What::ApproveAll => ForumCommand::ApproveAll { participant: waiting, seen: self.looked(how) },
                    What::RefuseAll => {
                        let note = how.is_multiple_of(2).then(|| self.text());
                        let (participant, seen) = (waiting, self.looked(how));
                        ForumCommand::RefuseAll { participant, reason: HideReason::ALL[how % 6], note, seen }
                    }
                    What::ShutOut => {
                        ForumCommand::ShutOut { participant, banned: how.is_multiple_of(2), by: Some(people[0]) }
                    }
                    _ => ForumCommand::ResetName { participant },
                }
            }
            What::SetSummary => ForumCommand::SetSummary { text: how.is_multiple_of(2).then(|| self.text()) },
            What::CountHall => ForumCommand::CountHall { people: how.is_multiple_of(2).then_some(u32::from(step.on)) },
            What::Support => ForumCommand::Support { contribution },
            What::Unsupport => ForumCommand::Unsupport { contribution },
            What::Edit => edit(contribution, &self.text()),
            What::Withdraw => ForumCommand::Withdraw { contribution },
            What::Approve => ForumCommand::Approve { contribution, seen: self.looked(how) },
            What::Hide => {
                let note = how.is_multiple_of(2).then(|| self.text());
                ForumCommand::Hide { contribution, reason: HideReason::ALL[how % 6], note }
            }
            What::Refuse => {
                let note = how.is_multiple_of(2).then(|| self.text());
                ForumCommand::Refuse { contribution, note }
            }
            What::Restore => ForumCommand::Restore { contribution },
            What::SetState => {
                let seconds = u32::from(step.on);
                let mode = [
                    Mode::Open,
                    Mode::Slow { seconds },
                    Mode::Open,
                    Mode::Slow { seconds },
                    Mode::Locked,
                    Mode::Closed,
                ][how % 6];
                let until = step.on.is_multiple_of(2).then_some(Timestamp(self.now + i64::from(seconds) * 1_000));
                let minutes = step.on.is_multiple_of(3).then_some(seconds);
                ForumCommand::SetState { mode, until, minutes }
            }
            What::SetWaiting => {
                let waiting = [Waiting::None, Waiting::All, Waiting::FirstOfGuest, Waiting::All][how % 4];
                ForumCommand::SetWaiting { waiting }
            }
            What::Introduce => ForumCommand::Introduce,
            What::Erase => ForumCommand::Erase { contribution },
            What::ErasePerson => {
                let people = self.people();
                ForumCommand::ErasePerson { participant: people[how % people.len()] }
            }
            What::PollMoved => hall::poll_moved(step.on % 4, hall::PHASES[how % 4], &self.text()),
            What::SetStage => ForumCommand::SetStage { stage: self.stage(how, contribution), seen: self.looked(how) },
            What::SetFloor
            | What::AskFloor
            | What::WithdrawFloor
            | What::EnterFloor
            | What::GiveFloor
            | What::EndFloor
            | What::DropFloor
            | What::PinFloor => self.floor(step),
            What::Tick => {
                let moment = Forum::next_due(&self.room.state).filter(|_| how > 50).unwrap_or(Timestamp(self.now));
                self.now = self.now.max(moment.0 - i64::from(step.how < 70));
                Forum::tick(moment)
            }
        }
    }

    /// Takes a step, perhaps twice.
    fn step(&mut self, step: Step) {
        self.now += i64::from(step.later) * 1_000;
        let found = self.about(step);
        let (contribution, author) =
            found.map_or((ContributionId(Uuid::from_u128(404)), None), |(id, author)| (id, Some(author)));
        let actor = self.who(step, contribution, author);
        let command = self.command(step, contribution);
        if self.ask(&actor, command).is_ok() && step.again {
            assert_eq!(self.room.repeat().unwrap_or_default(), []);
        }
    }

    /// Asks, and tells what followed anew.
    fn ask(&mut self, actor: &Actor, command: ForumCommand) -> Result<(), Rejection> {
        for event in &self.room.ask(actor, self.now, command)? {
            self.retold.hear(event, actor.participant);
            if let ForumEvent::PersonErased(PersonErased { participant: erased }) = event {
                // Somebody new takes their place.
                self.came += 1;
                let new = participant(100 + self.came);
                for actor in self.actors.iter_mut().filter(|actor| actor.participant == Some(*erased)) {
                    actor.participant = Some(new);
                }
            }
            let spoken = |spoken: &Spoken| spoken.contributed.clone();
            let contributed = match event {
                ForumEvent::Contributed(e) => Some(e.clone()),
                ForumEvent::Spoken(e) => Some(spoken(e)),
                _ => None,
            };
            if let Some(e) = contributed {
                assert_eq!(self.room.object(), Some(e.contribution.0));
                self.contributions.push((e.contribution, e.author));
            }
        }
        Ok(())
    }
}

/// Which words who may see, told anew from the events without positions, indexes and facets.
#[derive(Clone, Default)]
struct Retold {
    title: Words,
    topics: Words,
    names: BTreeMap<ParticipantId, Words>,
    summary: Words,
    polls: BTreeMap<PollId, (Phase, Words)>,
    floor: floor::Retold,
    posts: BTreeMap<ContributionId, Post>,
}

#[derive(Clone, Default)]
struct Note {
    words: Words,
    by: Option<ParticipantId>,
}

impl Note {
    fn of(said: Option<&crate::said::Said>, by: Option<ParticipantId>) -> Self {
        Self { words: words(said.map_or("", |said| said.as_str())), by }
    }
}

#[derive(Clone)]
struct Post {
    author: ParticipantId,
    text: Words,
    pending: Words,
    /// Additions that can be seen, and the one that waits.
    added: Words,
    addition: Words,
    hall: Words,
    reports: Words,
    name_reports: Words,
    /// What a moderator said to the author, and who: to a change that was refused, to the hiding, to the appeal.
    refused: Note,
    note: Note,
    answer: Note,
    /// The author's answer to being hidden.
    appeal: Words,
    /// How many reports of the words and of the name are open.
    open: (usize, usize),
    appealed: bool,
    claim: Option<ParticipantId>,
    place: Place,
    /// Everyone saw it until it was hidden.
    keeps_place: bool,
}

impl Post {
    /// Nobody is at what is done.
    fn let_go(&mut self) {
        let asks = !self.pending.is_empty() || !self.addition.is_empty() || self.open != (0, 0) || self.appealed;
        if self.place != Place::Waiting && !asks {
            self.claim = None;
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Waiting,
    Visible,
    Hidden,
}

impl Retold {
    fn hear(&mut self, event: &ForumEvent, by: Option<ParticipantId>) {
        self.take(event, by);
        self.posts.values_mut().for_each(Post::let_go);
        self.floor.hear(event);
    }

    fn take(&mut self, event: &ForumEvent, by: Option<ParticipantId>) {
        let all = |title: &SaidTexts| title.texts.values().flat_map(|said| words(said.as_str())).collect();
        match event {
            ForumEvent::Founded(e) => self.title = all(&e.title),
            ForumEvent::Titled(e) => self.title = all(&e.title),
            ForumEvent::TopicAdded(e) => self.topics.append(&mut all(&e.title)),
            ForumEvent::Introduced(e) => {
                for post in self.posts.values_mut().filter(|post| post.author == e.participant) {
                    post.name_reports.clear();
                    post.open.1 = 0;
                }
                self.names.insert(e.participant, words(e.name.as_ref().map_or("", |name| name.as_str())));
            }
            ForumEvent::Contributed(e) => self.wrote(e, Words::new()),
            ForumEvent::Spoken(e) => {
                self.wrote(&e.contributed, words(e.name.as_ref().map_or("", |name| name.as_str())));
            }
            ForumEvent::Added(e) => {
                let post = self.posts.get_mut(&e.contribution).expect("there");
                let mut said = words(e.text.as_str());
                post.refused = Note::default();
                if e.waits {
                    post.addition = said;
                } else {
                    // One that waited goes: the law of deleted rows is that of the program.
                    post.addition.clear();
                    post.added.append(&mut said);
                }
            }
            ForumEvent::ReportMade(e) => {
                let post = self.posts.get_mut(&e.contribution).expect("there");
                let mut said = words(e.text.as_ref().map_or("", |text| text.as_str()));
                match e.what {
                    Reported::Text => {
                        post.open.0 += 1;
                        post.reports.append(&mut said);
                    }
                    Reported::Name => {
                        post.open.1 += 1;
                        post.name_reports.append(&mut said);
                    }
                }
            }
            ForumEvent::Dismissed(e) => {
                let post = self.posts.get_mut(&e.contribution).expect("there");
                post.reports.clear();
                post.name_reports.clear();
                post.open = (0, 0);
            }
            ForumEvent::Appealed(e) => {
                let post = self.posts.get_mut(&e.contribution).expect("there");
                post.appeal = words(e.text.as_str());
                post.appealed = true;
            }
            ForumEvent::AppealRejected(e) => {
                let post = self.posts.get_mut(&e.contribution).expect("there");
                post.answer = Note::of(e.note.as_ref(), by);
                post.appealed = false;
            }
            ForumEvent::ChangeRefused(e) => {
                let post = self.posts.get_mut(&e.contribution).expect("there");
                post.pending.clear();
                post.addition.clear();
                post.refused = Note::of(e.note.as_ref(), by);
            }
            ForumEvent::Claimed(e) => self.posts.get_mut(&e.contribution).expect("there").claim = e.by,
            ForumEvent::PutBack(e) => {
                let post = self.posts.get_mut(&e.contribution).expect("there");
                (post.place, post.keeps_place) = (Place::Waiting, false);
                (post.note, post.answer) = Default::default();
                post.appeal.clear();
                post.appealed = false;
            }
            ForumEvent::Summarised(e) => {
                self.summary = words(e.text.as_ref().map_or("", |text| text.as_str()));
            }
            ForumEvent::Edited(e) => {
                let post = self.posts.get_mut(&e.contribution).expect("there");
                post.pending.clear();
                post.refused = Note::default();
                *(if e.waits { &mut post.pending } else { &mut post.text }) = words(e.text.as_str());
            }
            ForumEvent::Approved(e) => {
                let post = self.posts.get_mut(&e.contribution).expect("there");
                self.floor.trust(e.contribution, post.author);
                (post.place, post.keeps_place) = (Place::Visible, false);
                if !post.pending.is_empty() {
                    post.text = std::mem::take(&mut post.pending);
                }
                post.added.append(&mut post.addition);
            }
            ForumEvent::Hidden(e) => {
                let post = self.posts.get_mut(&e.contribution).expect("there");
                post.keeps_place |= post.place == Place::Visible;
                post.place = Place::Hidden;
                post.pending.clear();
                post.addition.clear();
                post.reports.clear();
                post.name_reports.clear();
                post.open = (0, 0);
                post.note = Note::of(e.note.as_ref(), by);
            }
            ForumEvent::Restored(e) => {
                let post = self.posts.get_mut(&e.contribution).expect("there");
                (post.place, post.keeps_place) = (Place::Visible, false);
                (post.note, post.answer) = Default::default();
                post.appeal.clear();
                post.appealed = false;
            }
            ForumEvent::Withdrawn(Withdrawn { contribution }) | ForumEvent::Erased(Erased { contribution }) => {
                self.posts.remove(contribution);
            }
            ForumEvent::PersonErased(e) => {
                self.names.remove(&e.participant);
                self.posts.retain(|_, post| post.author != e.participant);
                for post in self.posts.values_mut() {
                    post.claim = post.claim.filter(|by| *by != e.participant);
                    for note in [&mut post.refused, &mut post.note, &mut post.answer] {
                        if note.by == Some(e.participant) {
                            note.words.clear();
                        }
                    }
                }
            }
            ForumEvent::PollMoved(e) => {
                self.polls.insert(e.poll, (e.phase, all(&e.title)));
            }
            ForumEvent::Supported(_)
            | ForumEvent::Unsupported(_)
            | ForumEvent::StageSet(_)
            | ForumEvent::FloorSet(_)
            | ForumEvent::FloorAsked(_)
            | ForumEvent::FloorWithdrawn(_)
            | ForumEvent::FloorEntered(_)
            | ForumEvent::FloorGiven(_)
            | ForumEvent::FloorEnded(_)
            | ForumEvent::FloorDropped(_)
            | ForumEvent::FloorPinned(_)
            | ForumEvent::StateSet(_)
            | ForumEvent::WaitingSet(_)
            | ForumEvent::ShutOut(_)
            | ForumEvent::HallCounted(_) => {}
        }
    }

    fn wrote(&mut self, e: &Contributed, hall: Words) {
        let post = Post {
            author: e.author,
            text: words(e.text.as_str()),
            pending: Words::new(),
            added: Words::new(),
            addition: Words::new(),
            hall,
            reports: Words::new(),
            name_reports: Words::new(),
            refused: Note::default(),
            note: Note::default(),
            answer: Note::default(),
            appeal: Words::new(),
            open: (0, 0),
            appealed: false,
            claim: None,
            place: if e.waits { Place::Waiting } else { Place::Visible },
            keeps_place: false,
        };
        self.posts.insert(e.contribution, post);
    }

    fn seen_by(&self, audience: Audience) -> Words {
        let mut seen = &self.title | &self.topics;
        let staff = audience == Audience::Staff;
        let polls = self.polls.values().filter(|(phase, _)| staff || *phase != Phase::Draft);
        seen.extend(polls.flat_map(|(_, title)| title));
        seen.extend(self.floor.seen_by(audience, &self.names));
        for post in self.posts.values() {
            if post.place != Place::Visible && audience != Audience::Staff {
                continue;
            }
            seen.extend(self.names.get(&post.author).into_iter().flatten());
            seen.extend(&post.hall);
            if audience == Audience::Staff {
                seen.extend(post.reports.iter().chain(&post.name_reports));
                seen.extend(post.claim.and_then(|by| self.names.get(&by)).into_iter().flatten());
            }
            if post.place == Place::Hidden {
                seen.extend(post.note.words.iter().chain(&post.appeal).chain(&post.answer.words));
                continue;
            }
            seen.extend(post.text.iter().chain(&post.added));
            if audience == Audience::Staff {
                seen.extend(post.pending.iter().chain(&post.addition));
            }
        }
        seen
    }

    /// Where something was hidden that everyone had seen.
    fn kept_places(&self) -> BTreeSet<ContributionId> {
        self.posts.iter().filter(|(_, post)| post.keeps_place).map(|(id, _)| *id).collect()
    }

    fn seen_alone_by(&self, one: ParticipantId) -> Words {
        let mut seen = Words::new();
        for post in self.posts.values().filter(|post| post.author == one) {
            seen.extend(match post.place {
                Place::Waiting => &post.text,
                Place::Visible => &post.pending,
                Place::Hidden => &post.note.words,
            });
            if post.place == Place::Hidden {
                // Which one it was: for its author alone.
                seen.extend(&post.text);
            }
            seen.extend(post.addition.iter().chain(&post.appeal).chain(&post.answer.words).chain(&post.refused.words));
        }
        seen
    }

    fn kept(&self) -> Words {
        let mut kept = &self.title | &self.topics;
        kept.extend(self.names.values().flatten());
        kept.extend(&self.summary);
        kept.extend(self.polls.values().flat_map(|(_, title)| title));
        kept.extend(self.floor.kept());
        for post in self.posts.values() {
            let sides = [
                &post.text,
                &post.pending,
                &post.added,
                &post.addition,
                &post.hall,
                &post.reports,
                &post.name_reports,
                &post.refused.words,
                &post.note.words,
                &post.answer.words,
                &post.appeal,
            ];
            kept.extend(sides.into_iter().flatten());
        }
        kept
    }
}

/// A view holds those whom its contributions name, and nobody else.
fn assert_people(view: &ForumView) {
    let all = view.contributions.iter().chain(&view.waiting).chain(&view.attention);
    let named: BTreeSet<u32> = all.flat_map(ContributionView::people).collect();
    assert!(view.people.0.keys().eq(&named), "{:?} and not {named:?}", view.people);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn given_any_talk_then_every_view_follows_from_an_earlier_one_and_the_deltas_since(
        steps in steps(), salt in any::<u8>()
    ) {
        let mut talk = Talk::new();
        let mut witness = talk.witness();
        for step in steps {
            let before = talk.room.seq();
            talk.step(step);
            if talk.room.seq() > before {
                witness.see(&talk.room.state);
                witness.judge(witness.len() - 2, witness.len() - 1, salt.into());
            }
        }
        witness.judge_all(salt.into());
    }

    #[test]
    fn given_any_talk_then_nobody_ever_sees_words_again_that_are_gone(steps in steps()) {
        let mut talk = Talk::new();
        for step in steps {
            let before = talk.room.seq();
            talk.step(step);
            if talk.room.seq() == before {
                continue;
            }
            let state = &talk.room.state;
            for audience in Audience::ALL {
                for window in talk.windows() {
                    assert_people(&Forum::view(state, audience, &window));
                }
                let seen = talk.retold.seen_by(audience);
                let view = talk.room.seen(audience);
                prop_assert_eq!(words_in(&view), seen.clone(), "{:?}", audience);
                let staff = audience == Audience::Staff;
                let kept = view.contributions.iter().filter(|one| one.hidden.is_some());
                let kept = kept.filter(|one| !staff || talk.retold.posts[&one.id].keeps_place);
                prop_assert_eq!(kept.clone().map(|one| one.id).collect::<BTreeSet<_>>(), talk.retold.kept_places());
                let bare = kept.clone().all(|one| {
                    let counts = (one.author, one.support, one.replies);
                    one.is_placeholder() && one.text.is_empty() && counts == (0, 0, 0)
                });
                prop_assert!(staff || bare, "a placeholder that tells more");
                for after in (0..=before).map(Seq) {
                    let sent = words_in(&Forum::deltas(state, after, audience));
                    prop_assert!(sent.is_subset(&seen), "{:?} from {}: {:?} and not {:?}", audience, after, sent, seen);
                }
            }
            for one in talk.people() {
                prop_assert_eq!(words_in(&Forum::own(state, one, 0)), talk.retold.seen_alone_by(one));
            }
            prop_assert_eq!(words_in(&Forum::summary(state)), talk.retold.title.clone());
            hall::assert_stage(&talk.room.seen(Audience::Public));
            let rows: Words = talk.room.rows.values().flat_map(|text| words(text)).collect();
            prop_assert_eq!(rows, talk.retold.kept());
        }
    }

    #[test]
    fn given_any_talk_when_restored_from_a_snapshot_or_folded_again_then_nothing_differs(
        steps in steps(), at in any::<prop::sample::Index>()
    ) {
        let mut talk = Talk::new();
        let (first, rest) = steps.split_at(at.index(steps.len()));
        for step in first {
            talk.step(*step);
        }
        let mut twin = talk.clone();
        twin.room.state = talk.room.restored();
        let (windows, people) = (talk.windows(), talk.people());
        assert_same::<Forum>(&twin.room.state, &talk.room.state, &windows, &people);
        for step in rest {
            let before = (talk.room.state.clone(), twin.room.state.clone());
            talk.step(*step);
            twin.step(*step);
            let (command, context) = talk.room.last();
            assert_alike::<Forum>(&before.0, &before.1, command, context);
        }
        assert_same::<Forum>(&twin.room.state, &talk.room.state, &windows, &people);
        assert_same::<Forum>(&talk.room.folded(), &talk.room.state, &windows, &people);
        prop_assert_eq!(json(&talk.room.folded()), json(&talk.room.state));
    }
}

#[test]
fn given_one_long_talk_then_everything_that_can_happen_happened_and_pages_are_the_whole() {
    let mut runner = TestRunner::deterministic();
    let mut talk = Talk::new();
    let mut witness = talk.witness();
    for n in 0..1_200 {
        let before = talk.room.seq();
        talk.step(step().new_tree(&mut runner).expect("a step").current());
        if n < 800 && talk.room.seq() > before {
            witness.see(&talk.room.state);
            witness.judge(witness.len() - 2, witness.len() - 1, n);
            witness.judge(n % witness.len(), witness.len() - 1, n);
        }
    }
    // A change that waits is rare where so much is hidden.
    let (moderator, author) = (talk.actors[4].clone(), account(60));
    let tell = |talk: &mut Talk, who: &Actor, command| talk.ask(who, command).expect("taken");
    tell(&mut talk, &moderator, ForumCommand::SetWaiting { waiting: Waiting::None });
    talk.room.ask(&moderator, talk.now, set(Mode::Open)).expect("taken");
    tell(&mut talk, &author, say("Vorher «60001»"));
    let contribution = ContributionId(talk.room.object().expect("it has an id"));
    tell(&mut talk, &moderator, ForumCommand::SetWaiting { waiting: Waiting::All });
    tell(&mut talk, &author, edit(contribution, "Nachher «60002»"));
    tell(&mut talk, &moderator, refuse(contribution, "Nein «60003»"));
    witness.see(&talk.room.state);
    witness.judge(witness.len() - 2, witness.len() - 1, 0);
    let commands: BTreeSet<&str> = ForumCommand::RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(talk.room.taken, commands, "commands that led to something");
    assert_eq!(talk.room.kinds(), written(include_str!("event.rs")), "events");
    let deltas = [
        "gone contribution",
        "put contribution",
        "put counts",
        "put floor",
        "put forum",
        "put person",
        "put poll",
        "put stage",
        "put topic",
        "put totals",
    ];
    assert!(witness.deltas.iter().eq(&deltas), "{:?}", witness.deltas);

    let moderator = talk.actors[4].clone();
    talk.room.ask(&moderator, talk.now, set(Mode::Open)).expect("taken");
    for n in 0..2 * crate::live::PAGE {
        talk.room.post(&moderator, talk.now, &format!("Noch {n}"));
    }
    for (audience, topic) in Audience::ALL.into_iter().flat_map(|it| [(it, None), (it, Some(talk.topic))]) {
        let whole = Forum::view(&talk.room.state, audience, &WindowRequest { before: None, from: Some(0), topic });
        assert!(topic.is_some() || whole.contributions.len() > 2 * crate::live::PAGE, "{}", whole.contributions.len());
        assert_paged::<Forum>(&talk.room.state, &whole, audience, topic);
    }
}

#[test]
fn given_more_than_the_desk_holds_then_the_first_of_each_are_on_it_and_the_law_holds_as_they_go() {
    let mut runner = TestRunner::deterministic();
    let mut talk = Talk::new();
    let tell = |talk: &mut Talk, who: &Actor, command| talk.ask(who, command).expect("taken");
    let wait = |talk: &mut Talk, waiting| talk.ask(&moderator(), ForumCommand::SetWaiting { waiting }).expect("taken");
    let (author, admin) = (account(31), staff(5, Role::Admin));
    // Some of them have written more than others.
    let writers: Vec<Actor> = (0..13).map(|n| account(40 + n)).chain([account(3)]).collect();
    let mut writes = (0..MAX_WAITING).flat_map(|nth| {
        let has_more = move |(n, _): &(usize, &Actor)| nth < 9 + n || n + 1 == 14;
        writers.iter().enumerate().filter(has_more).map(|(_, who)| who)
    });
    wait(&mut talk, Waiting::All);
    for _ in 0..MAX_DESK + 3 {
        let text = talk.text();
        talk.now += 1_000;
        tell(&mut talk, writes.next().expect("enough of them"), say(&text));
    }
    for n in 0..MAX_DESK + 3 {
        wait(&mut talk, Waiting::None);
        let (text, more) = (talk.text(), talk.text());
        tell(&mut talk, &author, say(&text));
        let id = ContributionId(talk.room.object().expect("it has an id"));
        match n % 3 {
            0 => tell(&mut talk, &guest(1), report(id, Reported::Text, &more)),
            1 => {
                tell(
                    &mut talk,
                    &moderator(),
                    ForumCommand::Hide { contribution: id, reason: HideReason::Spam, note: None },
                );
                tell(&mut talk, &author, appeal(id, &more));
            }
            _ => {
                wait(&mut talk, Waiting::All);
                tell(&mut talk, &author, edit(id, &more));
            }
        }
    }
    let desk = talk.room.seen(Audience::Staff);
    assert_eq!((desk.waiting.len(), desk.attention.len()), (MAX_DESK, MAX_DESK));
    assert_eq!(desk.totals.waiting, Some(2 * (MAX_DESK as u32 + 3)), "the totals count all of it");
    let first = talk.contributions[0].0;
    assert_eq!(desk.waiting[0].id, first, "the oldest");
    let last = desk.contributions[0].clone();
    assert!(!last.asks() && last.hidden.is_none_or(|hidden| hidden.appeal.is_none()), "not yet");

    let writer = |n: usize| writers[n].participant.expect("somebody");
    let mut witness = talk.witness();
    for n in 0..120 {
        let before = talk.room.seq();
        // What is dealt with makes room, and what is put back takes it again, in the middle of the list.
        if n < 12 {
            let one = talk.room.seen(Audience::Staff);
            let (contribution, asking) = (one.waiting[7 * n % 9].id, one.attention[5 * n % 7].id);
            tell(&mut talk, &moderator(), ForumCommand::Approve { contribution, seen: None });
            tell(&mut talk, &admin, ForumCommand::Erase { contribution: asking });
            if n == 4 {
                wait(&mut talk, Waiting::All);
                let text = talk.text();
                tell(&mut talk, &account(60), say(&text));
                let place = talk.room.seen(Audience::Staff).waiting.iter().position(|one| *one.text == *text);
                assert!(place.is_some_and(|place| place < 15), "before the second of anybody: {place:?}");
            }
            if n % 6 == 3 {
                let participant = writer(n);
                tell(&mut talk, &moderator(), ForumCommand::ApproveAll { participant, seen: None });
            }
            if n == 6 {
                let participant = writer(n);
                let (reason, note) = (HideReason::Spam, Some(talk.text()));
                tell(&mut talk, &moderator(), ForumCommand::RefuseAll { participant, reason, note, seen: None });
            }
            if n % 3 == 2 {
                tell(&mut talk, &moderator(), ForumCommand::PutBack { contribution });
            }
        } else {
            let step = step().new_tree(&mut runner).expect("a step").current();
            talk.step(step);
        }
        if talk.room.seq() > before {
            witness.see(&talk.room.state);
            witness.judge(0, witness.len() - 1, n);
            witness.judge(witness.len() - 2, witness.len() - 1, n);
            witness.judge(n % witness.len(), witness.len() - 1, n);
        }
    }
    let desk = talk.room.seen(Audience::Staff);
    assert!(desk.waiting.len() <= MAX_DESK && desk.attention.len() <= MAX_DESK);
    // The same after a restart.
    assert_eq!(json(&Forum::view(&talk.room.restored(), Audience::Staff, &talk.windows()[0])), json(&desk));
    // In parts that fit a frame.
    let mut short = desk.clone();
    let aside = Forum::set_aside(&mut short, 4_096);
    assert!(json(&short.waiting).len() + json(&short.attention).len() < 8_192);
    let head = Seq(talk.room.seq());
    for part in aside.chunks(10) {
        let part: Vec<_> =
            part.iter().map(|(key, value)| Delta::Put { key: *key, seq: head, value: value.clone() }).collect();
        Forum::apply_deltas(&mut short, &part);
    }
    assert_eq!(short, desk);
}

#[test]
fn given_a_flood_of_an_older_program_when_a_newcomer_writes_then_theirs_comes_up_second() {
    let mut room = room(Waiting::All);
    let title = room.state.founded.as_ref().expect("founded").title.texts.values().next().expect("a title").clone();
    // That program let as much of one person wait as they liked.
    let take = |state: &mut ForumState, who: u8, at: i64| {
        let contribution = ContributionId(Uuid::from_u128(7_000 + at as u128));
        let contributed = Contributed {
            contribution,
            author: participant(who),
            text: title.clone(),
            lang: None,
            topic: None,
            reply_to: None,
            at: Timestamp(at),
            waits: true,
        };
        let meta = crate::domain::Meta { seq: state.seq().next(), at: Some(Timestamp(at)), actor: None };
        Forum::apply(state, &ForumEvent::Contributed(contributed), meta);
        contribution
    };
    (0..2_000).for_each(|at| _ = take(&mut room.state, 1, at));
    let newcomer = take(&mut room.state, 2, 5_000);
    let desk = room.seen(Audience::Staff);
    assert_eq!(desk.waiting.len(), MAX_DESK);
    assert_eq!(desk.waiting[1].id, newcomer);
    assert_eq!(desk.totals.waiting, Some(2_001));
    assert_eq!(room.own(&guest(1)).waiting.len(), 50, "nor is all told that one has waiting oneself");
}

#[test]
fn given_twenty_of_one_person_wait_then_the_next_is_refused_until_one_was_read() {
    let mut room = room(Waiting::All);
    let (ada, bo) = (guest(1), guest(2));
    let ids: Vec<_> = (0..20).map(|n| room.post(&ada, n, &format!("Satz {n}"))).collect();
    let full = Err(Rejection::TooManyWaiting { max: 20 });
    assert_eq!(room.ask(&ada, 20, say("Noch eins")), full);
    room.ask(&moderator(), 21, ForumCommand::Approve { contribution: ids[3], seen: None }).expect("taken");
    room.ask(&ada, 22, answer(ids[3], "Noch eins")).expect("there is room again");
    assert_eq!(room.ask(&ada, 23, answer(ids[3], "Zu viel")), full, "replies wait too");
    room.post(&bo, 24, "Und ich?");
    room.ask(&ada, 25, ForumCommand::Withdraw { contribution: ids[0] }).expect("taken");
    room.post(&ada, 26, "Wieder Platz");
    (0..30).for_each(|n| _ = room.post(&moderator(), n, "Von der Moderation"));
    room.ask(&moderator(), 27, ForumCommand::SetWaiting { waiting: Waiting::None }).expect("taken");
    room.post(&ada, 28, "Nichts wartet mehr");
}

#[test]
fn given_all_of_one_person_is_refused_then_each_author_is_told_why_and_undoing_lets_each_wait_again() {
    let mut room = room(Waiting::All);
    let (ada, bo) = (guest(1), guest(2));
    let ids: Vec<_> = (0..3).map(|n| room.post(&ada, n, &format!("Satz {n}"))).collect();
    let other = room.post(&bo, 4, "Und ich?");
    let seen = Some(Seq(room.seq()));
    room.ask(&ada, 5, edit(ids[2], "Anders")).expect("taken");
    let all = ForumCommand::RefuseAll {
        participant: participant(1),
        reason: HideReason::Insult,
        note: Some("So nicht.".into()),
        seen,
    };
    assert_eq!(room.ask(&guest(3), 6, all.clone()), Err(Rejection::Forbidden));
    assert_eq!(room.ask(&moderator(), 6, all).expect("taken").len(), 2, "what was changed since was not read");
    let own = room.own(&ada);
    assert_eq!(own.waiting.iter().map(|one| one.id).collect::<Vec<_>>(), [ids[2]]);
    assert!(own.hidden.iter().all(|one| one.why.note.as_deref() == Some("So nicht.")));
    // Each note is a text of its own.
    room.ask(&moderator(), 7, ForumCommand::PutBack { contribution: ids[0] }).expect("taken");
    assert_eq!(room.own(&ada).hidden[0].why.note.as_deref(), Some("So nicht."));
    room.ask(&moderator(), 8, ForumCommand::PutBack { contribution: ids[1] }).expect("taken");
    assert_eq!(room.own(&ada).waiting.len(), 3);
    assert_eq!(room.seen(Audience::Staff).waiting.len(), 4);
    room.ask(&moderator(), 9, refuse_all(&ada, None)).expect("taken");
    assert_eq!(room.ask(&moderator(), 9, refuse_all(&ada, None)), Err(Rejection::DECIDED));
    assert_eq!(room.ask(&moderator(), 9, refuse_all(&guest(7), None)), Err(Rejection::NotFound));
    let left = room.seen(Audience::Staff).waiting;
    assert_eq!(left.iter().map(|one| one.id).collect::<Vec<_>>(), [other]);
}

#[test]
fn given_a_guests_name_that_nobody_has_read_then_they_are_told_until_others_see_it() {
    let named = |who: Actor| Actor { name: Some("Ada".into()), ..who };
    let (ada, bo) = (named(guest(1)), named(guest(2)));
    let mut room = room(Waiting::FirstOfGuest);
    let waits = |room: &Room, who: &Actor| room.own(who).name_waits;
    assert!(!waits(&room, &ada), "they have done nothing here");
    let one = room.post(&ada, 1, "Ein Satz");
    room.ask(&moderator(), 1, ForumCommand::SetFloor { open: true, seconds: 60 }).expect("taken");
    room.ask(&bo, 1, floor::ASK).expect("taken");
    assert!(waits(&room, &ada) && waits(&room, &bo));
    room.ask(&moderator(), 2, ForumCommand::Approve { contribution: one, seen: None }).expect("taken");
    assert!(!waits(&room, &ada), "it stands beside what was approved");
    room.ask(&moderator(), 3, ForumCommand::PutBack { contribution: one }).expect("taken");
    assert!(waits(&room, &ada));
    let set = |waiting| ForumCommand::SetWaiting { waiting };
    let before = Seq(room.seq());
    room.ask(&moderator(), 4, set(Waiting::None)).expect("taken");
    assert!(!waits(&room, &ada) && Forum::owners(&room.state, before).contains(&participant(1)), "told at once");
    room.ask(&moderator(), 5, set(Waiting::All)).expect("taken");
    room.ask(&moderator(), 6, hide(one)).expect("taken");
    assert!(!waits(&room, &ada), "nothing of theirs waits to be shown");
    room.ask(&moderator(), 7, ForumCommand::GiveFloor { entry: None }).expect("taken");
    assert!(!waits(&room, &bo), "whoever gives the floor has read the name");
    room.post(&guest(3), 8, "Ohne Namen");
    room.post(&named(staff(4, Role::Editor)), 8, "Von uns");
    assert!(!waits(&room, &guest(3)) && !waits(&room, &staff(4, Role::Editor)));
}

#[test]
fn given_another_moderator_was_first_then_the_refusal_tells_who_and_how() {
    let mut room = room(Waiting::All);
    let (ada, second) = (guest(1), staff(91, Role::Moderator));
    let [one, two] = [1, 2].map(|at| room.post(&ada, at, "Ein Satz"));
    let approve = |contribution| ForumCommand::Approve { contribution, seen: None };
    let all = ForumCommand::ApproveAll { participant: participant(1), seen: None };
    let told = |verdict| Err(Rejection::Decided { by: moderator().participant, verdict: Some(verdict) });
    room.ask(&moderator(), 3, approve(one)).expect("taken");
    assert_eq!(room.ask(&second, 4, approve(one)), told(Verdict::Approved));
    assert_eq!(room.ask(&moderator(), 4, approve(one)), Err(Rejection::DECIDED), "that was oneself");
    room.ask(&moderator(), 5, hide(two)).expect("taken");
    assert_eq!(room.ask(&second, 6, approve(two)), told(Verdict::Hidden));
    assert_eq!(room.ask(&second, 6, all), told(Verdict::Hidden), "the last of theirs");
    room.ask(&moderator(), 7, ForumCommand::Restore { contribution: two }).expect("taken");
    assert_eq!(room.ask(&second, 8, ForumCommand::Restore { contribution: two }), told(Verdict::Other));
    room.ask(&token(Role::Moderator), 9, hide(two)).expect("taken");
    assert_eq!(room.ask(&second, 10, hide(two)), told(Verdict::Other), "a token is nobody");
}

#[test]
fn given_somebody_is_shut_out_then_the_log_tells_who_by_whom_once_and_nobody_else_is_told() {
    let mut room = room(Waiting::All);
    let shut_out = |banned| ForumCommand::ShutOut { participant: participant(1), banned, by: moderator().participant };
    let before = room.seq();
    for (banned, events) in [(false, 0), (true, 1), (true, 0), (false, 1), (true, 1)] {
        assert_eq!(room.ask(&Actor::system(), 1, shut_out(banned)).expect("taken").len(), events, "{banned}");
    }
    for audience in Audience::ALL {
        assert_eq!(Forum::deltas(&room.state, Seq(before), audience), []);
    }
    let acts = room.state.acts(None);
    let told: Vec<_> = acts.iter().map(|act| (act.did, act.by, act.person)).collect();
    let by = moderator().participant;
    let one = |did| (did, by, Some(participant(1)));
    assert_eq!(told, [one(Did::ShutOut), one(Did::LetIn), one(Did::ShutOut)]);
    assert!(room.state.record(false).expect("founded").decisions.is_empty(), "the record is for everyone");
}

proptest! {
    #[test]
    fn given_any_queue_then_everybodys_first_comes_before_anybodys_second(
        written in prop::collection::vec((0..6u8, 0..40i64), 1..70), taken in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let mut room = room(Waiting::All);
        let mut waits = Vec::new();
        for (who, at) in written {
            if room.ask(&guest(who), at, say("Text")).is_ok() {
                waits.push(ContributionId(room.object().expect("it has an id")));
            }
        }
        for one in taken {
            let contribution = *one.get(&waits);
            let _ = room.ask(&moderator(), 100, ForumCommand::Approve { contribution, seen: None });
        }
        let desk = room.seen(Audience::Staff).waiting;
        let mut before: BTreeMap<u32, usize> = BTreeMap::new();
        let turns: Vec<_> = desk.iter().map(|one| {
            let nth = before.entry(one.author).or_default();
            *nth += 1;
            (*nth, one.turn())
        }).collect();
        prop_assert!(turns.is_sorted(), "{:?}", turns);
        prop_assert_eq!(room.state.queue.iter().map(|ix| room.state.at(ix).id).collect::<BTreeSet<_>>(), desk.iter().map(|one| one.id).collect());
        prop_assert!(room.state.queue.iter().map(|ix| room.state.at(ix).author).eq(room.restored().queue.iter().map(|ix| room.state.at(ix).author)));
    }
}

#[test]
fn given_long_notes_and_reports_then_a_shortened_view_is_short() {
    let mut room = room(Waiting::None);
    for n in 0..12 {
        let id = room.post(&account(1), n, "Kurz");
        for _ in 0..MAX_ADDITIONS {
            room.ask(&account(1), n, add(id, &"mehr ".repeat(100))).expect("taken");
        }
        for _ in 0..3 {
            room.ask(&guest(2), n, report(id, Reported::Text, &"schlimm ".repeat(70))).expect("taken");
        }
    }
    for audience in Audience::ALL {
        let mut view = Forum::view(&room.state, audience, &WindowRequest::default());
        Forum::set_aside(&mut view, crate::live::FRAME_TARGET / 2);
        Forum::shorten(&mut view, crate::live::FRAME_TARGET);
        assert!(json(&view).len() <= crate::live::FRAME_TARGET, "{audience:?}: {}", json(&view).len());
    }
}

// Formats.

#[test]
fn given_every_event_accepted_so_far_then_it_is_read_and_written_as_it_was() {
    assert_fixtures::<ForumEvent>("forum", include_str!("event.rs"));
}

#[test]
fn given_the_list_of_commands_then_it_has_every_command_once() {
    assert_commands::<Forum>();
}

#[test]
fn given_a_key_of_a_delta_then_it_is_one_string_and_only_such_are_read() {
    let id = Uuid::from_u128(5);
    let keys = [
        ForumKey::Forum,
        ForumKey::Totals,
        ForumKey::Topic(TopicId(id)),
        ForumKey::Contribution(ContributionId(id)),
        ForumKey::Counts(ContributionId(id)),
        ForumKey::Person(5),
        ForumKey::Poll(PollId(id)),
        ForumKey::Stage,
        ForumKey::Floor,
    ];
    for key in keys {
        assert_eq!(json(&key), format!("\"{key}\""));
        assert_eq!(serde_json::from_str::<ForumKey>(&json(&key)).expect("read"), key);
    }
    for unknown in ["", "forums", "counts", "counts/1", "poll", "vote/00000000-0000-0000-0000-000000000005"] {
        assert!(serde_json::from_str::<ForumKey>(&json(&unknown)).is_err(), "{unknown}");
    }
}

// Rules.

#[test]
fn given_no_forum_yet_then_only_founding_is_taken_and_founding_again_changes_nothing() {
    let mut room = Room::new(StreamId(Uuid::from_u128(3)));
    assert_eq!(room.ask(&account(1), 0, say("Hallo")), Err(Rejection::NotFound));
    assert_eq!(room.ask(&staff(1, Role::Admin), 0, found(Waiting::None)), Err(Rejection::Forbidden));
    assert_eq!(Forum::summary(&room.state), None);
    assert!(room.ask(&Actor::system(), 0, found(Waiting::None)).is_ok());
    assert_eq!(room.ask(&Actor::system(), 0, found(Waiting::All)), Ok(Vec::new()));
    assert_eq!(room.seen(Audience::Public).forum.waiting, Waiting::None);
    assert_eq!(Forum::summary(&room.state).expect("founded").state, "open");
}

#[test]
fn given_every_command_then_whoever_lacks_the_standing_is_refused_before_anything_else() {
    let contribution = ContributionId(Uuid::from_u128(404));
    let mut room = room(Waiting::None);
    let commands = [
        (Need::System, found(Waiting::None)),
        (Need::System, ForumCommand::ErasePerson { participant: participant(1) }),
        (Need::System, Forum::tick(Timestamp(0))),
        (Need::System, hall::poll_moved(1, Phase::Open, "Ja?")),
        (Need::Admin, ForumCommand::Erase { contribution }),
        (Need::Moderator, ForumCommand::SetStage { stage: Stage::Off, seen: None }),
        (Need::Moderator, ForumCommand::SetFloor { open: true, seconds: 60 }),
        (Need::Moderator, floor::enter("Ada")),
        (Need::Moderator, ForumCommand::GiveFloor { entry: None }),
        (Need::Moderator, ForumCommand::EndFloor),
        (Need::Moderator, ForumCommand::DropFloor { entry: FloorId(Uuid::from_u128(404)) }),
        (Need::Moderator, ForumCommand::PinFloor { entry: FloorId(Uuid::from_u128(404)) }),
        (Need::Participant, floor::ASK),
        (Need::Participant, ForumCommand::WithdrawFloor),
        (Need::Moderator, ForumCommand::SetTitle { title: german("Titel") }),
        (Need::Moderator, ForumCommand::AddTopic { title: german("Thema") }),
        (Need::Moderator, ForumCommand::Approve { contribution, seen: None }),
        (Need::Moderator, hide(contribution)),
        (Need::Moderator, refuse(contribution, "Nein")),
        (Need::Moderator, ForumCommand::Restore { contribution }),
        (Need::Moderator, set(Mode::Locked)),
        (Need::Moderator, ForumCommand::SetWaiting { waiting: Waiting::All }),
        (Need::Moderator, ForumCommand::PutBack { contribution }),
        (Need::Moderator, ForumCommand::ApproveAll { participant: participant(1), seen: None }),
        (Need::Moderator, refuse_all(&guest(1), None)),
        (Need::System, ForumCommand::ShutOut { participant: participant(1), banned: true, by: None }),
        (Need::Moderator, ForumCommand::Claim { contribution, release: false }),
        (Need::Moderator, ForumCommand::Dismiss { contribution }),
        (Need::Moderator, reject(contribution, "Nein")),
        (Need::Moderator, ForumCommand::ResetName { participant: participant(1) }),
        (Need::Moderator, ForumCommand::SetSummary { text: None }),
        (Need::Moderator, ForumCommand::CountHall { people: None }),
        (Need::Visitor, report(contribution, Reported::Text, "Schlimm")),
        (Need::Author, add(contribution, "Noch etwas")),
        (Need::Author, appeal(contribution, "Doch")),
        (Need::Participant, say("Hallo")),
        (Need::Participant, ForumCommand::Support { contribution }),
        (Need::Participant, ForumCommand::Unsupport { contribution }),
        (Need::Participant, ForumCommand::Introduce),
        (Need::Author, edit(contribution, "Hallo")),
        (Need::Author, ForumCommand::Withdraw { contribution }),
    ];
    assert_eq!(commands.len(), ForumCommand::RULES.len());
    for (need, command) in commands {
        assert_eq!(command.rule().need, need, "{command:?}");
        let refused = match need {
            Need::System => vec![(guest(1), Rejection::Forbidden), (staff(1, Role::Admin), Rejection::Forbidden)],
            Need::Admin => vec![(account(1), Rejection::Forbidden), (moderator(), Rejection::Forbidden)],
            Need::Moderator => vec![(account(1), Rejection::Forbidden), (token(Role::Editor), Rejection::Forbidden)],
            // Everyone may report; there is only nothing.
            Need::Visitor => {
                assert_eq!(room.ask(&banned(guest(1)), 0, command.clone()), Err(Rejection::NotFound));
                continue;
            }
            Need::Participant | Need::Author => {
                vec![(Actor::default(), Rejection::NotJoined), (token(Role::Admin), Rejection::NotJoined)]
            }
        };
        for (actor, rejection) in refused.into_iter().chain([(banned(moderator()), Rejection::Banned)]) {
            assert_eq!(room.ask(&actor, 0, command.clone()), Err(rejection), "{command:?} by {actor:?}");
        }
    }
}

#[test]
fn given_slow_mode_then_each_person_waits_for_their_own_turn_and_staff_do_not() {
    let mut room = room(Waiting::None);
    room.post(&account(1), 1_000, "Erstens");
    room.ask(&moderator(), 2_000, slow(30)).expect("taken");
    let retry_at = Timestamp(31_000);
    assert_eq!(room.own(&account(1)).next_at, Some(retry_at));
    assert_eq!(Forum::owners(&room.state, Seq(room.seq() - 1)), [participant(1)], "they are told of it");
    assert_eq!(room.ask(&account(1), 30_999, say("Zu früh")), Err(Rejection::SlowMode { retry_at }));
    room.post(&account(2), 30_999, "Andere dürfen");
    room.post(&account(1), 31_000, "Zweitens");
    assert_eq!(room.own(&account(1)).next_at, Some(Timestamp(61_000)));
    room.post(&moderator(), 31_000, "Hinweis");
    room.post(&moderator(), 31_001, "Noch einer");
    assert_eq!(room.own(&moderator()).next_at, None);
    room.ask(&moderator(), 32_000, set(Mode::Open)).expect("taken");
    assert_eq!(room.own(&account(1)).next_at, None);
    assert!(Forum::owners(&room.state, Seq(room.seq() - 1)).contains(&participant(1)), "and that it is over");
    for seconds in [0, MAX_SLOW_SECONDS + 1] {
        assert_eq!(room.ask(&moderator(), 0, slow(seconds)), Err(Rejection::TooMany { max: MAX_SLOW_SECONDS }));
    }
}

#[test]
fn given_a_locked_forum_then_only_staff_write_and_support_goes_on() {
    let mut room = room(Waiting::None);
    let first = room.post(&account(1), 0, "Erstens");
    room.ask(&moderator(), 0, set(Mode::Locked)).expect("taken");
    assert_eq!(room.ask(&account(1), 0, say("Doch")), Err(Rejection::ForumLocked));
    room.post(&staff(2, Role::Editor), 0, "Wir fassen zusammen.");
    room.ask(&account(3), 0, ForumCommand::Support { contribution: first }).expect("taken");
    assert_eq!(room.seen(Audience::Public).contributions[1].support, 1);
}

#[test]
fn given_a_closed_forum_then_nobody_writes_supports_or_edits_but_one_can_still_withdraw() {
    let mut room = room(Waiting::None);
    let first = room.post(&account(1), 0, "Erstens");
    room.ask(&moderator(), 0, set(Mode::Closed)).expect("taken");
    let support = ForumCommand::Support { contribution: first };
    for (actor, command) in [
        (account(1), say("Doch")),
        (moderator(), say("Doch")),
        (account(1), edit(first, "Anders")),
        (account(2), support),
        (account(2), ForumCommand::Unsupport { contribution: first }),
    ] {
        assert_eq!(room.ask(&actor, 0, command), Err(Rejection::ForumClosed));
    }
    room.ask(&account(1), 0, ForumCommand::Withdraw { contribution: first }).expect("taken");
}

#[test]
fn given_a_guest_then_their_first_contribution_waits_and_once_approved_the_next_ones_appear_at_once() {
    let mut room = room(Waiting::FirstOfGuest);
    let first = room.post(&guest(1), 0, "Erstens");
    let second = room.post(&account(2), 0, "Konten warten nicht");
    assert_eq!(room.seen(Audience::Participants).contributions.len(), 1);
    assert_eq!(room.seen(Audience::Participants).totals, Totals { contributions: 1, waiting: None });
    assert_eq!(room.seen(Audience::Staff).totals, Totals { contributions: 1, waiting: Some(1) });
    assert_eq!(room.seen(Audience::Staff).waiting[0].id, first);
    assert_eq!(room.own(&guest(1)).waiting[0].id, first);

    room.ask(&moderator(), 0, ForumCommand::Approve { contribution: first, seen: None }).expect("taken");
    assert_eq!(
        room.ask(&staff(91, Role::Admin), 0, ForumCommand::Approve { contribution: first, seen: None }),
        Err(Rejection::Decided { by: moderator().participant, verdict: Some(Verdict::Approved) })
    );
    let third = room.post(&guest(1), 0, "Zweitens");
    let shown: Vec<_> = room.seen(Audience::Public).contributions.iter().map(|it| it.id).collect();
    assert_eq!(shown, [third, first, second], "what was approved stands where it appeared");
    assert!(room.seen(Audience::Staff).waiting.is_empty());
    assert_eq!(room.own(&guest(1)), OwnView { mine: vec![third, first], ..OwnView::default() });
}

#[test]
fn given_a_waiting_contribution_that_was_hidden_when_it_is_restored_then_it_stands_where_it_first_appeared() {
    let mut room = room(Waiting::All);
    let first = room.post(&account(1), 1_000, "Erstens");
    room.post(&moderator(), 2_000, "Hinweis");
    let newest = |room: &Room, audience| room.seen(audience).contributions[0].clone();
    room.ask(&moderator(), 0, hide(first)).expect("taken");
    assert_eq!((newest(&room, Audience::Staff).id, newest(&room, Audience::Staff).position), (first, room.seq()));
    room.post(&moderator(), 3_000, "Noch einer");
    room.ask(&moderator(), 0, ForumCommand::Restore { contribution: first }).expect("taken");
    let appeared = room.seq();
    room.post(&moderator(), 4_000, "Ein dritter");
    for command in [hide(first), ForumCommand::Restore { contribution: first }] {
        room.ask(&moderator(), 0, command).expect("taken");
    }
    assert_eq!(room.seen(Audience::Public).contributions[1].position, appeared, "also when it was away again");
    let summary = Forum::summary(&room.state).expect("founded");
    assert_eq!((summary.count, summary.last_at), (4, Some(Timestamp(4_000))));
}

#[test]
fn given_a_waiting_contribution_then_strangers_are_answered_as_if_there_was_none() {
    let mut room = room(Waiting::FirstOfGuest);
    let contribution = room.post(&guest(1), 0, "Erstens");
    for contribution in [contribution, ContributionId(Uuid::from_u128(404))] {
        let commands = [
            ForumCommand::Support { contribution },
            ForumCommand::Unsupport { contribution },
            answer(contribution, "Wozu?"),
            edit(contribution, "Meins"),
            ForumCommand::Withdraw { contribution },
        ];
        for mode in [Mode::Open, Mode::Closed] {
            room.ask(&moderator(), 0, set(mode)).expect("taken");
            for command in &commands {
                let expected = match (mode, command) {
                    (Mode::Closed, ForumCommand::Contribute { .. }) => Rejection::ForumClosed,
                    _ => Rejection::NotFound,
                };
                assert_eq!(room.ask(&account(2), 0, command.clone()), Err(expected), "{command:?}");
            }
        }
    }
    for audience in [Audience::Public, Audience::Participants] {
        assert!(!json(&Forum::deltas(&room.state, Seq(0), audience)).contains(&contribution.to_string()));
    }
}

#[test]
fn given_ones_own_contribution_then_it_can_be_changed_for_ten_minutes_and_until_somebody_reacted() {
    let mut room = room(Waiting::None);
    let first = room.post(&account(1), 0, "Erstens");
    room.ask(&account(1), EDIT_WINDOW_MS, edit(first, "Anders")).expect("taken");
    assert_eq!(&*room.seen(Audience::Public).contributions[0].text, "Anders");
    assert!(room.seen(Audience::Public).contributions[0].edited);
    assert_eq!(room.ask(&account(1), EDIT_WINDOW_MS + 1, edit(first, "Zu spät")), Err(Rejection::EditTooLate));
    assert_eq!(room.ask(&moderator(), 0, edit(first, "Fremd")), Err(Rejection::Forbidden));

    room.ask(&account(2), 0, ForumCommand::Support { contribution: first }).expect("taken");
    assert_eq!(room.ask(&account(1), 0, edit(first, "Gestützt")), Err(Rejection::EditTooLate));
    room.ask(&account(2), 0, ForumCommand::Unsupport { contribution: first }).expect("taken");
    room.ask(&account(1), 0, edit(first, "Wieder frei")).expect("taken");

    let second = room.post(&account(1), 0, "Zweitens");
    room.ask(&account(2), 0, answer(second, "Genau")).expect("taken");
    assert_eq!(room.ask(&account(1), 0, edit(second, "Beantwortet")), Err(Rejection::EditTooLate));
    room.ask(&moderator(), 0, hide(first)).expect("taken");
    assert_eq!(room.ask(&account(1), 0, edit(first, "Verborgen")), Err(Rejection::IsHidden));
}

#[test]
fn given_everything_waits_when_a_visible_text_is_changed_then_the_old_one_stands_until_the_new_one_is_approved() {
    let mut room = room(Waiting::None);
    let first = room.post(&account(1), 0, "Alt");
    room.ask(&moderator(), 0, ForumCommand::SetWaiting { waiting: Waiting::All }).expect("taken");
    room.ask(&account(1), 0, edit(first, "Neu")).expect("taken");
    let text = |room: &Room| room.seen(Audience::Public).contributions[0].text.clone();
    assert_eq!(&*text(&room), "Alt");
    assert_eq!(room.seen(Audience::Staff).contributions[0].pending.as_deref(), Some("Neu"));
    assert_eq!(room.seen(Audience::Staff).totals.waiting, Some(1));
    assert_eq!(&*room.own(&account(1)).waiting[0].text, "Neu");
    room.ask(&moderator(), 0, ForumCommand::Approve { contribution: first, seen: None }).expect("taken");
    assert_eq!(&*text(&room), "Neu");

    // A change that need not wait replaces one that waits.
    room.ask(&account(1), 0, edit(first, "Neuer")).expect("taken");
    room.ask(&moderator(), 0, ForumCommand::SetWaiting { waiting: Waiting::None }).expect("taken");
    room.ask(&account(1), 0, edit(first, "Am neuesten")).expect("taken");
    assert_eq!(&*text(&room), "Am neuesten");
    assert_eq!(room.seen(Audience::Staff).totals.waiting, Some(0));
    assert_eq!(room.own(&account(1)).waiting, []);
}

#[test]
fn given_support_then_it_counts_once_and_never_for_ones_own() {
    let mut room = room(Waiting::None);
    let contribution = room.post(&account(1), 0, "Erstens");
    let (support, unsupport) = (ForumCommand::Support { contribution }, ForumCommand::Unsupport { contribution });
    assert_eq!(room.ask(&account(1), 0, support.clone()), Err(Rejection::OwnContribution));
    assert_eq!(room.ask(&account(2), 0, unsupport.clone()), Ok(Vec::new()));
    assert_eq!(room.ask(&account(2), 0, support.clone()).expect("taken").len(), 1);
    assert_eq!(room.ask(&account(2), 0, support.clone()), Ok(Vec::new()), "so it was already");
    assert_eq!(room.seen(Audience::Public).contributions[0].support, 1);
    assert_eq!(room.own(&account(2)).supported, [contribution]);
    let deltas = Forum::deltas(&room.state, Seq(room.seq() - 1), Audience::Public);
    assert!(matches!(deltas[..], [Delta::Put { key: ForumKey::Counts(_), .. }]), "the text is not sent again");
    room.ask(&account(2), 0, unsupport).expect("taken");
    assert_eq!(room.seen(Audience::Public).contributions[0].support, 0);
    room.ask(&moderator(), 0, hide(contribution)).expect("taken");
    assert_eq!(room.ask(&account(2), 0, support), Err(Rejection::NotFound));
}

#[test]
fn given_a_supported_contribution_when_it_was_hidden_for_a_while_then_the_supporter_still_supports_it() {
    let mut room = room(Waiting::None);
    let contribution = room.post(&account(1), 0, "Erstens");
    room.ask(&account(2), 0, ForumCommand::Support { contribution }).expect("taken");
    let own = room.own(&account(2));
    for command in [hide(contribution), ForumCommand::Restore { contribution }] {
        room.ask(&moderator(), 0, command).expect("taken");
        assert_eq!(room.own(&account(2)), own);
    }
    assert_eq!(room.seen(Audience::Public).contributions[0].support, 1);
}

#[test]
fn given_a_hidden_contribution_then_its_words_are_for_nobody_and_its_author_knows_why() {
    let mut room = room(Waiting::None);
    let parent = room.post(&account(2), 0, "Eine Frage");
    room.ask(&account(1), 0, answer(parent, "Geheim")).expect("taken");
    let reply = ContributionId(room.object().expect("it has an id"));
    assert_eq!(room.seen(Audience::Public).contributions[1].replies, 1);
    room.ask(&moderator(), 0, hide(reply)).expect("taken");
    let first = Rejection::Decided { by: moderator().participant, verdict: Some(Verdict::Hidden) };
    assert_eq!(room.ask(&staff(91, Role::Moderator), 0, hide(reply)), Err(first), "another was first");

    let why = HiddenView { reason: HideReason::Spam, note: Some("Bitte nicht.".into()), by: None, appeal: None };
    let told = OwnHidden { id: reply, text: "Geheim".into(), at: Timestamp(0), why: why.clone() };
    assert_eq!(room.own(&account(1)).hidden, [told], "its author knows which one it was");
    assert!(room.state.was_hidden(reply) && !room.state.was_hidden(parent));
    let why = HiddenView { by: moderator().participant, ..why };
    let staff_view = room.seen(Audience::Staff);
    assert_eq!(staff_view.contributions[0].hidden, Some(why));
    assert_eq!(room.seen(Audience::Public).contributions[1].replies, 0);
    assert_eq!(room.seen(Audience::Public).totals.contributions, 1);
    let deltas = Forum::deltas(&room.state, Seq(0), Audience::Participants);
    for seen in [json(&room.own(&account(2))), json(&staff_view), json(&room.seen(Audience::Public)), json(&deltas)] {
        assert!(!seen.contains("Geheim"));
    }
    let kept = |put: &ContributionPut| put.contribution.id == reply && put.contribution.is_placeholder();
    assert!(deltas.iter().any(|delta| {
        matches!(delta, Delta::Put { value: ForumValue::Contribution(put), seq, .. } if kept(put) && seq.0 == room.seq())
    }));
    let (said, author) = room.state.words(reply).expect("a moderator may ask for this one");
    assert_eq!((said.as_str(), author), ("Geheim", participant(1)));

    room.ask(&moderator(), 0, ForumCommand::Restore { contribution: reply }).expect("taken");
    assert_eq!(&*room.seen(Audience::Public).contributions[0].text, "Geheim");
    assert_eq!(room.own(&account(1)).hidden, []);
}

#[test]
fn given_words_that_were_deleted_then_nothing_can_be_done_with_them() {
    let mut room = room(Waiting::None);
    let withdrawn = room.post(&account(1), 0, "Zurück");
    let erased = room.post(&account(1), 0, "Weg");
    room.ask(&moderator(), 0, hide(withdrawn)).expect("taken");
    room.ask(&account(1), 0, ForumCommand::Withdraw { contribution: withdrawn }).expect("taken");
    room.ask(&staff(9, Role::Admin), 0, ForumCommand::Erase { contribution: erased }).expect("taken");
    for contribution in [withdrawn, erased] {
        assert_eq!(room.state.words(contribution), None);
        assert_eq!(room.state.contribution(contribution).expect("there").text.text, None, "not in memory either");
        for command in [
            hide(contribution),
            ForumCommand::Restore { contribution },
            ForumCommand::Approve { contribution, seen: None },
            ForumCommand::Erase { contribution },
        ] {
            assert_eq!(room.ask(&staff(9, Role::Admin), 0, command), Err(Rejection::NotFound));
        }
    }
    assert_eq!(room.seen(Audience::Staff).contributions, []);
    assert_eq!(room.own(&account(1)), OwnView::default());
}

#[test]
fn given_an_end_of_a_state_when_the_clock_ticks_then_the_forum_is_open_again() {
    let mut room = room(Waiting::None);
    let until = Some(Timestamp(60_000));
    room.ask(&moderator(), 0, ForumCommand::SetState { mode: Mode::Locked, until, minutes: None }).expect("taken");
    assert_eq!(Forum::next_due(&room.state), until);
    for (moment, at) in [(60_000, 59_999), (59_999, 61_000)] {
        assert_eq!(
            room.ask(&Actor::system(), at, Forum::tick(Timestamp(moment))),
            Ok(Vec::new()),
            "not yet, or not that"
        );
    }
    assert_eq!(room.ask(&Actor::system(), 60_000, Forum::tick(Timestamp(60_000))).expect("taken").len(), 1);
    assert_eq!((room.seen(Audience::Public).forum.mode, Forum::next_due(&room.state)), (Mode::Open, None));
    assert_eq!(room.ask(&Actor::system(), 60_001, Forum::tick(Timestamp(60_000))), Ok(Vec::new()), "once");
    for (mode, until) in [(Mode::Open, 2_000), (Mode::Locked, 1_000), (Mode::Closed, 1_001 + MAX_UNTIL_MS)] {
        let command = ForumCommand::SetState { mode, until: Some(Timestamp(until)), minutes: None };
        assert_eq!(room.ask(&moderator(), 1_000, command), Err(Rejection::BadTime));
    }
    assert_eq!(room.ask(&moderator(), 0, set(Mode::Open)), Ok(Vec::new()), "so it was already");
}

#[test]
fn given_an_end_in_minutes_then_it_counts_from_when_the_command_came() {
    let mut room = room(Waiting::None);
    let pause = |minutes| ForumCommand::SetState { mode: Mode::Locked, until: None, minutes: Some(minutes) };
    room.ask(&moderator(), 1_000, pause(5)).expect("taken");
    assert_eq!(Forum::next_due(&room.state), Some(Timestamp(301_000)));
    assert_eq!(room.repeat(), Ok(Vec::new()), "sent again it is the same command");
    assert_eq!(room.ask(&moderator(), 1_000, pause(0)), Err(Rejection::BadTime));
    assert_eq!(room.ask(&moderator(), 1_000, pause(u32::MAX)), Err(Rejection::BadTime));
    let forever = ForumCommand::SetState { mode: Mode::Open, until: None, minutes: Some(5) };
    assert_eq!(room.ask(&moderator(), 1_000, forever), Err(Rejection::BadTime), "open has no end");
}

#[test]
fn given_words_that_changed_after_a_moderator_looked_then_they_are_not_approved_unread() {
    let mut room = room(Waiting::All);
    let first = room.post(&account(1), 0, "Erstens");
    let second = room.post(&account(1), 0, "Zweitens");
    let looked = Some(Seq(room.seq()));
    room.ask(&account(1), 0, edit(first, "Etwas ganz anderes")).expect("taken");
    let approve = |contribution, seen| ForumCommand::Approve { contribution, seen };
    assert_eq!(room.ask(&moderator(), 0, approve(first, looked)), Err(Rejection::TextChanged));
    let all = ForumCommand::ApproveAll { participant: participant(1), seen: looked };
    room.ask(&moderator(), 0, all).expect("taken");
    let shown: Vec<_> = room.seen(Audience::Public).contributions.iter().map(|one| one.id).collect();
    assert_eq!(shown, [second], "what was read appears, the rest goes on waiting");
    let looked = Some(Seq(room.seq()));
    // A new name is no new text.
    let named = Actor { name: Some("Ada".into()), ..account(1) };
    room.ask(&named, 0, ForumCommand::Introduce).expect("taken");
    room.ask(&moderator(), 0, approve(first, looked)).expect("taken");
    // The same for what is added to something visible, or would replace it.
    room.ask(&named, 0, add(second, "Und noch etwas")).expect("taken");
    assert_eq!(room.ask(&moderator(), 0, approve(second, looked)), Err(Rejection::TextChanged));
    let now = Some(Seq(room.seq()));
    room.ask(&moderator(), 0, approve(second, now)).expect("taken");
    assert_eq!(
        room.ask(&moderator(), 0, approve(second, looked)),
        Err(Rejection::DECIDED),
        "nothing waits there any more"
    );
}

#[test]
fn given_a_reply_then_it_has_the_topic_of_what_it_answers() {
    let mut room = room(Waiting::None);
    let topic = room.topic("Wege");
    let other = room.topic("Plätze");
    let command = |topic, reply_to| ForumCommand::Contribute {
        text: "Ja".into(),
        lang: None,
        topic: Some(topic),
        reply_to,
        hall: None,
    };
    room.ask(&account(1), 0, command(topic, None)).expect("taken");
    let parent = room.object().map(ContributionId);
    room.ask(&account(2), 0, command(other, parent)).expect("taken");
    let view = room.seen(Audience::Public);
    assert_eq!((view.contributions[0].topic, view.contributions[0].reply_to), (Some(topic), parent));
    let unknown = command(TopicId(Uuid::from_u128(404)), None);
    assert_eq!(room.ask(&account(1), 0, unknown), Err(Rejection::NotFound));
    for n in 2..MAX_TOPICS {
        room.topic(&format!("Thema {n}"));
    }
    let one_more = ForumCommand::AddTopic { title: german("Zu viel") };
    assert_eq!(room.ask(&moderator(), 0, one_more), Err(Rejection::TooMany { max: MAX_TOPICS as u32 }));
}

#[test]
fn given_a_new_name_or_role_then_it_stands_beside_everything_they_wrote() {
    let named = |name: &str| Actor { name: Some(Arc::from(name)), ..guest(1) };
    let mut room = room(Waiting::None);
    assert_eq!(room.ask(&named("Ada"), 0, ForumCommand::Introduce), Ok(Vec::new()), "who did not write is not named");
    room.post(&guest(1), 0, "Namenlos");
    room.post(&named("Ada"), 0, "Mit Namen");
    let authors = |room: &Room| {
        let view = room.seen(Audience::Public);
        let author = |one: &ContributionView| view.people.author(one.author);
        let authors = view.contributions.iter().map(author).map(|it| (it.name, it.role, it.number));
        authors.collect::<Vec<_>>()
    };
    assert_eq!(authors(&room), vec![(Some("Ada".into()), None, 1); 2]);
    assert_eq!(room.ask(&named("Ada"), 0, ForumCommand::Introduce), Ok(Vec::new()), "so it was already");
    let advisor = Actor { roles: [Role::Admin, Role::Advisor].into_iter().collect(), ..named("Bea") };
    room.ask(&advisor, 0, ForumCommand::Introduce).expect("taken");
    assert_eq!(authors(&room), vec![(Some("Bea".into()), Some(Role::Advisor), 1); 2]);
    assert_eq!(room.seen(Audience::Public).people.participant(1), None);
    assert_eq!(room.seen(Audience::Staff).people.participant(1), Some(participant(1)));
}

#[test]
fn given_much_that_somebody_wrote_when_they_take_a_new_name_then_it_is_told_once_to_those_who_see_it() {
    let named = |name: &str| Actor { name: Some(Arc::from(name)), ..guest(1) };
    let told = |room: &Room, audience| Forum::deltas(&room.state, Seq(room.seq() - 1), audience);
    let mut waits = self::room(Waiting::All);
    waits.post(&named("Ada"), 0, "Noch ungelesen");
    waits.ask(&named("Bea"), 0, ForumCommand::Introduce).expect("taken");
    assert_eq!(told(&waits, Audience::Participants), [], "nothing of theirs is seen");
    assert_eq!(told(&waits, Audience::Staff).len(), 1);
    let mut room = self::room(Waiting::None);
    for _ in 0..300 {
        room.post(&named("Bea"), 0, &"Ein langer Satz. ".repeat(100));
    }
    for name in ["Cleo", "Dora"] {
        let mut views = Audience::ALL.map(|audience| room.seen(audience));
        room.ask(&named(name), 0, ForumCommand::Introduce).expect("taken");
        for (audience, view) in Audience::ALL.into_iter().zip(&mut views) {
            let deltas = told(&room, audience);
            assert!(matches!(&deltas[..], [Delta::Put { key: ForumKey::Person(1), .. }]), "{audience:?}: {deltas:?}");
            assert!(json(&deltas).len() < 300, "of {} bytes", json(&deltas).len());
            Forum::apply_deltas(view, &deltas);
            assert_eq!(view, &room.seen(audience));
            assert!(view.contributions.iter().all(|one| one.speaker(&view.people).map(|it| &**it) == Some(name)));
            assert_eq!(json(view).matches(name).count(), 1, "once, and not beside everything");
        }
    }
    // Gone, and so is the name.
    room.ask(&Actor::system(), 0, ForumCommand::ErasePerson { participant: participant(1) }).expect("taken");
    for audience in Audience::ALL {
        let all = json(&Forum::deltas(&room.state, Seq(0), audience));
        assert!(["Bea", "Cleo", "Dora"].iter().all(|name| !all.contains(name)));
    }
}

#[test]
fn given_somebody_of_whom_the_last_thing_goes_then_their_name_goes_with_it_and_comes_back_with_it() {
    let named = |name: &str| Actor { name: Some(Arc::from(name)), ..guest(1) };
    let mut room = room(Waiting::FirstOfGuest);
    let mut followed = Audience::ALL.map(|audience| room.seen(audience));
    let mut before = room.seq();
    let mut follow = |room: &Room, names: [usize; 2]| {
        for (audience, view) in Audience::ALL.into_iter().zip(&mut followed) {
            // Each change may travel in a frame of its own.
            for delta in Forum::deltas(&room.state, Seq(before), audience) {
                Forum::apply_deltas(view, &[delta]);
                assert_people(view);
            }
            assert_eq!(view, &room.seen(audience));
            let wanted = names[usize::from(audience == Audience::Staff)];
            assert_eq!(json(view).matches("Ada").count(), wanted, "{audience:?}");
        }
        before = room.seq();
    };
    let first = room.post(&named("Ada"), 0, "Erstens");
    follow(&room, [0, 1]);
    room.ask(&moderator(), 0, ForumCommand::Approve { contribution: first, seen: None }).expect("taken");
    follow(&room, [1, 1]);
    room.ask(&moderator(), 0, hide(first)).expect("taken");
    follow(&room, [0, 1]);
    room.ask(&named("Ada"), 0, appeal(first, "Bitte")).expect("taken");
    room.ask(&moderator(), 0, ForumCommand::Claim { contribution: first, release: false }).expect("taken");
    follow(&room, [0, 1]);
    assert_eq!(room.seen(Audience::Staff).people.0.len(), 2, "and the moderator who is at it");
    room.ask(&staff(91, Role::Moderator), 0, ForumCommand::Restore { contribution: first }).expect("taken");
    follow(&room, [1, 1]);
    assert_eq!(room.seen(Audience::Staff).people.0.len(), 1);
    room.ask(&named("Ada"), 0, ForumCommand::Withdraw { contribution: first }).expect("taken");
    follow(&room, [0, 0]);
}

#[test]
fn given_something_everyone_saw_when_it_is_hidden_then_its_place_is_kept_until_it_comes_back_or_goes_for_good() {
    let mut room = room(Waiting::None);
    let named = Actor { name: Some("Ada".into()), ..guest(1) };
    let first = room.post(&named, 0, "Ein Satz zu viel");
    room.ask(&account(2), 0, answer(first, "Widerspruch")).expect("taken");
    let reply = ContributionId(room.object().expect("it has an id"));
    room.ask(&account(3), 0, ForumCommand::Support { contribution: first }).expect("taken");
    room.post(&account(4), 0, "Etwas anderes");
    let before = room.seen(Audience::Participants);
    let (since, mut view) = (room.seq(), before.clone());
    room.ask(&moderator(), 0, hide(first)).expect("taken");
    let deltas = Forum::deltas(&room.state, Seq(since), Audience::Participants);
    assert!(!json(&deltas).contains("Ada") && !json(&deltas).contains("Bitte nicht"), "{deltas:?}");
    Forum::apply_deltas(&mut view, &deltas);
    assert_eq!(view, room.seen(Audience::Participants));
    // The same places, and in one of them that it was hidden and why.
    let places = |view: &ForumView| view.contributions.iter().map(|one| (one.position, one.id)).collect::<Vec<_>>();
    assert_eq!(places(&view), places(&before));
    let kept = view.contributions.iter().find(|one| one.id == first).expect("its place");
    let why = HiddenView { reason: HideReason::Spam, note: None, by: None, appeal: None };
    assert_eq!((kept.is_placeholder(), &*kept.text, kept.support, kept.replies), (true, "", 0, 0));
    assert_eq!(kept.hidden, Some(why));
    assert!(!view.people.0.contains_key(&1), "nobody is named for it");
    assert_eq!((view.totals.contributions, before.totals.contributions), (2, 3), "only what can be read counts");
    // Reading that is not followed.
    let readers = Audience::Participants;
    let thread =
        |id| room.state.thread(id, readers).map(|found| found.contributions.iter().map(|one| one.id).collect());
    assert_eq!(thread(first), None::<Vec<_>>, "its own page says that it was hidden");
    assert_eq!(thread(reply), Some(vec![first, reply]), "an answer stays under it");
    assert!(room.state.one(first, readers).is_none() && room.state.was_hidden(first));
    assert_eq!(room.state.search(readers, &Search::default()).total, 2);
    assert_eq!(room.state.record(true).expect("founded").view.contributions.len(), 2);
    // Nobody learns of what follows between its author and the moderators.
    let quiet = room.seq();
    room.ask(&named, 0, appeal(first, "Doch")).expect("taken");
    room.ask(&staff(91, Role::Moderator), 0, reject(first, "Nein")).expect("taken");
    assert_eq!(Forum::deltas(&room.state, Seq(quiet), readers), []);
    assert_eq!(room.own(&named).hidden[0].text.as_ref(), "Ein Satz zu viel", "its author is told which it was");
    room.ask(&moderator(), 0, ForumCommand::Restore { contribution: first }).expect("taken");
    assert_eq!(room.seen(readers), before, "as if nothing had been");
    // What is deleted leaves nothing.
    room.ask(&moderator(), 0, hide(first)).expect("taken");
    room.ask(&staff(92, Role::Admin), 0, ForumCommand::Erase { contribution: first }).expect("taken");
    assert_eq!(room.seen(readers).contributions.len(), 2);
}

#[test]
fn given_something_that_waits_when_it_is_hidden_then_nothing_is_left_in_its_place() {
    let mut room = room(Waiting::FirstOfGuest);
    let never = room.post(&guest(1), 0, "Ungelesen");
    room.ask(&moderator(), 0, hide(never)).expect("taken");
    assert!(room.seen(Audience::Public).contributions.is_empty());
    // Seen for a moment by mistake: what went back into the queue has no place any more.
    let back = room.post(&guest(2), 0, "Aus Versehen");
    room.ask(&moderator(), 0, ForumCommand::Approve { contribution: back, seen: None }).expect("taken");
    room.ask(&moderator(), 0, ForumCommand::PutBack { contribution: back }).expect("taken");
    room.ask(&moderator(), 0, hide(back)).expect("taken");
    assert!(room.seen(Audience::Public).contributions.is_empty());
    assert_eq!(room.seen(Audience::Staff).contributions.len(), 2);
}

#[test]
fn given_a_thousand_contributions_of_twenty_people_then_each_name_stands_once() {
    let mut room = room(Waiting::None);
    for n in 0..1_000_u32 {
        let number = (n % 20) as u8;
        let name = format!("Person mit Namen {number:02}");
        room.post(&Actor { name: Some(name.into()), ..guest(number) }, 0, "Ein Satz, wie man ihn schreibt.");
    }
    for audience in Audience::ALL {
        let view = room.seen(audience);
        assert_eq!((view.contributions.len(), view.people.0.len()), (1_000, 20));
        let text = json(&view);
        assert_eq!(text.matches("Person mit Namen").count(), 20);
        println!("{audience:?}: {} bytes, of them {} of people", text.len(), json(&view.people).len());
    }
}

#[test]
fn given_an_erased_person_when_their_command_arrives_late_then_it_is_refused_though_they_never_wrote_before() {
    let erase = |number| ForumCommand::ErasePerson { participant: participant(number) };
    let mut room = room(Waiting::None);
    let left = room.post(&account(3), 0, "Von jemand anderem");
    let named = |number| Actor { name: Some("Ada".into()), ..account(number) };
    room.post(&named(1), 0, "Erstens");
    let before = room.rows.len() - 2;
    // The one wrote here, the other did not: a command of theirs may be under way all the same.
    for number in [1, 2] {
        room.ask(&Actor::system(), 0, erase(number)).expect("taken");
        assert_eq!(room.ask(&Actor::system(), 0, erase(number)), Ok(Vec::new()), "once is enough");
        let support = ForumCommand::Support { contribution: left };
        let floor = ForumCommand::AskFloor { interpreted: false };
        for late in [say("Nachzügler"), support, floor, ForumCommand::Introduce] {
            for who in
                [account(number), named(number), Actor { roles: [Role::Admin].into_iter().collect(), ..named(number) }]
            {
                assert_eq!(room.ask(&who, 0, late.clone()), Err(Rejection::NotJoined), "{late:?}");
            }
        }
        for state in [room.folded(), room.restored()] {
            assert!(state.erased.contains(&participant(number)));
        }
    }
    assert_eq!(room.rows.len(), before, "no word and no name of theirs is left");
    room.ask(&account(3), 0, ForumCommand::Withdraw { contribution: left }).expect("taken");
    for audience in Audience::ALL {
        assert_eq!(room.seen(audience).contributions, []);
    }
}

#[test]
fn given_texts_that_cannot_be_taken_then_nothing_happens() {
    let mut room = room(Waiting::None);
    let contribution = room.post(&account(1), 0, "Erstens");
    let long = "a".repeat(2_001);
    let mut sourceless = german("Titel");
    sourceless.source = Lang::try_from("en".to_owned()).expect("a tag");
    for (actor, command) in [
        (account(1), say(" \u{200b} ")),
        (account(1), say(&long)),
        (account(1), edit(contribution, "")),
        (moderator(), ForumCommand::Hide { contribution, reason: HideReason::Other, note: Some(long) }),
        (moderator(), ForumCommand::SetTitle { title: german("") }),
        (moderator(), ForumCommand::AddTopic { title: sourceless }),
    ] {
        let seq = room.seq();
        let rejection = room.ask(&actor, 0, command.clone()).expect_err("refused");
        assert_eq!((rejection.code(), rejection.status(), room.seq()), ("text", 422, seq), "{command:?}");
    }
    let blank = ForumCommand::Hide { contribution, reason: HideReason::Other, note: Some(" ".into()) };
    room.ask(&moderator(), 0, blank).expect("an empty note is none");
    assert_eq!(room.own(&account(1)).hidden[0].why.note, None);
}

#[test]
fn given_an_older_page_then_it_joins_the_view_without_a_gap() {
    let mut room = room(Waiting::None);
    for n in 0..=crate::live::PAGE {
        room.post(&account(1), 0, &format!("Beitrag {n}"));
    }
    let mut view = Forum::view(&room.state, Audience::Public, &WindowRequest::default());
    assert_eq!((view.contributions.len(), view.window.from), (crate::live::PAGE, 3), "the first one is left out");
    let before = Some(view.window.from);
    let page = Forum::view(&room.state, Audience::Public, &WindowRequest { before, ..WindowRequest::default() });
    assert_eq!((page.contributions.len(), page.window.from), (1, 0));
    Forum::append_page(&mut view, page);
    assert_eq!(view, room.seen(Audience::Public));
    assert_eq!(Forum::shorten(&mut view, 4_096), Some(view.window.from));
    assert!(json(&view).len() < 6_000 && view.contributions.len() > 5);
    assert_eq!(Forum::shorten(&mut room.seen(Audience::Public), 1_000_000), None);
}

#[test]
fn given_an_approval_that_was_a_mistake_then_it_can_be_put_back_until_somebody_reacted() {
    let mut room = room(Waiting::FirstOfGuest);
    let first = room.post(&guest(1), 0, "Erstens");
    room.ask(&moderator(), 0, ForumCommand::Approve { contribution: first, seen: None }).expect("taken");
    room.ask(&moderator(), 0, ForumCommand::PutBack { contribution: first }).expect("taken");
    assert!(room.seen(Audience::Participants).contributions.is_empty());
    assert_eq!(room.seen(Audience::Staff).waiting[0].id, first);
    let second = room.post(&guest(1), 0, "Zweitens");
    assert_eq!(room.seen(Audience::Staff).waiting.len(), 2, "the trust went with the approval");
    room.ask(&moderator(), 0, ForumCommand::ApproveAll { participant: participant(1), seen: None }).expect("taken");
    assert_eq!(room.seen(Audience::Participants).contributions.len(), 2);
    room.ask(&account(2), 0, ForumCommand::Support { contribution: second }).expect("taken");
    let put_back = |contribution| ForumCommand::PutBack { contribution };
    assert_eq!(room.ask(&moderator(), 0, put_back(second)), Err(Rejection::Answered));
    // What waited and was hidden waits again; what was seen comes back by restoring.
    let third = room.post(&guest(3), 0, "Drittens");
    for command in [hide(third), put_back(third)] {
        room.ask(&moderator(), 0, command).expect("taken");
    }
    assert_eq!(room.seen(Audience::Staff).waiting[0].id, third);
    room.ask(&moderator(), 0, hide(first)).expect("taken");
    assert_eq!(room.ask(&moderator(), 0, put_back(first)), Err(Rejection::DECIDED));
}

#[test]
fn given_what_waited_was_hidden_when_put_back_then_it_has_its_place_in_the_queue_again() {
    let mut room = room(Waiting::All);
    let all = [1_000, 2_000, 3_000].map(|at| room.post(&guest(1), at, "Wartet"));
    let mut followed = room.seen(Audience::Staff);
    for command in [hide(all[0]), ForumCommand::PutBack { contribution: all[0] }] {
        let before = room.state.seq();
        room.ask(&moderator(), 4_000, command).expect("taken");
        Forum::apply_deltas(&mut followed, &Forum::deltas(&room.state, before, Audience::Staff));
    }
    let queue = |view: ForumView| view.waiting.iter().map(|one| one.id).collect::<Vec<_>>();
    assert_eq!(queue(room.seen(Audience::Staff)), all);
    assert_eq!(queue(followed), all);
}

#[test]
fn given_an_approved_text_then_its_author_changes_it_only_by_a_moderators_leave() {
    let mut room = room(Waiting::FirstOfGuest);
    let first = room.post(&guest(1), 0, "Freundlich");
    room.ask(&moderator(), 0, ForumCommand::Approve { contribution: first, seen: None }).expect("taken");
    room.ask(&guest(1), 0, edit(first, "Gemein")).expect("taken");
    room.ask(&guest(1), 0, add(first, "Auch gemein")).expect("taken");
    let seen = room.seen(Audience::Participants).contributions[0].clone();
    assert_eq!((&*seen.text, seen.additions.len()), ("Freundlich", 0));
    assert_eq!(room.own(&guest(1)).waiting.len(), 2);
    assert_eq!(room.seen(Audience::Staff).attention.len(), 1);
    room.ask(&moderator(), 0, ForumCommand::Approve { contribution: first, seen: None }).expect("taken");
    let seen = room.seen(Audience::Participants).contributions[0].clone();
    assert_eq!((&*seen.text, &*seen.additions[0].text), ("Gemein", "Auch gemein"));
    assert!(room.seen(Audience::Staff).attention.is_empty());
    for _ in 1..MAX_ADDITIONS {
        room.ask(&guest(1), 0, add(first, "Noch etwas")).expect("taken");
        room.ask(&moderator(), 0, ForumCommand::Approve { contribution: first, seen: None }).expect("taken");
    }
    assert_eq!(room.ask(&guest(1), 0, add(first, "Zu viel")), Err(Rejection::TooMany { max: MAX_ADDITIONS as u32 }));
}

#[test]
fn given_reports_then_they_are_one_entry_hide_nothing_and_tell_nobody_who() {
    let mut room = room(Waiting::None);
    let first = room.post(&account(1), 0, "Erstens");
    let public = room.seen(Audience::Public);
    for who in [Actor::default(), guest(2), guest(3)] {
        room.ask(&who, 0, report(first, Reported::Text, "Schlimm")).expect("taken");
    }
    let before = room.seq() - 3;
    assert_eq!(room.seen(Audience::Public), public);
    assert_eq!(Forum::deltas(&room.state, Seq(before), Audience::Participants), [], "nobody else is told");
    assert_eq!(Forum::owners(&room.state, Seq(before)), [], "nor its author");
    let attention = room.seen(Audience::Staff).attention;
    assert_eq!((attention.len(), attention[0].reports.len()), (1, 3));
    for _ in 0..MAX_REPORTS {
        room.ask(&Actor::default(), 0, report(first, Reported::Text, "Schlimm")).expect("taken");
    }
    assert_eq!(room.seen(Audience::Staff).attention[0].reports.len(), MAX_REPORTS);
    let one_more = report(first, Reported::Text, "Schlimm");
    assert_eq!(room.ask(&Actor::default(), 0, one_more), Ok(Vec::new()), "the log does not grow by more");
    room.ask(&moderator(), 0, ForumCommand::Dismiss { contribution: first }).expect("taken");
    assert!(room.seen(Audience::Staff).attention.is_empty());
    assert!(!room.rows.values().any(|text| text.contains("Schlimm")), "their words are deleted");
    room.ask(&moderator(), 0, hide(first)).expect("taken");
    assert_eq!(room.ask(&guest(2), 0, report(first, Reported::Text, "Weg")), Err(Rejection::NotFound));
}

#[test]
fn given_a_hidden_contribution_then_its_author_answers_once_and_another_moderator_decides() {
    let mut room = room(Waiting::None);
    let first = room.post(&account(1), 0, "Erstens");
    assert_eq!(room.ask(&account(1), 0, appeal(first, "Wieso?")), Err(Rejection::NotHidden));
    room.ask(&moderator(), 0, hide(first)).expect("taken");
    assert_eq!(room.ask(&account(2), 0, appeal(first, "Ich auch")), Err(Rejection::NotFound));
    room.ask(&account(1), 0, appeal(first, "Das war nett gemeint.")).expect("taken");
    assert_eq!(room.ask(&account(1), 0, appeal(first, "Noch einmal")), Err(Rejection::Appealed));
    assert_eq!(room.seen(Audience::Staff).attention[0].id, first);
    assert_eq!(room.ask(&moderator(), 0, reject(first, "Nein.")), Err(Rejection::OwnDecision));
    let other = staff(91, Role::Moderator);
    room.ask(&other, 0, reject(first, "Es bleibt dabei.")).expect("taken");
    assert!(room.seen(Audience::Staff).attention.is_empty());
    let answered = room.own(&account(1)).hidden[0].why.appeal.clone().expect("there");
    assert_eq!((answered.rejected, answered.note.as_deref()), (true, Some("Es bleibt dabei.")));
    room.ask(&other, 0, ForumCommand::Restore { contribution: first }).expect("taken");
    assert_eq!(room.seen(Audience::Public).contributions.len(), 1);
    assert!(!room.rows.values().any(|text| text.contains("nett gemeint")), "what was said about it is deleted");
}

#[test]
fn given_a_name_that_was_taken_away_then_it_stands_nowhere_and_another_can_be_chosen() {
    let named = |name: &str| Actor { name: Some(Arc::from(name)), ..guest(1) };
    let mut room = room(Waiting::None);
    let first = room.post(&named("Böse"), 0, "Erstens");
    room.post(&named("Böse"), 0, "Zweitens");
    room.ask(&guest(2), 0, report(first, Reported::Name, "Der Name")).expect("taken");
    room.ask(&moderator(), 0, ForumCommand::ResetName { participant: participant(1) }).expect("taken");
    let nameless = |view: ForumView| view.people.0.values().all(|person| person.name.is_none());
    assert!(nameless(room.seen(Audience::Staff)));
    assert!(room.seen(Audience::Staff).attention.is_empty(), "the report is settled with it");
    assert!(!room.rows.values().any(|text| text.contains("Böse") || text.contains("Der Name")));
    room.ask(&named("Gut"), 0, ForumCommand::Introduce).expect("taken");
    assert_eq!(room.seen(Audience::Public).people.author(1).name.as_deref(), Some("Gut"));
}

#[test]
fn given_the_name_of_somebody_with_more_say_then_only_their_like_takes_it_away() {
    let mut room = room(Waiting::None);
    let boss = Actor { name: Some("Mira".into()), ..staff(1, Role::Admin) };
    room.post(&boss, 0, "Willkommen");
    let reset = ForumCommand::ResetName { participant: participant(1) };
    assert_eq!(room.ask(&moderator(), 0, reset.clone()), Err(Rejection::Forbidden));
    assert_eq!(room.seen(Audience::Public).people.author(1).name.as_deref(), Some("Mira"));
    room.ask(&staff(92, Role::Admin), 0, reset).expect("taken");
    assert_eq!(room.seen(Audience::Public).people.author(1).name, None);
}

#[test]
fn given_a_voice_from_the_hall_then_only_staff_write_it_down_and_it_says_so() {
    let mut room = room(Waiting::All);
    assert_eq!(room.ask(&account(1), 0, in_the_hall("Aus dem Saal", "Ada")), Err(Rejection::Forbidden));
    room.ask(&moderator(), 0, in_the_hall("Aus dem Saal", "Ada")).expect("taken");
    room.ask(&moderator(), 0, in_the_hall("Ohne Namen", " ")).expect("taken");
    let halls: Vec<_> = room.seen(Audience::Public).contributions.into_iter().map(|one| one.hall).collect();
    assert_eq!(halls, [Some(HallView { name: None }), Some(HallView { name: Some("Ada".into()) })]);
}

#[test]
fn given_a_voice_from_the_hall_then_nothing_gives_it_the_name_of_who_wrote_it_down() {
    let mut room = room(Waiting::None);
    let typist = Actor { name: Some("Lena".into()), ..moderator() };
    room.ask(&typist, 0, in_the_hall("Ein Satz aus dem Saal", "")).expect("taken");
    room.ask(&typist, 0, in_the_hall("Noch ein Satz", "Karin")).expect("taken");
    let find = |words: &str| {
        let search = Search { words: words.to_owned(), ..Search::default() };
        room.state.search(Audience::Public, &search).total
    };
    assert_eq!((find("lena"), find("karin"), find("satz")), (0, 1, 2));
    let record = room.state.record(true).expect("founded");
    let view = &record.view;
    let speakers: Vec<_> = view.contributions.iter().map(|one| one.speaker(&view.people).map(|it| &**it)).collect();
    assert_eq!(speakers, [None, Some("Karin")]);
    assert_eq!((record.authors, record.people), (0, 0), "who only wrote it down said nothing");
    room.post(&typist, 0, "Ich selbst");
    assert_eq!(room.state.record(true).expect("founded").authors, 1);
}

#[test]
fn given_a_waiting_change_or_addition_when_it_is_refused_then_the_rest_stays_and_its_author_is_told() {
    let mut room = room(Waiting::All);
    let first = room.post(&account(1), 0, "Erstens");
    assert_eq!(room.ask(&moderator(), 0, refuse(first, "Nein")), Err(Rejection::DECIDED), "it waits itself");
    room.ask(&moderator(), 0, ForumCommand::Approve { contribution: first, seen: None }).expect("taken");
    assert_eq!(room.ask(&moderator(), 0, refuse(first, "Nein")), Err(Rejection::DECIDED), "nothing waits");
    let public = room.seen(Audience::Public);
    room.ask(&account(1), 0, edit(first, "Etwas anderes")).expect("taken");
    room.ask(&account(1), 0, add(first, "Dazu")).expect("taken");
    room.ask(&moderator(), 5_000, refuse(first, "Bitte bleib beim Thema.")).expect("taken");
    assert_eq!(room.seen(Audience::Public), public);
    assert!(room.seen(Audience::Staff).attention.is_empty());
    assert!(!room.rows.values().any(|text| text.contains("anderes") || text.contains("Dazu")), "those words are gone");
    let own = room.own(&account(1));
    let told = OwnRefused { id: first, at: Timestamp(5_000), note: Some("Bitte bleib beim Thema.".into()) };
    assert_eq!((own.waiting, own.refused), (Vec::new(), vec![told]));
    assert!(!json(&room.seen(Audience::Staff)).contains("beim Thema"), "a word to the author alone");
    // Whoever tries again has read it.
    room.ask(&account(1), 6_000, add(first, "Zum Thema")).expect("taken");
    assert_eq!(room.own(&account(1)).refused, []);
    assert!(!room.rows.values().any(|text| text.contains("beim Thema")));
}

#[test]
fn given_a_moderator_who_erases_themselves_then_what_they_said_to_authors_goes_too() {
    let mut room = room(Waiting::None);
    let other = staff(91, Role::Moderator);
    let hidden = room.post(&account(1), 0, "Erstens");
    room.ask(&moderator(), 0, hide(hidden)).expect("taken");
    room.ask(&account(1), 0, appeal(hidden, "Doch")).expect("taken");
    room.ask(&other, 0, reject(hidden, "Es bleibt dabei.")).expect("taken");
    // The first moderator wrote nothing of their own here, and is known by their notes alone.
    let erase = |participant| ForumCommand::ErasePerson { participant };
    room.ask(&Actor::system(), 0, erase(participant(90))).expect("taken");
    let why = room.own(&account(1)).hidden[0].why.clone();
    assert_eq!((why.note, why.appeal.and_then(|appeal| appeal.note).as_deref()), (None, Some("Es bleibt dabei.")));
    assert_eq!(room.ask(&Actor::system(), 0, erase(participant(90))), Ok(Vec::new()), "nothing is left");
    assert_eq!(room.ask(&moderator(), 0, set(Mode::Open)), Err(Rejection::NotJoined), "nor is anything taken");
    room.ask(&Actor::system(), 0, erase(participant(91))).expect("taken");
    assert!(!room.rows.values().any(|text| text.contains("Bitte nicht") || text.contains("dabei")));
    assert_eq!(room.own(&account(1)).hidden.len(), 1, "it stays hidden");
}

#[test]
fn given_what_somebody_wrote_then_they_get_all_of_it_with_its_words() {
    let mut room = room(Waiting::None);
    let ada = Actor { name: Some("Ada".into()), ..account(1) };
    let mut ids: Vec<_> = (0..30).map(|n| room.post(&ada, n, &format!("Satz {n}"))).collect();
    for id in &ids[..25] {
        room.ask(&moderator(), 50, hide(*id)).expect("taken");
    }
    room.ask(&ada, 50, ForumCommand::Withdraw { contribution: ids[29] }).expect("taken");
    ids.pop();
    let other = room.post(&account(2), 60, "Von jemand anderem");
    room.ask(&ada, 60, ForumCommand::Support { contribution: other }).expect("taken");
    room.ask(&moderator(), 60, ForumCommand::SetWaiting { waiting: Waiting::All }).expect("taken");
    ids.push(room.post(&ada, 70, "Wartet noch"));
    room.ask(&ada, 70, add(ids[27], "Und dazu")).expect("taken");
    let all = room.state.written_by(participant(1));
    assert_eq!(all.name.as_deref(), Some("Ada"));
    assert_eq!(all.contributions.iter().map(|one| one.id).collect::<Vec<_>>(), ids);
    assert_eq!((&*all.contributions[0].text, all.contributions[24].hidden.is_some()), ("Satz 0", true));
    assert_eq!(all.contributions[27].addition.as_ref().map(|addition| &*addition.text), Some("Und dazu"));
    assert!(all.contributions[29].waits);
    assert_eq!((all.supported, all.notes), (vec![other], Vec::new()));
    let notes = room.state.written_by(participant(90)).notes;
    assert_eq!((notes.len(), &*notes[0].text), (25, "Bitte nicht."));
    assert_eq!(json(&room.state.written_by(participant(7)).contributions), "[]");
}

#[test]
fn given_decisions_then_the_record_lists_them_and_names_nobody() {
    let mut room = room(Waiting::All);
    let first = room.post(&account(1), 1_000, "Erstens");
    let unseen = room.post(&account(2), 1_000, "Ungesehen");
    let tell = |room: &mut Room, at, command| _ = room.ask(&moderator(), at, command).expect("taken");
    tell(&mut room, 2_000, ForumCommand::Approve { contribution: first, seen: None });
    tell(&mut room, 3_000, hide(first));
    tell(&mut room, 3_500, hide(unseen));
    tell(&mut room, 4_000, ForumCommand::Restore { contribution: first });
    tell(&mut room, 5_000, ForumCommand::CountHall { people: Some(3) });
    tell(&mut room, 6_000, set(Mode::Closed));
    let record = room.state.record(true).expect("founded");
    let decided = |at, did, contribution| Decided { at: Some(Timestamp(at)), did, contribution };
    let spam = Did::Hidden { reason: HideReason::Spam };
    assert_eq!(
        record.decisions,
        [
            decided(3_000, spam, Some(first)),
            decided(3_500, spam, None),
            decided(4_000, Did::Restored, Some(first)),
            decided(6_000, Did::StateSet { mode: Mode::Closed }, None),
        ]
    );
    assert!(!json(&record.decisions).contains(&participant(90).to_string()));
    assert_eq!(record.left_out, 0);
}

#[test]
fn given_more_than_a_record_holds_then_it_says_how_much_it_leaves_out() {
    let mut room = room(Waiting::None);
    for n in 0..5_003 {
        // Past the cost of the log beside it.
        let context = room.context(&account(1), n);
        let command = crate::ids::CommandId(Uuid::from_u128(0xF000_0000 + n as u128));
        let context = crate::domain::Context { command, ..context };
        let decision = Forum::decide(&room.state, &say("Satz"), &context).expect("taken");
        for event in &decision.events {
            let seq = Seq(room.seq()).next();
            Forum::apply(&mut room.state, event, crate::domain::Meta { seq, at: None, actor: None });
        }
    }
    let record = room.state.record(false).expect("founded");
    assert_eq!((record.view.contributions.len(), record.left_out), (5_000, 3));
    assert_eq!(record.to, Some(Timestamp(5_002)), "the numbers are of all of it");
}

#[test]
fn given_searches_then_they_find_what_can_be_seen_in_the_order_asked() {
    let mut room = room(Waiting::None);
    let old = room.post(&account(1), 0, "Mehr Räume für Vereine");
    let liked = room.post(&account(2), 0, "Mehr Zeit");
    let gone = room.post(&account(3), 0, "Mehr Geheimnisse");
    room.ask(&account(3), 0, ForumCommand::Support { contribution: liked }).expect("taken");
    room.ask(&account(3), 0, answer(liked, "Ja, mehr davon")).expect("taken");
    let reply = ContributionId(room.object().expect("it has an id"));
    room.ask(&moderator(), 0, hide(gone)).expect("taken");
    let find = |sort, words: &str| -> Vec<ContributionId> {
        let search = Search { sort, words: words.to_owned(), ..Search::default() };
        room.state.search(Audience::Public, &search).contributions.into_iter().map(|one| one.id).collect()
    };
    assert_eq!(find(Sort::Newest, "MEHR"), [reply, liked, old]);
    assert_eq!(find(Sort::Supported, "mehr"), [liked, reply, old]);
    assert_eq!(find(Sort::Unanswered, ""), [old]);
    assert_eq!(find(Sort::Newest, "räume vereine"), [old]);
    assert_eq!(find(Sort::Newest, "Geheimnisse"), []);
    let thread = |id| {
        room.state
            .thread(id, Audience::Public)
            .map(|all| all.contributions.iter().map(|one| one.id).collect::<Vec<_>>())
    };
    assert_eq!(thread(liked), Some(vec![liked, reply]));
    assert_eq!(thread(reply), Some(vec![liked, reply]));
    assert_eq!(thread(gone), None);
    // An answer that waited stands where it appeared, and one that was deleted does not.
    room.ask(&moderator(), 0, ForumCommand::SetWaiting { waiting: Waiting::All }).expect("taken");
    room.ask(&account(1), 0, answer(liked, "Ich auch")).expect("taken");
    let late = ContributionId(room.object().expect("it has an id"));
    room.ask(&moderator(), 0, answer(liked, "Wir auch")).expect("taken");
    let staff = ContributionId(room.object().expect("it has an id"));
    room.ask(&account(3), 0, ForumCommand::Withdraw { contribution: reply }).expect("taken");
    let thread = |room: &Room| -> Vec<_> {
        room.state.thread(liked, Audience::Staff).expect("seen").contributions.iter().map(|one| one.id).collect()
    };
    assert_eq!(thread(&room), [liked, staff], "what waits is on the desk");
    room.ask(&moderator(), 0, ForumCommand::Approve { contribution: late, seen: None }).expect("taken");
    assert_eq!(thread(&room), [liked, staff, late]);
    room.state = room.restored();
    assert_eq!(thread(&room), [liked, staff, late]);
    assert_eq!(room.state.one(gone, Audience::Public), None);
    assert_eq!(room.state.one(late, Audience::Public).map(|one| one.contribution.id), Some(late));
}

#[test]
fn given_what_looks_like_markup_then_everybody_sees_it_as_it_was_typed() {
    let mut room = room(Waiting::None);
    for text in [
        "Bürger*innen und Wähler*innen",
        "5*3 und 4*2",
        "1. eins\n2. zwei\n7. sieben",
        "Wichtig:\n\n- eins\n  - zwei\n\n> so",
        "# Titel\n**laut** `leise` [hier](https://a.org/x) <b>",
    ] {
        let id = room.post(&account(1), 1_000, text);
        room.ask(&account(1), 2_000, add(id, text)).expect("taken");
        for audience in Audience::ALL {
            let seen = room.seen(audience).contributions.into_iter().find(|one| one.id == id).expect("visible");
            assert_eq!((&*seen.text, &*seen.additions[0].text), (text, text));
            assert_eq!(seen.links.len(), usize::from(text.contains("://")), "{text}");
            assert_eq!(seen.links, seen.additions[0].links);
        }
        assert_eq!(&*room.state.written_by(participant(1)).contributions.last().expect("kept").text, text);
    }
    assert!(!json(&room.seen(Audience::Staff)).contains("html"));
}

#[test]
fn given_an_edit_that_changes_nothing_then_nothing_happened() {
    let mut room = room(Waiting::None);
    let text = "Bürger*innen\n\n- eins";
    let id = room.post(&account(1), 1_000, text);
    let seq = room.seq();
    for same in [text, " Bürger*innen\r\n\r\n- eins \n"] {
        room.ask(&account(1), 2_000, edit(id, same)).expect("taken");
        assert_eq!(room.seq(), seq, "{same:?}");
    }
    assert!(!room.seen(Audience::Public).contributions[0].edited);
    room.ask(&account(1), 2_000, edit(id, "Bürgerinnen")).expect("taken");
    assert_eq!(room.seq(), seq + 1);

    let mut waits = self::room(Waiting::All);
    let id = waits.post(&account(1), 1_000, "Eins");
    waits.ask(&moderator(), 2_000, ForumCommand::Approve { contribution: id, seen: None }).expect("taken");
    waits.ask(&account(1), 3_000, edit(id, "Zwei")).expect("taken");
    let seq = waits.seq();
    waits.ask(&account(1), 4_000, edit(id, "Zwei")).expect("taken");
    assert_eq!(waits.seq(), seq, "it waits already");
    waits.ask(&moderator(), 5_000, ForumCommand::SetSummary { text: Some("Gut.".into()) }).expect("taken");
    let seq = waits.seq();
    waits.ask(&moderator(), 5_000, ForumCommand::SetSummary { text: Some(" Gut.".into()) }).expect("taken");
    assert_eq!(waits.seq(), seq);
}

#[test]
fn given_an_evening_then_its_record_has_what_was_seen_and_what_staff_did() {
    let mut room = room(Waiting::None);
    let ada = Actor { name: Some("Ada".into()), ..account(1) };
    let first = room.post(&ada, 1_000, "Erstens");
    let second = room.post(&account(2), 5_000, "Zweitens");
    room.ask(&account(3), 6_000, ForumCommand::Support { contribution: first }).expect("taken");
    room.ask(&moderator(), 7_000, hide(second)).expect("taken");
    room.ask(&account(2), 7_000, appeal(second, "Doch")).expect("taken");
    room.ask(&moderator(), 8_000, ForumCommand::CountHall { people: Some(60) }).expect("taken");
    room.ask(&moderator(), 9_000, ForumCommand::SetSummary { text: Some("*Gut* war es: https://a.org/x.".into()) })
        .expect("taken");
    let record = room.state.record(false).expect("founded");
    assert_eq!((record.authors, record.people, record.hall, record.appeals), (2, 3, Some(60), (1, 0)));
    assert_eq!((record.from, record.to), (Some(Timestamp(1_000)), Some(Timestamp(1_000))));
    assert_eq!(record.hidden, [(HideReason::Spam, 1)]);
    assert_eq!(record.summary.as_deref(), Some("*Gut* war es: https://a.org/x."), "as it was typed");
    assert_eq!(record.summary_links.len(), 1);
    assert_eq!(record.view.contributions.len(), 1);
    assert!(!json(&record.view).contains("Ada"), "no names unless they are asked for");
    assert!(json(&room.state.record(true).expect("founded").view).contains("Ada"));
    let did: Vec<Did> = room.state.acts(None).into_iter().map(|act| act.did).collect();
    assert_eq!(did, [Did::Summarised, Did::HallCounted, Did::Hidden { reason: HideReason::Spam }]);
    assert_eq!(room.state.acts(Some(Seq(room.seq()))).len(), 2);
    assert_eq!(room.state.acts(None)[0].by, moderator().participant);
}

#[test]
fn given_words_as_people_type_them_then_search_finds_them_and_counts_every_hit() {
    let mut room = room(Waiting::None);
    let texts = [
        "Die Müllabfuhr kommt nie.",
        "Die Mu\u{308}llabfuhr auch.",
        "In der Straße ist Licht.",
        "İstanbul ve ılık bir akşam",
        "نحتاج إلى مُدَرِّسَة جديدة",
        "می‌خواهیم کتاب بخوانیم",
        "Łódź i Øresund",
    ];
    for (nth, text) in texts.iter().enumerate() {
        room.post(&account(nth as u8 + 1), 0, text);
    }
    let found = |room: &Room, words: &str| {
        let search = Search { words: words.to_owned(), ..Search::default() };
        room.state.search(Audience::Public, &search).total
    };
    for (words, hits) in [
        ("mullabfuhr", 2),
        ("MÜLLABFUHR", 2),
        ("mu\u{308}llabfuhr", 2),
        ("strasse", 1),
        ("STRASSE", 1),
        ("STRAẞE", 1),
        ("istanbul", 1),
        ("ISTANBUL", 1),
        ("ILIK", 1),
        ("ılık", 1),
        ("aksam", 1),
        ("مدرسة", 1),
        ("مُدَرِّسَة", 1),
        ("كتاب", 1),
        ("میخواهیم", 1),
        ("lodz oresund", 1),
        ("müllabfuhr nie", 1),
        ("busse", 0),
    ] {
        assert_eq!(found(&room, words), hits, "{words}");
    }
    for nth in 0..PAGE + 3 {
        room.post(&account(1), 1_000 + nth as i64, "Noch eine Bank");
    }
    for sort in Sort::ALL {
        let mut seen = Vec::new();
        while seen.len() < PAGE + 3 {
            let search = Search { sort, words: "bank".to_owned(), after: seen.len(), ..Search::default() };
            let page = room.state.search(Audience::Public, &search);
            assert_eq!(page.total, PAGE + 3, "the number is true on every page");
            assert!(!page.contributions.is_empty(), "every hit can be reached");
            seen.extend(page.contributions.into_iter().map(|one| one.id));
        }
        let each: BTreeSet<_> = seen.iter().collect();
        assert_eq!(each.len(), PAGE + 3, "each once");
    }
}
