use std::cell::RefCell;
use std::rc::Rc;

use stimmwerk_core::forum::PollPlaceInForum;
use stimmwerk_core::forum::{
    ContributionPut, ContributionView, Counts, Forum, ForumCommand, ForumDelta, ForumKey, ForumValue, ForumView,
    OwnView, People,
};
use stimmwerk_core::ids::{ContributionId, PollId, TopicId};
use stimmwerk_core::live::{Beat, Bye, Delta, Deltas, Hello, OwnFrame, Page, Presence, Rejected, Resync, Snapshot};
use stimmwerk_core::people::Audience;
use stimmwerk_core::poll::Phase;
use stimmwerk_core::time::Timestamp;

use super::*;
use crate::address::Writing;
use crate::pages::ForumPage;
use crate::pages::forum::board::{Board, Pending};
use crate::pages::forum::side::ForumSide;
use crate::sample::{self, uuid};
use crate::words::Words;

const STREAM: StreamId = StreamId(Uuid::from_u128(7));

/// An outside that writes down what is asked of it.
#[derive(Clone, Default)]
struct Fake(Rc<RefCell<Seen>>);

#[derive(Default)]
struct Seen {
    now: i64,
    random: u8,
    connects: usize,
    disconnects: usize,
    sent: Vec<ClientFrame>,
    posted: Vec<(CommandId, Request)>,
    polls: Vec<Seq>,
    kept: Vec<Pending>,
    reloads: usize,
    typing: bool,
    idle: bool,
    reading: bool,
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
    fn connect(&mut self) {
        self.0.borrow_mut().connects += 1;
    }
    fn disconnect(&mut self) {
        self.0.borrow_mut().disconnects += 1;
    }
    fn send(&mut self, frame: String) {
        self.0.borrow_mut().sent.push(serde_json::from_str(&frame).expect("a frame"));
    }
    fn post(&mut self, id: CommandId, request: Request) {
        self.0.borrow_mut().posted.push((id, request));
    }
    fn poll(&mut self, _stream: StreamId, after: Seq) {
        self.0.borrow_mut().polls.push(after);
    }
    fn keep(&mut self, pending: Option<String>) {
        let kept = pending.map(|json| serde_json::from_str(&json).expect("what was kept"));
        self.0.borrow_mut().kept = kept.unwrap_or_default();
    }
    fn reload(&mut self) {
        self.0.borrow_mut().reloads += 1;
    }
    fn is_typing(&self) -> bool {
        self.0.borrow().typing
    }
    fn is_idle(&self) -> bool {
        self.0.borrow().idle
    }
    fn reads_on(&self) -> bool {
        self.0.borrow().reading
    }
}

fn contribution(position: u64) -> ContributionView {
    sample::contribution(position, "Beitrag")
}

fn view(positions: &[u64]) -> ForumView {
    sample::forum_page(positions.iter().map(|position| contribution(*position)).collect()).view
}

/// A store of a page as of 10, with contributions 10 and 9.
struct Scene {
    live: Live<Fake, ForumSide>,
    board: Board,
    seen: Rc<RefCell<Seen>>,
    _owner: Owner,
}

impl Scene {
    fn of(view: ForumView, path: &str) -> Self {
        let owner = Owner::new_root(None);
        let page = ForumPage { stream: STREAM, seq: Seq(10), view, ..sample::forum_page(Vec::new()) };
        let (fake, board, words) = owner.with(|| {
            let cx = sample::cx(path);
            (Fake::default(), Board::new(&page, cx), cx.words)
        });
        let seen = fake.0.clone();
        seen.borrow_mut().now = 1_000_000;
        let live = Live::new(fake, ForumSide::new(board, words), STREAM, Seq(10));
        Self { live, board, seen, _owner: owner }
    }

    fn new() -> Self {
        Self::of(view(&[10, 9]), "/f/1")
    }

    /// Connected and caught up.
    fn live() -> Self {
        let mut scene = Self::new();
        scene.live.start(Vec::new());
        scene.hello();
        scene.deltas(10, 10, Vec::new());
        scene.seen.borrow_mut().sent.clear();
        scene
    }

    fn frame(&mut self, frame: ServerFrame<Forum>) {
        self.live.message(&serde_json::to_string(&frame).expect("plain data"));
    }

    fn hello(&mut self) {
        self.hello_of("a", PROTOCOL);
    }

    fn hello_of(&mut self, build: &str, protocol: u32) {
        self.frame(ServerFrame::Hello(Hello { build: build.to_owned(), protocol, now: Timestamp(5) }));
    }

    fn deltas(&mut self, after: u64, seq: u64, deltas: Vec<ForumDelta>) {
        self.frame(ServerFrame::Deltas(Deltas { stream: STREAM, after: Seq(after), seq: Seq(seq), deltas }));
    }

    fn pass(&mut self, ms: i64) {
        self.seen.borrow_mut().now += ms;
        self.live.wake();
    }

