use std::cell::RefCell;
use std::rc::Rc;

use stimmwerk_core::ids::{CommandId, ProcessId, StreamId};
use stimmwerk_core::live::{ClientFrame, Delta, Deltas, Hello, OwnFrame, PROTOCOL, Rejected, ServerFrame};
use stimmwerk_core::poll::{
    Electorate, PollDelta, PollHeader, PollKey, PollOwn, PollValue, PollView, Question, Results, Secrecy, Turnout,
    Weight,
};
use stimmwerk_core::tally::{Majority, Method};
use stimmwerk_core::time::{Timestamp, Zone};

use super::super::{MayVote, PollPage};
use super::*;
use crate::cx::Cx;
use crate::live::Link;
use crate::live::{Live, Outside};
use crate::sample::{texts, uuid};
use crate::words::{PollWords, Words};

const START: i64 = 1_000_000;

/// An outside that writes down what is asked of it.
#[derive(Clone, Default)]
struct Fake(Rc<RefCell<Seen>>);

#[derive(Default)]
struct Seen {
    now: i64,
    random: u8,
    sent: Vec<ClientFrame>,
    posted: Vec<(CommandId, Request)>,
    kept: Option<String>,
}

impl Outside for Fake {
    fn now(&self) -> i64 {
        self.0.borrow().now
    }
    fn random(&mut self) -> [u8; 16] {
        let mut seen = self.0.borrow_mut();
        seen.random = seen.random.wrapping_add(1);
        [seen.random; 16]
    }
    fn connect(&mut self) {}
    fn disconnect(&mut self) {}
    fn send(&mut self, frame: String) {
        self.0.borrow_mut().sent.push(serde_json::from_str(&frame).expect("a frame"));
    }
    fn post(&mut self, id: CommandId, request: Request) {
        self.0.borrow_mut().posted.push((id, request));
    }
    fn poll(&mut self, _stream: StreamId, _after: Seq) {}
    fn keep(&mut self, pending: Option<String>) {
        self.0.borrow_mut().kept = pending;
    }
    fn reload(&mut self) {}
    fn is_typing(&self) -> bool {
        false
    }
    fn is_idle(&self) -> bool {
        false
    }
    fn reads_on(&self) -> bool {
        false
    }
}

fn header() -> PollHeader {
    PollHeader {
        id: PollId(uuid(900)),
        process: ProcessId(uuid(3)),
        forum: None,
        round: 1,
        phase: Phase::Open,
        opened_at: Some(Timestamp(START)),
        until: None,
        closing: false,
        question: Question {
            title: texts("Was zuerst?"),
            note: None,
            method: Method::Single,
            options: vec![texts("Sprache"), texts("Wohnen")],
            ends: None,
            electorate: Electorate::Devices,
            secrecy: Secrecy::Confidential,
            weight: Weight::Mood,
            results: Results::Revealed,
            majority: Majority::Simple,
            quorum: None,
        },
    }
}

/// A page of a poll, as of 10.
struct Scene {
    live: Live<Fake, PollSide>,
    board: PollBoard,
    seen: Rc<RefCell<Seen>>,
    have: u64,
    _owner: Owner,
}

const STREAM: StreamId = StreamId(uuid::Uuid::from_u128(7));

impl Scene {
    fn new() -> Self {
        let owner = Owner::new_root(None);
        let page = PollPage {
            stream: STREAM,
            seq: Seq(10),
            view: PollView { poll: Some(header()), ..PollView::default() },
            own: Some(PollOwn::default()),
            may: MayVote::Yes,
            cast: None,
            idempotency_key: CommandId(uuid(1)),
            now: Timestamp(START),
        };
        let board = owner.with(|| {
            let cx = Cx {
                words: Words::of("de"),
                zone: StoredValue::new(Zone::default()),
                path: StoredValue::new("/p/1".to_owned()),
                refused: StoredValue::new(None),
            };
            PollBoard::new(&page, cx, PollWords::of("de"))
        });
        let fake = Fake::default();
        let seen = fake.0.clone();
        seen.borrow_mut().now = START;
        let live = Live::new(fake, PollSide::new(board, START), STREAM, Seq(10));
        Self { live, board, seen, have: 10, _owner: owner }
    }

    fn live() -> Self {
        Self::new().connected()
    }

    /// One on which voting cards count.
    fn of_cards() -> Self {
        let scene = Self::new();
        scene.board.shown.view.update(|view| {
            view.poll.as_mut().expect("a poll").question.electorate = Electorate::Cards;
        });
        scene.connected()
    }

