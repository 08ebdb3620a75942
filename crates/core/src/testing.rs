//! What the tests of every kind of stream share: a stream beside its log, and the laws it must keep.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use uuid::Uuid;

use crate::commands::Commands;
use crate::domain::{Context, Domain, Meta, StoredEvent};
use crate::ids::{CommandId, ParticipantId, StreamId};
use crate::live::{Delta, LiveTypes, Seq, WindowRequest};
use crate::people::{Actor, Audience, Role, Roles};
use crate::rejection::Rejection;
use crate::said::{HoldsTexts, SaidKey, Texts};
use crate::time::Timestamp;

pub fn participant(number: u8) -> ParticipantId {
    ParticipantId(Uuid::from_u128(0xAAAA_0000 + u128::from(number)))
}

/// A guest without a name.
pub fn guest(number: u8) -> Actor {
    Actor { guest: true, ..account(number) }
}

pub fn account(number: u8) -> Actor {
    Actor { participant: Some(participant(number)), ..Actor::default() }
}

pub fn staff(number: u8, role: Role) -> Actor {
    Actor { roles: Roles::NONE.with(role), ..account(number) }
}

/// A key of a program: rights, and nobody behind them.
pub fn token(role: Role) -> Actor {
    Actor { participant: None, ..staff(0, role) }
}

pub fn banned(actor: Actor) -> Actor {
    Actor { banned: true, ..actor }
}

pub fn german(text: &str) -> Texts {
    Texts::of(crate::said::Lang::german(), text)
}

/// A question to be answered with yes, no or abstain.
pub fn yes_or_no(title: Texts) -> crate::poll::Question {
    crate::poll::Question {
        title,
        note: None,
        method: crate::tally::Method::YesNo,
        options: Vec::new(),
        ends: None,
        electorate: crate::poll::Electorate::Devices,
        secrecy: crate::poll::Secrecy::Confidential,
        weight: crate::poll::Weight::Mood,
        results: crate::poll::Results::Revealed,
        majority: crate::tally::Majority::Simple,
        quorum: None,
    }
}

/// Texts of these tests carry numbers in «», so that they can be found wherever they turn up.
pub type Words = BTreeSet<u32>;

/// The numbers of the texts that stand in `anything`.
pub fn words(anything: &str) -> Words {
    anything.split('«').skip(1).filter_map(|rest| rest.split('»').next()?.parse().ok()).collect()
}

/// The numbers of the texts that stand in something as it travels.
pub fn words_in(anything: &impl serde::Serialize) -> Words {
    words(&json(anything))
}

pub fn json(anything: &impl serde::Serialize) -> String {
    serde_json::to_string(anything).expect("plain data")
}

/// A stream as the program runs it: its state, the log as written, and the side rows.
#[derive(Clone)]
pub struct Stream<D: Domain> {
    pub id: StreamId,
    pub state: D::State,
    pub rows: BTreeMap<SaidKey, Arc<str>>,
    /// Names of commands that led to an event.
    pub taken: BTreeSet<&'static str>,
    log: Vec<(&'static str, u16, Vec<u8>, Meta)>,
    /// Every command so far.
    asked: Vec<(D::Command, Context)>,
    /// The ids of those the log holds.
    known: BTreeSet<CommandId>,
    /// What is in the ballot box.
    pub ballots: Vec<Vec<u8>>,
}

impl<D: Domain> Stream<D> {
    pub fn new(id: StreamId) -> Self {
        Self {
            id,
            state: D::State::default(),
            rows: BTreeMap::new(),
            taken: BTreeSet::new(),
            log: Vec::new(),
            asked: Vec::new(),
            known: BTreeSet::new(),
            ballots: Vec::new(),
        }
    }

    /// The context of the next command.
    pub fn context(&self, actor: &Actor, at: i64) -> Context {
        let number = self.asked.len() as u128 + 1;
        let mut salt_seed = [7; 32];
        salt_seed[..16].copy_from_slice(&number.to_le_bytes());
        Context {
            stream: self.id,
            command: CommandId(Uuid::from_u128(number)),
            received_at: Timestamp(at),
            actor: actor.clone(),
            salt_seed,
            ballot_box: None,
        }
    }

    /// Asks, and takes in what follows as the program does.
    pub fn ask(&mut self, actor: &Actor, at: i64, command: D::Command) -> Result<Vec<D::Event>, Rejection> {
        let mut context = self.context(actor, at);
        context.ballot_box = self.opened(&command);
        self.asked.push((command.clone(), context.clone()));
        self.take(&command, &context)
    }

    /// What is in the ballot box, if `command` opens it.
    fn opened(&self, command: &D::Command) -> Option<Vec<Vec<u8>>> {
        D::opens_box(command).then(|| self.ballots.clone())
    }

