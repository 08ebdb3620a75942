use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use uuid::Uuid;

use super::*;
use crate::commands::Commands;
use crate::domain::{Domain, Trace};
use crate::forum::ForumCommand;
use crate::ids::{ForumId, ParticipantId, PollId, ProcessId, StreamId};
use crate::live::{Delta, Seq, WindowRequest};
use crate::network::ForumPlaceView;
use crate::people::{Actor, Audience, Role};
use crate::rejection::Rejection;
use crate::said::{Commitment, Texts};
use crate::tally::{BallotProblem, Majority, Method, Outcome, Quorum, Tally, outcome};
use crate::testing::{
    Stream, Witness, Words, account, assert_alike, assert_commands, assert_fixtures, assert_same, banned, german,
    guest, json, participant, picture, staff, token, words, words_in, written,
};
use crate::time::Timestamp;

type Booth = Stream<Poll>;

const POLL: PollId = PollId(Uuid::from_u128(7));
const PROCESS: ProcessId = ProcessId(Uuid::from_u128(2));

fn moderator() -> Actor {
    staff(90, Role::Moderator)
}

/// An open question to everyone in the room.
fn asked(method: Method, options: usize) -> Question {
    Question {
        title: german("Frage «9000»"),
        note: None,
        method,
        options: (1..=options).map(|n| german(&format!("Antwort «{}»", 9000 + n))).collect(),
        ends: None,
        electorate: Electorate::Devices,
        secrecy: Secrecy::Open,
        weight: Weight::Mood,
        results: Results::Revealed,
        majority: Majority::Simple,
        quorum: None,
    }
}

fn of(secrecy: Secrecy) -> Question {
    Question { secrecy, ..asked(Method::YesNo, 0) }
}

fn with_cards(secrecy: Secrecy) -> Question {
    Question { electorate: Electorate::Cards, ..of(secrecy) }
}

fn found(question: Question) -> PollCommand {
    PollCommand::Found { poll: POLL, process: PROCESS, forum: None, question: Box::new(question) }
}

fn edit(question: Question) -> PollCommand {
    PollCommand::Edit { question: Box::new(question) }
}

fn vote(round: u32, marks: &[u8]) -> PollCommand {
    PollCommand::Vote { round, marks: marks.to_vec(), card: None }
}

fn by_card(marks: &[u8], card: &str) -> PollCommand {
    PollCommand::Vote { round: 1, marks: marks.to_vec(), card: Some(card.to_owned()) }
}

fn close(seconds: u32) -> PollCommand {
    PollCommand::Close { seconds: Some(seconds) }
}

fn tick(moment: i64) -> PollCommand {
    PollCommand::Tick { moment: Timestamp(moment) }
}

fn hands(counts: &[u32], people: u32) -> PollCommand {
    PollCommand::CountHands { counts: counts.to_vec(), people }
}

fn paper(marks: &[u8], ballots: u32) -> PollCommand {
    PollCommand::SetPaper { marks: marks.to_vec(), ballots }
}

/// What is printed on a voting card.
fn code(number: usize) -> String {
    format!("BCDF-GHJK-{number:04}")
}

fn cards(numbers: std::ops::RangeInclusive<usize>) -> PollCommand {
    PollCommand::IssueCards { hashes: numbers.map(|number| card_hash(POLL, &code(number))).collect() }
}

const YES: [u8; 3] = [1, 0, 0];
const NO: [u8; 3] = [0, 1, 0];

fn draft(question: Question) -> Booth {
    let mut booth = Booth::new(StreamId(Uuid::from_u128(3)));
    booth.ask(&Actor::system(), 0, found(question)).expect("founded");
    booth
}

/// Open from moment 0 on, for so many seconds.
fn opened(question: Question, seconds: Option<u32>) -> Booth {
    let by_cards = question.electorate == Electorate::Cards;
    let mut booth = draft(question);
    if by_cards {
        booth.moderate(0, cards(1..=9));
    }
    booth.moderate(0, PollCommand::Open { seconds });
    booth
}

impl Booth {
    /// Closes it at once, and lets the clock do so.
    fn end(&mut self, at: i64) -> Vec<PollEvent> {
        self.moderate(at, close(0));
        let due = Poll::next_due(&self.state).expect("it ends");
        self.ask(&Actor::system(), due.0, Poll::tick(due)).expect("taken")
    }

    fn moderate(&mut self, at: i64, command: PollCommand) -> Vec<PollEvent> {
        self.ask(&moderator(), at, command).expect("taken")
    }

    fn vote(&mut self, who: &Actor, at: i64, marks: &[u8]) -> Result<usize, Rejection> {
        let round = self.state.round();
        self.ask(who, at, vote(round, marks)).map(|events| events.len())
    }

    fn seen(&self, audience: Audience) -> PollView {
        Poll::view(&self.state, audience, &WindowRequest::default())
    }

    fn header(&self) -> PollHeader {
        self.seen(Audience::Staff).poll.expect("founded")
    }

    /// Sums of the present result, if that audience sees it.
    fn sums(&self, audience: Audience) -> Option<Vec<u64>> {
        self.seen(audience).result.map(|result| result.tally.sums)
    }

    fn own(&self, who: &Actor) -> PollOwn {
        Poll::own(&self.state, who.participant.expect("someone"), 0)
    }
}

// Laws, over random polls.

#[derive(Clone, Copy, Debug)]
enum What {
    Found,
    Edit,
    Open,
    SetEnd,
    Extend,
    Close,
    Reveal,
    Again,
    Vote,
    IssueCards,
    VoidCards,
    CountHands,
    SetPaper,
    ErasePerson,
    Tick,
}

/// One command, in small numbers that fit whatever there is by then.
#[derive(Clone, Copy, Debug)]
struct Step {
    what: What,
    /// Who; from [`ACTORS`] on, someone who is likely to be allowed.
    by: u8,
    on: u8,
    how: u8,
    /// How much later, in seconds; clocks may go back.
    later: i16,
    again: bool,
}

const ACTORS: u8 = 14;

fn step() -> impl Strategy<Value = Step> {
    let what = prop_oneof![
        1 => Just(What::Found),
        2 => Just(What::Edit),
        4 => Just(What::Open),
        3 => Just(What::SetEnd),
        1 => Just(What::Extend),
        4 => Just(What::Close),
        4 => Just(What::Reveal),
        5 => Just(What::Again),
        24 => Just(What::Vote),
        3 => Just(What::IssueCards),
        3 => Just(What::VoidCards),
        3 => Just(What::CountHands),
        5 => Just(What::SetPaper),
        1 => Just(What::ErasePerson),
        3 => Just(What::Tick),
    ];
    (what, 0..4 * ACTORS, any::<u8>(), any::<u8>(), -3..20i16, prop::bool::weighted(0.1))
        .prop_map(|(what, by, on, how, later, again)| Step { what, by, on, how, later, again })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..60)
}

/// Some question that can be asked. `text` makes the next text.
fn some_question(seed: u32, text: &mut dyn FnMut() -> Texts) -> Question {
    let mut rest = seed;
    let mut pick = |count: u32| {
        let picked = rest % count;
        rest /= count;
        picked as usize
    };
    let options = 2 + pick(4);
    let method = match pick(7) {
        0 => Method::Single,
        1 => Method::Multiple { min: pick(2) as u8, max: 2 },
        2 => Method::YesNo,
        3 => Method::Scale { steps: 2 + pick(10) as u8 },
        4 => Method::Resistance,
        5 => Method::Dots { points: 1 + pick(5) as u8 },
        _ => Method::Ranking,
    };
    let electorate = [Electorate::Devices, Electorate::Accounts, Electorate::Cards][pick(3)];
    let secrecy = Secrecy::ALL[pick(3)];
    let binding = pick(2) == 1 && electorate != Electorate::Devices;
    let running = pick(2) == 1 && secrecy == Secrecy::Open;
    let by_cards = electorate == Electorate::Cards;
    let listed = if method == Method::YesNo { 0 } else { options };
    Question {
        title: text(),
        note: (pick(2) == 1).then(&mut *text),
        method,
        options: (0..listed).map(|_| text()).collect(),
        ends: (matches!(method, Method::Scale { .. }) && pick(2) == 1).then(|| [text(), text()]),
        electorate,
        secrecy,
        weight: if binding { Weight::Binding } else { Weight::Mood },
        results: if running { Results::Running } else { Results::Revealed },
        majority: Majority::ALL[if method.by_votes() { pick(if by_cards { 4 } else { 3 }) } else { 0 }],
        quorum: [None, Some(Quorum::Ballots(3)), by_cards.then_some(Quorum::Percent(40))][pick(3)],
    }
}

/// Some ballot, mostly a valid one.
fn some_marks(method: Method, options: usize, on: u8, how: u8) -> Vec<u8> {
    let (on, how) = (usize::from(on), usize::from(how));
    let mut marks = vec![0; options];
    match method {
        Method::Single | Method::YesNo => marks[how % options] = 1,
        Method::Multiple { min, max } => {
            let chosen = usize::from(min) + on % usize::from(max - min + 1);
            (0..chosen).for_each(|n| marks[(how + n) % options] = 1);
        }
        Method::Scale { steps } => {
            marks
                .iter_mut()
                .enumerate()
                .for_each(|(n, mark)| *mark = ((how + n * on) % (usize::from(steps) + 1)) as u8);
        }
        Method::Resistance => {
            marks.iter_mut().enumerate().for_each(|(n, mark)| *mark = ((how + n * on) % 11) as u8);
        }
        Method::Dots { points } => {
            let first = (how % (usize::from(points) + 1)) as u8;
            marks[on % options] = first;
            marks[(on + 1) % options] = points - first;
        }
        Method::Ranking => {
            marks.iter_mut().enumerate().for_each(|(n, mark)| *mark = ((how + n * on) % (options + 1)) as u8);
        }
    }
    if !matches!(method, Method::Resistance | Method::Multiple { .. }) && marks.iter().all(|mark| *mark == 0) {
        marks[0] = 1;
    }
    marks
}

/// A poll, and those who vote in it.
#[derive(Clone)]
struct Hall {
    booth: Booth,
    retold: Retold,
    actors: Vec<Actor>,
    now: i64,
    texts: u32,
}

impl Hall {
    fn new(seed: u32) -> Self {
        let mut actors: Vec<Actor> = (0..5).map(guest).chain((5..8).map(account)).collect();
        actors.extend([
            moderator(),
            staff(91, Role::Admin),
            staff(92, Role::Editor),
            token(Role::Moderator),
            banned(account(93)),
            Actor::system(),
        ]);
        assert_eq!(actors.len(), usize::from(ACTORS));
        let booth = Booth::new(StreamId(Uuid::from_u128(3)));
        let mut hall = Self { booth, retold: Retold::default(), actors, now: 1_000_000, texts: 0 };
        let question = Box::new(some_question(seed, &mut || hall.text()));
        let place = ForumPlaceView { id: ForumId(Uuid::from_u128(4)), stream: StreamId(Uuid::from_u128(5)) };
        let forum = (seed.is_multiple_of(2)).then_some(place);
        let begin = PollCommand::Found { poll: POLL, process: PROCESS, forum, question };
        hall.ask(&Actor::system(), begin);
        // Most begin where people vote.
        if seed >> 24 & 3 > 0 {
            hall.ask(&moderator(), cards(1..=8));
            hall.ask(&moderator(), PollCommand::Open { seconds: None });
        }
        hall
    }

    fn people(&self) -> Vec<ParticipantId> {
        self.actors.iter().filter_map(|actor| actor.participant).collect()
    }

    fn witness(&self) -> Witness<Poll> {
        let mut witness = Witness::new(vec![WindowRequest::default()], self.people());
        witness.see(&self.booth.state);
        witness
    }

    fn text(&mut self) -> Texts {
        self.texts += 1;
        german(&format!("Text «{}»", self.texts))
    }

