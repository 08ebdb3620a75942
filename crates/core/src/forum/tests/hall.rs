//! Polls of a forum, and its stage.

use super::*;

pub(super) const PHASES: [Phase; 4] = [Phase::Draft, Phase::Open, Phase::Closed, Phase::Revealed];

pub(super) fn poll(number: u8) -> PollId {
    PollId(Uuid::from_u128(0x9000 + u128::from(number)))
}

pub(super) fn poll_moved(number: u8, phase: Phase, title: &str) -> ForumCommand {
    let stream = StreamId(Uuid::from_u128(0x5000 + u128::from(number)));
    ForumCommand::PollMoved { poll: poll(number), stream, phase, title: german(title), by: None }
}

impl Talk {
    /// Something for the stage, in most cases with what is there.
    pub(super) fn stage(&self, how: usize, contribution: ContributionId) -> Stage {
        let seen: Vec<_> = self.room.seen(Audience::Public).contributions.iter().map(|one| one.id).collect();
        match how % 8 {
            0 => Stage::Off,
            1 => Stage::Welcome,
            2 => Stage::Topic { topic: self.topic },
            3 => Stage::Poll { poll: poll((how / 8 % 4) as u8) },
            4 => Stage::Speaking,
            5 => Stage::Contributions { contributions: vec![contribution] },
            _ => Stage::Contributions { contributions: seen.into_iter().take(how / 8 % 7).collect() },
        }
    }
}

/// What stands on stage is there for everyone.
pub(super) fn assert_stage(view: &ForumView) {
    match &view.stage {
        Stage::Topic { topic } => assert!(view.topics.iter().any(|it| it.id == *topic)),
        Stage::Poll { poll } => assert!(view.polls.iter().any(|it| it.id == *poll)),
        Stage::Contributions { contributions } => {
            assert!((1..=MAX_ON_STAGE).contains(&contributions.len()));
            assert!(contributions.iter().all(|id| view.contributions.iter().any(|it| it.id == *id)));
        }
        Stage::Off | Stage::Welcome | Stage::Speaking => {}
    }
}

impl Room {
    fn puts(&mut self, stage: Stage) -> Result<usize, Rejection> {
        self.ask(&moderator(), 0, ForumCommand::SetStage { stage, seen: None }).map(|events| events.len())
    }

    fn stage(&self) -> Stage {
        self.seen(Audience::Public).stage
    }

    fn moves(&mut self, number: u8, phase: Phase, title: &str) -> usize {
        self.ask(&Actor::system(), 0, poll_moved(number, phase, title)).expect("taken").len()
    }
}

#[test]
fn given_polls_that_move_then_they_stand_as_they_began_with_their_last_title_alone() {
    let mut room = room(Waiting::None);
    room.moves(1, Phase::Draft, "Geheim");
    assert_eq!(room.seen(Audience::Participants).polls, [], "drafts are for staff");
    assert_eq!(room.seen(Audience::Staff).polls.len(), 1);
    assert_eq!(room.puts(Stage::Poll { poll: poll(1) }), Err(Rejection::NotFound));
    room.moves(1, Phase::Open, "Erste?");
    room.moves(2, Phase::Open, "Zweite?");
    assert_eq!(room.moves(2, Phase::Open, "Zweite?"), 0, "so it was already");
    let mut view = room.seen(Audience::Public);
    let before = room.seq();
    room.moves(1, Phase::Closed, "Erste Frage?");
    Forum::apply_deltas(&mut view, &Forum::deltas(&room.state, Seq(before), Audience::Public));
    assert_eq!(view, room.seen(Audience::Public));
    let seen: Vec<_> = view.polls.iter().map(|it| (it.number, it.id, it.phase, it.title.pick("de").0)).collect();
    assert_eq!(seen, [(1, poll(1), Phase::Closed, "Erste Frage?"), (2, poll(2), Phase::Open, "Zweite?")]);
    assert!(!room.rows.values().any(|text| &**text == "Erste?"), "the old title is deleted");
}

#[test]
fn given_as_many_polls_as_a_forum_holds_then_a_further_one_is_passed_over_and_known_ones_move() {
    let mut room = room(Waiting::None);
    room.moves(0, Phase::Open, "Ja?");
    let one = room.state.polls[0].clone();
    room.state.polls = std::iter::repeat_n(one, MAX_FORUM_POLLS).collect();
    let context = room.context(&Actor::system(), 0);
    let judge = |command: &ForumCommand| Forum::decide(&room.state, command, &context).expect("taken").events.len();
    // It follows from another stream, which would ask again and again.
    assert_eq!(judge(&poll_moved(1, Phase::Open, "Ja?")), 0);
    assert_eq!(judge(&poll_moved(0, Phase::Closed, "Ja?")), 1);
}

#[test]
fn given_a_stage_then_only_what_everyone_can_see_is_put_there() {
    let mut room = room(Waiting::FirstOfGuest);
    assert_eq!(room.stage(), Stage::Welcome);
    let waiting = room.post(&guest(1), 0, "Wartet");
    let shown = room.post(&account(2), 0, "Zu sehen");
    let topic = room.topic("Wege");
    room.moves(1, Phase::Closed, "Ja?");
    let contributions = |contributions: &[ContributionId]| Stage::Contributions { contributions: contributions.into() };
    for stage in [Stage::Topic { topic }, Stage::Poll { poll: poll(1) }, Stage::Speaking, contributions(&[shown])] {
        assert_eq!(room.puts(stage.clone()), Ok(1));
        assert_eq!(room.puts(stage.clone()), Ok(0), "so it was already");
        assert_eq!(room.stage(), stage);
        assert_eq!(serde_json::from_str::<Stage>(&json(&stage)).expect("read"), stage);
    }
    let (nowhere, nothing) = (TopicId(Uuid::from_u128(404)), contributions(&[]));
    for stage in
        [Stage::Topic { topic: nowhere }, Stage::Poll { poll: poll(2) }, contributions(&[shown, waiting]), nothing]
    {
        assert_eq!(room.puts(stage), Err(Rejection::NotFound));
    }
    let six = contributions(&[shown; MAX_ON_STAGE + 1]);
    assert_eq!(room.puts(six), Err(Rejection::TooMany { max: MAX_ON_STAGE as u32 }));
    for unknown in [r#"{"shows":"film"}"#, r#"{"shows":"topic"}"#, r#"{"shows":"poll"}"#] {
        assert!(serde_json::from_str::<Stage>(unknown).is_err(), "{unknown}");
    }
}