    /// Lets time pass as a timer would, until `ms` have passed.
    fn run(&mut self, ms: i64) {
        let end = self.seen.borrow().now + ms;
        for _ in 0..10_000 {
            let Some(due) = self.live.due().filter(|due| *due <= end) else { break };
            let now = self.seen.borrow().now;
            self.pass((due - now).max(1));
        }
        let now = self.seen.borrow().now;
        self.pass((end - now).max(0));
    }

    fn sent(&self) -> Vec<ClientFrame> {
        std::mem::take(&mut self.seen.borrow_mut().sent)
    }

    fn positions(&self) -> Vec<u64> {
        self.board.view.with_untracked(|view| view.contributions.iter().map(|one| one.position).collect())
    }

    fn pending(&self) -> Vec<Pending> {
        self.board.pending.get_untracked()
    }

    fn write(&mut self, text: &str) -> CommandId {
        self.live.command(contribute(text)).expect("taken")
    }

    fn reject(&mut self, id: CommandId, code: &str) {
        let problem = Problem {
            code: code.to_owned(),
            status: 409,
            title: "So nicht.".to_owned(),
            params: serde_json::Map::new(),
        };
        self.frame(ServerFrame::Rejected(Rejected { id, problem }));
    }

    fn own(&mut self, seq: u64, own: OwnView) {
        self.frame(ServerFrame::Own(OwnFrame { stream: STREAM, seq: Seq(seq), view: own }));
    }
}

fn contribute(text: &str) -> ForumCommand {
    ForumCommand::Contribute { text: text.to_owned(), lang: None, topic: None, reply_to: None, hall: None }
}

fn put(one: ContributionView) -> ForumDelta {
    let (key, seq) = (ForumKey::Contribution(one.id), Seq(one.position));
    Delta::Put {
        key,
        seq,
        value: ForumValue::Contribution(Box::new(ContributionPut { contribution: one, people: People::default() })),
    }
}

fn subscribe(after: u64, from: u64) -> ClientFrame {
    ClientFrame::Subscribe { stream: STREAM, after: Some(Seq(after)), audience: None, from: Some(from) }
}

fn commands(frames: &[ClientFrame]) -> Vec<CommandId> {
    frames
        .iter()
        .filter_map(|frame| match frame {
            ClientFrame::Command { id, .. } => Some(*id),
            _ => None,
        })
        .collect()
}

#[test]
fn given_a_page_when_connected_then_it_follows_from_what_it_has() {
    let mut scene = Scene::new();
    scene.live.start(Vec::new());
    assert_eq!(scene.seen.borrow().connects, 1);
    assert_eq!(scene.board.link.get_untracked(), Link::Connecting);
    scene.hello();
    assert_eq!(scene.sent(), [subscribe(10, 9)]);
    assert_eq!(scene.board.link.get_untracked(), Link::Live);
}

#[test]
fn given_ranges_in_order_then_they_are_taken_in() {
    let mut scene = Scene::live();
    scene.deltas(10, 11, vec![put(contribution(11))]);
    // A part of a range repeats its start, the rest ends it.
    scene.deltas(11, 11, vec![put(contribution(12))]);
    scene.deltas(11, 13, vec![put(contribution(13))]);
    assert_eq!(scene.positions(), [13, 12, 11, 10, 9]);
    assert!(scene.sent().is_empty());
    scene.deltas(
        13,
        14,
        vec![Delta::Put {
            key: ForumKey::Counts(ContributionId(uuid(9))),
            seq: Seq(14),
            value: ForumValue::Counts(Counts { support: 3, replies: 1 }),
        }],
    );
    assert_eq!(scene.board.view.with_untracked(|view| view.contributions[4].support), 3);
}

#[test]
fn given_a_gap_then_nothing_is_taken_and_the_store_asks_once_from_what_it_has() {
    let mut scene = Scene::live();
    scene.deltas(12, 13, vec![put(contribution(13))]);
    scene.deltas(13, 14, vec![put(contribution(14))]);
    assert_eq!(scene.positions(), [10, 9]);
    assert_eq!(scene.sent(), [subscribe(10, 9)]);
    scene.deltas(10, 14, vec![put(contribution(13)), put(contribution(14))]);
    assert_eq!(scene.positions(), [14, 13, 10, 9]);
    scene.deltas(14, 15, vec![put(contribution(15))]);
    assert_eq!(scene.positions()[0], 15);
}

#[test]
fn given_half_a_range_when_the_connection_is_lost_then_all_of_it_is_asked_again() {
    let mut scene = Scene::live();
    scene.deltas(10, 10, vec![put(contribution(11))]);
    scene.live.closed();
    scene.run(30_000);
    scene.hello();
    assert_eq!(scene.sent(), [subscribe(10, 9)]);
}

#[test]
fn given_a_resync_then_torn_ranges_are_passed_over_until_the_fresh_start() {
    let mut scene = Scene::live();
    scene.frame(ServerFrame::Resync(Resync { stream: STREAM }));
    scene.deltas(20, 21, vec![put(contribution(21))]);
    assert!(scene.sent().is_empty(), "the server starts afresh by itself");
    scene.deltas(10, 21, vec![put(contribution(20)), put(contribution(21))]);
    assert_eq!(scene.positions(), [21, 20, 10, 9]);
}

