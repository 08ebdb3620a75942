//! The speaking list.

use super::*;
use crate::domain::{Issuer, PersonChange};

pub(super) const ASK: ForumCommand = ForumCommand::AskFloor { interpreted: false };
const NEXT: ForumCommand = ForumCommand::GiveFloor { entry: None };

pub(super) fn enter(name: &str) -> ForumCommand {
    ForumCommand::EnterFloor { name: name.into(), interpreted: false }
}

fn give(entry: FloorId) -> ForumCommand {
    ForumCommand::GiveFloor { entry: Some(entry) }
}

fn pin(entry: FloorId) -> ForumCommand {
    ForumCommand::PinFloor { entry }
}

fn drop(entry: FloorId) -> ForumCommand {
    ForumCommand::DropFloor { entry }
}

impl Talk {
    /// Something about the speaking list, in most cases with somebody who is on it.
    pub(super) fn floor(&mut self, step: Step) -> ForumCommand {
        let (on, how) = (usize::from(step.on), usize::from(step.how));
        let floor = self.room.seen(Audience::Staff).floor;
        let speaker = floor.speaking.map(|speaking| speaking.entry);
        let all: Vec<FloorId> = floor.entries.into_iter().chain(speaker).map(|entry| entry.id).collect();
        let entry = all.get(on % (all.len() + 1)).copied().unwrap_or(FloorId(Uuid::from_u128(404)));
        match step.what {
            What::SetFloor => ForumCommand::SetFloor { open: !how.is_multiple_of(4), seconds: [60, 120, 5][on % 3] },
            What::AskFloor => ForumCommand::AskFloor { interpreted: how.is_multiple_of(3) },
            What::WithdrawFloor => ForumCommand::WithdrawFloor,
            What::EnterFloor => {
                let new = self.text();
                let name = ["Ada «7001»", "ada «7001»", "Bo «7002»", "", &new][how % 5];
                ForumCommand::EnterFloor { name: name.into(), interpreted: how.is_multiple_of(2) }
            }
            What::GiveFloor => ForumCommand::GiveFloor { entry: how.is_multiple_of(3).then_some(entry) },
            What::DropFloor => drop(entry),
            What::PinFloor => pin(entry),
            _ => ForumCommand::EndFloor,
        }
    }
}

/// Whose names can be seen on the speaking list, told anew from the events.
#[derive(Clone, Default)]
pub(super) struct Retold {
    /// Who waits, and whether their name does.
    list: BTreeMap<FloorId, (Who, bool)>,
    speaking: Option<(FloorId, Who, bool)>,
    /// Does a new name wait to be read?
    waiting: bool,
    /// Names in the hall, and whether their turns count.
    hall: BTreeMap<FloorId, (Words, bool)>,
    approved: BTreeMap<ContributionId, ParticipantId>,
}

#[derive(Clone, Copy, PartialEq)]
enum Who {
    Online(ParticipantId),
    Hall(FloorId),
}

impl Retold {
    pub(super) fn trust(&mut self, contribution: ContributionId, author: ParticipantId) {
        self.approved.insert(contribution, author);
    }