    fn connected(mut self) -> Self {
        let scene = &mut self;
        scene.live.start(Vec::new());
        scene.hello();
        scene.seen.borrow_mut().sent.clear();
        self
    }

    fn hello(&mut self) {
        let now = Timestamp(self.seen.borrow().now);
        self.frame(&ServerFrame::Hello(Hello { build: "a".to_owned(), protocol: PROTOCOL, now }));
        self.put(Vec::new());
    }

    fn frame(&mut self, frame: &ServerFrame<Poll>) {
        self.live.message(&serde_json::to_string(frame).expect("plain data"));
    }

    fn put(&mut self, deltas: Vec<PollDelta>) {
        let (after, seq) = (Seq(self.have), Seq(self.have + u64::from(!deltas.is_empty())));
        self.have = seq.0;
        self.frame(&ServerFrame::Deltas(Deltas { stream: STREAM, after, seq, deltas }));
    }

    fn change(&mut self, change: impl FnOnce(&mut PollHeader)) {
        let mut poll = self.board.shown.view.with_untracked(|view| view.poll.clone()).expect("a poll");
        change(&mut poll);
        let value = PollValue::Poll(Box::new(poll));
        self.put(vec![Delta::Put { key: PollKey::Poll, seq: Seq(self.have + 1), value }]);
    }

    fn turnout(&mut self, online: u32) {
        let value = PollValue::Turnout(Turnout { online, ..Turnout::default() });
        self.put(vec![Delta::Put { key: PollKey::Turnout, seq: Seq(self.have + 1), value }]);
    }

    fn own(&mut self, own: PollOwn) {
        self.frame(&ServerFrame::Own(OwnFrame { stream: STREAM, seq: Seq(self.have), view: own }));
    }

    fn fill(&self, at: usize) {
        self.board.draft.update(|draft| "1".clone_into(&mut draft.values[at]));
    }

    fn cast(&mut self) -> CommandId {
        let ballot = Ballot { round: 1, marks: vec![1, 0], card: None };
        self.live.command(ballot).expect("taken")
    }

    fn cast_for(&mut self, at: usize, card: Option<&str>) -> CommandId {
        let mut marks = vec![0, 0];
        marks[at] = 1;
        self.live.command(Ballot { round: 1, marks, card: card.map(str::to_owned) }).expect("taken")
    }

    fn accept(&mut self, id: CommandId) {
        self.frame(&ServerFrame::Accepted(Accepted { id, object: None, seq: Seq(self.have), repeated: false }));
    }

    fn refuse(&mut self, id: CommandId) {
        let params = serde_json::Map::new();
        let problem = Problem { code: "poll_not_open".to_owned(), status: 409, title: "Zu spät.".to_owned(), params };
        self.frame(&ServerFrame::Rejected(Rejected { id, problem }));
    }

    /// The commands that were sent over the socket, in their order.
    fn sent(&self) -> Vec<CommandId> {
        let seen = self.seen.borrow();
        let sent = seen.sent.iter().filter_map(|frame| match frame {
            ClientFrame::Command { id, .. } => Some(*id),
            _ => None,
        });
        sent.collect()
    }

    fn waiting(&self) -> Vec<CommandId> {
        self.board.pending.with_untracked(|all| all.iter().map(|one| one.id).collect())
    }

    fn votes(&self) -> Vec<CommandId> {
        let seen = self.seen.borrow();
        let votes = seen.sent.iter().filter_map(|frame| match frame {
            ClientFrame::Command { id, command, .. } => {
                assert_eq!(command["type"], "vote");
                assert_eq!(command["marks"], serde_json::json!([1, 0]));
                Some(*id)
            }
            _ => None,
        });
        votes.collect()
    }

    fn pass(&mut self, ms: i64) {
        let end = self.seen.borrow().now + ms;
        while let Some(due) = self.live.due().filter(|due| *due <= end) {
            let now = self.seen.borrow().now;
            self.seen.borrow_mut().now = due.max(now + 1);
            self.live.wake();
            // Somebody is there.
            self.frame(&ServerFrame::Resync(stimmwerk_core::live::Resync { stream: StreamId(uuid(99)) }));
        }
        self.seen.borrow_mut().now = end;
        self.live.wake();
    }

    fn announced(&self) -> String {
        self.board.announced.with_untracked(|said| said.words.clone())
    }
}