    /// Sends the last command once more.
    pub fn repeat(&mut self) -> Result<Vec<D::Event>, Rejection> {
        let (command, context) = self.asked.last().expect("something was asked").clone();
        self.take(&command, &context)
    }

    /// The command asked last.
    pub fn last(&self) -> &(D::Command, Context) {
        self.asked.last().expect("something was asked")
    }

    /// What the last command made or was about.
    pub fn object(&self) -> Option<Uuid> {
        let (command, context) = self.last();
        D::object(command, self.id, context.command)
    }

    pub fn seq(&self) -> u64 {
        D::seq(&self.state).0
    }

    fn take(&mut self, command: &D::Command, context: &Context) -> Result<Vec<D::Event>, Rejection> {
        let mut context = context.clone();
        context.ballot_box = self.opened(command);
        let decision = D::decide(&self.state, command, &context)?;
        if decision.events.is_empty() {
            assert!(decision.texts.is_empty() && decision.erase.is_empty() && decision.follow_ups.is_empty());
            assert!(decision.box_put.is_none() && !decision.box_empty);
            return Ok(Vec::new());
        }
        if !self.known.insert(context.command) {
            // The log knows the id and answers in place of the decision.
            return Ok(Vec::new());
        }
        self.taken.insert(command.rule().name);
        for text in decision.texts {
            assert!(self.rows.insert(text.key, text.text).is_none(), "a key was used twice");
        }
        self.ballots.extend(decision.box_put);
        if decision.box_empty {
            self.ballots.clear();
        }
        for key in decision.erase {
            assert!(self.rows.remove(&key).is_some(), "{command:?} erases a row that is not there");
        }
        let trace = D::trace(&self.state, command);
        for event in &decision.events {
            let meta = Meta::of(D::seq(&self.state).next(), trace, context.received_at, &context.actor);
            D::apply(&mut self.state, event, meta);
            assert_eq!(D::seq(&self.state), meta.seq);
            let (kind, version) = event.kind();
            self.log.push((kind, version, event.body(), meta));
        }
        let mut needed = BTreeSet::new();
        self.state.clone().each_text(&mut |said| assert!(needed.insert(said.key), "a key stands in two places"));
        assert_eq!(self.rows.keys().copied().collect::<BTreeSet<_>>(), needed, "side rows after {command:?}");
        Ok(decision.events)
    }

    /// The log as it can be read.
    pub fn log(&self) -> Vec<String> {
        let text = |body: &[u8]| String::from_utf8(body.to_vec()).expect("JSON");
        self.log.iter().map(|(kind, version, body, meta)| format!("{kind} {version} {} {meta:?}", text(body))).collect()
    }

    /// The kinds of the events so far.
    pub fn kinds(&self) -> BTreeSet<(&'static str, u16)> {
        self.log.iter().map(|(kind, version, ..)| (*kind, *version)).collect()
    }

    /// The state as a snapshot brings it back. No text stands in the snapshot.
    pub fn restored(&self) -> D::State {
        let snapshot = json(&self.state);
        assert_eq!(words(&snapshot), Words::new(), "a text stands in the serialised state");
        for text in self.rows.values() {
            assert!(!snapshot.contains(&**text), "{text} stands in the serialised state");
        }
        let mut state: D::State = serde_json::from_str(&snapshot).expect("a state reads what it writes");
        state.resolve(&|key| self.rows.get(key).cloned());
        D::rebuild(&mut state);
        state
    }