    pub(super) fn hear(&mut self, event: &ForumEvent) {
        match event {
            ForumEvent::PutBack(e) => {
                self.approved.remove(&e.contribution);
            }
            ForumEvent::Founded(e) => self.waiting = e.waiting != Waiting::None,
            ForumEvent::WaitingSet(e) => self.waiting = e.waiting != Waiting::None,
            ForumEvent::Introduced(e) => {
                let new = self.waiting && e.role.is_none();
                let on_list = self.list.values_mut().map(|(who, waits)| (who, waits));
                let all = on_list.chain(self.speaking.iter_mut().map(|(_, who, waits)| (who, waits)));
                all.filter(|(who, _)| **who == Who::Online(e.participant)).for_each(|(_, waits)| *waits = new);
            }
            ForumEvent::FloorAsked(e) => {
                self.list.entry(e.entry).or_insert((Who::Online(e.participant), e.waits));
            }
            ForumEvent::FloorEntered(e) => {
                if let Some(name) = &e.name {
                    self.hall.insert(e.entry, (words(name.as_str()), false));
                }
                self.list.insert(e.entry, (Who::Hall(e.again.unwrap_or(e.entry)), false));
            }
            ForumEvent::FloorGiven(e) => {
                let (who, _) = self.list.remove(&e.entry).expect("there");
                self.speaking = Some((e.entry, who, false));
                if let Who::Hall(named) = who
                    && let Some((_, counts)) = self.hall.get_mut(&named)
                {
                    *counts = true;
                }
            }
            ForumEvent::FloorEnded(_) => self.speaking = None,
            ForumEvent::FloorWithdrawn(FloorWithdrawn { entry }) | ForumEvent::FloorDropped(FloorDropped { entry }) => {
                self.list.remove(entry);
                self.speaking.take_if(|(speaks, ..)| speaks == entry);
            }
            ForumEvent::PersonErased(e) => {
                self.list.retain(|_, (who, _)| *who != Who::Online(e.participant));
                self.speaking.take_if(|(_, who, _)| *who == Who::Online(e.participant));
            }
            ForumEvent::StateSet(e) if e.mode == Mode::Closed => {
                self.hall.values_mut().for_each(|(_, counts)| *counts = false);
            }
            _ => {}
        }
        let Self { list, speaking, hall, .. } = self;
        hall.retain(|id, (_, counts)| {
            let mut there = list.values().map(|(who, _)| who).chain(speaking.iter().map(|(_, who, _)| who));
            *counts || there.any(|who| *who == Who::Hall(*id))
        });
    }

    pub(super) fn seen_by(&self, audience: Audience, names: &BTreeMap<ParticipantId, Words>) -> Words {
        let mut seen = Words::new();
        let speaking = self.speaking.iter().map(|(_, who, waits)| (who, *waits));
        for (who, waits) in self.list.values().map(|(who, waits)| (who, *waits)).chain(speaking) {
            seen.extend(
                match who {
                    Who::Hall(named) => self.hall.get(named).map(|(name, _)| name),
                    Who::Online(one) => {
                        let trusted = self.approved.values().any(|author| author == one);
                        names.get(one).filter(|_| audience == Audience::Staff || !waits || trusted)
                    }
                }
                .into_iter()
                .flatten(),
            );
        }
        seen
    }

    pub(super) fn kept(&self) -> Words {
        self.hall.values().flat_map(|(name, _)| name).copied().collect()
    }
}

// Rules.

/// A room in which people can ask for the floor.
fn open_floor() -> Room {
    let mut room = room(Waiting::FirstOfGuest);
    room.tell(ForumCommand::SetFloor { open: true, seconds: 60 });
    room
}

fn named(number: u8, name: &str) -> Actor {
    Actor { name: Some(name.into()), ..account(number) }
}

impl Room {
    /// A moderator does something.
    fn tell(&mut self, command: ForumCommand) {
        self.ask(&moderator(), 5_000, command).expect("taken");
    }

    fn asks(&mut self, who: &Actor) -> FloorId {
        self.ask(who, 1_000, ASK).expect("taken");
        self.own(who).floor.expect("on the list")
    }

    fn enters(&mut self, name: &str) -> FloorId {
        self.ask(&moderator(), 1_000, enter(name)).expect("taken");
        FloorId(self.object().expect("it has an id"))
    }

    fn list(&self) -> Vec<FloorId> {
        self.seen(Audience::Public).floor.entries.iter().map(|entry| entry.id).collect()
    }

    fn speaker(&self) -> Option<FloorEntryView> {
        self.seen(Audience::Public).floor.speaking.map(|speaking| speaking.entry)
    }
}

