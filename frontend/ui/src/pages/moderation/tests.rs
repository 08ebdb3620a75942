use std::cell::RefCell;
use std::rc::Rc;

use leptos::prelude::*;
use stimmwerk_core::forum::{
    ContributionView, ForumView, HideReason, People, PersonView, ReportReason, ReportView, Reported, SpeakingView,
};
use stimmwerk_core::ids::CommandId;
use stimmwerk_core::live::{Problem, Seq};
use stimmwerk_core::poll::Phase;
use stimmwerk_core::said::{Lang, Texts};
use stimmwerk_core::tally::Method;

use super::*;
use crate::command::Form;
use crate::pages::forum::board::Hands;
use crate::sample::{self, uuid};

fn id(n: u64) -> ContributionId {
    ContributionId(uuid(n.into()))
}

fn person(n: u128) -> ParticipantId {
    ParticipantId(uuid(1_000 + n))
}

fn waiting(n: u64, by: u128) -> ContributionView {
    let mut one = sample::contribution(n, "Text");
    one.author = by as u32;
    ContributionView { waits: true, at: Timestamp(1), ..one }
}

fn visible(n: u64) -> ContributionView {
    ContributionView { waits: false, ..waiting(n, 9) }
}

/// Hands that put what they are given on its way, and nothing answers.
struct Sends(Board, Rc<RefCell<Vec<ForumCommand>>>);

impl Hands for Sends {
    fn command(&self, command: ForumCommand) -> Option<CommandId> {
        self.1.borrow_mut().push(command.clone());
        let id = CommandId(uuid(self.1.borrow().len() as u128));
        self.0.pending.update(|all| all.push(Pending { id, command, stage: Stage::Sent }));
        Some(id)
    }
    fn older(&self) -> bool {
        false
    }
    fn discard(&self, _pending: &Pending) {}
    fn show_new(&self) {}
    fn forget(&self) {}
}

/// A desk with this in the queue and three visible contributions, and what it sent.
fn desk(queue: Vec<ContributionView>) -> (Owner, Desk, Rc<RefCell<Vec<ForumCommand>>>) {
    let owner = Owner::new_root(None);
    device::CLOCK.set(0);
    device::FOCUS.set(None);
    let (desk, sent) = owner.with(|| {
        let mut page = sample::forum_page(vec![visible(902), visible(901), visible(900)]);
        (page.view.waiting, page.moderates, page.now) = (queue, true, Timestamp(0));
        let nameless = |number| PersonView { participant: Some(person(number)), ..PersonView::default() };
        page.view.people = People((1..10).map(|number| (number as u32, nameless(number))).collect());
        let cx = sample::cx("");
        let board = Board::new(&page, cx);
        let place = ForumPlace { forum: page.view.forum.id, moderation: true, topic: None, before: None };
        let page = DeskPage { forum: page, codes: None, polls: Vec::new() };
        let desk = Desk::new(cx, (StaffWords::of("de"), PollWords::of("de")), board, place, &page, None);
        let sent = Rc::new(RefCell::new(Vec::new()));
        board.hands.set_value(Some(Rc::new(Sends(board, sent.clone()))));
        (desk, sent)
    });
    (owner, desk, sent)
}

fn shown(desk: Desk) -> Vec<(u64, bool)> {
    desk.waiting.queue.get_untracked().slots.iter().map(|slot| (slot.turn.1, slot.gone)).collect()
}

/// The server answered to everything, and the view shows it.
fn answered(desk: Desk, change: impl FnOnce(&mut ForumView)) {
    desk.board.view.update(change);
    desk.board.pending.set(Vec::new());
}

fn approve(n: u64) -> ForumCommand {
    ForumCommand::Approve { contribution: id(n), seen: Some(Seq(90)) }
}

fn later(ms: i64) {
    device::CLOCK.set(device::CLOCK.get() + ms);
}

#[test]
fn given_a_press_then_the_next_one_stands_in_its_place_at_once() {
    let (_owner, desk, sent) = desk(vec![waiting(1, 1), waiting(2, 2), waiting(3, 3)]);
    assert!(desk.press(approve(1), false));
    assert_eq!(shown(desk), [(2, false), (3, false)]);
    assert_eq!(desk.keys.current.get_untracked(), Some(Spot { id: id(2), waits: true }));
    assert_eq!(*sent.borrow(), [approve(1)]);
}