#[test]
fn given_a_half_filled_ballot_when_a_thousand_others_vote_then_it_stays() {
    let mut scene = Scene::live();
    scene.fill(1);
    let before = scene.board.draft.get_untracked();
    for online in 1..=1_000 {
        scene.turnout(online);
    }
    scene.live.closed();
    scene.pass(2_000);
    scene.hello();
    assert_eq!(scene.board.draft.get_untracked(), before);
    assert_eq!(scene.board.shown.view.with_untracked(|view| view.turnout.online), 1_000);
}

#[test]
fn given_a_ballot_pressed_twice_and_a_lost_connection_then_it_goes_under_one_id() {
    let mut scene = Scene::live();
    let id = scene.cast();
    assert_eq!(scene.cast(), id);
    assert_eq!(scene.votes(), [id]);
    assert!(scene.board.pending.with_untracked(|all| all.len() == 1));
    scene.live.closed();
    let kept = scene.seen.borrow().kept.clone().expect("kept over a reload");
    scene.pass(2_000);
    scene.hello();
    assert_eq!(scene.votes(), [id, id], "the same command again");
    let kept: Vec<Pending<Ballot>> = serde_json::from_str(&kept).expect("what was kept");
    let mut next = Scene::new();
    next.live.start(kept);
    next.hello();
    assert_eq!(next.votes(), [id]);
}

#[test]
fn given_a_double_click_when_the_first_is_accepted_between_then_the_second_is_the_same_and_another_ballot_is_not() {
    let mut scene = Scene::live();
    let first = scene.cast_for(0, None);
    scene.accept(first);
    scene.pass(BOUNCE_MS - 1);
    assert_eq!(scene.cast_for(0, None), first);
    let other = scene.cast_for(1, None);
    assert_ne!(other, first, "changed, however fast");
    scene.accept(other);
    let back = scene.cast_for(0, None);
    assert_eq!(scene.sent(), [first, other, back]);
    scene.refuse(back);
    assert_ne!(scene.cast_for(0, None), back, "what was refused is sent again");
}

#[test]
fn given_an_accepted_ballot_then_it_is_done_once_its_own_frame_is_there() {
    let mut scene = Scene::live();
    let id = scene.cast();
    scene.turnout(1);
    scene.frame(&ServerFrame::Accepted(Accepted { id, object: None, seq: Seq(11), repeated: false }));
    assert_eq!(scene.board.pending.with_untracked(Vec::len), 1);
    scene.own(PollOwn { voted: true, marks: Some(vec![1, 0]) });
    assert!(scene.board.pending.with_untracked(Vec::is_empty) && scene.seen.borrow().kept.is_none());
    assert!(scene.board.voted_untracked());
    assert_eq!(scene.board.said.with_untracked(|said| said.words.clone()), PollWords::of("de").mine_done());
}

#[test]
fn given_a_refused_ballot_then_the_reason_is_shown_and_nothing_is_lost() {
    let mut scene = Scene::live();
    scene.fill(0);
    let before = scene.board.draft.get_untracked();
    let id = scene.cast();
    let params = serde_json::Map::new();
    let problem = Problem { code: "poll_not_open".to_owned(), status: 409, title: "Zu spät.".to_owned(), params };
    scene.frame(&ServerFrame::Rejected(Rejected { id, problem }));
    assert_eq!(
        scene.board.refused.with_untracked(|refused| refused.as_ref().map(|one| one.problem.title.clone())),
        Some("Zu spät.".into())
    );
    assert_eq!(scene.board.draft.get_untracked(), before);
    assert!(scene.board.pending.with_untracked(Vec::is_empty));
}

#[test]
fn given_a_refused_ballot_when_the_next_one_counts_then_the_refusal_is_over() {
    let mut scene = Scene::live();
    let (bad, good) = (scene.cast_for(0, None), scene.cast_for(1, None));
    scene.refuse(bad);
    assert!(scene.board.refused.with_untracked(Option::is_some));
    scene.accept(good);
    scene.own(PollOwn { voted: true, marks: Some(vec![0, 1]) });
    scene.pass(5_000);
    assert_eq!(scene.waiting(), []);
    assert!(scene.board.refused.with_untracked(Option::is_none), "it counts after all");
}

#[test]
fn given_a_phone_whose_clock_is_wrong_then_the_end_is_counted_by_the_server_before_it_says_anything() {
    let scene = Scene::new();
    scene.board.shown.view.update(|view| view.poll.as_mut().expect("a poll").until = Some(Timestamp(START + 90_000)));
    let mut side = PollSide::new(scene.board, START + 300_000);
    side.wake(START + 300_000);
    assert_eq!(scene.board.left.get_untracked(), None, "a minute and a half is left");
    side.wake(START + 350_000);
    assert_eq!(scene.board.left.get_untracked(), Some(40));
}