#[test]
fn given_a_snapshot_then_nothing_of_the_old_view_stays() {
    let mut scene = Scene::live();
    let snapshot = Snapshot { stream: STREAM, seq: Seq(90), audience: Audience::Participants, view: view(&[90, 80]) };
    scene.frame(ServerFrame::Snapshot(snapshot));
    assert_eq!(scene.positions(), [90, 80], "9 and 10 may have been hidden since");
    scene.deltas(90, 91, vec![put(contribution(91))]);
    assert_eq!(scene.positions(), [91, 90, 80]);
}

#[test]
fn given_a_topic_page_then_snapshots_and_pages_are_cut_to_it() {
    let topic = TopicId(uuid(5));
    let mut page = view(&[10]);
    page.contributions[0].topic = Some(topic);
    page.window.topic = Some(topic);
    let mut scene = Scene::of(page, "/f/1?topic=5");
    scene.live.start(Vec::new());
    scene.hello();
    let mut whole = view(&[30, 20]);
    whole.contributions[1].topic = Some(topic);
    scene.frame(ServerFrame::Snapshot(Snapshot {
        stream: STREAM,
        seq: Seq(30),
        audience: Audience::Public,
        view: whole,
    }));
    assert_eq!(scene.positions(), [20]);
    let mut older = view(&[8, 7]);
    older.contributions[1].topic = Some(topic);
    scene.frame(ServerFrame::Page(Page { stream: STREAM, seq: Seq(30), view: older }));
    assert_eq!(scene.positions(), [20, 7]);
}

#[test]
fn given_an_older_page_then_it_is_put_under_the_list_unless_it_is_older_than_the_view() {
    let mut scene = Scene::live();
    assert!(scene.live.older());
    assert!(scene.live.older(), "pressed twice");
    assert_eq!(scene.sent(), [ClientFrame::Page { stream: STREAM, before: 9, topic: None }]);
    scene.frame(ServerFrame::Page(Page { stream: STREAM, seq: Seq(9), view: view(&[8, 7]) }));
    assert_eq!(scene.positions(), [10, 9], "something in it may have been hidden at 10");
    assert_eq!(scene.sent(), [ClientFrame::Page { stream: STREAM, before: 9, topic: None }]);
    scene.frame(ServerFrame::Page(Page { stream: STREAM, seq: Seq(10), view: view(&[8, 7]) }));
    assert_eq!(scene.positions(), [10, 9, 8, 7]);
}

#[test]
fn given_frames_of_other_streams_then_they_change_nothing() {
    let mut scene = Scene::live();
    let other = StreamId(Uuid::from_u128(99));
    scene.frame(ServerFrame::Deltas(Deltas {
        stream: other,
        after: Seq(10),
        seq: Seq(11),
        deltas: vec![put(contribution(11))],
    }));
    scene.frame(ServerFrame::Presence(Presence { stream: other, people: 9 }));
    assert_eq!(scene.positions(), [10, 9]);
    assert_eq!(scene.board.people.get_untracked(), None);
}

#[test]
fn given_a_frame_that_cannot_be_read_then_the_store_asks_again_once_and_then_stops() {
    let mut scene = Scene::live();
    scene.live.message("{\"type\":\"deltas\",\"stream\":1}");
    assert_eq!(scene.sent(), [subscribe(10, 9)]);
    scene.live.message("{\"type\":\"deltas\",\"stream\":1}");
    assert_eq!(scene.board.link.get_untracked(), Link::Stale);
    assert!(scene.live.command(contribute("x")).is_none(), "forms are plain forms again");
    scene.live.message("{\"type\":\"of a newer server\"}");
}

#[test]
fn given_a_command_then_it_is_kept_until_its_effect_is_seen() {
    let mut scene = Scene::live();
    let id = scene.write("Hallo");
    assert_eq!(commands(&scene.sent()), [id]);
    assert_eq!(scene.seen.borrow().kept.len(), 1);
    assert_eq!(scene.positions(), [10, 9], "never mixed into the view");
    let object = contribution(11).id.0;
    scene.frame(ServerFrame::Accepted(Accepted { id, object: Some(object), seq: Seq(11), repeated: false }));
    assert_eq!(scene.pending().len(), 1, "no flicker between acceptance and arrival");
    scene.deltas(10, 11, vec![put(contribution(11))]);
    assert!(scene.pending().is_empty() && scene.seen.borrow().kept.is_empty());
    assert_eq!(scene.board.said.with_untracked(|said| said.words.clone()), Words::of("de").said_sent());
}

#[test]
fn given_a_contribution_that_waits_then_its_author_is_told() {
    let mut scene = Scene::live();
    let id = scene.write("Hallo");
    let object = ContributionId(uuid(11));
    scene.frame(ServerFrame::Accepted(Accepted { id, object: Some(object.0), seq: Seq(11), repeated: false }));
    scene.deltas(10, 11, Vec::new());
    let waiting = stimmwerk_core::forum::OwnWaiting {
        id: object,
        text: "Hallo".into(),
        at: Timestamp(0),
        reply_to: None,
        addition: false,
    };
    scene.own(11, OwnView { waiting: vec![waiting], ..OwnView::default() });
    assert!(scene.pending().is_empty());
    assert_eq!(scene.board.said.with_untracked(|said| said.words.clone()), Words::of("de").said_waiting());
}