#[test]
fn given_a_thumb_that_comes_down_twice_then_what_slid_under_it_is_not_approved() {
    let (_owner, desk, sent) = desk(vec![waiting(1, 1), waiting(2, 2)]);
    assert!(desk.press(approve(1), false));
    later(BOUNCE_MS - 1);
    assert!(desk.press(approve(2), false), "taken, and nothing done");
    assert_eq!(sent.borrow().len(), 1);
    later(1);
    assert!(desk.press(approve(2), false));
    assert_eq!(sent.borrow().len(), 2);
}

#[test]
fn given_somebody_else_settles_one_then_nothing_moves_until_the_next_press() {
    let (_owner, desk, _) = desk(vec![waiting(1, 1), waiting(2, 2), waiting(3, 3)]);
    assert_eq!(shown(desk), [(1, false), (2, false), (3, false)]);
    answered(desk, |view| {
        view.waiting.remove(0);
        view.waiting.push(waiting(4, 4));
    });
    assert_eq!(shown(desk), [(1, true), (2, false), (3, false), (4, false)]);
    desk.press(approve(2), false);
    assert_eq!(shown(desk), [(3, false), (4, false)]);
}

#[test]
fn given_several_of_one_person_then_they_stand_together_and_their_number_is_said_once() {
    let at = |n: u64, by: u128| ContributionView { at: Timestamp(n as i64), ..waiting(n, by) };
    // As the view has it: everybody's first, then everybody's second.
    let (owner, desk, _) = desk(vec![at(1, 1), at(3, 2), at(5, 3), at(2, 1), at(4, 1)]);
    let order = || shown(desk).into_iter().map(|(n, _)| n).collect::<Vec<_>>();
    assert_eq!(order(), [1, 2, 4, 3, 5]);
    let html = owner.with(|| queue::queue(desk).to_html().replace("<!>", ""));
    assert_eq!(html.matches("follows").count(), 2, "{html}");
    assert_eq!(html.matches("3 Beiträge warten").count(), 1, "{html}");
    assert_eq!(html.matches("/approve\"><").count(), 5 + 1, "each of them, and all of the one who has several");
    // What comes later stands last: nothing above it moves.
    answered(desk, |view| view.waiting.push(at(6, 1)));
    assert_eq!(order(), [1, 2, 4, 3, 5, 6]);
    assert!(!desk.waiting.queue.get_untracked().slots[5].first);
    // With the next press it joins the others; whose first was settled comes after those who waited longer.
    desk.press(approve(1), false);
    assert_eq!(order(), [2, 4, 6, 3, 5]);
    assert_eq!(desk.keys.current.get_untracked(), Some(Spot { id: id(2), waits: true }));
    later(1_000);
    desk.press(approve(2), false);
    assert_eq!(order(), [3, 4, 6, 5], "everybody's first");
    assert_eq!(desk.keys.current.get_untracked(), Some(Spot { id: id(3), waits: true }));
}

#[test]
fn given_one_is_put_back_then_it_stands_where_it_stood_by_how_long_it_has_waited() {
    let (_owner, desk, _) = desk(vec![waiting(1, 1), waiting(2, 2)]);
    answered(desk, |view| {
        view.waiting[1].at = Timestamp(2);
        // Its position is that of the decision which was taken back.
        view.waiting[0].position = 3;
    });
    assert_eq!(shown(desk), [(3, false), (2, false)]);
}

#[test]
fn given_the_last_one_is_settled_by_somebody_else_then_the_queue_is_empty() {
    let (_owner, desk, _) = desk(vec![waiting(1, 1)]);
    assert_eq!(shown(desk).len(), 1);
    answered(desk, |view| view.waiting.clear());
    assert_eq!(shown(desk), []);
}

#[test]
fn given_a_refusal_then_it_stands_where_it_stood() {
    let (_owner, desk, _) = desk(vec![waiting(1, 1), waiting(2, 2)]);
    desk.press(approve(1), false);
    assert_eq!(shown(desk), [(2, false)]);
    desk.board.pending.set(Vec::new());
    assert_eq!(shown(desk), [(1, false), (2, false)]);
}

