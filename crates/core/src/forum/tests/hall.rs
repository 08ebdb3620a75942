//! Polls of a forum.

use super::*;

pub(super) const PHASES: [Phase; 4] = [Phase::Draft, Phase::Open, Phase::Closed, Phase::Revealed];

pub(super) fn poll(number: u8) -> PollId {
    PollId(Uuid::from_u128(0x9000 + u128::from(number)))
}

pub(super) fn poll_moved(number: u8, phase: Phase, title: &str) -> ForumCommand {
    let stream = StreamId(Uuid::from_u128(0x5000 + u128::from(number)));
    ForumCommand::PollMoved { poll: poll(number), stream, phase, title: german(title) }
}

impl Room {
    fn moves(&mut self, number: u8, phase: Phase, title: &str) -> usize {
        self.ask(&Actor::system(), 0, poll_moved(number, phase, title)).expect("taken").len()
    }
}

#[test]
fn given_polls_that_move_then_they_stand_as_they_began_with_their_last_title_alone() {
    let mut room = room(Waiting::None);
    assert_eq!(room.moves(1, Phase::Draft, "Geheim"), 0, "drafts never come here");
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