#[test]
fn given_a_lost_connection_then_unanswered_commands_go_again_under_the_same_id() {
    let mut scene = Scene::live();
    let id = scene.write("Hallo");
    scene.live.closed();
    let second = scene.write("Noch etwas");
    scene.seen.borrow_mut().sent.clear();
    scene.run(2_000);
    assert_eq!(scene.seen.borrow().connects, 2);
    scene.hello();
    let sent = scene.sent();
    assert_eq!(sent[0], subscribe(10, 9));
    assert_eq!(commands(&sent), [id, second]);
}

#[test]
fn given_a_reload_then_kept_commands_go_under_the_same_id() {
    let mut scene = Scene::live();
    let id = scene.write("Hallo");
    let kept: Vec<Pending> =
        serde_json::from_str(&serde_json::to_string(&scene.seen.borrow().kept).expect("plain data")).expect("kept");
    let mut next = Scene::new();
    next.live.start(kept);
    next.hello();
    assert_eq!(commands(&next.sent()), [id]);
}

#[test]
fn given_a_reader_who_has_not_joined_then_kept_commands_are_forgotten() {
    let mut scene = Scene::new();
    scene.board.own.set(None);
    let kept = Pending { id: CommandId(uuid(1)), command: contribute("x"), stage: Stage::Sent };
    scene.live.start(vec![kept]);
    assert!(scene.pending().is_empty() && scene.seen.borrow().kept.is_empty());
}

#[test]
fn given_a_refusal_then_the_text_returns_to_the_field_with_the_reason() {
    let mut scene = Scene::live();
    scene.board.composer.text.set("Hallo".to_owned());
    let id = scene.write("Hallo");
    assert_eq!(scene.board.composer.text.get_untracked(), "");
    scene.reject(id, "forum_locked");
    assert_eq!(scene.board.composer.text.get_untracked(), "Hallo");
    assert_eq!(scene.board.composer.problem.get_untracked().map(|problem| problem.code), Some("forum_locked".into()));
    assert!(scene.pending().is_empty());
}

#[test]
fn given_a_lost_login_while_something_is_on_its_way_then_the_words_are_typed_words_again() {
    for polled in [false, true] {
        let mut scene = Scene::live();
        let text = |text: &str| ForumCommand::Contribute {
            text: text.to_owned(),
            lang: None,
            topic: None,
            reply_to: None,
            hall: None,
        };
        scene.live.command(text("Erstens")).expect("sent");
        scene.live.command(text("Zweitens")).expect("sent");
        let problem = Problem {
            code: "not_found".to_owned(),
            status: 404,
            title: "Kommen Sie zurück.".to_owned(),
            params: serde_json::Map::new(),
        };
        if polled {
            scene.live.poll_at = Some(0);
            scene.live.polled(Err(Failure::Refused(problem)));
        } else {
            scene.live.closed();
            scene.live.awake();
            scene.hello();
            let id = CommandId(Uuid::nil());
            scene.frame(ServerFrame::Rejected(Rejected { id, problem }));
        }
        assert_eq!(scene.board.composer.text.get_untracked(), "Erstens");
        let problem = scene.board.composer.problem.get_untracked().expect("a reason");
        assert_eq!(problem.title, "Kommen Sie zurück.");
        let rest = scene.board.pending.get_untracked();
        assert_eq!(
            rest.iter().filter_map(Pending::text).collect::<Vec<_>>(),
            ["Zweitens"],
            "the second waits beside it"
        );
        assert!(matches!(rest[0].stage, Stage::Refused(_)));
        assert_eq!(scene.board.link.get_untracked(), Link::Stale);
    }
}

#[test]
fn given_a_refusal_while_something_else_is_typed_then_both_texts_are_kept() {
    let mut scene = Scene::live();
    let id = scene.write("Hallo");
    scene.board.composer.text.set("Etwas anderes".to_owned());
    scene.reject(id, "forum_locked");
    assert_eq!(scene.board.composer.text.get_untracked(), "Etwas anderes");
    assert!(
        matches!(&scene.pending()[..], [one] if matches!(one.stage, Stage::Refused(_)) && one.text() == Some("Hallo"))
    );
    assert_eq!(scene.seen.borrow().kept.len(), 1);
    scene.live.discard(id);
    assert!(scene.seen.borrow().kept.is_empty());
}

#[test]
fn given_an_addition_then_what_was_being_written_is_put_aside_and_a_refusal_brings_the_addition_back() {
    let mut scene = Scene::live();
    let (composer, about) = (scene.board.composer, ContributionId(uuid(9)));
    composer.text.set("Ein Anfang".to_owned());
    composer.begin(Writing::Add(about), Some(String::new()));
    assert_eq!(composer.text.get_untracked(), "");
    composer.text.set("Noch etwas".to_owned());
    assert!(scene.live.command(ForumCommand::Add { contribution: about, text: "Noch etwas".to_owned() }).is_some());
    assert_eq!(
        (composer.text.get_untracked().as_str(), composer.writing.get_untracked()),
        ("Ein Anfang", Writing::New)
    );
    composer.text.set(String::new());
    let id = scene.pending()[0].id;
    scene.reject(id, "too_many");
    assert_eq!(composer.writing.get_untracked(), Writing::Add(about));
    assert_eq!(composer.text.get_untracked(), "Noch etwas");
}