#[test]
fn given_an_approval_when_undone_then_it_goes_back_to_the_queue_after_it_was_answered() {
    let (_owner, desk, sent) = desk(vec![waiting(1, 1), waiting(2, 2)]);
    desk.press(approve(1), false);
    desk.take_back(None);
    desk.send_back();
    assert_eq!(sent.borrow().len(), 1, "not before the approval is answered");
    answered(desk, |view| {
        view.waiting.remove(0);
    });
    desk.send_back();
    assert_eq!(sent.borrow()[1], ForumCommand::PutBack { contribution: id(1) });
    answered(desk, |view| view.waiting.insert(0, waiting(1, 1)));
    assert_eq!(shown(desk), [(1, false), (2, false)]);
    assert!(desk.undo.list.get_untracked().is_empty());
    desk.send_back();
    assert_eq!(sent.borrow().len(), 2, "once");
}

#[test]
fn given_hidden_ones_then_what_waited_goes_back_and_what_was_seen_is_shown_again() {
    let (_owner, desk, _) = desk(vec![waiting(1, 1)]);
    let hide = |n| ForumCommand::Hide { contribution: id(n), reason: HideReason::Spam, note: None };
    desk.press(hide(1), false);
    later(1_000);
    desk.press(hide(900), false);
    let back: Vec<_> = desk.undo.list.get_untracked().into_iter().flat_map(|done| done.back).collect();
    assert_eq!(back, [ForumCommand::PutBack { contribution: id(1) }, ForumCommand::Restore { contribution: id(900) }]);
}

#[test]
fn given_several_presses_then_each_can_be_taken_back_for_ten_seconds() {
    let (_owner, desk, _) = desk((1..=4).map(|n| waiting(n, n.into())).collect());
    for n in 1..=3 {
        desk.press(approve(n), false);
        later(1_000);
    }
    let numbers = || desk.undo.list.get_untracked().iter().map(|done| done.number).collect::<Vec<_>>();
    assert_eq!(numbers().len(), 3);
    let first = numbers()[0];
    desk.take_back(Some(first));
    assert_eq!(numbers().len(), 2);
    // The second was pressed at 1 s.
    desk.undo.list.maybe_update(|list| undo::expire(list, UNDO_MS + 999));
    assert_eq!(numbers().len(), 2);
    desk.undo.list.maybe_update(|list| undo::expire(list, UNDO_MS + 1_000));
    assert_eq!(numbers().len(), 1);
    desk.take_back(Some(first));
    assert_eq!(numbers().len(), 1, "it is taken back already");
}

#[test]
fn given_all_of_one_person_when_approved_and_undone_then_all_go_back() {
    let (_owner, desk, _) = desk(vec![waiting(1, 1), waiting(2, 2), waiting(3, 1)]);
    desk.press(ForumCommand::ApproveAll { participant: person(1), seen: None }, false);
    assert_eq!(shown(desk), [(2, false)]);
    let done = desk.undo.list.get_untracked().remove(0);
    assert_eq!(done.what, What::ApprovedAll(2));
    assert_eq!(done.about().collect::<Vec<_>>(), [id(1), id(3)]);
}

#[test]
fn given_all_of_one_person_when_refused_then_one_press_takes_it_back() {
    let (owner, desk, sent) = desk(vec![waiting(1, 1), waiting(2, 2), waiting(3, 1)]);
    let html = owner.with(|| queue::queue(desk).to_html().replace("<!>", ""));
    assert!(html.contains("Alle 2 von dieser Person ablehnen"), "{html}");
    let action = address::of_person(desk.place.forum, person(1), "/refuse");
    let fields = vec![("reason".to_owned(), "spam".to_owned()), ("seen".to_owned(), "1".to_owned())];
    let command = Form { action, fields }.command(desk.place.forum).expect("a command");
    desk.press(command, false);
    let refused =
        ForumCommand::RefuseAll { participant: person(1), reason: HideReason::Spam, note: None, seen: Some(Seq(90)) };
    assert_eq!(*sent.borrow(), [refused]);
    assert_eq!(shown(desk), [(2, false)]);
    assert_eq!(desk.board.announced.get_untracked().words, "2 Beiträge abgelehnt.");
    assert_eq!(desk.undo.list.get_untracked()[0].what, What::RefusedAll(2));
    answered(desk, |view| view.waiting.retain(|one| one.id == id(2)));
    desk.take_back(None);
    desk.send_back();
    let back = |n| ForumCommand::PutBack { contribution: id(n) };
    assert_eq!(sent.borrow()[1..], [back(1), back(3)]);
}