#[test]
fn given_nobody_may_ask_then_staff_still_enter_people_and_in_a_closed_forum_nobody_does() {
    let mut room = room(Waiting::None);
    assert_eq!(room.seen(Audience::Public).floor, FloorView::default());
    assert_eq!(room.ask(&account(1), 0, ASK), Err(Rejection::FloorClosed));
    room.enters("Ada");
    room.tell(ForumCommand::SetFloor { open: true, seconds: 60 });
    room.tell(set(Mode::Locked));
    let mine = room.asks(&account(1));
    assert_eq!(room.ask(&account(1), 0, ASK), Ok(Vec::new()), "so it was already");
    room.tell(ForumCommand::SetFloor { open: false, seconds: 60 });
    let otherwise = ForumCommand::AskFloor { interpreted: true };
    assert_eq!(room.ask(&account(1), 0, otherwise), Err(Rejection::FloorClosed), "nor is anything changed");
    room.tell(set(Mode::Closed));
    for (who, command) in [(account(2), ASK), (moderator(), enter("Bo")), (moderator(), NEXT)] {
        assert_eq!(room.ask(&who, 0, command), Err(Rejection::ForumClosed));
    }
    room.ask(&account(1), 0, ForumCommand::WithdrawFloor).expect("taken");
    assert_eq!(room.ask(&account(1), 0, ForumCommand::WithdrawFloor), Ok(Vec::new()));
    assert!(!room.list().contains(&mine) && room.own(&account(1)).floor.is_none());
    for seconds in [MIN_FLOOR_SECONDS - 1, MAX_FLOOR_SECONDS + 1] {
        let command = ForumCommand::SetFloor { open: true, seconds };
        assert_eq!(room.ask(&moderator(), 0, command), Err(Rejection::TooMany { max: MAX_FLOOR_SECONDS }));
    }
}

#[test]
fn given_a_hall_and_people_online_then_they_speak_by_turns_and_whoever_spoke_waits_longer() {
    let mut room = open_floor();
    let [ada, bo] = ["Ada", "Bo"].map(|name| room.enters(name));
    let [three, four] = [3, 4].map(|number| room.asks(&account(number)));
    assert_eq!(room.list(), [ada, three, bo, four]);
    room.tell(NEXT);
    assert_eq!(room.speaker().expect("somebody").id, ada);
    let again = room.enters(" ADA ");
    assert_eq!(room.list(), [three, bo, four, again]);
    assert_eq!(room.seen(Audience::Public).floor.entries[3].turns, 1);
    assert_eq!(room.ask(&moderator(), 0, enter("ada")), Err(Rejection::OnTheList), "she is on the list");
    for entry in [three, bo, four, again] {
        room.tell(NEXT);
        assert_eq!((room.speaker().expect("somebody").id, room.speaker().expect("somebody").pinned), (entry, false));
    }
    room.tell(NEXT);
    assert_eq!(room.speaker(), None, "after the last one nobody speaks");
    assert_eq!(room.ask(&moderator(), 0, NEXT), Ok(Vec::new()));
    assert_eq!(room.ask(&moderator(), 0, ForumCommand::EndFloor), Ok(Vec::new()));
}

#[test]
fn given_a_moderator_who_overrides_then_all_see_it_and_the_log_of_staff_tells() {
    let mut room = open_floor();
    let [one, two, three] = [1, 2, 3].map(|number| room.asks(&account(number)));
    room.tell(pin(three));
    assert_eq!(room.list(), [three, one, two]);
    assert!(room.seen(Audience::Public).floor.entries[0].pinned);
    room.tell(pin(two));
    assert_eq!(room.list(), [three, two, one], "in the order of pinning");
    room.tell(pin(three));
    room.tell(pin(two));
    assert_eq!(room.list(), [one, two, three]);
    room.tell(give(two));
    assert_eq!(room.ask(&moderator(), 0, give(two)), Ok(Vec::new()), "so it is already");
    room.tell(drop(one));
    room.tell(drop(two));
    assert_eq!((room.list(), room.speaker()), (vec![three], None), "dropping the speaker ends the turn");
    for command in [pin(one), give(one), drop(one)] {
        assert_eq!(room.ask(&moderator(), 0, command), Err(Rejection::NotFound));
    }
    let did: Vec<Did> = room.state.acts(None).into_iter().map(|act| act.did).collect();
    let (pinned, unpinned) = (Did::FloorPinned, Did::FloorUnpinned);
    let dropped = Did::FloorDropped;
    assert_eq!(did, [dropped, dropped, Did::FloorGiven, unpinned, unpinned, pinned, pinned]);
}