#[test]
fn given_texts_put_aside_one_over_the_other_then_each_comes_back() {
    let mut scene = Scene::live();
    let composer = scene.board.composer;
    let at = |n: u64| ContributionId(uuid(n.into()));
    let stands = || (composer.writing.get_untracked(), composer.text.get_untracked());
    composer.text.set("Ein Anfang".to_owned());
    composer.begin(Writing::Edit(at(9)), Some("Beitrag 9".to_owned()));
    composer.text.set("Beitrag 9, besser".to_owned());
    composer.begin(Writing::Edit(at(10)), Some("Beitrag 10".to_owned()));
    composer.begin(Writing::Add(at(10)), Some(String::new()));
    assert_eq!(composer.aside.with_untracked(Vec::len), 2, "words nobody touched are not kept");
    composer.text.set("Noch etwas".to_owned());
    composer.begin(Writing::Reply(at(9)), None);
    assert_eq!(stands(), (Writing::Reply(at(9)), String::new()));
    composer.text.set("Eine Antwort".to_owned());
    scene.write("Eine Antwort");
    assert_eq!(stands(), (Writing::Add(at(10)), "Noch etwas".to_owned()));
    composer.cancel();
    assert_eq!(stands(), (Writing::Edit(at(9)), "Beitrag 9, besser".to_owned()));
    composer.begin(Writing::Edit(at(9)), Some("Beitrag 9".to_owned()));
    assert_eq!(stands().1, "Beitrag 9, besser", "pressed again");
    composer.clear();
    assert_eq!(stands(), (Writing::New, "Ein Anfang".to_owned()));
    assert!(composer.aside.with_untracked(Vec::is_empty));
}

#[test]
fn given_a_text_put_aside_then_the_page_is_not_loaded_anew_over_it() {
    let mut scene = Scene::live();
    let composer = scene.board.composer;
    composer.text.set("Ein Anfang".to_owned());
    composer.begin(Writing::Edit(ContributionId(uuid(9))), Some("Beitrag 9".to_owned()));
    scene.frame(ServerFrame::Bye(Bye { retry_ms: 0 }));
    assert_eq!(scene.seen.borrow().reloads, 0);
    composer.clear();
    composer.clear();
    scene.live.awake();
    scene.hello();
    scene.frame(ServerFrame::Bye(Bye { retry_ms: 0 }));
    assert_eq!(scene.seen.borrow().reloads, 1);
}

#[test]
fn given_words_of_the_hall_when_refused_then_the_name_comes_back_with_them() {
    let mut scene = Scene::live();
    let composer = scene.board.composer;
    let hall = |text: &str, name: &str| ForumCommand::Contribute {
        text: text.to_owned(),
        lang: None,
        topic: None,
        reply_to: None,
        hall: Some(name.to_owned()),
    };
    let stands = || (composer.text.get_untracked(), composer.hall.get_untracked());
    composer.text.set("Im Saal".to_owned());
    composer.hall.set("Frau Berger".to_owned());
    let first = scene.live.command(hall("Im Saal", "Frau Berger")).expect("taken");
    assert_eq!(stands(), (String::new(), String::new()), "the next one may be somebody else");
    scene.reject(first, "forum_closed");
    assert_eq!(stands(), ("Im Saal".to_owned(), "Frau Berger".to_owned()));
    let again = scene.live.command(hall("Im Saal", "Frau Berger")).expect("taken");
    composer.text.set("Schon das Nächste".to_owned());
    composer.hall.set("Herr Yıldız".to_owned());
    scene.reject(again, "forum_closed");
    assert_eq!(stands(), ("Schon das Nächste".to_owned(), "Herr Yıldız".to_owned()));
    composer.take_up(&scene.pending()[0]);
    assert_eq!(stands(), ("Im Saal".to_owned(), "Frau Berger".to_owned()));
    composer.clear();
    assert_eq!(stands(), ("Schon das Nächste".to_owned(), "Herr Yıldız".to_owned()));
}

#[test]
fn given_a_short_time_without_a_network_then_the_page_comes_back() {
    let mut scene = Scene::live();
    scene.live.offline();
    assert_eq!(scene.board.link.get_untracked(), Link::Lost);
    scene.pass(200);
    scene.live.awake();
    assert_eq!(scene.seen.borrow().connects, 2);
    scene.hello();
    assert_eq!(scene.board.link.get_untracked(), Link::Live);
    assert_eq!(scene.sent(), [subscribe(10, 9)]);
}