#[test]
fn given_an_approved_change_then_it_cannot_be_taken_back_here() {
    let (_owner, desk, _) = desk(Vec::new());
    answered(desk, |view| {
        view.attention = vec![ContributionView { pending: Some("Neu".into()), ..visible(900) }];
    });
    desk.press(approve(900), false);
    assert!(desk.undo.list.get_untracked().is_empty(), "its former words are gone");
}

#[test]
fn given_thirty_that_wait_then_keys_clear_them() {
    let (_owner, desk, sent) = desk((1..=30).map(|n| waiting(n, n.into())).collect());
    assert!(desk.key("a"), "looks at the first");
    assert_eq!(sent.borrow().len(), 0, "nothing is decided that was not looked at");
    for _ in 0..30 {
        assert!(desk.key("a"));
        later(400);
    }
    assert_eq!(*sent.borrow(), (1..=30).map(approve).collect::<Vec<_>>());
    assert_eq!(shown(desk), []);
    assert!(desk.key("u"));
    assert!(!desk.key("x") && !desk.key("Enter"));
}

#[test]
fn given_the_keys_are_off_then_they_mean_nothing() {
    let (_owner, desk, sent) = desk(vec![waiting(1, 1)]);
    desk.keys.on.set(false);
    for key in ["j", "k", "a", "h", "u"] {
        assert!(!desk.key(key), "{key}");
    }
    assert!(sent.borrow().is_empty());
}

#[test]
fn given_next_and_previous_then_they_stay_within_the_desk() {
    let (_owner, desk, _) = desk(vec![waiting(1, 1), waiting(2, 2)]);
    let at = || desk.keys.current.get_untracked().map(|spot| spot.id);
    for (key, expected) in [("j", 1), ("j", 2), ("j", 2), ("k", 1), ("k", 1)] {
        assert!(desk.key(key));
        assert_eq!(at(), Some(id(expected)), "{key}");
    }
}

#[test]
fn given_an_answer_about_a_person_then_it_is_said_or_the_problem_is() {
    let problem = |title: &str| Problem {
        code: "forbidden".to_owned(),
        status: 403,
        title: title.to_owned(),
        params: serde_json::Map::new(),
    };
    let said = |answer| outcome("Fertig.", "Das ging nicht.", answer);
    assert_eq!(said(Ok("{}".to_owned())), "Fertig.");
    assert_eq!(said(Err(Failure::Refused(problem("Nein.")))), "Nein.");
    assert_eq!(said(Err(Failure::Refused(problem("")))), "Das ging nicht.");
    assert_eq!(said(Err(Failure::Network)), "Das ging nicht.");
}

/// The server answers to the newest command.
fn answer(desk: Desk, stage: Stage) {
    let mut one = desk.board.pending.get_untracked().pop().expect("something was sent");
    one.stage = stage;
    desk.board.pending.update(|all| all.retain(|have| have.id != one.id));
    desk.board.answered(&one);
}

fn accepted() -> Stage {
    Stage::Accepted { seq: Seq(2), at: 0, object: None }
}

#[test]
fn given_a_refused_press_then_what_a_colleague_decided_is_not_taken_back() {
    let (_owner, desk, sent) = desk(vec![waiting(1, 1), waiting(2, 2)]);
    desk.press(approve(1), false);
    answer(desk, Stage::Refused("Zu spät.".to_owned()));
    assert!(desk.undo.list.get_untracked().is_empty());
    later(1_000);
    desk.press(approve(2), false);
    desk.take_back(None);
    answer(desk, Stage::Refused("Zu spät.".to_owned()));
    desk.send_back();
    assert_eq!(sent.borrow().len(), 2, "nor what was to be taken back already");
    later(1_000);
    desk.press(approve(1), false);
    answer(desk, accepted());
    assert_eq!(desk.undo.list.get_untracked().len(), 1);
}