    /// The state as folding the log again brings it back, with the texts that are left.
    pub fn folded(&self) -> D::State {
        let mut state = D::State::default();
        for (kind, version, body, meta) in &self.log {
            let mut event = D::Event::read(kind, *version, body).expect("an event reads what it writes");
            assert_eq!(event.body(), *body);
            event.resolve(&|key| self.rows.get(key).cloned());
            D::apply(&mut state, &event, *meta);
        }
        state
    }
}

/// Everything that can be learned from a state, so that two of them can be compared.
pub fn picture<D: Domain>(state: &D::State, windows: &[WindowRequest], people: &[ParticipantId]) -> Vec<String> {
    let mut seen = vec![json(&(D::seq(state), D::next_due(state), D::summary(state)))];
    for audience in Audience::ALL {
        seen.extend(windows.iter().map(|window| json(&D::view(state, audience, window))));
        seen.extend((0..=D::seq(state).0).map(|after| json(&D::deltas(state, Seq(after), audience))));
    }
    for after in (0..=D::seq(state).0).map(Seq) {
        seen.push(json(&(D::owners(state, after), D::changed(state, after, usize::MAX))));
    }
    for window in windows {
        seen.extend(people.iter().map(|one| json(&D::own(state, *one, window.from.unwrap_or(0)))));
    }
    seen
}

/// Compares two states by all that can be learned from them.
pub fn assert_same<D: Domain>(a: &D::State, b: &D::State, windows: &[WindowRequest], people: &[ParticipantId]) {
    let (a, b) = (picture::<D>(a, windows, people), picture::<D>(b, windows, people));
    assert_eq!(a.len(), b.len());
    for (a, b) in a.into_iter().zip(b) {
        assert_eq!(a, b);
    }
}

/// Two states judge a command alike.
pub fn assert_alike<D: Domain>(a: &D::State, b: &D::State, command: &D::Command, context: &Context) {
    let judge = |state| {
        D::decide(state, command, context).map(|decision| {
            let written: Vec<_> = decision.events.iter().map(|event| (event.kind(), event.body())).collect();
            let ballots = (decision.box_put, decision.box_empty);
            (written, decision.texts, decision.erase, decision.follow_ups, ballots)
        })
    };
    assert_eq!(judge(a), judge(b), "{command:?}");
}

/// Watches a stream and holds it against the law: `view(after) == apply(view(before), deltas)`.
pub struct Witness<D: Domain> {
    pub windows: Vec<WindowRequest>,
    pub people: Vec<ParticipantId>,
    /// Kinds of deltas seen: "put forum", "gone contribution" …
    pub deltas: BTreeSet<String>,
    moments: Vec<Moment<D>>,
}

struct Moment<D: Domain> {
    state: D::State,
    /// By audience and window.
    views: Vec<D::View>,
    /// By window and person.
    own: Vec<D::Own>,
}

impl<D: Domain> Witness<D> {
    pub fn new(windows: Vec<WindowRequest>, people: Vec<ParticipantId>) -> Self {
        Self { windows, people, deltas: BTreeSet::new(), moments: Vec::new() }
    }

    /// How many moments were seen.
    pub fn len(&self) -> usize {
        self.moments.len()
    }

    /// Takes the present in.
    pub fn see(&mut self, state: &D::State) {
        let views = Audience::ALL
            .into_iter()
            .flat_map(|audience| self.windows.iter().map(move |window| D::view(state, audience, window)))
            .collect();
        let own = self
            .windows
            .iter()
            .flat_map(|window| self.people.iter().map(|one| D::own(state, *one, window.from.unwrap_or(0))))
            .collect();
        self.moments.push(Moment { state: state.clone(), views, own });
    }

    /// Holds the present against an earlier moment. Whoever broke off at moment `broken_off` after `part` of what was
    /// to be sent then has received the rest now.
    pub fn judge(&mut self, before: usize, broken_off: usize, part: usize) {
        let [before, broken_off] = [before, broken_off].map(|at| &self.moments[at]);
        let now = self.moments.last().expect("a present");
        let (after, seq) = (D::seq(&before.state), D::seq(&now.state));
        let mut views = before.views.iter().zip(&now.views);
        for audience in Audience::ALL {
            let deltas = D::deltas(&now.state, after, audience);
            assert!(deltas.is_sorted_by_key(Delta::seq));
            assert!(deltas.iter().all(|delta| after < delta.seq() && delta.seq() <= seq));
            assert!(deltas.len() <= D::changed(&now.state, after, usize::MAX));
            let sent: Vec<Delta<D::Key, D::Value>> = serde_json::from_str(&json(&deltas)).expect("deltas can be read");
            assert_eq!(sent, deltas, "what is sent is what is read");
            let (mut pieces, mut reached) = (Vec::new(), after);
            while reached < seq {
                let (piece, to) = D::deltas_within(&now.state, reached, audience, 1 + part % 5);
                assert!(to > reached, "a piece without progress");
                (pieces, reached) = ([pieces, piece].concat(), to);
            }
            assert_eq!(pieces, deltas, "in pieces");
            let mut lost = D::deltas(&broken_off.state, after, audience);
            lost.truncate(part % (lost.len() + 1));
            for (before, now) in views.by_ref().take(self.windows.len()) {
                let mut view = before.clone();
                D::apply_deltas(&mut view, &deltas);
                assert_eq!(&view, now, "from {after} to {seq} for {audience:?}");
                D::apply_deltas(&mut view, &deltas);
                assert_eq!(&view, now, "from {after} to {seq} for {audience:?}, twice");
                let mut view = before.clone();
                D::apply_deltas(&mut view, &lost);
                D::apply_deltas(&mut view, &deltas);
                assert_eq!(&view, now, "from {after} to {seq} for {audience:?}, after a part of it");
            }
            self.deltas.extend(deltas.iter().map(|delta| {
                let (what, key) = match delta {
                    Delta::Put { key, .. } => ("put", json(key)),
                    Delta::Gone { key, .. } => ("gone", json(key)),
                };
                format!("{what} {}", key.trim_matches('"').split('/').next().unwrap_or_default())
            }));
        }
        let owners = D::owners(&now.state, after);
        for ((before, now), one) in before.own.iter().zip(&now.own).zip(self.people.iter().cycle()) {
            assert!(before == now || owners.contains(one), "{one} is not told that {before:?} became {now:?}");
        }
    }