#[test]
fn given_an_answered_command_then_who_listens_hears_how_it_went() {
    let mut scene = Scene::live();
    let heard = Rc::new(RefCell::new(Vec::new()));
    let ear = heard.clone();
    scene.board.ear.set_value(Some(Rc::new(move |one: &Pending| ear.borrow_mut().push((one.id, one.stage.clone())))));
    let about = |n| ForumCommand::Support { contribution: ContributionId(uuid(n)) };
    let (good, bad) = (scene.live.command(about(9)).expect("taken"), scene.live.command(about(10)).expect("taken"));
    scene.frame(ServerFrame::Accepted(Accepted { id: good, object: None, seq: Seq(11), repeated: false }));
    scene.reject(bad, "unavailable");
    scene.reject(bad, "forum_closed");
    let accepted = Stage::Accepted { seq: Seq(11), at: 1_000_000, object: None };
    assert_eq!(*heard.borrow(), [(good, accepted), (bad, Stage::Refused("So nicht.".to_owned()))]);
}

#[test]
fn given_an_addition_that_waits_then_its_author_is_told() {
    let mut scene = Scene::live();
    let about = ContributionId(uuid(9));
    assert!(scene.live.command(ForumCommand::Add { contribution: about, text: "Noch etwas".to_owned() }).is_some());
    let id = scene.pending()[0].id;
    scene.frame(ServerFrame::Accepted(Accepted { id, object: Some(about.0), seq: Seq(11), repeated: false }));
    scene.deltas(10, 11, Vec::new());
    let waiting = stimmwerk_core::forum::OwnWaiting {
        id: about,
        text: "Noch etwas".into(),
        at: Timestamp(0),
        reply_to: None,
        addition: true,
    };
    scene.own(11, OwnView { waiting: vec![waiting], ..OwnView::default() });
    assert!(scene.pending().is_empty());
    assert_eq!(scene.board.said.with_untracked(|said| said.words.clone()), Words::of("de").said_waiting());
}

#[test]
fn given_an_answer_to_being_hidden_then_the_text_field_is_left_alone_and_the_answer_is_seen_before_it_is_let_go() {
    let mut scene = Scene::live();
    scene.board.composer.text.set("Ein Anfang".to_owned());
    let appeal = || ForumCommand::Appeal { contribution: ContributionId(uuid(8)), text: "Kein Spam.".to_owned() };
    assert!(scene.live.command(appeal()).is_some());
    assert_eq!(scene.live.command(appeal()), Some(scene.pending()[0].id), "pressed twice");
    assert_eq!(scene.board.composer.text.get_untracked(), "Ein Anfang");
    assert_eq!(commands(&scene.sent()).len(), 1, "once");
    let id = scene.pending()[0].id;
    scene.frame(ServerFrame::Accepted(Accepted { id, object: None, seq: Seq(11), repeated: false }));
    scene.deltas(10, 11, Vec::new());
    assert_eq!(scene.pending().len(), 1, "its own frame is still to come");
    scene.own(11, OwnView::default());
    assert!(scene.pending().is_empty());
    assert_eq!(scene.board.said.with_untracked(|said| said.words.clone()), Words::of("de").said_waiting());
    assert!(scene.live.command(appeal()).is_some());
    let id = scene.pending()[0].id;
    scene.reject(id, "wrong_state");
    assert_eq!(scene.board.said.with_untracked(|said| said.words.clone()), "So nicht.");
    assert_eq!(scene.board.composer.text.get_untracked(), "Ein Anfang");
}

#[test]
fn given_a_refusal_for_now_then_the_same_command_goes_again() {
    for code in ["too_many_requests", "unavailable", "outcome_unknown"] {
        let mut scene = Scene::live();
        let id = scene.write("Hallo");
        scene.sent();
        scene.reject(id, code);
        assert_eq!(scene.pending().len(), 1);
        scene.run(3_500);
        assert_eq!(commands(&scene.sent()), [id], "{code}");
    }
}

#[test]
fn given_a_server_without_time_for_a_subscription_then_it_goes_again_and_nothing_alarms() {
    let mut scene = Scene::new();
    scene.live.start(Vec::new());
    scene.hello();
    scene.sent();
    scene.reject(CommandId(Uuid::nil()), "too_many_requests");
    assert_eq!(scene.board.link.get_untracked(), Link::Live);
    // What comes meanwhile asks for nothing more.
    scene.deltas(20, 21, Vec::new());
    assert!(scene.sent().is_empty());
    scene.run(3_500);
    let subscribes = |frame: &ClientFrame| matches!(frame, ClientFrame::Subscribe { after: Some(Seq(10)), .. });
    assert_eq!(scene.sent().iter().filter(|frame| subscribes(frame)).count(), 1);
    scene.deltas(10, 21, Vec::new());
    assert_eq!(scene.board.link.get_untracked(), Link::Live);
}

#[test]
fn given_support_pressed_twice_then_it_is_sent_once() {
    let mut scene = Scene::live();
    let support = ForumCommand::Support { contribution: ContributionId(uuid(9)) };
    assert_eq!(scene.live.command(support.clone()), scene.live.command(support));
    assert_eq!(commands(&scene.sent()).len(), 1);
}