#[test]
fn given_a_sentence_to_the_author_then_it_stays_until_it_was_taken() {
    let (_owner, desk, _) = desk(vec![waiting(1, 1)]);
    let hide =
        || ForumCommand::Hide { contribution: id(1), reason: HideReason::Other, note: Some("Bitte.".to_owned()) };
    desk.set_note(id(1), "Bitte.".to_owned());
    desk.press(hide(), false);
    answer(desk, Stage::Refused("So nicht.".to_owned()));
    assert_eq!(desk.note(id(1)), "Bitte.");
    later(1_000);
    desk.press(hide(), false);
    answer(desk, accepted());
    assert_eq!(desk.note(id(1)), "");
}

#[test]
fn given_a_title_then_it_stays_until_it_was_taken_and_longer_where_another_is_typed() {
    let (_owner, desk, _) = desk(Vec::new());
    let add = || ForumCommand::AddTopic { title: Texts::of(Lang::german(), "Wohnen") };
    desk.settings.title.set("Wohnen".to_owned());
    desk.press(add(), false);
    answer(desk, Stage::Refused("So nicht.".to_owned()));
    assert_eq!(desk.settings.title.get_untracked(), "Wohnen");
    desk.press(add(), false);
    answer(desk, accepted());
    assert_eq!(desk.settings.title.get_untracked(), "");
    desk.press(add(), false);
    desk.settings.title.set("Schule".to_owned());
    answer(desk, accepted());
    assert_eq!(desk.settings.title.get_untracked(), "Schule");
}

#[test]
fn given_refused_words_of_the_hall_then_they_are_listed_with_who_said_them() {
    let (owner, desk, _) = desk(Vec::new());
    let one = |n, stage| Pending {
        id: CommandId(uuid(n)),
        command: ForumCommand::Contribute {
            text: "Im Saal".to_owned(),
            lang: None,
            topic: None,
            reply_to: None,
            hall: Some("Frau Berger".to_owned()),
        },
        stage,
    };
    let html = |stages: Vec<Stage>| {
        desk.board.pending.set(stages.into_iter().map(|stage| one(1, stage)).collect());
        owner.with(|| on_its_way(desk.cx, desk.board, hall::TEXT).to_html().replace("<!>", ""))
    };
    let refused = html(vec![Stage::Refused("So nicht.".to_owned())]);
    assert!(["Im Saal", "<bdi>Frau Berger</bdi>", "So nicht."].into_iter().all(|words| refused.contains(words)));
    assert!(html(vec![Stage::Sent]).contains("Im Saal") && !html(vec![accepted()]).contains("Im Saal"));
}

#[test]
fn given_a_press_in_the_list_then_the_focus_goes_to_the_next_row_or_the_heading() {
    let (_owner, desk, _) = desk(vec![waiting(1, 1)]);
    let focus = |n| device::FOCUS.set(Some(address::anchor(id(n))));
    let hide = |n| ForumCommand::Hide { contribution: id(n), reason: HideReason::Spam, note: None };
    focus(901);
    desk.press(hide(901), false);
    assert_eq!(device::focused(), Some(address::anchor(id(900))));
    later(1_000);
    desk.press(hide(900), false);
    assert_eq!(device::focused().as_deref(), Some("list"));
    assert_eq!(desk.keys.current.get_untracked(), None, "the queue is somewhere else");
}

/// A desk with one poll in each phase.
fn with_polls() -> (Owner, Desk, Rc<RefCell<Vec<ForumCommand>>>) {
    let (owner, desk, sent) = desk(Vec::new());
    device::SENT.take();
    for (n, phase) in [(600, Phase::Draft), (601, Phase::Open), (602, Phase::Closed)] {
        let poll = sample::poll(n, phase, "Was zuerst?", Method::Multiple { min: 1, max: 2 });
        desk.board.view.update(|view| view.polls.push(sample::poll_place(n as u32, &poll)));
        let view = PollView { poll: Some(poll), ..PollView::default() };
        desk.polls.details.update(|polls| polls.push((PollId(uuid(n)), view)));
    }
    (owner, desk, sent)
}

fn poll_form(n: u128, verb: &str, fields: &[(&str, &str)]) -> Form {
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Form { action: address::api_of_poll(PollId(uuid(n)), verb), fields }
}