#[test]
fn given_contributions_on_stage_when_they_can_be_seen_no_longer_then_they_leave_it_in_the_same_batch() {
    let mut room = room(Waiting::None);
    let all: Vec<_> = (1..=4).map(|n| room.post(&account(n), 0, "Auf der Leinwand")).collect();
    room.puts(Stage::Contributions { contributions: all.clone() }).expect("taken");
    let admin = staff(9, Role::Admin);
    for (who, command, left) in [
        (&moderator(), hide(all[0]), &all[1..]),
        (&account(2), ForumCommand::Withdraw { contribution: all[1] }, &all[2..]),
        (&admin, ForumCommand::Erase { contribution: all[2] }, &all[3..]),
    ] {
        let before = room.seq();
        room.ask(who, 0, command).expect("taken");
        let deltas = Forum::deltas(&room.state, Seq(before), Audience::Public);
        let stage = Stage::Contributions { contributions: left.into() };
        let put = Delta::Put { key: ForumKey::Stage, seq: Seq(room.seq()), value: ForumValue::Stage(stage) };
        assert!(deltas.contains(&put));
    }
    room.ask(&Actor::system(), 0, ForumCommand::ErasePerson { participant: participant(4) }).expect("taken");
    assert_eq!(room.stage(), Stage::Welcome);
    room.ask(&moderator(), 0, ForumCommand::Restore { contribution: all[0] }).expect("taken");
    assert_eq!(room.stage(), Stage::Welcome, "nothing comes back by itself");
}

#[test]
fn given_contributions_on_stage_when_they_say_something_else_or_under_another_name_then_they_leave_it() {
    let mut room = room(Waiting::FirstOfGuest);
    let named = |n: u8, name: &str| Actor { name: Some(name.into()), ..account(n) };
    let (one, other) = (room.post(&named(1, "Ada"), 0, "Gelesen"), room.post(&named(2, "Ben"), 0, "Auch gelesen"));
    let stage = |on: &[ContributionId]| Stage::Contributions { contributions: on.into() };
    let edit = |contribution, text: &str| ForumCommand::Edit { contribution, text: text.to_owned() };
    room.puts(stage(&[one, other])).expect("taken");
    room.ask(&named(1, "Ada"), 0, edit(one, "Ungelesen")).expect("taken");
    assert_eq!(room.stage(), stage(&[other]));
    room.puts(stage(&[one, other])).expect("read it, and puts it there again");
    room.post(&named(2, "Böse"), 0, "Unter einem anderen Namen");
    assert_eq!(room.stage(), stage(&[one]));
    // A change that waits changes nothing for the hall.
    room.ask(&moderator(), 0, ForumCommand::SetWaiting { waiting: Waiting::All }).expect("taken");
    room.ask(&named(1, "Ada"), 0, edit(one, "Wartet")).expect("taken");
    assert_eq!(room.stage(), stage(&[one]));
}

#[test]
fn given_words_changed_after_they_were_read_then_they_are_not_put_on_stage() {
    let mut room = room(Waiting::None);
    let (one, other) = (room.post(&account(1), 0, "Gelesen"), room.post(&account(2), 0, "Auch gelesen"));
    let read = Seq(room.seq());
    let edit = ForumCommand::Edit { contribution: one, text: "Ungelesen".to_owned() };
    room.ask(&account(1), 0, edit).expect("taken");
    let put = |room: &mut Room, on: &[ContributionId], seen| {
        let stage = Stage::Contributions { contributions: on.into() };
        room.ask(&moderator(), 0, ForumCommand::SetStage { stage, seen: Some(seen) }).map(|_| room.stage())
    };
    assert_eq!(put(&mut room, &[one, other], read), Err(Rejection::TextChanged));
    assert_eq!(room.stage(), Stage::Welcome);
    assert_eq!(put(&mut room, &[other], read), Ok(Stage::Contributions { contributions: vec![other] }));
    let now = Seq(room.seq());
    assert_eq!(put(&mut room, &[one], now), Ok(Stage::Contributions { contributions: vec![one] }));
}

#[test]
fn given_a_poll_that_opens_then_it_takes_the_stage_once_unless_that_is_off() {
    let mut room = room(Waiting::None);
    room.moves(1, Phase::Open, "Ja?");
    assert_eq!(room.stage(), Stage::Poll { poll: poll(1) });
    room.puts(Stage::Welcome).expect("taken");
    room.moves(1, Phase::Open, "Wirklich?");
    room.moves(1, Phase::Revealed, "Wirklich?");
    assert_eq!(room.stage(), Stage::Welcome, "only opening does");
    room.moves(1, Phase::Open, "Noch einmal?");
    assert_eq!(room.stage(), Stage::Poll { poll: poll(1) });
    room.puts(Stage::Off).expect("taken");
    room.moves(2, Phase::Open, "Und das?");
    assert_eq!(room.stage(), Stage::Off);
}