    fn who(&self, step: Step) -> Actor {
        let likely = match step.what {
            What::Found | What::ErasePerson | What::Tick => 13,
            What::Vote => step.how % 8,
            _ => 8,
        };
        self.actors[usize::from(if step.by < ACTORS { step.by } else { likely })].clone()
    }

    fn command(&mut self, step: Step) -> PollCommand {
        let (on, how) = (u32::from(step.on), u32::from(step.how));
        let (method, options) =
            self.booth.state.question().map_or((Method::YesNo, 3), |it| (it.method, it.on_ballot()));
        let mut marks = some_marks(method, options, step.on, step.how / 8);
        if step.on > 245 {
            marks.push(1);
        }
        let last_card = self.booth.state.card_count();
        match step.what {
            What::Found => found(asked(Method::Single, 2)),
            What::Edit => {
                let mut question = some_question((on << 8 | how) * 48_271, &mut || self.text());
                if step.on > 230 {
                    question.electorate = Electorate::Delegates;
                }
                edit(question)
            }
            What::Open => PollCommand::Open { seconds: (how % 3 > 0).then_some(on) },
            What::SetEnd => PollCommand::SetEnd { seconds: (how % 3 > 0).then_some(on) },
            What::Extend => PollCommand::Extend { seconds: on },
            What::Close => PollCommand::Close { seconds: [None, Some(0), Some(0), Some(on)][how as usize % 4] },
            What::Reveal => PollCommand::Reveal,
            What::Again => PollCommand::Again,
            What::Vote => {
                let round = self.booth.state.round();
                let round = if step.on % 16 == 5 { round.saturating_sub(1) } else { round };
                let card = (step.how < 250).then(|| code(step.on as usize % (last_card + 2)));
                PollCommand::Vote { round, marks, card }
            }
            What::IssueCards => {
                let first = if step.on > 240 { 1 } else { last_card + 1 };
                cards(first..=first + step.how as usize % 4)
            }
            What::VoidCards => {
                let from = on % (last_card as u32 + 2);
                PollCommand::VoidCards { from, to: from + how % 2 }
            }
            What::CountHands => {
                let counts = (0..options as u32).map(|n| (how + n * on) % 6).collect();
                PollCommand::CountHands { counts: if step.how > 200 { Vec::new() } else { counts }, people: on % 20 }
            }
            What::SetPaper => PollCommand::SetPaper { marks, ballots: on % 9 },
            // Now and then somebody who votes.
            What::ErasePerson => PollCommand::ErasePerson { participant: participant(step.how) },
            What::Tick => {
                let moment = Poll::next_due(&self.booth.state).filter(|_| how > 80).unwrap_or(Timestamp(self.now));
                self.now = self.now.max(moment.0);
                Poll::tick(moment)
            }
        }
    }

    /// Asks, and tells of what followed. Was anything new?
    fn ask(&mut self, actor: &Actor, command: PollCommand) -> bool {
        let events = self.booth.ask(actor, self.now, command.clone()).unwrap_or_default();
        for event in &events {
            self.retold.hear(&command, event);
        }
        !events.is_empty()
    }

    /// Takes a step, perhaps twice. Was anything new?
    fn step(&mut self, step: Step) -> bool {
        self.now += i64::from(step.later) * 1_000;
        let command = self.command(step);
        let new = self.ask(&self.who(step), command.clone());
        if new && step.again {
            // A ballot alone is written every time.
            let events = self.booth.repeat().unwrap_or_default();
            let (casts, others): (Vec<_>, Vec<_>) =
                events.into_iter().partition(|event| matches!(event, PollEvent::Cast(_)));
            assert_eq!(others, []);
            for event in &casts {
                self.retold.hear(&command, event);
            }
        }
        new
    }
}

/// What happened, told anew without facets, and with the secret ballots in it.
#[derive(Clone, Default)]
struct Retold {
    place: Option<ForumId>,
    question: Option<Question>,
    phase: Phase,
    round: u32,
    opened_at: Option<Timestamp>,
    until: Option<Timestamp>,
    closing: bool,
    online: BTreeMap<Voter, Vec<u8>>,
    hands: Option<(Vec<u32>, u32)>,
    paper: BTreeMap<Vec<u8>, u32>,
    /// By number, from 1 on: good for voting?
    cards: Vec<bool>,
    before: Vec<(ResultView, bool)>,
    /// Who voted what in earlier rounds of an open poll that were revealed.
    voters: Vec<(u32, Voter, Vec<u8>)>,
}

impl Retold {
    fn hear(&mut self, command: &PollCommand, event: &PollEvent) {
        match (event, command) {
            (PollEvent::Founded(_), PollCommand::Found { forum, question, .. }) => {
                (self.place, self.question) = (forum.map(|forum| forum.id), Some((**question).clone()));
            }
            (PollEvent::Edited(_), PollCommand::Edit { question }) => self.question = Some((**question).clone()),
            (PollEvent::Opened(e), _) => {
                assert_eq!(e.round, self.round + 1);
                if self.round > 0 {
                    let running = self.asks().results == Results::Running;
                    self.before.push((self.result(), self.phase == Phase::Revealed || running));
                    self.voters.extend(self.told());
                }
                (self.online, self.hands, self.paper) = Default::default();
                (self.phase, self.round, self.closing) = (Phase::Open, e.round, false);
                (self.opened_at, self.until) = (Some(e.at), e.until);
            }
            (PollEvent::EndSet(e), _) => (self.until, self.closing) = (e.until, e.closing),
            (PollEvent::Cast(e), PollCommand::Vote { marks, .. }) => {
                assert_ne!(self.asks().secrecy, Secrecy::Secret);
                assert_eq!(&e.marks, marks);
                self.online.insert(e.voter, marks.clone());
            }
            (PollEvent::Marked(e), PollCommand::Vote { marks, .. }) => {
                assert_eq!(self.asks().secrecy, Secrecy::Secret);
                assert_eq!(self.online.insert(e.voter, marks.clone()), None, "a secret ballot was changed");
            }
            (PollEvent::Closed(e), _) => {
                let mut counted: Vec<Alike> = Vec::new();
                if self.asks().secrecy == Secrecy::Secret {
                    for marks in self.online.values() {
                        match counted.iter_mut().find(|alike| alike.marks == *marks) {
                            Some(alike) => alike.ballots += 1,
                            None => counted.push(Alike { marks: marks.clone(), ballots: 1 }),
                        }
                    }
                    counted.sort();
                }
                assert_eq!(e.counted, counted);
                (self.phase, self.until, self.closing) = (Phase::Closed, Some(e.at), false);
            }
            (PollEvent::Revealed(e), _) => {
                assert_eq!(e.round, self.round);
                self.phase = Phase::Revealed;
            }
            (PollEvent::CardsIssued(e), _) => self.cards.extend(e.hashes.iter().map(|_| true)),
            (PollEvent::CardsVoided(e), _) => {
                (e.from..=e.to).for_each(|number| self.cards[number as usize - 1] = false);
            }
            (PollEvent::HandsCounted(e), _) => {
                self.hands = (!e.counts.is_empty()).then(|| (e.counts.clone(), e.people));
            }
            (PollEvent::PaperSet(e), _) => {
                self.paper.insert(e.paper.marks.clone(), e.paper.ballots);
                self.paper.retain(|_, ballots| *ballots > 0);
            }
            // What they cast stays counted.
            (PollEvent::PersonErased(_), PollCommand::ErasePerson { .. }) => {}
            _ => panic!("{event:?} follows from {command:?}"),
        }
    }

    /// Who voted what in this round, if everyone sees it.
    fn told(&self) -> Vec<(u32, Voter, Vec<u8>)> {
        let shown = self.asks().secrecy == Secrecy::Open && self.phase == Phase::Revealed;
        let ballots = self.online.iter().filter(|_| shown);
        ballots.map(|(voter, marks)| (self.round, *voter, marks.clone())).collect()
    }

    fn asks(&self) -> &Question {
        self.question.as_ref().expect("founded")
    }

    fn entitled(&self) -> Option<u32> {
        let voted = |number| self.online.contains_key(&Voter::Card(number));
        let good = self.cards.iter().zip(1..).filter(|(good, number)| **good || voted(*number)).count();
        (self.asks().electorate == Electorate::Cards && !self.cards.is_empty()).then_some(good as u32)
    }

    fn result(&self) -> ResultView {
        let question = self.asks();
        let (method, options) = (question.method, question.method.options(question.options.len()));
        let online: Vec<&[u8]> = self.online.values().map(Vec::as_slice).collect();
        let paper: Vec<&[u8]> =
            self.paper.iter().flat_map(|(marks, ballots)| vec![marks.as_slice(); *ballots as usize]).collect();
        let count = |ballots: &[&[u8]]| Tally::count(method, options, ballots.iter().map(|marks| (*marks, 1)));
        let mut tally = count(&[online.as_slice(), paper.as_slice()].concat());
        let hands = self.hands.as_ref().map(|(counts, people)| Tally::of_hands(method, counts, *people));
        if let Some(hands) = &hands {
            tally = tally.and(hands, method);
        }
        let part = |source, tally: Tally| Part { source, ballots: tally.ballots, sums: tally.sums };
        let mut parts = vec![part(Source::Online, count(&online))];
        parts.extend(hands.map(|hands| part(Source::Hands, hands)));
        parts.extend((!paper.is_empty()).then(|| part(Source::Paper, count(&paper))));
        let tells = question.secrecy != Secrecy::Open && parts.iter().any(|part| part.ballots < 5);
        let few = |ballots: usize| ballots > 0 && ballots < 5;
        let beside_hands = self.hands.as_ref().is_some_and(|(_, people)| *people > 0);
        let withheld = few(online.len()) || (beside_hands && few(online.len() + paper.len()));
        let (round, opened_at, entitled) = (self.round, self.opened_at, self.entitled());
        let closed_at = self.until.filter(|_| self.phase != Phase::Open);
        if withheld && question.secrecy != Secrecy::Open {
            let tally = Tally { ballots: tally.ballots, ..Tally::empty(method, options) };
            let outcome = Outcome::TooFew { need: 5 };
            return ResultView { round, opened_at, closed_at, tally, outcome, parts: Vec::new(), entitled };
        }
        if parts.len() == 1 || tells {
            parts.clear();
        }
        let outcome = outcome(method, &tally, question.majority, question.quorum, entitled);
        ResultView { round, opened_at, closed_at, tally, outcome, parts, entitled }
    }

    fn seen_by(&self, audience: Audience) -> PollView {
        let staff = audience == Audience::Staff;
        if self.phase == Phase::Draft && !staff {
            return PollView::default();
        }
        let question = self.asks();
        let running = question.results == Results::Running && question.secrecy == Secrecy::Open;
        let shown = match self.phase {
            Phase::Draft => false,
            Phase::Open => running,
            Phase::Closed => running || staff,
            Phase::Revealed => true,
        };
        PollView {
            poll: Some(PollHeader {
                id: POLL,
                process: PROCESS,
                forum: self.place,
                round: self.round,
                phase: self.phase,
                opened_at: self.opened_at,
                until: self.until,
                closing: self.closing,
                question: question.clone(),
            }),
            turnout: Turnout {
                online: self.online.len() as u32,
                hands: self.hands.as_ref().map_or(0, |(_, people)| *people),
                paper: self.paper.values().sum(),
                entitled: self.entitled(),
            },
            result: shown.then(|| self.result()),
            before: self
                .before
                .iter()
                .filter(|(_, revealed)| *revealed || staff)
                .map(|(result, _)| result.clone())
                .collect(),
        }
    }