/// What went to the server beside the store: where to, and what.
fn requests() -> Vec<(String, String)> {
    let verb = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    device::SENT.take().into_iter().map(|request| (verb(&request.path), request.body)).collect()
}

#[test]
fn given_a_start_then_three_seconds_pass_before_it_and_a_press_stops_it() {
    let (_owner, desk, _) = with_polls();
    let left = || desk.polls.counting.get_untracked().map(|counting| counting.left);
    let second = || desk.count(desk.waiting.presses.get_untracked());
    assert!(desk.submit_poll(&poll_form(600, "/open", &[("minutes", "5")])));
    assert_eq!((left(), requests()), (Some(3), Vec::new()));
    second();
    assert!(desk.submit_poll(&poll_form(600, "/open", &[])), "pressed once more it does not begin again");
    assert_eq!(left(), Some(2));
    assert!(desk.key("Escape"));
    assert_eq!(left(), None);
    second();
    assert!(requests().is_empty() && !desk.key("Escape"));

    desk.submit_poll(&poll_form(600, "/open", &[("minutes", "5")]));
    (0..3).for_each(|_| second());
    assert_eq!(requests(), [("open".to_owned(), "{\"seconds\":300}".to_owned())]);
    assert_eq!(desk.board.said.get_untracked().words, "Die Umfrage läuft.");
}

#[test]
fn given_an_old_second_then_it_counts_for_no_other_countdown() {
    let (_owner, desk, _) = with_polls();
    desk.submit_poll(&poll_form(601, "/close", &[]));
    let old = desk.waiting.presses.get_untracked();
    desk.stop_counting();
    desk.submit_poll(&poll_form(602, "/reveal", &[]));
    (0..3).for_each(|_| desk.count(old));
    assert!(requests().is_empty());
}

#[test]
fn given_forms_about_polls_then_they_say_what_they_hold() {
    let (_owner, desk, _) = with_polls();
    let send = |form: Form| {
        desk.submit_poll(&form);
        requests()
    };
    let said = |verb: &str, body: &str| vec![(verb.to_owned(), body.to_owned())];
    assert_eq!(
        send(poll_form(601, "/close", &[("seconds", "0")])),
        said("close", "{\"seconds\":0}"),
        "at once is at once"
    );
    assert_eq!(send(poll_form(601, "/end", &[("seconds", "125")])), said("end", "{\"seconds\":125}"));
    assert_eq!(send(poll_form(601, "/extend", &[("seconds", "60")])), said("extend", "{\"seconds\":60}"));
    let hands = [("mark_0", "4"), ("mark_1", ""), ("mark_2", "2"), ("people", "5")];
    assert_eq!(send(poll_form(601, "/hands", &hands)), said("hands", "{\"counts\":[4,0,2],\"people\":5}"));
    let paper = [("option", "0"), ("option", "2"), ("ballots", "3")];
    assert_eq!(send(poll_form(601, "/paper", &paper)), said("paper", "{\"marks\":[1,0,1],\"ballots\":3}"));
    assert_eq!(send(poll_form(601, "/cards/void", &[("from", "2")])), said("void", "{\"from\":2}"));
    assert!(!desk.submit_poll(&poll_form(600, "/cards", &[("count", "8")])), "cards open a window of their own");
    assert!(!desk.submit_poll(&poll_form(600, "", &[])));
}

#[test]
fn given_keys_then_the_stage_goes_dark_and_the_next_one_speaks() {
    let (_owner, desk, sent) = desk(Vec::new());
    assert!(desk.key("n") && sent.borrow().is_empty(), "nobody waits");
    desk.board.view.update(|view| view.floor.entries.push(sample::speaker(700, None)));
    assert!(desk.key("b") && desk.key("n"));
    let dark = ForumCommand::SetStage { stage: Shown::Off, seen: Some(Seq(90)) };
    let next = ForumCommand::GiveFloor { entry: Some(sample::speaker(700, None).id) };
    assert_eq!(*sent.borrow(), [dark, next], "whose name stands there, not who has come to be first meanwhile");
    desk.keys.on.set(false);
    assert!(!desk.key("b"));
}