#[test]
fn given_an_interpreter_then_the_turn_is_twice_as_long_as_it_was_when_it_began() {
    let mut room = open_floor();
    let mine = room.asks(&account(1));
    room.asks(&account(2));
    room.ask(&account(1), 2_000, ForumCommand::AskFloor { interpreted: true }).expect("taken");
    assert_eq!((room.list()[0], room.own(&account(1)).floor), (mine, Some(mine)), "the place stays");
    room.tell(NEXT);
    room.tell(ForumCommand::SetFloor { open: false, seconds: 300 });
    let speaking = room.seen(Audience::Public).floor.speaking.expect("somebody");
    assert_eq!((speaking.seconds, speaking.since, speaking.entry.asked_at), (120, Timestamp(5_000), Timestamp(1_000)));
    assert_eq!(room.own(&account(1)).floor, Some(mine), "also while they speak");
    room.tell(ForumCommand::EndFloor);
    assert_eq!(room.own(&account(1)).floor, None);
    room.tell(NEXT);
    assert_eq!(room.seen(Audience::Public).floor.speaking.expect("somebody").seconds, 300);
}

#[test]
fn given_a_name_nobody_has_read_then_only_staff_see_it_until_they_give_the_floor_or_approve_something() {
    let stranger = |number| Actor { name: Some("Unbekannt".into()), ..guest(number) };
    let mut room = open_floor();
    room.asks(&stranger(1));
    room.asks(&stranger(2));
    let names = |room: &Room, audience| -> Vec<bool> {
        room.seen(audience).floor.entries.iter().map(|entry| entry.name.is_some()).collect()
    };
    assert_eq!(names(&room, Audience::Participants), [false, false]);
    assert_eq!(names(&room, Audience::Staff), [true, true]);
    assert_eq!(room.seen(Audience::Staff).floor.entries[1].participant, Some(participant(2)));
    assert_eq!(room.seen(Audience::Participants).floor.entries[1].participant, None);
    let contribution = room.post(&stranger(2), 0, "Freundlich");
    room.tell(ForumCommand::Approve { contribution, seen: None });
    assert_eq!(names(&room, Audience::Participants), [false, true]);
    room.tell(NEXT);
    assert!(room.speaker().expect("somebody").name.is_some());
    room.tell(ForumCommand::ResetName { participant: participant(1) });
    assert_eq!(room.speaker().expect("somebody").name, None);
    room.ask(&named(1, "Ada"), 0, ForumCommand::Introduce).expect("who is on the list is named");
    assert_eq!(room.speaker().expect("somebody").name, None, "another name than the one that was read");
    let staff = room.seen(Audience::Staff).floor.speaking.expect("somebody").entry;
    assert_eq!(staff.name.as_deref(), Some("Ada"));
}

#[test]
fn given_names_from_the_hall_then_they_are_kept_as_long_as_their_turns_count() {
    let mut room = open_floor();
    let kept = |room: &Room, name: &str| room.rows.values().any(|text| &**text == name);
    let dropped = room.enters("Ada");
    room.tell(drop(dropped));
    assert!(!kept(&room, "Ada"), "who had no turn is forgotten");
    room.enters("Bo");
    room.enters("Cem");
    room.enters("");
    room.enters("");
    room.tell(NEXT);
    room.tell(NEXT);
    room.asks(&account(1));
    room.tell(give(room.own(&account(1)).floor.expect("on the list")));
    assert!(kept(&room, "Bo") && kept(&room, "Cem"));
    room.enters("cem");
    room.tell(set(Mode::Closed));
    assert!(!kept(&room, "Bo") && kept(&room, "Cem"), "counting is over");
    room.tell(set(Mode::Open));
    assert!(room.seen(Audience::Public).floor.entries.iter().all(|entry| entry.turns == 0));
    assert_eq!(room.speaker().expect("somebody").turns, 0);
}