    /// Holds the present against every earlier moment.
    pub fn judge_all(&mut self, salt: usize) {
        let count = self.moments.len();
        for before in 0..count {
            self.judge(before, before + salt % (count - before), salt);
        }
    }
}

/// What comes in pages is the whole.
pub fn assert_paged<D: Domain>(
    state: &D::State,
    whole: &D::View,
    audience: Audience,
    topic: Option<crate::ids::TopicId>,
) {
    let mut view = D::view(state, audience, &WindowRequest { topic, ..WindowRequest::default() });
    let shown = |from| D::view(state, audience, &WindowRequest { before: None, from: Some(from), topic });
    assert_eq!(view, shown(D::window_start(&view)), "the newest page");
    assert_eq!(D::page_start(state, audience, None, topic), D::window_start(&view));
    while D::window_start(&view) > 0 {
        let before = Some(D::window_start(&view));
        let start = D::page_start(state, audience, before, topic);
        let mut page = D::view(state, audience, &WindowRequest { before, from: None, topic });
        assert_eq!(start, D::window_start(&page));
        let window = WindowRequest { before, from: Some(start), topic };
        assert_eq!(D::view_within(state, audience, &window, usize::MAX), page);
        page = D::view_within(state, audience, &window, 4_096);
        // Pages are cut to the size of a frame, but never to nothing.
        D::shorten(&mut page, 4_096);
        <D as LiveTypes>::append_page(&mut view, page.clone());
        // Asked for twice, in haste.
        <D as LiveTypes>::append_page(&mut view, page);
        assert!(Some(D::window_start(&view)) < before, "a page without progress");
        assert_eq!(view, shown(D::window_start(&view)));
    }
    assert_eq!(&view, whole);
}

/// Reads every accepted event of `fixtures/{folder}` and writes it again. Files are named `kind.version[.label].json`;
/// they are never edited. `source` is the code that lists the kinds.
pub fn assert_fixtures<E: StoredEvent + std::fmt::Debug>(folder: &str, source: &str) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(folder);
    let mut accepted = BTreeSet::new();
    for entry in std::fs::read_dir(folder).expect("fixtures") {
        let path = entry.expect("fixtures").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        let [stream, what, version, ..] = name.split('.').collect::<Vec<_>>()[..] else { panic!("{name}") };
        let (kind, version) = (format!("{stream}.{what}"), version.parse().expect("a version"));
        let body = std::fs::read(&path).expect("a fixture");
        let event = E::read(&kind, version, &body).unwrap_or_else(|problem| panic!("{name}: {problem}"));
        if event.kind() == (kind.as_str(), version) {
            let [was, is] =
                [&body, &event.body()].map(|body| serde_json::from_slice::<serde_json::Value>(body).unwrap());
            assert_eq!(is, was, "{name}");
        }
        accepted.insert((kind, version));
    }
    for (kind, version) in written(source) {
        for version in 1..=version {
            assert!(accepted.contains(&(kind.to_owned(), version)), "no fixture of {kind} {version}");
        }
        for (kind, version, body) in
            [(kind, version + 1, "{}"), (kind, 0, "{}"), (kind, version, "{"), ("x.y", 1, "{}")]
        {
            let problem = E::read(kind, version, body.as_bytes()).expect_err("unreadable");
            assert_eq!((problem.kind.as_str(), problem.version), (kind, version));
        }
    }
}

/// The kinds and versions an `events!` block lists.
pub fn written(source: &str) -> BTreeSet<(&str, u16)> {
    let kinds: BTreeSet<_> = source
        .lines()
        .filter_map(|line| {
            let (kind, version) = line.trim().split_once(" = \"")?.1.strip_suffix(',')?.split_once("\" v ")?;
            Some((kind, version.parse().ok()?))
        })
        .collect();
    assert!(!kinds.is_empty());
    kinds
}

/// [`Commands::RULES`] has every command that can be written, once.
pub fn assert_commands<D: Domain>() {
    // serde names the variants it knows, so that no list has to be kept here.
    let problem = serde_json::from_str::<D::Command>(r#"{"type":"?"}"#).expect_err("no such command").to_string();
    let mut known: Vec<&str> = problem.split('`').skip(3).step_by(2).collect();
    let mut listed: Vec<&str> = D::Command::RULES.iter().map(|rule| rule.name).collect();
    known.sort_unstable();
    listed.sort_unstable();
    assert_eq!(listed, known);
}