#[test]
fn given_a_turn_then_it_is_said_once_that_it_is_nearly_over_and_once_that_it_is() {
    let (_owner, desk, _) = desk(Vec::new());
    let speaks = |n, seconds| {
        let speaking = SpeakingView { entry: sample::speaker(n, None), since: Timestamp(0), seconds };
        desk.board.view.update(|view| view.floor.speaking = Some(speaking));
    };
    let at = |second: i64| {
        desk.now.set(Timestamp(second * 1_000));
        desk.call_time();
        let said = desk.board.announced.get_untracked();
        (said.number, said.words)
    };
    speaks(700, 120);
    assert_eq!(at(10).0, 0);
    assert_eq!(at(91), (1, "Noch 30 Sekunden Redezeit.".to_owned()));
    assert_eq!(at(100).0, 1);
    assert_eq!(at(120), (2, "Die Redezeit ist um.".to_owned()));
    assert_eq!(at(200).0, 2);
    speaks(701, 20);
    assert_eq!(at(5).0, 2, "a short turn has its end said alone");
    assert_eq!(at(21).0, 3);
}

#[test]
fn given_contributions_on_stage_then_they_can_be_put_there_again() {
    let (_owner, desk, _) = desk(Vec::new());
    let stage = |stage| desk.board.view.update(|view| view.stage = stage);
    stage(Shown::Contributions { contributions: vec![id(900)] });
    assert_eq!(desk.stage.chosen.get_untracked(), [id(900)]);
    stage(Shown::Off);
    assert_eq!(desk.stage.chosen.get_untracked(), [id(900)]);
}

#[test]
fn given_a_refused_change_then_it_leaves_unless_it_was_reported() {
    let (_owner, desk, _) = desk(Vec::new());
    let refuse = |n| ForumCommand::Refuse { contribution: id(n), note: None };
    let report = ReportView { what: Reported::Text, reason: ReportReason::Spam, text: None, at: Timestamp(0) };
    let changed = ContributionView { pending: Some("Anders".into()), ..visible(900) };
    let reported = ContributionView { reports: vec![report], pending: Some("Anders".into()), ..visible(901) };
    desk.board.view.update(|view| view.attention = vec![changed, reported]);
    desk.press(refuse(900), false);
    desk.press(refuse(901), false);
    assert_eq!(desk.spots(), [Spot { id: id(901), waits: false }]);
}

#[test]
fn given_the_floor_is_given_when_pressed_twice_then_nobodys_turn_ends() {
    let (_owner, desk, sent) = desk(Vec::new());
    desk.board.view.update(|view| view.floor.entries = vec![sample::speaker(700, None), sample::speaker(701, None)]);
    let next = || ForumCommand::GiveFloor { entry: None };
    assert!(desk.press(next(), false));
    later(200);
    assert!(desk.press(next(), false) && desk.key("n") && desk.press(ForumCommand::EndFloor, false));
    let first = sample::speaker(700, None).id;
    assert_eq!(*sent.borrow(), [ForumCommand::GiveFloor { entry: Some(first) }]);
    later(BOUNCE_MS);
    assert!(desk.press(ForumCommand::EndFloor, false));
    assert_eq!(sent.borrow().len(), 2);
    desk.board.view.update(|view| view.floor.entries.clear());
    later(BOUNCE_MS);
    assert!(desk.press(next(), false), "taken, and nobody is there");
    assert_eq!(sent.borrow().len(), 2);
}

#[test]
fn given_a_countdown_then_keys_do_nothing_but_stop_it() {
    let (_owner, desk, sent) = with_polls();
    desk.board.view.update(|view| view.floor.entries.push(sample::speaker(700, None)));
    desk.submit_poll(&poll_form(601, "/close", &[]));
    for key in ["b", "n", "u", "j", "a"] {
        assert!(!desk.key(key), "{key}");
    }
    assert!(sent.borrow().is_empty());
    desk.submit_poll(&poll_form(602, "/reveal", &[]));
    assert_eq!(desk.board.said.get_untracked().words, "Es läuft schon ein Countdown.");
    assert!(desk.key("Escape") && desk.key("b"));
}