#[test]
fn given_a_thumb_that_comes_down_twice_then_support_is_not_taken_back() {
    let mut scene = Scene::live();
    let contribution = ContributionId(uuid(9));
    let (give, take) = (ForumCommand::Support { contribution }, ForumCommand::Unsupport { contribution });
    let given = scene.live.command(give);
    scene.run(BOUNCE_MS - 1);
    assert_eq!(scene.live.command(take.clone()), given);
    scene.run(1);
    assert_ne!(scene.live.command(take), given);
    assert_eq!(commands(&scene.sent()).len(), 2);
}

#[test]
fn given_ids_then_they_are_version_7_and_differ() {
    let mut scene = Scene::live();
    let (first, second) = (scene.write("a"), scene.write("b"));
    assert_ne!(first, second);
    assert_eq!((first.0.get_version_num(), first.0.get_variant()), (7, uuid::Variant::RFC4122));
    assert_eq!(first.0.as_u128() >> 80, 1_000_000, "it begins with the time");
}

#[test]
fn given_silence_then_the_store_connects_anew() {
    let mut scene = Scene::live();
    scene.run(40_000);
    assert_eq!(scene.seen.borrow().connects, 1);
    scene.frame(ServerFrame::Beat(Beat { now: Timestamp(9) }));
    assert_eq!(scene.board.clock.get_untracked(), Timestamp(9));
    scene.run(44_000);
    assert_eq!(scene.seen.borrow().connects, 1);
    scene.run(3_000);
    assert_eq!(scene.seen.borrow().connects, 2);
}

#[test]
fn given_failing_attempts_then_waits_grow_to_a_bound_and_the_page_lives_without_a_socket() {
    let mut scene = Scene::new();
    scene.live.start(Vec::new());
    let mut longest = 0;
    for _ in 0..12 {
        scene.live.closed();
        let wait = scene.live.phase_until() - scene.seen.borrow().now;
        longest = longest.max(wait);
        assert!((0..=30_000).contains(&wait), "{wait}");
        scene.pass(wait);
    }
    assert!(longest > 1_000);
    assert_eq!(scene.seen.borrow().polls, [Seq(10)], "one question at a time");
    let deltas = vec![put(contribution(11))];
    scene.live.polled(Ok(CatchUp { after: Seq(10), seq: Seq(11), deltas, own: None }));
    assert_eq!(scene.positions(), [11, 10, 9]);
    assert_eq!(scene.board.link.get_untracked(), Link::Slow);
    scene.pass(0);
    assert_eq!(scene.seen.borrow().polls, [Seq(10), Seq(11)], "there may be more");
    let id = scene.write("Hallo");
    assert_eq!(scene.seen.borrow().posted.len(), 1);
    scene.live.posted(id, Ok(Accepted { id, object: None, seq: Seq(12), repeated: false }));
    assert!(matches!(scene.pending()[0].stage, Stage::Accepted { .. }));
    scene.hello();
    assert_eq!(scene.board.link.get_untracked(), Link::Live);
    scene.live.polled(Ok(CatchUp { after: Seq(11), seq: Seq(12), deltas: Vec::new(), own: None }));
    assert_eq!(scene.sent(), [subscribe(11, 9)], "an answer that comes late changes nothing");
}

#[test]
fn given_a_post_that_got_lost_then_it_goes_again_under_the_same_id() {
    let mut scene = Scene::new();
    scene.live.start(Vec::new());
    for _ in 0..3 {
        scene.live.closed();
        let wait = scene.live.phase_until() - scene.seen.borrow().now;
        scene.pass(wait);
    }
    let id = scene.write("Hallo");
    scene.live.posted(id, Err(Failure::Network));
    scene.run(6_000);
    let posted: Vec<CommandId> = scene.seen.borrow().posted.iter().map(|(id, _)| *id).collect();
    assert_eq!(posted, [id, id]);
}

#[test]
fn given_lost_rights_without_a_socket_then_the_page_is_stale() {
    let mut scene = Scene::new();
    scene.live.start(Vec::new());
    for _ in 0..3 {
        scene.live.closed();
        let wait = scene.live.phase_until() - scene.seen.borrow().now;
        scene.pass(wait);
    }
    let problem =
        Problem { code: "not_found".into(), status: 404, title: String::new(), params: serde_json::Map::new() };
    scene.live.polled(Err(Failure::Refused(problem)));
    assert_eq!(scene.board.link.get_untracked(), Link::Stale);
    assert_eq!(scene.live.due(), None);
}

#[test]
fn given_a_bye_then_the_store_comes_back_after_the_wait() {
    let mut scene = Scene::live();
    scene.frame(ServerFrame::Bye(Bye { retry_ms: 2_000 }));
    scene.pass(1_900);
    assert_eq!(scene.seen.borrow().connects, 1);
    scene.run(2_200);
    assert_eq!(scene.seen.borrow().connects, 2);
}

#[test]
fn given_changed_rights_then_the_page_is_loaded_anew_unless_text_would_be_lost() {
    let mut scene = Scene::live();
    scene.frame(ServerFrame::Bye(Bye { retry_ms: 0 }));
    assert_eq!(scene.seen.borrow().reloads, 1);
    let mut scene = Scene::live();
    scene.seen.borrow_mut().typing = true;
    scene.frame(ServerFrame::Bye(Bye { retry_ms: 0 }));
    scene.run(1_000);
    assert_eq!((scene.seen.borrow().reloads, scene.seen.borrow().connects), (0, 2));
}