#[test]
fn given_a_new_round_then_the_ballot_is_fresh_and_it_is_said() {
    let mut scene = Scene::live();
    scene.fill(0);
    scene.change(|poll| poll.phase = Phase::Closed);
    assert_eq!(scene.announced(), PollWords::of("de").state_closed());
    scene.change(|poll| (poll.phase, poll.round) = (Phase::Open, 2));
    assert_eq!(scene.board.draft.get_untracked().values, ["", ""]);
    assert_eq!(scene.announced(), PollWords::of("de").say_round());
    assert!(!scene.board.voted_untracked());
}

#[test]
fn given_a_poll_that_closes_then_the_seconds_are_counted_and_said_three_times() {
    let mut scene = Scene::live();
    assert_eq!(scene.board.left.get_untracked(), None);
    let said = |scene: &Scene| scene.board.announced.with_untracked(|said| said.number);
    let until = Timestamp(START + 20_000);
    scene.change(|poll| (poll.until, poll.closing) = (Some(until), true));
    assert_eq!(scene.board.left.get_untracked(), Some(20));
    assert_eq!((said(&scene), scene.announced()), (1, PollWords::of("de").end_left(20)));
    scene.pass(7_000);
    assert_eq!((scene.board.left.get_untracked(), said(&scene)), (Some(13), 1));
    scene.pass(9_000);
    assert_eq!((scene.board.left.get_untracked(), said(&scene)), (Some(4), 3));
    scene.pass(6_000);
    assert_eq!((scene.board.left.get_untracked(), said(&scene)), (Some(0), 3));
    scene.change(|poll| poll.phase = Phase::Closed);
    assert_eq!(scene.board.left.get_untracked(), None);
    assert!(matches!(scene.board.link.get_untracked(), Link::Live));
}

#[test]
fn given_a_ballot_that_comes_after_the_end_then_it_is_said_and_what_was_chosen_is_not_lost() {
    let mut scene = Scene::live();
    scene.fill(1);
    scene.live.closed();
    let id = scene.cast_for(1, None);
    scene.pass(2_000);
    scene.hello();
    scene.change(|poll| poll.phase = Phase::Closed);
    scene.refuse(id);
    let refused = scene.board.refused.get_untracked().expect("the page says so");
    assert_eq!((refused.round, refused.marks), (1, vec![0, 1]));
    let said = scene.board.said.with_untracked(|said| said.words.clone());
    assert!(said.starts_with(PollWords::of("de").mine_not_counted()) && said.ends_with("Zu spät."), "{said}");
    scene.change(|poll| (poll.phase, poll.round) = (Phase::Open, 2));
    assert!(scene.board.refused.with_untracked(Option::is_some), "until the next one is sent");
}

#[test]
fn given_a_changed_ballot_while_the_first_is_on_its_way_then_it_goes_after_the_answer() {
    let mut scene = Scene::live();
    let first = scene.cast_for(0, None);
    let second = scene.cast_for(1, None);
    assert_eq!(scene.sent(), [first]);
    let third = scene.cast_for(0, None);
    assert_eq!(scene.waiting(), [first, third], "the second was never sent");
    assert_ne!(third, second);
    let fourth = scene.cast_for(1, None);
    scene.live.closed();
    scene.pass(2_000);
    scene.hello();
    assert_eq!(scene.sent(), [first, first], "the first until it is answered");
    scene.accept(first);
    assert_eq!(scene.sent(), [first, first, fourth]);
    scene.accept(first);
    assert_eq!(scene.sent().len(), 3, "a second answer to the same");
}

#[test]
fn given_no_socket_then_ballots_are_posted_one_after_another_and_the_last_wins() {
    let mut scene = Scene::live();
    scene.live.offline();
    let never = scene.cast_for(0, None);
    let first = scene.cast_for(1, None);
    assert_eq!(scene.waiting(), [first], "what was never sent is replaced");
    for _ in 0..3 {
        scene.live.awake();
        scene.live.closed();
    }
    let nothing = crate::live::CatchUp { after: Seq(10), seq: Seq(10), deltas: Vec::new(), own: None };
    scene.live.polled(Ok(nothing.clone()));
    let posted = |scene: &Scene| scene.seen.borrow().posted.iter().map(|(id, _)| *id).collect::<Vec<_>>();
    assert_eq!(posted(&scene), [first]);
    let second = scene.cast_for(0, None);
    scene.live.posted(first, Err(crate::live::Failure::Network));
    scene.pass(6_000);
    assert_eq!(posted(&scene), [first, first], "retried before the next goes");
    scene.live.posted(first, Ok(Accepted { id: first, object: None, seq: Seq(10), repeated: false }));
    assert_eq!(posted(&scene), [first, first, second]);
    assert!(!posted(&scene).contains(&never));
}