#[test]
fn given_a_person_who_is_erased_then_they_are_on_no_list_and_do_not_speak() {
    let erase = |number| ForumCommand::ErasePerson { participant: participant(number) };
    let mut room = open_floor();
    room.asks(&named(1, "Ada"));
    room.asks(&named(2, "Bo"));
    room.tell(NEXT);
    assert_eq!(room.state.floor_entry(participant(1)), room.speaker().map(|entry| entry.id));
    for number in [1, 2] {
        room.ask(&Actor::system(), 0, erase(number)).expect("taken");
    }
    assert_eq!((room.list(), room.speaker(), room.state.floor_entry(participant(1))), (vec![], None, None));
    assert!(!json(&room.seen(Audience::Staff)).contains("Ada"));
    // A command that was under way arrives after it.
    let late = ForumCommand::AskFloor { interpreted: false };
    assert_eq!(room.ask(&account(2), 0, late), Err(Rejection::NotJoined));
    assert_eq!(room.list(), []);
}

#[test]
fn given_turns_and_polls_then_the_record_has_them_and_no_name_of_who_spoke() {
    let mut room = open_floor();
    room.ask(&Actor::system(), 0, hall::poll_moved(1, Phase::Revealed, "Einverstanden?")).expect("taken");
    assert_eq!(room.state.record(true).expect("founded").floor, None);
    room.enters("Ada");
    room.enters("Bo");
    room.asks(&named(1, "Cem"));
    for command in [NEXT, NEXT, NEXT, set(Mode::Closed)] {
        room.tell(command);
    }
    let record = room.state.record(true).expect("founded");
    assert_eq!(record.floor, Some(FloorTurns { turns_hall: 2, turns_online: 1 }), "also when counting is over");
    assert_eq!((record.polls.len(), record.polls[0].phase), (1, Phase::Revealed));
    assert_eq!(record.polls[0].title.pick("de").0, "Einverstanden?");
    assert!(["Ada", "Bo", "Cem"].iter().all(|name| !json(&record).contains(name)));
}

#[test]
fn given_a_full_list_then_nobody_is_added_and_its_size_is_bounded() {
    let mut room = open_floor();
    for _ in 0..MAX_FLOOR {
        room.enters("");
    }
    let full = Err(Rejection::TooMany { max: MAX_FLOOR as u32 });
    assert_eq!(room.ask(&account(1), 0, ASK), full);
    assert_eq!(room.ask(&moderator(), 0, enter("Ada")), full);
    assert!(json(&room.seen(Audience::Staff).floor).len() < MAX_FLOOR * 160);
}

#[test]
fn given_a_person_is_shut_out_when_something_of_theirs_arrives_meanwhile_then_it_is_refused_too() {
    let mut room = open_floor();
    room.ask(&moderator(), 0, ForumCommand::SetWaiting { waiting: Waiting::All }).expect("taken");
    let ada = named(1, "Ada");
    let change = PersonChange::ShutOut { banned: true, by: moderator().participant };
    let mut done = Vec::new();
    while let Some((command, issuer)) = Forum::on_person(&room.state, participant(1), change, done.len()) {
        let actor = if issuer == Issuer::Program { Actor::system() } else { moderator() };
        done.push(command.rule().name);
        room.ask(&actor, 1, command).expect("taken");
        if done.len() == 1 {
            // They passed the gate before, and stood in the mailbox.
            room.ask(&ada, 1, say("Noch schnell.")).expect("taken");
            room.asks(&ada);
        }
    }
    assert_eq!(done, ["shut_out", "refuse_all", "drop_floor"]);
    assert_eq!(room.state.waiting_of(participant(1)).count(), 0);
    assert_eq!((room.list(), room.state.floor_entry(participant(1))), (vec![], None));
    let let_in = PersonChange::ShutOut { banned: false, by: None };
    assert!(Forum::on_person(&room.state, participant(1), let_in, 0).is_some());
    assert_eq!(Forum::on_person(&room.state, participant(1), let_in, 1), None);
}