#[test]
fn given_the_end_has_just_begun_then_an_impatient_press_does_not_take_the_rest_of_it() {
    let (_owner, desk, _) = with_polls();
    let now = || desk.submit_poll(&poll_form(601, "/close", &[("seconds", "0")]));
    later(60_000);
    desk.keep(PollId(uuid(601)), told(desk, 7, true));
    later(1_999);
    assert!(now() && requests().is_empty());
    later(1);
    assert!(now());
    assert_eq!(requests(), [("close".to_owned(), "{\"seconds\":0}".to_owned())]);
    assert_eq!(device::focused(), Some(format!("poll-{}", PollId(uuid(601)))));
}

/// An answer on the open poll.
fn told(desk: Desk, seq: u64, closing: bool) -> polls::Told {
    let view = desk.polls.details.with_untracked(|polls| polls[1].1.clone());
    let poll = view.poll.clone().map(|poll| stimmwerk_core::poll::PollHeader { closing, ..poll });
    polls::Told { seq: Seq(seq), view: PollView { poll, ..view } }
}

#[test]
fn given_answers_that_overtake_each_other_then_the_later_state_stays() {
    let (_owner, desk, _) = with_polls();
    let id = PollId(uuid(601));
    let closing =
        || desk.polls.details.with_untracked(|polls| polls[1].1.poll.as_ref().map(|poll| poll.closing)).expect("known");
    desk.keep(id, told(desk, 8, true));
    desk.keep(id, told(desk, 7, false));
    assert!(closing());
    desk.keep(id, told(desk, 9, false));
    assert!(!closing());
}

#[test]
fn given_a_poll_that_moved_on_unseen_then_it_is_asked_for_until_it_was_told() {
    let (_owner, desk, _) = with_polls();
    let unseen = || desk.board.view.with_untracked(|view| desk.unseen(&view.polls));
    assert!(unseen().is_empty());
    desk.board.view.update(|view| view.polls[1].phase = Phase::Closed);
    assert_eq!(unseen(), [PollId(uuid(601))]);
}

#[test]
fn given_a_colleague_opens_a_poll_then_the_one_to_be_shown_stays() {
    let (owner, _desk, _) = desk(Vec::new());
    owner.with(|| {
        let choice = |id: &str| (id.to_owned(), Texts::of(Lang::german(), id));
        let (all, picked) = (RwSignal::new(vec![choice("a")]), RwSignal::new(None));
        let chosen = stage::chosen(Memo::new(move |_| all.get()), picked);
        let chosen = move || chosen.get_untracked().unwrap_or_default();
        assert_eq!(chosen(), "a");
        all.set(vec![choice("b"), choice("a")]);
        assert_eq!(chosen(), "a");
        picked.set(Some("b".to_owned()));
        assert_eq!(chosen(), "b");
        all.set(vec![choice("c"), choice("a")]);
        assert_eq!(chosen(), "c", "what was chosen is gone");
    });
}

#[test]
fn given_a_colleagues_act_then_it_is_said_to_the_others_alone() {
    let (owner, desk, _) = with_polls();
    let desk = Desk { me: Some(person(1)), ..desk };
    let act = |seq: u64, did: &str, by: u128| {
        let poll = did.starts_with("poll").then(|| uuid(601));
        serde_json::json!({ "seq": seq, "at": 0, "by": person(by), "did": did, "poll": poll, "name": "Amina" })
    };
    let heard = |acts: Vec<serde_json::Value>| {
        desk.heard(serde_json::from_value(serde_json::json!({ "acts": acts })).expect("as the server answers"));
        desk.board.announced.get_untracked()
    };
    let line = |about| owner.with(|| team::last(desk, about).to_html());
    assert_eq!(heard(vec![act(3, "staged", 2)]).number, 0, "not what was there before");
    assert!(line(team::About::Stage).contains("Amina"));
    let opened = || vec![act(5, "poll_opened", 2), act(3, "staged", 2)];
    assert_eq!(heard(opened()).words, "\u{2068}Amina\u{2069} hat die Umfrage gestartet. Was zuerst?");
    assert_eq!(heard(opened()).number, 1, "once");
    assert_eq!(heard(vec![act(6, "floor_given", 1), act(5, "poll_opened", 2)]).number, 1, "not one's own");
    heard(vec![act(4, "staged", 2)]);
    assert!(line(team::About::Floor).contains("das Wort gegeben"), "a late answer changes nothing");
    assert!(line(team::About::Poll(PollId(uuid(600)))).contains("hidden"));
}