#[test]
fn given_ballots_of_an_earlier_load_then_the_first_may_have_been_sent_and_stays() {
    let mut scene = Scene::live();
    let (first, second) = (scene.cast_for(0, None), scene.cast_for(1, None));
    let kept = scene.seen.borrow().kept.clone().expect("kept over a reload");
    let mut next = Scene::new();
    next.seen.borrow_mut().random = 100;
    next.live.start(serde_json::from_str(&kept).expect("what was kept"));
    let third = next.cast_for(0, None);
    assert_eq!(next.waiting(), [first, third]);
    assert_ne!(second, third);
}

#[test]
fn given_one_phone_for_many_cards_then_nobody_finds_or_loses_a_ballot() {
    let mut scene = Scene::of_cards();
    scene.fill(0);
    scene.board.draft.update(|draft| "AAAA".clone_into(&mut draft.card));
    let first = scene.cast_for(0, Some("AAAA"));
    assert!(scene.board.draft.with_untracked(Draft::is_blank), "it leaves the fields when it is sent");
    scene.fill(1);
    let begun = scene.board.draft.get_untracked();
    scene.accept(first);
    assert!(scene.waiting().is_empty());
    assert_eq!(scene.board.draft.get_untracked(), begun, "the next one goes on");
    assert!(scene.board.open.get_untracked());

    let second = scene.cast_for(1, Some("BBBB"));
    scene.refuse(second);
    let back = scene.board.draft.get_untracked();
    assert_eq!((back.ballot(1).marks, back.card.as_str()), (vec![0, 1], "BBBB"), "nobody had begun: it comes back");

    let third = scene.cast_for(1, Some("CCCC"));
    scene.fill(0);
    scene.refuse(third);
    assert_eq!(
        scene.board.draft.with_untracked(|draft| (draft.ballot(1).marks, draft.card.clone())),
        (vec![1, 0], String::new())
    );
    assert_eq!(
        scene.board.refused.get_untracked().map(|one| one.marks),
        Some(Vec::new()),
        "the next one sees no choice"
    );
}

#[test]
fn given_a_secret_ballot_pressed_twice_then_the_empty_fields_are_not_a_second_one() {
    let scene = Scene::new();
    scene.board.shown.view.update(|view| view.poll.as_mut().expect("a poll").question.secrecy = Secrecy::Secret);
    let mut scene = scene.connected();
    let id = scene.cast_for(0, None);
    assert_eq!(scene.live.command(Ballot { round: 1, marks: vec![0, 0], card: None }), Some(id));
    assert_eq!(scene.sent(), [id]);
}

#[test]
fn given_a_vote_in_another_tab_then_a_half_filled_ballot_stays_open() {
    let mut scene = Scene::live();
    scene.fill(1);
    scene.turnout(1);
    scene.own(PollOwn { voted: true, marks: Some(vec![1, 0]) });
    assert!(scene.board.voted_untracked() && scene.board.open.get_untracked());
    let id = scene.cast_for(1, None);
    scene.turnout(1);
    scene.accept(id);
    scene.own(PollOwn { voted: true, marks: Some(vec![0, 1]) });
    assert!(!scene.board.open.get_untracked());
}

#[test]
fn given_a_page_that_stops_then_its_form_sends_what_was_not_sent_and_nothing_older_follows() {
    let mut scene = Scene::of_cards();
    scene.live.closed();
    let id = scene.cast_for(0, Some("AAAA"));
    scene.pass(2_000);
    let now = Timestamp(scene.seen.borrow().now);
    scene.frame(&ServerFrame::Hello(Hello { build: "a".to_owned(), protocol: PROTOCOL + 1, now }));
    assert_eq!(scene.board.link.get_untracked(), Link::Stale);
    assert!(scene.board.sending());
    assert_eq!(scene.board.draft.with_untracked(|draft| draft.ballot(1).card), Some("AAAA".to_owned()));
    assert_eq!(scene.live.command(Ballot { round: 1, marks: vec![0, 1], card: Some("AAAA".to_owned()) }), None);
    assert!(!scene.waiting().contains(&id), "the form goes now");
}