#[test]
fn given_another_protocol_then_the_page_is_loaded_anew_once_nothing_is_typed() {
    let mut scene = Scene::live();
    scene.hello_of("b", PROTOCOL + 1);
    assert_eq!(scene.seen.borrow().reloads, 1);
    let mut scene = Scene::live();
    scene.seen.borrow_mut().typing = true;
    scene.hello_of("b", PROTOCOL + 1);
    scene.run(60_000);
    assert_eq!(scene.seen.borrow().reloads, 0);
    scene.seen.borrow_mut().typing = false;
    scene.seen.borrow_mut().idle = true;
    scene.run(60_000);
    assert_eq!(scene.seen.borrow().reloads, 1);
}

#[test]
fn given_a_new_build_then_the_page_is_loaded_anew_only_when_idle() {
    let mut scene = Scene::live();
    scene.live.closed();
    scene.run(2_000);
    scene.hello_of("b", PROTOCOL);
    scene.deltas(10, 10, Vec::new());
    scene.run(40_000);
    assert_eq!(scene.seen.borrow().reloads, 0);
    scene.seen.borrow_mut().idle = true;
    scene.run(40_000);
    assert_eq!(scene.seen.borrow().reloads, 1);
}

#[test]
fn given_a_reader_in_the_list_then_new_ones_are_held_back_until_wanted() {
    let mut scene = Scene::live();
    scene.seen.borrow_mut().reading = true;
    scene.deltas(10, 11, vec![put(contribution(11))]);
    assert_eq!(scene.board.shown.get_untracked(), 10);
    scene.live.side().show_new();
    assert_eq!(scene.board.shown.get_untracked(), 11);
    scene.seen.borrow_mut().reading = false;
    scene.deltas(11, 12, vec![put(contribution(12))]);
    assert_eq!(scene.board.shown.get_untracked(), 12);
    scene.board.paused.set(true);
    scene.deltas(12, 13, vec![put(contribution(13))]);
    assert_eq!(scene.board.shown.get_untracked(), 12);
}

#[test]
fn given_own_words_then_they_are_not_held_back() {
    let mut scene = Scene::live();
    scene.seen.borrow_mut().reading = true;
    let id = scene.write("Hallo");
    scene.frame(ServerFrame::Accepted(Accepted { id, object: None, seq: Seq(11), repeated: false }));
    assert_eq!(scene.board.shown.get_untracked(), 11);
}

#[test]
fn given_a_page_of_older_ones_then_new_ones_have_no_place_on_it() {
    let mut scene = Scene::of(view(&[10, 9]), "/f/1?before=11");
    scene.live.start(Vec::new());
    scene.hello();
    scene.deltas(10, 12, vec![put(contribution(12))]);
    assert_eq!(scene.board.shown.get_untracked(), 10);
}

#[test]
fn given_a_vote_that_begins_then_it_is_said_at_once_and_what_else_is_new_a_little_later() {
    let mut scene = Scene::live();
    let words = Words::of("de");
    let said = |scene: &Scene| scene.board.announced.get_untracked();
    let moved = |seq: u64, phase| {
        let title = sample::texts("Was zuerst?");
        let poll = PollPlaceInForum { id: PollId(uuid(70)), number: 1, stream: StreamId(uuid(71)), phase, title };
        Delta::Put { key: ForumKey::Poll(poll.id), seq: Seq(seq), value: ForumValue::Poll(poll) }
    };
    scene.deltas(10, 12, vec![moved(11, Phase::Open), put(contribution(12))]);
    assert_eq!(said(&scene).words, format!("{} Was zuerst?", words.hall_vote_now()));
    scene.deltas(12, 13, vec![put(contribution(13))]);
    assert_eq!(said(&scene).number, 1, "one thing at a time");
    scene.run(10_000);
    assert_eq!(said(&scene).words, words.forum_announce(2));
    scene.deltas(13, 14, vec![moved(14, Phase::Closed)]);
    assert_eq!(said(&scene).number, 2);
    scene.deltas(14, 15, vec![moved(15, Phase::Open)]);
    assert_eq!(said(&scene).number, 3, "another round");
}

#[test]
fn given_many_new_ones_then_they_are_announced_together_at_most_every_ten_seconds() {
    let mut scene = Scene::live();
    let words = Words::of("de");
    let said = |scene: &Scene| scene.board.announced.get_untracked();
    scene.deltas(10, 11, vec![put(contribution(11))]);
    assert_eq!(said(&scene).words, words.forum_announce(1));
    for n in 11..15 {
        scene.deltas(n, n + 1, vec![put(contribution(n + 1))]);
    }
    assert_eq!(said(&scene).number, 1);
    scene.run(9_000);
    assert_eq!(said(&scene).number, 1);
    scene.run(1_500);
    assert_eq!((said(&scene).number, said(&scene).words), (2, words.forum_announce(4)));
    scene.board.paused.set(true);
    scene.deltas(15, 16, vec![put(contribution(16))]);
    scene.run(20_000);
    assert_eq!(said(&scene).number, 2, "paused");
}