    fn seen_alone_by(&self, one: ParticipantId) -> PollOwn {
        let marks = self.online.get(&Voter::Person(one));
        let told = self.asks().secrecy != Secrecy::Secret;
        PollOwn { voted: marks.is_some(), marks: marks.filter(|_| told).cloned() }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn given_any_poll_then_every_view_follows_from_an_earlier_one_and_the_deltas_since(
        seed in any::<u32>(), steps in steps(), salt in any::<u8>()
    ) {
        let mut hall = Hall::new(seed);
        let mut witness = hall.witness();
        for step in steps {
            if hall.step(step) {
                witness.see(&hall.booth.state);
                witness.judge(witness.len() - 2, witness.len() - 1, salt.into());
            }
        }
        witness.judge_all(salt.into());
    }

    #[test]
    fn given_any_poll_then_everyone_sees_what_the_rules_say_and_no_delta_tells_more(
        seed in any::<u32>(), steps in steps()
    ) {
        let mut hall = Hall::new(seed);
        for step in steps {
            if !hall.step(step) {
                continue;
            }
            let state = &hall.booth.state;
            for audience in Audience::ALL {
                let view = hall.booth.seen(audience);
                prop_assert_eq!(&view, &hall.retold.seen_by(audience), "{:?}", audience);
                for delta in Poll::deltas(state, Seq(0), audience) {
                    match delta {
                        Delta::Put { value: PollValue::Poll(poll), .. } => prop_assert_eq!(Some(*poll), view.poll.clone()),
                        Delta::Put { value: PollValue::Turnout(turnout), .. } => prop_assert_eq!(turnout, view.turnout),
                        Delta::Put { value: PollValue::Result(result), .. } => {
                            prop_assert_eq!(Some(*result), view.result.clone());
                        }
                        Delta::Put { value: PollValue::Before(before), .. } => {
                            prop_assert_eq!(&before, &view.before);
                        }
                        Delta::Gone { key, .. } => prop_assert!(key == PollKey::Result && view.result.is_none()),
                    }
                }
            }
            for one in hall.people() {
                prop_assert_eq!(Poll::own(state, one, 0), hall.retold.seen_alone_by(one));
            }
            let summary = Poll::summary(state);
            prop_assert_eq!(summary.is_none(), hall.retold.phase == Phase::Draft);
            prop_assert!(summary.is_none_or(|it| it.state == hall.retold.phase.word()));
            let mut told: Vec<(u32, Voter, Vec<u8>)> =
                state.open_ballots().map(|(round, voter, marks)| (round, voter, marks.to_vec())).collect();
            told.sort();
            prop_assert_eq!(told, [hall.retold.voters.clone(), hall.retold.told()].concat());
            let secret = hall.retold.asks().secrecy == Secrecy::Secret && hall.retold.phase == Phase::Open;
            prop_assert_eq!(hall.booth.ballots.len(), if secret { hall.retold.online.len() } else { 0 });
            let rows: Words = hall.booth.rows.values().flat_map(|text| words(text)).collect();
            prop_assert_eq!(rows, words_in(hall.retold.asks()));
        }
    }

    #[test]
    fn given_any_poll_when_restored_from_a_snapshot_or_folded_again_then_nothing_differs(
        seed in any::<u32>(), steps in steps(), at in any::<prop::sample::Index>()
    ) {
        let mut hall = Hall::new(seed);
        let (first, rest) = steps.split_at(at.index(steps.len()));
        for step in first {
            hall.step(*step);
        }
        let mut twin = hall.clone();
        twin.booth.state = hall.booth.restored();
        let (windows, people) = ([WindowRequest::default()], hall.people());
        assert_same::<Poll>(&twin.booth.state, &hall.booth.state, &windows, &people);
        for step in rest {
            let before = (hall.booth.state.clone(), twin.booth.state.clone());
            hall.step(*step);
            twin.step(*step);
            let (command, context) = hall.booth.last();
            assert_alike::<Poll>(&before.0, &before.1, command, context);
        }
        assert_same::<Poll>(&twin.booth.state, &hall.booth.state, &windows, &people);
        assert_same::<Poll>(&hall.booth.folded(), &hall.booth.state, &windows, &people);
    }

    /// Whoever sees all there is, log and state included, cannot tell one way of voting from another.
    #[test]
    fn given_two_ways_to_vote_in_a_secret_poll_then_nothing_differs_before_it_is_closed(
        seed in any::<u32>(),
        votes in prop::collection::vec((0..8u8, any::<[u8; 4]>()), 1..16),
    ) {
        assert_tells_nothing(Question { secrecy: Secrecy::Secret, ..for_everyone(seed) }, &votes, true)?;
    }

    #[test]
    fn given_two_ways_to_vote_in_a_confidential_poll_then_all_see_the_same_before_it_is_closed(
        seed in any::<u32>(),
        votes in prop::collection::vec((0..8u8, any::<[u8; 4]>()), 1..16),
    ) {
        assert_tells_nothing(Question { secrecy: Secrecy::Confidential, ..for_everyone(seed) }, &votes, false)?;
    }

    #[test]
    fn given_the_same_secret_ballots_in_another_order_and_of_others_then_they_are_counted_the_same(
        seed in any::<u32>(), ballots in prop::collection::vec(any::<[u8; 2]>(), 1..16), shift in 0..16usize
    ) {
        let question = Question { secrecy: Secrecy::Secret, ..for_everyone(seed) };
        let (method, options) = (question.method, question.method.options(question.options.len()));
        let mut booths = [opened(question.clone(), None), opened(question, None)];
        for n in 0..ballots.len() {
            for (booth, n) in booths.iter_mut().zip([n, (n + shift) % ballots.len()]) {
                let [on, how] = ballots[n];
                let who = guest(booth.seen(Audience::Public).turnout.online as u8);
                prop_assert_eq!(booth.vote(&who, 0, &some_marks(method, options, on, how)), Ok(1));
            }
        }
        let [one, other] = &mut booths;
        other.ballots.reverse();
        one.end(9);
        other.end(9);
        prop_assert_eq!(one.log(), other.log());
        prop_assert_eq!(json(&one.state), json(&other.state));
        prop_assert!(one.ballots.is_empty());
        let [.., last] = &one.log()[..] else { panic!("a log") };
        prop_assert!(last.starts_with("poll.closed"));
    }
}

/// A question that everyone in the room may answer.
fn for_everyone(seed: u32) -> Question {
    let mut count = 0;
    let question = some_question(seed, &mut || {
        count += 1;
        german(&format!("Text {count}"))
    });
    let quorum = question.quorum.filter(|quorum| matches!(quorum, Quorum::Ballots(_)));
    Question {
        electorate: Electorate::Devices,
        weight: Weight::Mood,
        results: Results::Revealed,
        majority: Majority::Simple,
        quorum,
        ..question
    }
}

/// The same people vote, but not the same: who looks on sees no difference. With `secret` neither does who sees all.
fn assert_tells_nothing(question: Question, votes: &[(u8, [u8; 4])], secret: bool) -> Result<(), TestCaseError> {
    let (method, options) = (question.method, question.method.options(question.options.len()));
    let mut booths = [opened(question.clone(), Some(60)), opened(question, Some(60))];
    let mut one_way = BTreeSet::new();
    for (at, (who, [on, how, other_on, other_how])) in (1_000..).zip(votes) {
        let ways = [some_marks(method, options, *on, *how), some_marks(method, options, *other_on, *other_how)];
        if ways[0] == ways[1] || (!secret && !one_way.insert(who)) {
            // Who changes a ballot that can be changed shows that it is another one.
            continue;
        }
        let [one, other] = &mut booths;
        let answers = [one.vote(&guest(*who), at, &ways[0]), other.vote(&guest(*who), at, &ways[1])];
        prop_assert_eq!(&answers[0], &answers[1]);
        for audience in Audience::ALL {
            prop_assert_eq!(one.seen(audience), other.seen(audience));
            prop_assert_eq!(one.seen(audience).result, None);
            for after in 0..=one.seq() {
                let deltas = |booth: &Booth| json(&Poll::deltas(&booth.state, Seq(after), audience));
                prop_assert_eq!(deltas(one), deltas(other));
            }
        }
        if secret {
            let people: Vec<ParticipantId> = (0..8).map(participant).collect();
            let all = |booth: &Booth| picture::<Poll>(&booth.state, &[WindowRequest::default()], &people);
            prop_assert_eq!(all(one), all(other));
            prop_assert_eq!(one.log(), other.log());
            prop_assert_eq!(json(&one.state), json(&other.state));
            let digested = |booth: &Booth| {
                let (command, context) = booth.last();
                Poll::remembered(&booth.state, command, &context.actor).map(|it| json(&it))
            };
            prop_assert!(digested(one).is_some());
            prop_assert_eq!(digested(one), digested(other));
        }
    }
    Ok(())
}

#[test]
fn given_many_polls_then_everything_that_can_happen_happened() {
    let mut runner = TestRunner::deterministic();
    let (mut taken, mut kinds, mut deltas) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let (mut counted, mut refused) = (BTreeSet::new(), BTreeSet::new());
    for n in 0..300 {
        let mut hall = Hall::new(any::<u32>().new_tree(&mut runner).expect("a seed").current());
        let mut witness = hall.witness();
        for step in prop::collection::vec(step(), 40..100).new_tree(&mut runner).expect("steps").current() {
            if hall.step(step) {
                witness.see(&hall.booth.state);
                witness.judge(witness.len() - 2, witness.len() - 1, n);
                let shown = hall.booth.seen(Audience::Public).result;
                if shown.is_some_and(|result| result.tally.ballots > 0) && !hall.retold.online.is_empty() {
                    let it = hall.retold.asks();
                    counted.insert(it.method.word().to_owned());
                    counted.insert(format!("{:?} {:?}", it.electorate, it.secrecy));
                    counted.insert(format!("{:?}", it.majority));
                    counted.insert(format!("{} rounds", hall.retold.round.min(3)));
                }
            } else {
                let (command, context) = hall.booth.last();
                refused.extend(Poll::decide(&hall.booth.state, command, context).err().map(|why| why.code()));
            }
        }
        taken.append(&mut hall.booth.taken);
        kinds.extend(hall.booth.kinds());
        deltas.append(&mut witness.deltas);
    }
    assert_eq!(taken, PollCommand::RULES.iter().map(|rule| rule.name).collect(), "commands that led to something");
    assert_eq!(kinds, written(include_str!("event.rs")), "events");
    let kinds = ["gone result", "put before", "put poll", "put result", "put turnout"];
    assert!(deltas.iter().eq(kinds), "{deltas:?}");
    // Seven methods, three electorates at three labels, four majorities, and first, second and later rounds.
    assert_eq!(counted.len(), 7 + 3 * 3 + 4 + 3, "{counted:?}");
    for code in [
        "already_voted",
        "ballot",
        "banned",
        "card_unknown",
        "forbidden",
        "id_reused",
        "not_entitled",
        "not_found",
        "not_joined",
        "other_round",
        "poll_not_open",
        "question",
        "wrong_state",
    ] {
        assert!(refused.contains(code), "{code} is not among {refused:?}");
    }
}

// Formats.

#[test]
fn given_every_event_accepted_so_far_then_it_is_read_and_written_as_it_was() {
    assert_fixtures::<PollEvent>("poll", include_str!("event.rs"));
}

#[test]
fn given_the_list_of_commands_then_it_has_every_command_once() {
    assert_commands::<Poll>();
}

#[test]
fn given_a_key_of_a_delta_then_it_is_one_string_and_only_such_are_read() {
    for key in [PollKey::Poll, PollKey::Turnout, PollKey::Result, PollKey::Before] {
        assert_eq!(json(&key), format!("\"{key}\""));
        assert_eq!(serde_json::from_str::<PollKey>(&json(&key)).expect("read"), key);
    }
    for unknown in ["", "polls", "Poll", "own"] {
        assert!(serde_json::from_str::<PollKey>(&json(&unknown)).is_err(), "{unknown}");
    }
}

#[test]
fn given_a_question_then_it_reads_what_it_writes_and_the_least_is_enough() {
    for seed in 0..2_000 {
        let question = some_question(seed * 7_919, &mut || german("Text"));
        assert_eq!(question.check(), Ok(()));
        assert_eq!(serde_json::from_str::<Question>(&json(&question)).expect("read"), question);
    }
    let least = r#"{"title":{"source":"de","texts":{"de":"Frage «9000»"}},"method":"yes_no"}"#;
    let question: Question = serde_json::from_str(least).expect("read");
    assert_eq!(question, Question { secrecy: Secrecy::Confidential, ..asked(Method::YesNo, 0) });
}

// Rules: when ballots count.

#[test]
fn given_an_end_then_ballots_received_until_it_count_and_later_ones_do_not() {
    let mut booth = opened(of(Secrecy::Open), Some(60));
    assert_eq!(booth.vote(&guest(1), 60_000, &YES), Ok(1));
    assert_eq!(booth.vote(&guest(2), 60_001, &YES), Err(Rejection::PollNotOpen));
    // Received in time, and handled after one that was not.
    assert_eq!(booth.vote(&guest(3), 59_999, &NO), Ok(1));
    assert_eq!(Poll::next_due(&booth.state), Some(Timestamp(60_000 + GRACE_MS)));
    assert_eq!(booth.ask(&Actor::system(), 60_999, tick(60_999)), Ok(Vec::new()), "not yet due");
    let events = booth.ask(&Actor::system(), 61_000, tick(61_000)).expect("taken");
    assert_eq!(events, [PollEvent::Closed(Closed { at: Timestamp(60_000), counted: Vec::new() })]);
    assert_eq!(booth.vote(&guest(4), 59_999, &NO), Err(Rejection::PollNotOpen), "the count stands");
    assert_eq!(booth.sums(Audience::Staff), Some(vec![1, 1, 0]));
    assert_eq!((booth.header().until, Poll::next_due(&booth.state)), (Some(Timestamp(60_000)), None));
    assert_eq!(booth.ask(&Actor::system(), 99_000, tick(99_000)), Ok(Vec::new()), "closed already");
}

#[test]
fn given_nobody_is_there_then_the_clock_alone_closes_also_a_secret_poll() {
    let mut booth = opened(of(Secrecy::Secret), Some(5));
    (0..5).for_each(|n| _ = booth.vote(&guest(n), 0, &YES).expect("taken"));
    let due = Poll::next_due(&booth.state).expect("due");
    booth.ask(&Actor::system(), due.0, Poll::tick(due)).expect("taken");
    assert_eq!(booth.state.phase(), Phase::Closed);
    assert_eq!((booth.sums(Audience::Staff), booth.sums(Audience::Participants)), (Some(vec![5, 0, 0]), None));
    assert_eq!(booth.ballots, [[0u8; 0]; 0], "the box is empty");
}

#[test]
fn given_a_moderator_closes_then_twenty_seconds_are_left_and_everyone_is_told() {
    let mut booth = opened(of(Secrecy::Open), None);
    let (before, seq) = (booth.header(), booth.seq());
    let end = EndSet { until: Some(Timestamp(30_000)), closing: true };
    assert_eq!(booth.moderate(10_000, PollCommand::Close { seconds: None }), [PollEvent::EndSet(end)]);
    let [Delta::Put { value: PollValue::Poll(told), .. }] = &Poll::deltas(&booth.state, Seq(seq), Audience::Public)[..]
    else {
        panic!("one delta")
    };
    let closing = PollHeader { until: Some(Timestamp(30_000)), closing: true, ..before };
    assert_eq!((**told).clone(), closing);
    assert!(Poll::pressing(&booth.state, Seq(seq)));
    assert_eq!(booth.vote(&guest(1), 30_000, &YES), Ok(1));
    assert_eq!(booth.vote(&guest(2), 30_001, &YES), Err(Rejection::PollNotOpen));
    assert_eq!(booth.moderate(12_000, PollCommand::Close { seconds: None }), [], "that is no sooner");
    let sooner = EndSet { until: Some(Timestamp(17_000)), closing: true };
    assert_eq!(booth.moderate(12_000, close(5)), [PollEvent::EndSet(sooner)]);
    assert_eq!(booth.header().phase, Phase::Open, "until the clock closes it");
}

#[test]
fn given_an_end_that_is_near_then_closing_does_not_move_it_away() {
    let mut booth = opened(of(Secrecy::Open), Some(15));
    booth.moderate(10_000, PollCommand::Close { seconds: None });
    assert_eq!((booth.header().until, booth.header().closing), (Some(Timestamp(15_000)), true));
}

#[test]
fn given_a_poll_of_a_forum_then_the_forum_is_told_who_moved_it() {
    let place = ForumPlaceView { id: ForumId(Uuid::from_u128(4)), stream: StreamId(Uuid::from_u128(5)) };
    let question = Box::new(of(Secrecy::Open));
    let mut booth = Booth::new(StreamId(Uuid::from_u128(3)));
    let found = PollCommand::Found { poll: POLL, process: PROCESS, forum: Some(place), question };
    booth.ask(&Actor::system(), 0, found).expect("founded");
    let told = |booth: &Booth, who: &Actor, at: i64, command: &PollCommand| {
        let decision = Poll::decide(&booth.state, command, &booth.context(who, at)).expect("taken");
        decision
            .follow_ups
            .into_iter()
            .map(|it| serde_json::from_str::<ForumCommand>(&it.command).expect("a command"))
            .collect::<Vec<_>>()
    };
    let moved = |phase, by| {
        let (stream, title) = (StreamId(Uuid::from_u128(3)), of(Secrecy::Open).title);
        vec![ForumCommand::PollMoved { poll: POLL, stream, phase, title, by }]
    };
    let me = moderator().participant;
    let open = PollCommand::Open { seconds: Some(60) };
    assert_eq!(told(&booth, &moderator(), 0, &open), moved(Phase::Open, me));
    booth.moderate(0, open);
    let (by_clock, over) = (booth.clone(), Poll::next_due(&booth.state).expect("it ends"));
    assert_eq!(told(&by_clock, &Actor::system(), over.0, &Poll::tick(over)), moved(Phase::Closed, None));
    assert!(told(&booth, &moderator(), 9, &close(0)).is_empty(), "not yet");
    booth.moderate(9, close(0));
    let due = Poll::next_due(&booth.state).expect("it ends");
    assert_eq!(
        told(&booth, &Actor::system(), due.0, &Poll::tick(due)),
        moved(Phase::Closed, me),
        "the clock did it for them"
    );
}

#[test]
fn given_a_poll_is_closed_at_once_then_what_was_received_by_then_counts_and_nothing_after_it() {
    let mut booth = opened(of(Secrecy::Open), Some(60));
    assert_eq!(booth.vote(&guest(1), 9_000, &YES), Ok(1));
    let end = EndSet { until: Some(Timestamp(10_000)), closing: true };
    assert_eq!(booth.moderate(10_000, close(0)), [PollEvent::EndSet(end)]);
    assert_eq!(booth.moderate(10_000, close(0)), [], "so it was already");
    assert_eq!(booth.vote(&guest(2), 9_999, &YES), Ok(1), "it was on its way");
    assert_eq!(booth.vote(&guest(3), 10_001, &YES), Err(Rejection::PollNotOpen));
    let due = Poll::next_due(&booth.state).expect("the clock closes it");
    assert_eq!(due, Timestamp(10_000 + GRACE_MS));
    let closed = PollEvent::Closed(Closed { at: Timestamp(10_000), counted: Vec::new() });
    assert_eq!(booth.ask(&Actor::system(), due.0, Poll::tick(due)), Ok(vec![closed]));
    assert_eq!(booth.vote(&guest(4), 9_000, &YES), Err(Rejection::PollNotOpen));
    assert_eq!(booth.ask(&moderator(), 10_000, close(0)), Err(Rejection::WrongState));
    // Where the end has come but not yet the clock, the end stands: nothing counted after it.
    let mut booth = opened(of(Secrecy::Open), Some(60));
    booth.end(60_500);
    assert_eq!(booth.header().until, Some(Timestamp(60_000)));
}

#[test]
fn given_a_poll_with_an_end_then_it_can_go_on_for_so_much_longer_whatever_else_moved_it() {
    let extend = |seconds| PollCommand::Extend { seconds };
    let mut booth = opened(of(Secrecy::Open), Some(60));
    booth.moderate(10_000, extend(60));
    booth.moderate(10_100, extend(60));
    assert_eq!(booth.header().until, Some(Timestamp(180_000)), "twice is twice");
    booth.moderate(20_000, close(20));
    let on = EndSet { until: Some(Timestamp(100_000)), closing: false };
    assert_eq!(booth.moderate(30_000, extend(60)), [PollEvent::EndSet(on)], "from its end on");
    // The end has come but not yet the clock.
    booth.moderate(100_500, extend(60));
    assert_eq!(booth.header().until, Some(Timestamp(160_500)));
    assert_eq!(booth.moderate(100_500, extend(0)), []);
    assert_eq!(booth.ask(&moderator(), 100_500, extend(MAX_OPEN_SECONDS)), Err(Rejection::BadTime));
    assert_eq!(booth.ask(&moderator(), 100_500, extend(u32::MAX)), Err(Rejection::BadTime));
    let mut booth = opened(of(Secrecy::Open), None);
    assert_eq!(booth.ask(&moderator(), 0, extend(60)), Err(Rejection::WrongState), "it has no end to move");
}

#[test]
fn given_more_time_then_the_end_moves_and_closing_is_taken_back() {
    let mut booth = opened(of(Secrecy::Open), Some(60));
    booth.moderate(50_000, PollCommand::SetEnd { seconds: Some(60) });
    assert_eq!(booth.vote(&guest(1), 110_000, &YES), Ok(1));
    assert_eq!(booth.ask(&Actor::system(), 61_000, tick(61_000)), Ok(Vec::new()), "the moment that was");
    booth.moderate(100_000, PollCommand::Close { seconds: None });
    assert!(booth.header().closing);
    booth.moderate(101_000, PollCommand::SetEnd { seconds: None });
    assert_eq!((booth.header().until, booth.header().closing), (None, false));
    assert_eq!(Poll::next_due(&booth.state), None);
    assert_eq!(booth.vote(&guest(2), 999_000, &YES), Ok(1));
    let too_long = Some(MAX_OPEN_SECONDS + 1);
    for command in [PollCommand::SetEnd { seconds: too_long }, PollCommand::Close { seconds: too_long }] {
        assert_eq!(booth.ask(&moderator(), 0, command), Err(Rejection::BadTime));
    }
    let open = PollCommand::Open { seconds: too_long };
    assert_eq!(draft(of(Secrecy::Open)).ask(&moderator(), 0, open), Err(Rejection::BadTime));
}

#[test]
fn given_a_ballot_then_it_can_be_changed_unless_it_is_secret() {
    for secrecy in [Secrecy::Open, Secrecy::Confidential] {
        let mut booth = opened(of(secrecy), None);
        assert_eq!(booth.vote(&guest(1), 0, &YES), Ok(1));
        assert_eq!(booth.vote(&guest(1), 0, &NO), Ok(1));
        assert_eq!(booth.vote(&guest(1), 0, &NO), Ok(1), "the same once more is written too, to be known again");
        assert_eq!(booth.own(&guest(1)), PollOwn { voted: true, marks: Some(NO.to_vec()) });
        assert_eq!(booth.own(&guest(2)), PollOwn::default());
        (10..14).for_each(|n| _ = booth.vote(&guest(n), 0, &YES).expect("taken"));
        booth.end(0);
        assert_eq!(booth.sums(Audience::Staff), Some(vec![4, 1, 0]));
    }
    let mut booth = opened(of(Secrecy::Secret), None);
    assert_eq!(booth.vote(&guest(1), 0, &YES), Ok(1));
    for marks in [YES, NO] {
        assert_eq!(booth.vote(&guest(1), 0, &marks), Err(Rejection::AlreadyVoted));
    }
    assert_eq!(booth.own(&guest(1)), PollOwn { voted: true, marks: None });
    assert_eq!(booth.ballots, [YES.to_vec()]);
}

#[test]
fn given_another_round_then_late_ballots_do_not_count_in_it_and_the_earlier_result_stands() {
    for secrecy in Secrecy::ALL {
        let mut booth = opened(of(secrecy), None);
        booth.vote(&guest(1), 0, &YES).expect("taken");
        (10..15).for_each(|n| _ = booth.vote(&guest(n), 0, &YES).expect("taken"));
        booth.moderate(0, hands(&[1, 2, 3], 6));
        booth.moderate(0, paper(&NO, 4));
        booth.end(0);
        booth.moderate(0, PollCommand::Reveal);
        let first = booth.seen(Audience::Public).result.expect("revealed");
        let seq = booth.seq();
        booth.moderate(5, PollCommand::Again);
        assert!(Poll::owners(&booth.state, Seq(seq)).contains(&participant(1)), "told that their ballot is gone");
        assert_eq!(Poll::owners(&booth.state, Seq(seq)).len(), 6);
        assert_eq!(booth.own(&guest(1)), PollOwn::default());
        assert_eq!(booth.ask(&guest(2), 6, vote(1, &YES)), Err(Rejection::OtherRound));
        assert_eq!(booth.ask(&guest(2), 6, vote(3, &YES)), Err(Rejection::OtherRound));
        for audience in Audience::ALL {
            let view = booth.seen(audience);
            assert_eq!((view.result, view.before), (None, vec![first.clone()]));
            assert_eq!(view.turnout, Turnout::default());
        }
        assert_eq!(booth.vote(&guest(1), 7, &NO), Ok(1), "everyone votes anew");
        (10..15).for_each(|n| _ = booth.vote(&guest(n), 7, &NO).expect("taken"));
        booth.end(8);
        assert_eq!(booth.sums(Audience::Staff), Some(vec![0, 6, 0]));
        // What was not revealed stays with staff.
        booth.moderate(9, PollCommand::Again);
        let rounds = |audience| booth.seen(audience).before.iter().map(|it| it.round).collect::<Vec<_>>();
        assert_eq!((rounds(Audience::Public), rounds(Audience::Staff)), (vec![1], vec![1, 2]));
    }
}

#[test]
fn given_a_poll_that_is_open_or_a_draft_then_there_is_no_other_round_and_there_are_ten_at_most() {
    let mut booth = draft(of(Secrecy::Open));
    assert_eq!(booth.ask(&moderator(), 0, PollCommand::Again), Err(Rejection::WrongState));
    booth.moderate(0, PollCommand::Open { seconds: None });
    for round in 1..=MAX_ROUNDS {
        assert_eq!(booth.state.round() as usize, round);
        assert_eq!(booth.ask(&moderator(), 0, PollCommand::Again), Err(Rejection::WrongState));
        booth.end(0);
        if round < MAX_ROUNDS {
            booth.moderate(0, PollCommand::Again);
        }
    }
    let too_many = Rejection::TooMany { max: MAX_ROUNDS as u32 };
    assert_eq!(booth.ask(&moderator(), 0, PollCommand::Again), Err(too_many));
}

// Rules: who sees what.

#[test]
fn given_a_draft_then_only_staff_see_that_there_is_one() {
    let mut booth = draft(with_cards(Secrecy::Open));
    booth.moderate(0, cards(1..=3));
    booth.moderate(0, edit(with_cards(Secrecy::Secret)));
    for audience in [Audience::Public, Audience::Participants] {
        assert_eq!(booth.seen(audience), PollView::default());
        assert_eq!(Poll::deltas(&booth.state, Seq(0), audience), [], "not even that something changed");
    }
    assert_eq!(Poll::summary(&booth.state), None);
    assert_eq!(booth.header().question, with_cards(Secrecy::Secret));
    assert_eq!(booth.seen(Audience::Staff).turnout.entitled, Some(3));
    for (who, why) in [
        (guest(1), Rejection::NotFound),
        (account(1), Rejection::NotFound),
        (staff(1, Role::Editor), Rejection::NotFound),
        (moderator(), Rejection::PollNotOpen),
    ] {
        assert_eq!(booth.vote(&who, 0, &YES), Err(why));
    }
    booth.moderate(0, PollCommand::Open { seconds: None });
    assert_eq!(booth.seen(Audience::Public), booth.seen(Audience::Staff));
    assert_eq!(booth.ask(&moderator(), 0, edit(of(Secrecy::Open))), Err(Rejection::WrongState));
}

#[test]
fn given_no_poll_then_nothing_is_found() {
    let mut booth = Booth::new(StreamId(Uuid::from_u128(3)));
    assert_eq!(booth.ask(&moderator(), 0, PollCommand::Open { seconds: None }), Err(Rejection::NotFound));
    assert_eq!(booth.ask(&guest(1), 0, vote(0, &YES)), Err(Rejection::NotFound));
    assert_eq!(Poll::next_due(&booth.state), None);
    booth.ask(&Actor::system(), 0, found(of(Secrecy::Open))).expect("taken");
    assert_eq!(booth.object(), Some(POLL.0));
    assert_eq!((booth.state.id(), booth.state.process()), (Some(POLL), Some(PROCESS)));
    assert_eq!(booth.ask(&Actor::system(), 0, found(of(Secrecy::Open))), Ok(Vec::new()));
}

#[test]
fn given_a_confidential_or_secret_poll_then_everyone_staff_included_sees_the_turnout_alone() {
    for secrecy in [Secrecy::Confidential, Secrecy::Secret] {
        let mut booth = opened(of(secrecy), None);
        for n in 0..7 {
            booth.vote(&guest(n), 0, &YES).expect("taken");
        }
        booth.moderate(0, hands(&[8, 0, 0], 0));
        booth.moderate(0, paper(&YES, 6));
        for audience in Audience::ALL {
            let view = booth.seen(audience);
            assert_eq!(view.turnout, Turnout { online: 7, hands: 8, paper: 6, entitled: None });
            assert_eq!((view.result, view.before), (None, Vec::new()));
        }
        booth.end(0);
        assert_eq!(booth.sums(Audience::Participants), None, "closed: for staff");
        assert_eq!(booth.sums(Audience::Public), None);
        assert_eq!(booth.sums(Audience::Staff), Some(vec![21, 0, 0]));
        booth.moderate(0, PollCommand::Reveal);
        for audience in Audience::ALL {
            assert_eq!(booth.sums(audience), Some(vec![21, 0, 0]));
        }
        assert_eq!(booth.state.open_ballots().count(), 0, "who voted what is told of open polls alone");
    }
}

#[test]
fn given_an_open_poll_then_its_count_runs_if_that_was_asked_for_and_not_otherwise() {
    let mut running = opened(Question { results: Results::Running, ..of(Secrecy::Open) }, None);
    let mut waiting = opened(of(Secrecy::Open), None);
    for (booth, running) in [(&mut running, true), (&mut waiting, false)] {
        let seq = booth.seq();
        booth.vote(&guest(1), 0, &YES).expect("taken");
        assert_eq!(booth.sums(Audience::Public), running.then(|| vec![1, 0, 0]));
        assert!(!Poll::pressing(&booth.state, Seq(seq)), "numbers that grow can wait");
        booth.end(0);
        assert_eq!(booth.sums(Audience::Public), running.then(|| vec![1, 0, 0]));
        assert_eq!(booth.sums(Audience::Staff), Some(vec![1, 0, 0]));
        assert_eq!(booth.state.open_ballots().count(), 0, "not before it is revealed");
        booth.moderate(0, PollCommand::Reveal);
        let ballots: Vec<_> = booth.state.open_ballots().collect();
        assert_eq!(ballots, [(1, Voter::Person(participant(1)), &YES[..])]);
        booth.moderate(9, PollCommand::Again);
        let ballots: Vec<_> = booth.state.open_ballots().collect();
        assert_eq!(ballots, [(1, Voter::Person(participant(1)), &YES[..])], "of earlier rounds too");
    }
}

#[test]
fn given_hands_and_paper_then_they_stand_apart_unless_a_small_part_would_tell() {
    let parts = |secrecy, online: u8, raised: u32, on_paper: u32| {
        let mut booth = opened(of(secrecy), None);
        for n in 0..online {
            booth.vote(&guest(n), 0, &YES).expect("taken");
        }
        if raised > 0 {
            booth.moderate(0, hands(&[0, raised, 0], 0));
        }
        if on_paper > 0 {
            booth.moderate(0, paper(&[0, 0, 1], on_paper));
        }
        booth.end(0);
        booth.moderate(0, PollCommand::Reveal);
        let result = booth.seen(Audience::Public).result.expect("revealed");
        let (online, raised, on_paper) = (u64::from(online), u64::from(raised), u64::from(on_paper));
        assert_eq!(result.tally.sums, [online, raised, on_paper], "everything counts, also what is not shown apart");
        result.parts.into_iter().map(|part| (part.source, part.ballots, part.sums)).collect::<Vec<_>>()
    };
    let all =
        [(Source::Online, 5, vec![5, 0, 0]), (Source::Hands, 6, vec![0, 6, 0]), (Source::Paper, 7, vec![0, 0, 7])];
    for secrecy in Secrecy::ALL {
        assert_eq!(parts(secrecy, 5, 6, 7), all);
        assert_eq!(parts(secrecy, 9, 0, 0), [], "one source is the whole");
        let shown = parts(secrecy, 5, 6, MIN_PART - 1).len();
        assert_eq!(shown, if secrecy == Secrecy::Open { 3 } else { 0 }, "or the rest tells by difference");
        assert_eq!(parts(secrecy, 0, 6, 0).len(), if secrecy == Secrecy::Open { 2 } else { 0 });
        assert_eq!(parts(secrecy, 5, MIN_PART, 0).len(), 2);
    }
}

#[test]
fn given_a_few_ballots_beside_what_the_hall_knows_then_no_result_tells_how_they_read() {
    let withheld = |secrecy, online: u8, commands: &[PollCommand]| {
        let mut booth = opened(of(secrecy), None);
        for n in 0..online {
            booth.vote(&guest(n), 0, &YES).expect("taken");
        }
        booth.end(0);
        for command in commands {
            booth.moderate(0, command.clone());
        }
        let result = booth.seen(Audience::Staff).result.expect("closed");
        let withheld = result.outcome == Outcome::TooFew { need: MIN_PART };
        assert_eq!(withheld, result.tally.sums.iter().sum::<u64>() == 0, "{result:?}");
        withheld
    };
    let (raised, lowered) = (hands(&[0, 9, 0], 0), hands(&[], 0));
    let none = hands(&[0, 0, 0], 0);
    for secrecy in [Secrecy::Confidential, Secrecy::Secret] {
        assert!(withheld(secrecy, 1, std::slice::from_ref(&raised)), "everyone saw the hands");
        assert!(withheld(secrecy, 4, &[paper(&NO, 9)]), "staff know the paper");
        assert!(withheld(secrecy, 4, &[raised.clone(), lowered.clone()]), "also not by taking the hands back");
        assert!(withheld(secrecy, 0, &[raised.clone(), paper(&NO, 1)]));
        assert!(withheld(secrecy, 4, &[]), "hands can still come, and the difference would tell");
        assert!(
            withheld(secrecy, 4, std::slice::from_ref(&none)) && withheld(secrecy, 4, &[raised.clone(), none.clone()])
        );
        assert!(!withheld(secrecy, 5, &[]) && !withheld(secrecy, 5, &[raised.clone(), lowered.clone()]));
        assert!(!withheld(secrecy, 5, std::slice::from_ref(&raised)));
        assert!(!withheld(secrecy, 0, std::slice::from_ref(&raised)));
        assert!(!withheld(secrecy, 0, &[paper(&NO, 1)]));
    }
    assert!(!withheld(Secrecy::Open, 1, std::slice::from_ref(&raised)), "nothing was promised");
}

#[test]
fn given_cards_then_the_hall_adds_no_more_ballots_than_there_are_cards_left() {
    let mut booth = opened(with_cards(Secrecy::Open), None);
    for number in 1..=4 {
        booth.ask(&guest(1), 0, by_card(&YES, &code(number))).expect("taken");
    }
    for early in [hands(&[1, 0, 0], 0), paper(&NO, 1)] {
        assert_eq!(booth.ask(&moderator(), 0, early), Err(Rejection::WrongState), "who raised a hand could vote still");
    }
    booth.end(0);
    let at_most = |max| Err(Rejection::TooMany { max });
    assert_eq!(booth.ask(&moderator(), 0, hands(&[6, 0, 0], 0)), at_most(5));
    booth.moderate(0, hands(&[3, 0, 0], 0));
    assert_eq!(booth.ask(&moderator(), 0, paper(&NO, 3)), at_most(2));
    booth.moderate(0, paper(&NO, 1));
    assert_eq!(booth.ask(&moderator(), 0, paper(&YES, 2)), at_most(1));
    booth.moderate(0, paper(&NO, 2));
    assert_eq!(booth.ask(&moderator(), 0, hands(&[4, 0, 0], 0)), at_most(3));
}

// Rules: who votes.

#[test]
fn given_an_electorate_then_others_are_refused() {
    let accounts = Question { electorate: Electorate::Accounts, ..of(Secrecy::Open) };
    let mut booth = opened(accounts, None);
    assert_eq!(booth.vote(&guest(1), 0, &YES), Err(Rejection::NotEntitled));
    assert_eq!(booth.vote(&account(2), 0, &YES), Ok(1));
    assert_eq!(booth.vote(&token(Role::Moderator), 0, &YES), Err(Rejection::NotJoined), "a program is nobody");
    let mut booth = opened(of(Secrecy::Open), None);
    for who in [guest(1), account(2), moderator()] {
        assert_eq!(booth.vote(&who, 0, &YES), Ok(1));
    }
    assert_eq!(booth.vote(&Actor::system(), 0, &YES), Err(Rejection::NotJoined));
    // A card is no use where none are asked for.
    assert_eq!(booth.ask(&guest(4), 0, by_card(&YES, &code(1))).map(|events| events.len()), Ok(1));
    assert_eq!(booth.ask(&guest(4), 0, by_card(&YES, &code(2))).map(|events| events.len()), Ok(1), "still one person");
    assert_eq!(booth.seen(Audience::Public).turnout, Turnout { online: 4, ..Turnout::default() });
}

#[test]
fn given_voting_cards_then_each_has_one_ballot_whoever_holds_it() {
    let mut booth = opened(with_cards(Secrecy::Confidential), None);
    for unknown in [by_card(&YES, &code(10)), by_card(&YES, ""), vote(1, &YES)] {
        assert_eq!(booth.ask(&guest(1), 0, unknown), Err(Rejection::CardUnknown));
    }
    // As people type it, and from several phones.
    for (who, typed) in [(1, "BCDF-GHJK-0001"), (2, " bcdfghjk 0002\n"), (3, "BcDf–GHJK–0003")] {
        assert_eq!(booth.ask(&guest(who), 0, by_card(&YES, typed)).map(|it| it.len()), Ok(1), "{typed}");
        assert_eq!(booth.own(&guest(who)), PollOwn::default(), "nobody knows whose it is");
    }
    for number in [4, 5] {
        assert_eq!(booth.ask(&guest(1), 0, by_card(&NO, &code(number))).map(|it| it.len()), Ok(1), "one phone for two");
    }
    let turnout = booth.seen(Audience::Public).turnout;
    assert_eq!(turnout, Turnout { online: 5, entitled: Some(9), ..Turnout::default() });
    assert!(!booth.log().concat().contains(&participant(1).to_string()), "the log says the number alone");
    booth.end(0);
    assert_eq!(booth.sums(Audience::Staff), Some(vec![3, 2, 0]));
    assert_eq!(booth.seen(Audience::Staff).result.expect("closed").entitled, Some(9));
}

#[test]
fn given_a_poll_with_cards_then_a_card_votes_once_and_for_good_in_every_label() {
    for secrecy in Secrecy::ALL {
        let mut booth = opened(with_cards(secrecy), None);
        assert_eq!(booth.ask(&guest(1), 0, by_card(&YES, &code(1))).map(|it| it.len()), Ok(1));
        for (who, marks) in [(2, NO), (1, NO), (1, YES)] {
            let again = booth.ask(&guest(who), 0, by_card(&marks, " bcdf ghjk 0001"));
            assert_eq!(
                again,
                Err(Rejection::AlreadyVoted),
                "{secrecy:?}: who has a picture of the card changes nothing"
            );
        }
        assert_eq!(booth.seen(Audience::Public).turnout.online, 1);
        if secrecy == Secrecy::Secret {
            assert_eq!(booth.ballots, [YES.to_vec()]);
        }
        booth.end(0);
        if secrecy == Secrecy::Open {
            assert_eq!(booth.sums(Audience::Staff), Some(vec![1, 0, 0]));
        }
        booth.moderate(0, PollCommand::Again);
        let again = PollCommand::Vote { round: 2, marks: NO.to_vec(), card: Some(code(1)) };
        assert_eq!(booth.ask(&guest(2), 0, again).map(|it| it.len()), Ok(1), "in each round");
    }
}

#[test]
fn given_cards_that_are_void_then_they_do_not_vote_and_what_they_cast_stands() {
    let mut booth = opened(with_cards(Secrecy::Open), None);
    let void = |from, to| PollCommand::VoidCards { from, to };
    booth.ask(&guest(1), 0, by_card(&YES, &code(1))).expect("taken");
    assert_eq!(booth.moderate(0, void(1, 2)).len(), 1);
    assert_eq!(booth.moderate(0, void(1, 2)), [], "they are already");
    for n in [1, 2] {
        assert_eq!(booth.ask(&guest(1), 0, by_card(&NO, &code(n))), Err(Rejection::CardUnknown));
    }
    let turnout = booth.seen(Audience::Public).turnout;
    assert_eq!((turnout.online, turnout.entitled), (1, Some(8)), "who has voted is entitled");
    for (from, to) in [(0, 1), (3, 2), (9, 10)] {
        assert_eq!(booth.ask(&moderator(), 0, void(from, to)), Err(Rejection::NotFound));
    }
    booth.end(0);
    assert_eq!(booth.sums(Audience::Staff), Some(vec![1, 0, 0]));
    assert_eq!(booth.ask(&moderator(), 0, void(3, 3)), Err(Rejection::WrongState), "the electorate is settled");
    booth.moderate(0, PollCommand::Again);
    assert_eq!(booth.seen(Audience::Public).turnout.entitled, Some(7), "in the next round it is not");
}

#[test]
fn given_cards_then_none_is_there_twice_and_without_any_no_poll_by_cards_opens() {
    let mut booth = draft(with_cards(Secrecy::Open));
    let open = PollCommand::Open { seconds: None };
    assert_eq!(booth.ask(&moderator(), 0, open.clone()), Err(Rejection::NoCards));
    booth.moderate(0, cards(1..=3));
    assert_eq!(booth.ask(&moderator(), 0, cards(3..=4)), Err(Rejection::IdReused));
    let twice = PollCommand::IssueCards { hashes: vec![card_hash(POLL, &code(5)); 2] };
    assert_eq!(booth.ask(&moderator(), 0, twice), Err(Rejection::IdReused));
    let too_many = Err(Rejection::TooMany { max: MAX_CARDS as u32 });
    assert_eq!(booth.ask(&moderator(), 0, cards(4..=MAX_CARDS + 1)), too_many);
    assert_eq!(booth.ask(&moderator(), 0, PollCommand::IssueCards { hashes: Vec::new() }), Ok(Vec::new()));
    booth.moderate(0, PollCommand::VoidCards { from: 1, to: 3 });
    assert_eq!(booth.ask(&moderator(), 0, open.clone()), Err(Rejection::NoCards), "nobody could vote");
    booth.moderate(0, cards(4..=MAX_CARDS));
    assert_eq!(booth.state.card_count(), MAX_CARDS);
    booth.moderate(0, open);
    booth.end(0);
    assert_eq!(booth.ask(&moderator(), 0, cards(6_000..=6_000)), Err(Rejection::WrongState));
    assert_eq!(draft(of(Secrecy::Open)).ask(&moderator(), 0, cards(1..=2)), Err(Rejection::WrongState));
    // The same code is another card in another poll.
    assert_ne!(card_hash(POLL, &code(1)), card_hash(PollId(Uuid::from_u128(8)), &code(1)));
}

#[test]
fn given_a_draft_with_cards_that_is_then_for_everyone_then_nobody_counts_the_cards() {
    let mut booth = draft(with_cards(Secrecy::Open));
    booth.moderate(0, cards(1..=3));
    let mut witness = Witness::<Poll>::new(vec![WindowRequest::default()], Vec::new());
    witness.see(&booth.state);
    booth.moderate(0, edit(of(Secrecy::Open)));
    witness.see(&booth.state);
    witness.judge_all(0);
    assert_eq!(booth.seen(Audience::Staff).turnout.entitled, None);
}

#[test]
fn given_hands_then_only_what_can_be_counted_by_them_is_and_as_many_took_part_as_rose() {
    let mut booth = opened(of(Secrecy::Open), None);
    let options = Rejection::from(BallotProblem::Options { options: 3 });
    assert_eq!(booth.ask(&moderator(), 0, hands(&[1, 2], 9)), Err(options));
    let too_many = Err(Rejection::TooMany { max: MAX_HALL_BALLOTS });
    assert_eq!(booth.ask(&moderator(), 0, hands(&[MAX_HALL_BALLOTS, 1, 0], 0)), too_many);
    assert_eq!(booth.ask(&moderator(), 0, hands(&[u32::MAX; 3], 0)), too_many);
    for people in [0, 5, 7] {
        booth.moderate(0, hands(&[1, 2, 3], people));
        assert_eq!(booth.seen(Audience::Public).turnout.hands, 6);
    }
    assert_eq!(booth.moderate(0, hands(&[1, 2, 3], 7)), [], "so it was already");
    assert_eq!(booth.moderate(0, hands(&[], 9)).len(), 1);
    assert_eq!(booth.seen(Audience::Public).turnout.hands, 0);
    assert_eq!(booth.moderate(0, hands(&[], 3)), [], "there were none already");
    // Nothing but zeros says the same as no numbers: nothing was entered, or it is taken back.
    assert_eq!(booth.moderate(0, hands(&[0, 0, 0], 0)), []);
    booth.moderate(0, hands(&[1, 2, 3], 0));
    assert_eq!(booth.moderate(0, hands(&[0, 0, 0], 0)).len(), 1);
    assert_eq!(booth.seen(Audience::Public).turnout.hands, 0);
    booth.end(0);
    assert_eq!(booth.seen(Audience::Staff).result.expect("closed").parts, []);
    booth.moderate(0, hands(&[1, 2, 3], 0));
    booth.moderate(0, PollCommand::Reveal);
    assert_eq!(booth.ask(&moderator(), 0, hands(&[1, 2, 4], 0)), Err(Rejection::WrongState), "what all saw stands");
    assert_eq!(booth.ask(&moderator(), 0, paper(&[1, 0, 0], 1)), Err(Rejection::WrongState));
    for method in [Method::Scale { steps: 3 }, Method::Resistance, Method::Dots { points: 3 }, Method::Ranking] {
        let mut booth = opened(asked(method, 2), None);
        assert_eq!(booth.ask(&moderator(), 0, hands(&[1, 2], 0)), Err(Rejection::WrongState));
    }
}

#[test]
fn given_hands_for_several_options_then_how_many_people_raised_them_is_said_and_fits() {
    let mut booth = opened(asked(Method::Multiple { min: 1, max: 2 }, 3), None);
    let too_many = Err(Rejection::TooMany { max: MAX_HALL_BALLOTS });
    let most = MAX_HALL_BALLOTS + 1;
    assert_eq!(booth.ask(&moderator(), 0, hands(&[most, 0, 0], most)), too_many);
    let people = Err(Rejection::from(BallotProblem::People));
    assert_eq!(booth.ask(&moderator(), 0, hands(&[4, 2, 3], 0)), people, "each hand may be the same person's");
    // Nine hands: of no fewer than five people, who raise two at most, and of no more than nine, who raise one at least.
    // Nobody raises two for one option.
    for (counts, people) in [([4, 2, 3], 4), ([4, 2, 3], 10), ([6, 2, 1], 5), ([0, 0, 0], 3)] {
        let refused = Err(Rejection::from(BallotProblem::Hands { people }));
        assert_eq!(booth.ask(&moderator(), 0, hands(&counts, people)), refused, "{counts:?} of {people}");
    }
    for people in [5, 9] {
        booth.moderate(0, hands(&[4, 2, 3], people));
        assert_eq!(booth.seen(Audience::Public).turnout.hands, people);
    }
    assert_eq!(booth.moderate(0, hands(&[], 0)).len(), 1, "taken back");
    // Who may choose nothing may raise none.
    let mut booth = opened(asked(Method::Multiple { min: 0, max: 2 }, 3), None);
    booth.moderate(0, hands(&[0, 0, 0], 3));
    booth.vote(&guest(1), 0, &[0, 0, 0]).expect("taken");
    booth.end(0);
    let result = booth.seen(Audience::Staff).result.expect("closed");
    assert_eq!((result.tally.ballots, result.outcome), (4, Outcome::Blank), "nobody is elected by nothing");
}

#[test]
fn given_paper_ballots_then_they_are_valid_ones_and_counted_up_to_a_bound() {
    let mut booth = opened(of(Secrecy::Confidential), None);
    let choose = Rejection::from(BallotProblem::Choose { min: 1, max: 1 });
    assert_eq!(booth.ask(&moderator(), 0, paper(&[1, 1, 0], 2)), Err(choose));
    booth.moderate(0, paper(&YES, MAX_HALL_BALLOTS - 1));
    booth.moderate(0, paper(&NO, 1));
    let too_many = Err(Rejection::TooMany { max: 1 });
    for more in [2, u32::MAX] {
        assert_eq!(booth.ask(&moderator(), 0, paper(&NO, more)), too_many);
    }
    assert_eq!(booth.moderate(0, paper(&NO, 1)), [], "so it was already");
    assert_eq!(booth.moderate(0, paper(&YES, 0)).len(), 1);
    assert_eq!(booth.moderate(0, paper(&YES, 0)), [], "there are none already");
    assert_eq!(booth.seen(Audience::Public).turnout.paper, 1);
}

// Rules: what can be asked and answered.

/// One of these.
fn listed(options: &[Texts]) -> Question {
    Question { options: options.to_vec(), ..asked(Method::Single, 0) }
}

fn in_two(text: &str, arabic: &str) -> Texts {
    let mut texts = german(text);
    texts.texts.insert("ar".to_owned().try_into().expect("a tag"), arabic.into());
    texts
}

#[test]
fn given_a_question_that_does_not_hold_together_then_it_says_what_is_wrong() {
    let bounds = |min, max| QuestionProblem::Bounds { min, max };
    let options = |min, max| QuestionProblem::Options { min, max };
    let scale = |steps| Method::Scale { steps };
    let dots = |points| Method::Dots { points };
    let multiple = |min, max| Method::Multiple { min, max };
    let ends = Some([german("wenig"), german("viel")]);
    let secret = of(Secrecy::Secret);
    let cases = [
        (asked(Method::Single, 1), options(2, 20)),
        (asked(Method::Single, 21), options(2, 20)),
        (asked(Method::Ranking, 1), options(2, 20)),
        (asked(dots(3), 1), options(2, 20)),
        (asked(Method::YesNo, 1), options(0, 0)),
        (asked(scale(3), 0), options(1, 20)),
        (asked(Method::Resistance, 0), options(1, 19)),
        (asked(Method::Resistance, 20), options(1, 19)),
        (asked(multiple(0, 0), 3), bounds(1, 3)),
        (asked(multiple(0, 4), 3), bounds(1, 3)),
        (asked(multiple(3, 2), 3), bounds(0, 2)),
        (asked(scale(1), 2), bounds(2, 11)),
        (asked(scale(12), 2), bounds(2, 11)),
        (asked(dots(0), 2), bounds(1, 100)),
        (asked(dots(101), 2), bounds(1, 100)),
        (Question { quorum: Some(Quorum::Percent(0)), ..with_cards(Secrecy::Open) }, bounds(1, 100)),
        (Question { quorum: Some(Quorum::Percent(101)), ..with_cards(Secrecy::Open) }, bounds(1, 100)),
        (Question { ends: ends.clone(), ..asked(Method::Single, 2) }, QuestionProblem::Ends),
        (Question { electorate: Electorate::Delegates, ..secret.clone() }, QuestionProblem::Delegates),
        (Question { weight: Weight::Binding, ..secret.clone() }, QuestionProblem::BindingDevices),
        (Question { majority: Majority::Entitled, ..secret.clone() }, QuestionProblem::Electorate),
        (Question { quorum: Some(Quorum::Percent(50)), ..secret.clone() }, QuestionProblem::Electorate),
        (Question { majority: Majority::Absolute, ..asked(Method::Ranking, 2) }, QuestionProblem::Majority),
        (Question { majority: Majority::TwoThirds, ..asked(scale(3), 2) }, QuestionProblem::Majority),
        (Question { results: Results::Running, ..secret }, QuestionProblem::Running),
        (Question { results: Results::Running, ..of(Secrecy::Confidential) }, QuestionProblem::Running),
        (listed(&[german("Saal"), german(" SAAL ")]), QuestionProblem::Alike),
        (listed(&[german("der Saal"), german("der  Sa\u{200B}a\u{200D}l")]), QuestionProblem::Alike),
        (listed(&[german("Café"), german("Park"), german("Cafe\u{301}")]), QuestionProblem::Alike),
        (listed(&[in_two("Saal", "قاعة"), in_two("Raum", "قاعة")]), QuestionProblem::Alike),
    ];
    for (question, problem) in cases {
        let mut booth = Booth::new(StreamId(Uuid::from_u128(3)));
        let refused = Err(Rejection::from(problem));
        assert_eq!(booth.ask(&Actor::system(), 0, found(question.clone())), refused);
        let mut booth = draft(of(Secrecy::Open));
        assert_eq!(booth.ask(&moderator(), 0, edit(question)), refused);
        assert_eq!(booth.header().question, of(Secrecy::Open), "what was asked stands");
    }
    for question in [
        listed(&[german("Saal"), german("Saal 2"), german("Saal-2")]),
        listed(&[in_two("Saal", "قاعة"), german("Raum")]),
        asked(Method::Single, 20),
        asked(Method::Resistance, 19),
        asked(multiple(3, 3), 3),
        asked(multiple(0, 1), 2),
        asked(dots(100), 2),
        Question { ends, ..asked(scale(11), 1) },
        Question { weight: Weight::Binding, electorate: Electorate::Accounts, ..of(Secrecy::Secret) },
        Question { weight: Weight::Binding, majority: Majority::Entitled, ..with_cards(Secrecy::Secret) },
        Question { quorum: Some(Quorum::Percent(100)), ..with_cards(Secrecy::Open) },
        Question { quorum: Some(Quorum::Ballots(0)), ..of(Secrecy::Open) },
    ] {
        draft(question);
    }
}

#[test]
fn given_words_that_cannot_be_taken_then_the_question_is_refused_and_nothing_is_kept() {
    let long = "a".repeat(161);
    let plain = asked(Method::Scale { steps: 3 }, 2);
    for question in [
        Question { title: german(" "), ..plain.clone() },
        Question { title: german(&long), ..plain.clone() },
        Question { note: Some(german(&long.repeat(4))), ..plain.clone() },
        Question { options: vec![german("Ja"), german("")], ..plain.clone() },
        Question { ends: Some([german("wenig"), german(&long)]), ..plain.clone() },
    ] {
        let mut booth = draft(plain.clone());
        let rows = booth.rows.clone();
        let refused = booth.ask(&moderator(), 0, edit(question)).expect_err("refused");
        assert_eq!(refused.code(), "text");
        assert_eq!(booth.rows, rows);
    }
    let said = Question { title: german("  Was\n nun? "), ..plain };
    assert_eq!(draft(said).header().question.title, german("Was nun?"), "cleaned");
}

#[test]
fn given_a_ballot_that_cannot_be_taken_then_it_says_what_is_wrong_and_nothing_counts() {
    use BallotProblem::{Choose, Mark, Nothing, Options, Points};
    let cases: [(Method, usize, &[u8], BallotProblem); 17] = [
        (Method::Single, 2, &[1], Options { options: 2 }),
        (Method::Single, 2, &[1, 0, 0], Options { options: 2 }),
        (Method::YesNo, 0, &[], Options { options: 3 }),
        (Method::Resistance, 2, &[0, 0], Options { options: 3 }),
        (Method::Single, 2, &[0, 0], Choose { min: 1, max: 1 }),
        (Method::Single, 2, &[1, 1], Choose { min: 1, max: 1 }),
        (Method::Single, 2, &[2, 0], Mark { max: 1 }),
        (Method::YesNo, 0, &[0, 0, 2], Mark { max: 1 }),
        (Method::Multiple { min: 1, max: 2 }, 3, &[0, 0, 0], Choose { min: 1, max: 2 }),
        (Method::Multiple { min: 1, max: 2 }, 3, &[1, 1, 1], Choose { min: 1, max: 2 }),
        (Method::Scale { steps: 5 }, 2, &[6, 1], Mark { max: 5 }),
        (Method::Scale { steps: 5 }, 2, &[0, 0], Nothing),
        (Method::Resistance, 1, &[0, 11], Mark { max: 10 }),
        (Method::Dots { points: 5 }, 2, &[3, 3], Points { max: 5 }),
        (Method::Dots { points: 5 }, 2, &[0, 0], Nothing),
        (Method::Ranking, 3, &[1, 4, 0], Mark { max: 3 }),
        (Method::Ranking, 3, &[0, 0, 0], Nothing),
    ];
    for (method, options, marks, problem) in cases {
        for secrecy in Secrecy::ALL {
            let mut booth = opened(Question { secrecy, ..asked(method, options) }, None);
            assert_eq!(booth.vote(&guest(1), 0, marks), Err(Rejection::from(problem)), "{method:?} {marks:?}");
            assert_eq!(booth.own(&guest(1)), PollOwn::default());
        }
    }
    let good: [(Method, usize, &[u8]); 6] = [
        (Method::Multiple { min: 0, max: 2 }, 3, &[0, 0, 0]),
        (Method::Scale { steps: 5 }, 2, &[5, 0]),
        (Method::Resistance, 1, &[0, 0]),
        (Method::Dots { points: 5 }, 2, &[0, 5]),
        (Method::Dots { points: 5 }, 2, &[0, 1]),
        (Method::Ranking, 3, &[2, 2, 0]),
    ];
    for (method, options, marks) in good {
        let mut booth = opened(asked(method, options), None);
        assert_eq!(booth.vote(&guest(1), 0, marks), Ok(1), "{method:?} {marks:?}");
    }
}

#[test]
fn given_it_is_so_already_then_nothing_happens() {
    let mut booth = opened(Question { electorate: Electorate::Cards, ..of(Secrecy::Open) }, Some(60));
    let set = |seconds| PollCommand::SetEnd { seconds };
    let same = |booth: &mut Booth, command: PollCommand| {
        booth.ask(&moderator(), 0, command.clone()).expect("taken");
        let seq = booth.seq();
        assert_eq!(booth.ask(&moderator(), 0, command), Ok(Vec::new()));
        assert_eq!(booth.seq(), seq);
    };
    for command in [set(Some(60)), PollCommand::VoidCards { from: 2, to: 3 }, set(None)] {
        same(&mut booth, command);
    }
    booth.end(0);
    for command in [hands(&[1, 1, 2], 4), paper(&NO, 2)] {
        same(&mut booth, command);
    }
    booth.moderate(0, PollCommand::Reveal);
    assert_eq!(booth.moderate(0, PollCommand::Reveal), []);
    let mut draft = draft(of(Secrecy::Open));
    for command in [PollCommand::Reveal, close(0), set(None), hands(&[1, 2, 3], 0), paper(&YES, 1)] {
        assert_eq!(draft.ask(&moderator(), 0, command), Err(Rejection::WrongState));
    }
}

#[test]
fn given_a_rule_then_the_result_says_what_was_decided() {
    let question =
        Question { majority: Majority::Entitled, quorum: Some(Quorum::Percent(60)), ..with_cards(Secrecy::Secret) };
    let outcome = |yes: usize, no: usize| {
        let mut booth = opened(question.clone(), None);
        for n in 1..=yes + no {
            let marks = if n <= yes { YES } else { NO };
            booth.ask(&guest(1), 0, by_card(&marks, &code(n))).expect("taken");
        }
        booth.end(0);
        booth.seen(Audience::Staff).result.expect("closed").outcome
    };
    // Nine cards: six are sixty per cent of them rounded up, and five are more than half.
    assert_eq!(outcome(4, 0), Outcome::TooFew { need: 5 });
    assert_eq!(outcome(5, 0), Outcome::NoQuorum { have: 5, need: 6 });
    assert_eq!(outcome(4, 2), Outcome::Rejected);
    assert_eq!(outcome(5, 1), Outcome::Adopted);
    assert_eq!(outcome(5, 4), Outcome::Adopted);
}

// Rules: rights, secrets, privacy.

/// A poll in which `command` leads to something, and the command.
fn ready(name: &str) -> (Booth, PollCommand) {
    let is_open = || opened(of(Secrecy::Open), Some(60));
    let closed = || {
        let mut booth = is_open();
        booth.end(0);
        booth
    };
    let by_cards = || opened(with_cards(Secrecy::Open), None);
    match name {
        "found" => (Booth::new(StreamId(Uuid::from_u128(3))), found(of(Secrecy::Open))),
        "edit" => (draft(of(Secrecy::Open)), edit(of(Secrecy::Secret))),
        "open" => (draft(of(Secrecy::Open)), PollCommand::Open { seconds: None }),
        "set_end" => (is_open(), PollCommand::SetEnd { seconds: None }),
        "extend" => (is_open(), PollCommand::Extend { seconds: 60 }),
        "close" => (is_open(), close(0)),
        "reveal" => (closed(), PollCommand::Reveal),
        "again" => (closed(), PollCommand::Again),
        "vote" => (is_open(), vote(1, &YES)),
        "issue_cards" => (by_cards(), cards(10..=12)),
        "void_cards" => (by_cards(), PollCommand::VoidCards { from: 1, to: 2 }),
        "count_hands" => (is_open(), hands(&[1, 2, 3], 0)),
        "set_paper" => (is_open(), paper(&YES, 2)),
        "erase_person" => (is_open(), PollCommand::ErasePerson { participant: participant(1) }),
        "tick" => (is_open(), tick(61_000)),
        _ => panic!("{name} is in no test"),
    }
}

#[test]
fn given_each_command_then_nobody_may_but_who_is_named_here() {
    let actors = [
        ("visitor", Actor::default()),
        ("guest", guest(1)),
        ("account", account(2)),
        ("facilitator", staff(3, Role::Facilitator)),
        ("editor", staff(4, Role::Editor)),
        ("advisor", staff(5, Role::Advisor)),
        ("moderator", moderator()),
        ("admin", staff(6, Role::Admin)),
        ("program of an editor", token(Role::Editor)),
        ("program of a moderator", token(Role::Moderator)),
        ("banned", banned(account(7))),
        ("banned moderator", banned(moderator())),
        ("system", Actor::system()),
    ];
    for name in PollCommand::RULES.iter().map(|rule| rule.name) {
        let may: &[&str] = match name {
            "found" | "erase_person" | "tick" => &["system"],
            "vote" => &["guest", "account", "facilitator", "editor", "advisor", "moderator", "admin"],
            _ => &["moderator", "admin", "program of a moderator", "system"],
        };
        for (who, actor) in &actors {
            let (mut booth, command) = ready(name);
            assert_eq!(command.rule().name, name);
            let seq = booth.seq();
            let answer = booth.ask(actor, 0, command);
            if may.contains(who) {
                assert_eq!(answer.map(|events| events.len()), Ok(1), "{name} by {who}");
            } else {
                let why = answer.expect_err("refused").code();
                let nobody = matches!(*who, "visitor" | "program of an editor" | "program of a moderator" | "system");
                let expected = match *who {
                    "banned" | "banned moderator" => "banned",
                    _ if name == "vote" && nobody => "not_joined",
                    _ => "forbidden",
                };
                assert_eq!((why, booth.seq()), (expected, seq), "{name} by {who}");
            }
        }
    }
}

#[test]
fn given_an_erased_person_when_they_vote_or_moderate_late_then_it_is_refused_and_their_ballot_stays() {
    let mut booth = opened(of(Secrecy::Open), None);
    booth.vote(&guest(1), 0, &YES).expect("taken");
    let erase = |person: ParticipantId| PollCommand::ErasePerson { participant: person };
    for person in [participant(1), participant(90)] {
        assert_eq!(booth.ask(&Actor::system(), 0, erase(person)).expect("taken").len(), 1);
        assert_eq!(booth.ask(&Actor::system(), 0, erase(person)), Ok(Vec::new()), "once is enough");
    }
    assert_eq!(booth.vote(&guest(1), 0, &NO), Err(Rejection::NotJoined));
    assert_eq!(booth.ask(&moderator(), 0, close(0)), Err(Rejection::NotJoined));
    assert_eq!(booth.restored().erased.len(), 2);
    booth.vote(&guest(2), 0, &NO).expect("taken");
    booth.ask(&staff(6, Role::Admin), 0, close(0)).expect("taken");
    let due = Poll::next_due(&booth.state).expect("it ends");
    booth.ask(&Actor::system(), due.0, Poll::tick(due)).expect("taken");
    assert_eq!(booth.sums(Audience::Staff), Some(vec![1, 1, 0]));
}

#[test]
fn given_a_secret_poll_then_ballots_stand_nowhere_until_one_event_lists_them_sorted() {
    let method = Method::Dots { points: 99 };
    let mut booth = opened(Question { secrecy: Secrecy::Secret, ..asked(method, 2) }, None);
    // Marks that stand for nothing else.
    let ballots = [[77, 13], [13, 77], [77, 13], [61, 0], [77, 13]];
    let mut remembered = BTreeSet::new();
    for (n, marks) in (1..).zip(ballots) {
        booth.vote(&guest(n), 0, &marks).expect("taken");
        let (command, context) = booth.last();
        let (who, said) = Poll::remembered(&booth.state, command, &context.actor).expect("not as it is");
        assert_eq!(who, participant(n).0, "another person's is another command; the roll names them anyway");
        remembered.insert(json(&said));
        let people: Vec<ParticipantId> = (1..=n).map(participant).collect();
        let mut seen = picture::<Poll>(&booth.state, &[WindowRequest::default()], &people);
        seen.extend(booth.log());
        seen.push(json(&booth.state));
        for text in seen {
            for mark in ["77", "13", "61"] {
                assert!(!text.contains(&format!("[{mark},")) && !text.contains(&format!(",{mark}]")), "{text}");
            }
        }
    }
    assert_eq!(remembered.len(), 1, "whoever tries all ballots finds none in the digest: {remembered:?}");
    booth.ballots.rotate_left(2);
    let [PollEvent::Closed(closed)] = &booth.end(0)[..] else { panic!("one event") };
    let alike = |marks: [u8; 2], ballots| Alike { marks: marks.to_vec(), ballots };
    assert_eq!(closed.counted, [alike([13, 77], 1), alike([61, 0], 1), alike([77, 13], 3)]);
    assert!(booth.ballots.is_empty());
    assert_eq!(booth.sums(Audience::Staff), Some(vec![305, 116]));
    assert_eq!(booth.own(&guest(1)), PollOwn { voted: true, marks: None });
}

#[test]
fn given_a_vote_then_the_program_forgets_what_is_secret_and_who_held_the_card() {
    let (plain, card) = (vote(1, &YES), by_card(&YES, &code(1)));
    let remembered = |booth: &Booth, command: &PollCommand| Poll::remembered(&booth.state, command, &guest(1));
    let traces = |booth: &Booth| [&card, &plain, &close(0)].map(|command| Poll::trace(&booth.state, command));
    for secrecy in [Secrecy::Open, Secrecy::Confidential] {
        let booth = opened(with_cards(secrecy), None);
        assert_eq!(remembered(&booth, &card), None, "the log has it anyway");
        assert_eq!(traces(&booth), [Trace::Unsigned, Trace::Unsigned, Trace::Signed]);
        let booth = opened(of(secrecy), None);
        assert_eq!(traces(&booth), [Trace::Signed; 3], "a card that nobody asked for hides nobody");
    }
    let told = |card: Option<String>| PollCommand::Vote { round: 1, marks: Vec::new(), card };
    let booth = opened(with_cards(Secrecy::Secret), None);
    assert_eq!(remembered(&booth, &card), Some((Uuid::nil(), told(Some(code(1))))), "another card is another command");
    assert_eq!(remembered(&booth, &close(0)), None);
    assert_eq!(traces(&booth), [Trace::Bare, Trace::Bare, Trace::Signed]);
    let booth = opened(of(Secrecy::Secret), None);
    assert_eq!(remembered(&booth, &plain), Some((participant(1).0, told(None))));
    for name in PollCommand::RULES.iter().map(|rule| rule.name) {
        let opens = Poll::opens_box(&ready(name).1);
        assert_eq!(opens, name == "tick", "{name}");
    }
}

#[test]
fn given_a_secret_poll_then_it_is_not_closed_without_its_box() {
    let mut booth = opened(of(Secrecy::Secret), None);
    booth.vote(&guest(1), 0, &YES).expect("taken");
    booth.moderate(0, close(0));
    let due = Poll::next_due(&booth.state).expect("it ends");
    let context = booth.context(&Actor::system(), due.0);
    let refused = Poll::decide(&booth.state, &Poll::tick(due), &context).expect_err("refused");
    assert_eq!(refused, Rejection::WrongState);
}

#[test]
fn given_a_draft_that_asks_something_else_then_its_old_words_are_gone() {
    let wordy = Question {
        note: Some(german("Erklärung «1»")),
        ends: Some([german("wenig «2»"), german("viel «3»")]),
        ..asked(Method::Scale { steps: 4 }, 2)
    };
    let mut booth = draft(wordy);
    let kept = |booth: &Booth| -> Words { booth.rows.values().flat_map(|text| words(text)).collect() };
    assert_eq!(kept(&booth), Words::from([1, 2, 3, 9000, 9001, 9002]));
    booth.moderate(0, edit(Question { title: german("Neu «4»"), ..of(Secrecy::Open) }));
    assert_eq!(kept(&booth), Words::from([4]));
    for state in [&booth.state, &booth.folded(), &booth.restored()] {
        assert_eq!(words_in(&Poll::view(state, Audience::Staff, &WindowRequest::default())), Words::from([4]));
        assert_eq!(words_in(&Poll::deltas(state, Seq(0), Audience::Staff)), Words::from([4]));
    }
    assert_eq!(words(&booth.log().concat()), Words::new(), "the log holds no text");
}

#[test]
fn given_a_card_in_the_log_then_its_code_is_not() {
    let mut booth = opened(with_cards(Secrecy::Confidential), None);
    booth.ask(&guest(1), 0, by_card(&YES, &code(1))).expect("taken");
    let log = booth.log().concat();
    assert!(!log.contains("BCDF") && log.contains(r#"{"card":1}"#));
    let Commitment(hash) = card_hash(POLL, "bcdfghjk0001");
    assert_eq!(hash, card_hash(POLL, &code(1)).0);
}
