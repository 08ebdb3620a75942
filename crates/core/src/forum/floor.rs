//! The speaking list: who asked for the floor in the hall and online, in fair order.
//!
//! A person of the process is known by their participant id, somebody in the hall by the name staff entered: the same
//! name, case aside, is the same person, and nobody named is somebody new each time. Turns are counted until the forum
//! is closed. The name of somebody in the hall is kept while they are on the list, speak, or have turns that count; then
//! it is deleted.

use std::collections::{BTreeMap, VecDeque};

use imbl::{OrdMap, Vector};
use serde::{Deserialize, Serialize};

use super::decide::{Judged, introduce, waits};
use super::event::{
    FloorAsked, FloorDropped, FloorEnded, FloorEntered, FloorGiven, FloorPinned, FloorSet, FloorWithdrawn,
};
use super::state::{Facet, Ix};
use super::view::Did;
use super::{
    FLOOR_SECONDS, FloorEntryView, FloorTurns, FloorView, ForumEvent, ForumState, MAX_FLOOR, MAX_FLOOR_SECONDS,
    MIN_FLOOR_SECONDS, Mode, SpeakingView,
};
use crate::domain::{Context, Decision, Meta};
use crate::ids::{CommandId, FloorId, ParticipantId, StreamId};
use crate::live::Seq;
use crate::people::Audience;
use crate::rejection::Rejection;
use crate::said::Said;
use crate::time::Timestamp;

/// Where somebody speaks from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Side {
    Hall,
    Online,
}

impl Side {
    const fn other(self) -> Self {
        match self {
            Self::Hall => Self::Online,
            Self::Online => Self::Hall,
        }
    }
}

/// What the order depends on.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    side: Side,
    /// How many turns they had.
    turns: u32,
    /// When they were put to the front.
    pinned: Option<Seq>,
}

/// The fair order of people who wait in the order they asked, as indexes.
///
/// 1. Who was put to the front, in that order.
/// 2. Who had fewer turns; so first of all who did not speak yet.
/// 3. Hall and online by turns, beginning with the side that did not speak last: the side before them in this order,
///    or `last` for the first. If nobody spoke, the side that asked first.
/// 4. Who asked first.
///
/// Giving the floor to the first leaves the order of the others as it was.
fn fair_order(waiting: &[Waiting], last: Option<Side>) -> Vec<usize> {
    let mut order: Vec<usize> = (0..waiting.len()).filter(|ix| waiting[*ix].pinned.is_some()).collect();
    order.sort_by_key(|ix| waiting[*ix].pinned);
    let mut last = order.last().map(|ix| waiting[*ix].side).or(last);
    let mut equals: BTreeMap<u32, [VecDeque<usize>; 2]> = BTreeMap::new();
    for (ix, one) in waiting.iter().enumerate().filter(|(_, one)| one.pinned.is_none()) {
        equals.entry(one.turns).or_default()[one.side as usize].push_back(ix);
    }
    for mut sides in equals.into_values() {
        loop {
            let next = match (sides[Side::Hall as usize].front(), sides[Side::Online as usize].front(), last) {
                (None, None, _) => break,
                (Some(_), None, _) => Side::Hall,
                (Some(_), Some(_), Some(last)) => last.other(),
                (Some(hall), Some(online), None) if hall < online => Side::Hall,
                (None, Some(_), _) | (Some(_), Some(_), None) => Side::Online,
            };
            order.extend(sides[next as usize].pop_front());
            last = Some(next);
        }
    }
    order
}

/// The speaking list after some number of events. Cloning shares everything.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Floor {
    /// Can people ask?
    open: bool,
    /// How long a turn is.
    seconds: u32,
    /// In the order they asked.
    entries: Vector<Entry>,
    speaking: Option<Turn>,
    /// The side of whoever spoke last, or speaks.
    last: Option<Side>,
    /// How many turns people of the process had.
    turns: OrdMap<Ix, u32>,
    /// People in the hall by name.
    hall: Vector<Named>,
    /// How many turns each side had in all, also before the forum was closed.
    spoken: [u32; 2],
}

impl Default for Floor {
    fn default() -> Self {
        Self {
            open: false,
            seconds: FLOOR_SECONDS,
            entries: Vector::new(),
            speaking: None,
            last: None,
            turns: OrdMap::new(),
            hall: Vector::new(),
            spoken: [0; 2],
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Entry {
    id: FloorId,
    who: Who,
    interpreted: bool,
    at: Timestamp,
    pinned: Option<Seq>,
    /// Nobody of the staff has read their name yet.
    waits: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Who {
    Online(Ix),
    /// By the entry under which they were first named. `None`: nobody named.
    Hall(Option<FloorId>),
}

impl Who {
    const fn side(self) -> Side {
        match self {
            Self::Online(_) => Side::Online,
            Self::Hall(_) => Side::Hall,
        }
    }
}

/// Somebody in the hall.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Named {
    /// The entry under which they were first named.
    id: FloorId,
    name: Said,
    turns: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Turn {
    entry: Entry,
    since: Timestamp,
    seconds: u32,
}

impl Floor {
    fn position(&self, id: FloorId) -> Option<usize> {
        self.entries.iter().position(|entry| entry.id == id)
    }

    /// The entry of this person on the list.
    fn waiting(&self, who: Who) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.who == who)
    }

    fn speaker(&self) -> Option<&Entry> {
        self.speaking.as_ref().map(|turn| &turn.entry)
    }

    /// The entry of a person of the process: on the list, or else that of their turn.
    pub(super) fn entry_of(&self, person: Ix) -> Option<FloorId> {
        let who = Who::Online(person);
        self.waiting(who).or(self.speaker().filter(|entry| entry.who == who)).map(|entry| entry.id)
    }

    /// Whose this entry is, on the list or of the turn.
    fn who(&self, id: FloorId) -> Option<Who> {
        self.entries.iter().chain(self.speaker()).find(|entry| entry.id == id).map(|entry| entry.who)
    }

    fn named(&self, id: FloorId) -> Option<&Named> {
        self.hall.iter().find(|named| named.id == id)
    }

    fn turns(&self, who: Who) -> u32 {
        match who {
            Who::Online(ix) => self.turns.get(&ix).copied().unwrap_or_default(),
            Who::Hall(named) => named.and_then(|id| self.named(id)).map_or(0, |named| named.turns),
        }
    }

    /// The list in fair order.
    fn in_order(&self) -> impl Iterator<Item = &Entry> {
        let waiting: Vec<Waiting> = self
            .entries
            .iter()
            .map(|entry| Waiting { side: entry.who.side(), turns: self.turns(entry.who), pinned: entry.pinned })
            .collect();
        fair_order(&waiting, self.last).into_iter().map(|ix| &self.entries[ix])
    }

    /// How many turns each side had, if anybody had one.
    pub(super) fn turns_of_sides(&self) -> Option<FloorTurns> {
        let [turns_hall, turns_online] = self.spoken;
        (turns_hall + turns_online > 0).then_some(FloorTurns { turns_hall, turns_online })
    }

    fn give(&mut self, id: FloorId, since: Timestamp, seconds: u32) {
        self.end();
        let Some(at) = self.position(id) else { return };
        // Whoever gives the floor has read the name.
        let entry = Entry { waits: false, pinned: None, ..self.entries.remove(at) };
        match entry.who {
            Who::Online(ix) => *self.turns.entry(ix).or_default() += 1,
            Who::Hall(named) => {
                if let Some(named) = self.hall.iter_mut().find(|it| Some(it.id) == named) {
                    named.turns += 1;
                }
            }
        }
        let side = entry.who.side();
        self.spoken[side as usize] += 1;
        self.last = Some(side);
        self.speaking = Some(Turn { entry, since, seconds });
    }

    fn end(&mut self) {
        self.speaking = None;
        self.tidy();
    }

    /// Takes an entry off the list, or ends its turn.
    fn remove(&mut self, id: FloorId) {
        self.entries.retain(|entry| entry.id != id);
        self.speaking.take_if(|turn| turn.entry.id == id);
        self.tidy();
    }

    /// Does this person stand on the list without the name they chose?
    pub(super) fn hides_name(&self, person: Ix) -> bool {
        self.entries
            .iter()
            .chain(self.speaking.iter().map(|turn| &turn.entry))
            .any(|entry| entry.who == Who::Online(person) && entry.waits)
    }

    /// A person has another name, which waits to be read or not.
    pub(super) fn rename(&mut self, person: Ix, waits: bool) {
        let who = Who::Online(person);
        let entries = self.entries.iter_mut().chain(self.speaking.iter_mut().map(|turn| &mut turn.entry));
        entries.filter(|entry| entry.who == who).for_each(|entry| entry.waits = waits);
    }

    /// Counting begins anew.
    pub(super) fn close(&mut self) {
        self.turns.clear();
        self.hall.iter_mut().for_each(|named| named.turns = 0);
        self.tidy();
    }

    /// Nothing remains of a person of the process but the sum of turns. Whether they were to be seen.
    fn forget_person(&mut self, person: Ix) -> bool {
        self.turns.remove(&person);
        let seen = self.entry_of(person).is_some();
        let who = Who::Online(person);
        self.entries.retain(|entry| entry.who != who);
        self.speaking.take_if(|turn| turn.entry.who == who);
        seen
    }

    /// Forgets who in the hall is neither to be seen nor counted.
    fn tidy(&mut self) {
        let Self { hall, entries, speaking, .. } = self;
        hall.retain(|named| {
            let mut entries = entries.iter().chain(speaking.iter().map(|turn| &turn.entry));
            named.turns > 0 || entries.any(|entry| entry.who == Who::Hall(Some(named.id)))
        });
    }

    pub(super) fn each_text(&mut self, visit: &mut dyn FnMut(&mut Said)) {
        self.hall.iter_mut().for_each(|named| visit(&mut named.name));
    }
}

// Judging.

/// Deletes the names that `change` makes needless.
pub(super) fn forget(state: &ForumState, decision: &mut Decision<ForumEvent>, change: impl FnOnce(&mut Floor)) {
    let mut after = state.floor.clone();
    change(&mut after);
    let gone = state.floor.hall.iter().filter(|named| after.named(named.id).is_none());
    decision.erase.extend(gone.map(|named| named.name.key));
}

/// Can somebody be put on the list?
fn may_enter(state: &ForumState) -> Judged {
    if state.mode == Mode::Closed {
        return Err(Rejection::ForumClosed);
    }
    if state.floor.entries.len() >= MAX_FLOOR {
        return Err(Rejection::TooMany { max: MAX_FLOOR as u32 });
    }
    Ok(())
}

pub(super) fn set(state: &ForumState, decision: &mut Decision<ForumEvent>, open: bool, seconds: u32) -> Judged {
    if !(MIN_FLOOR_SECONDS..=MAX_FLOOR_SECONDS).contains(&seconds) {
        return Err(Rejection::TooMany { max: MAX_FLOOR_SECONDS });
    }
    if (state.floor.open, state.floor.seconds) != (open, seconds) {
        decision.events.push(ForumEvent::FloorSet(FloorSet { open, seconds }));
    }
    Ok(())
}

pub(super) fn ask(
    state: &ForumState,
    context: &Context,
    decision: &mut Decision<ForumEvent>,
    interpreted: bool,
) -> Judged {
    let participant = context.actor.participant.ok_or(Rejection::NotJoined)?;
    let known = state.person_ix(participant).and_then(|ix| state.floor.waiting(Who::Online(ix)));
    if known.is_some_and(|known| known.interpreted == interpreted) {
        return Ok(());
    }
    if state.mode == Mode::Closed {
        return Err(Rejection::ForumClosed);
    }
    if !state.floor.open {
        return Err(Rejection::FloorClosed);
    }
    let entry = if let Some(known) = known {
        // They keep their place.
        known.id
    } else {
        may_enter(state)?;
        introduce(state, context, decision)?;
        id(context.stream, context.command)
    };
    let (at, waits) = (context.received_at, waits(state, &context.actor));
    decision.events.push(ForumEvent::FloorAsked(FloorAsked { entry, participant, interpreted, at, waits }));
    Ok(())
}

pub(super) fn withdraw(state: &ForumState, context: &Context, decision: &mut Decision<ForumEvent>) -> Judged {
    let participant = context.actor.participant.ok_or(Rejection::NotJoined)?;
    if let Some(entry) = state.person_ix(participant).and_then(|ix| state.floor.waiting(Who::Online(ix))) {
        decision.events.push(ForumEvent::FloorWithdrawn(FloorWithdrawn { entry: entry.id }));
    }
    Ok(())
}

pub(super) fn enter(
    state: &ForumState,
    context: &Context,
    decision: &mut Decision<ForumEvent>,
    (name, interpreted): (&str, bool),
) -> Judged {
    may_enter(state)?;
    let entry = id(context.stream, context.command);
    let mut entered = FloorEntered { entry, name: None, again: None, interpreted, at: context.received_at };
    if !name.trim().is_empty() {
        let name = crate::text::clean_name(name, &[])?;
        let lower = name.to_lowercase();
        match state.floor.hall.iter().find(|named| named.name.as_str().to_lowercase() == lower) {
            Some(known) if state.floor.waiting(Who::Hall(Some(known.id))).is_some() => {
                return Err(Rejection::OnTheList);
            }
            Some(known) => entered.again = Some(known.id),
            None => entered.name = Some(decision.say_clean(context, name.into())),
        }
    }
    decision.events.push(ForumEvent::FloorEntered(entered));
    Ok(())
}

pub(super) fn give(
    state: &ForumState,
    context: &Context,
    decision: &mut Decision<ForumEvent>,
    entry: Option<FloorId>,
) -> Judged {
    let floor = &state.floor;
    if state.mode == Mode::Closed {
        return Err(Rejection::ForumClosed);
    }
    // After the last one nobody speaks.
    let Some(entry) = entry.or_else(|| floor.in_order().next().map(|entry| entry.id)) else {
        end(state, decision);
        return Ok(());
    };
    if floor.speaker().is_some_and(|speaker| speaker.id == entry) {
        return Ok(());
    }
    let found = &floor.entries[floor.position(entry).ok_or(Rejection::NotFound)?];
    let (at, seconds) = (context.received_at, floor.seconds * if found.interpreted { 2 } else { 1 });
    forget(state, decision, |floor| floor.give(entry, at, seconds));
    decision.events.push(ForumEvent::FloorGiven(FloorGiven { entry, at, seconds }));
    Ok(())
}

pub(super) fn end(state: &ForumState, decision: &mut Decision<ForumEvent>) {
    if let Some(speaker) = state.floor.speaker() {
        forget(state, decision, Floor::end);
        decision.events.push(ForumEvent::FloorEnded(FloorEnded { entry: speaker.id }));
    }
}

pub(super) fn drop(state: &ForumState, decision: &mut Decision<ForumEvent>, entry: FloorId) -> Judged {
    if state.floor.who(entry).is_none() {
        return Err(Rejection::NotFound);
    }
    forget(state, decision, |floor| floor.remove(entry));
    decision.events.push(ForumEvent::FloorDropped(FloorDropped { entry }));
    Ok(())
}

pub(super) fn pin(state: &ForumState, decision: &mut Decision<ForumEvent>, entry: FloorId) -> Judged {
    let found = &state.floor.entries[state.floor.position(entry).ok_or(Rejection::NotFound)?];
    decision.events.push(ForumEvent::FloorPinned(FloorPinned { entry, pinned: found.pinned.is_none() }));
    Ok(())
}

/// The id of the entry a command makes.
pub(super) fn id(stream: StreamId, command: CommandId) -> FloorId {
    FloorId(command.derive(stream, "floor"))
}

// Applying.

impl ForumState {
    pub(super) fn floor_set(&mut self, e: FloorSet) {
        (self.floor.open, self.floor.seconds) = (e.open, e.seconds);
        self.touch(Facet::Floor);
    }

    pub(super) fn floor_asked(&mut self, e: &FloorAsked) {
        let person = self.person_or_new(e.participant);
        self.person_mut(person).erased = false;
        match self.floor.position(e.entry) {
            Some(at) => self.floor.entries[at].interpreted = e.interpreted,
            None => self.enter(e.entry, Who::Online(person), (e.interpreted, e.at, e.waits)),
        }
        self.touch(Facet::Own(person));
        self.touch(Facet::Floor);
    }

    pub(super) fn floor_entered(&mut self, e: &FloorEntered) {
        let named = e.again.or_else(|| {
            let name = e.name.clone()?;
            self.floor.hall.push_back(Named { id: e.entry, name, turns: 0 });
            Some(e.entry)
        });
        self.enter(e.entry, Who::Hall(named), (e.interpreted, e.at, false));
        self.touch(Facet::Floor);
    }

    fn enter(&mut self, id: FloorId, who: Who, (interpreted, at, waits): (bool, Timestamp, bool)) {
        self.floor.entries.push_back(Entry { id, who, interpreted, at, pinned: None, waits });
    }

    pub(super) fn floor_withdrawn(&mut self, e: FloorWithdrawn) {
        self.on_floor(e.entry, |floor| floor.remove(e.entry));
    }

    pub(super) fn floor_dropped(&mut self, e: FloorDropped, meta: Meta) {
        self.act(meta, Did::FloorDropped, None);
        self.on_floor(e.entry, |floor| floor.remove(e.entry));
    }

    pub(super) fn floor_given(&mut self, e: FloorGiven, meta: Meta) {
        self.act(meta, Did::FloorGiven, None);
        if let Some(speaker) = self.floor.speaker().map(|entry| entry.id) {
            self.on_floor(speaker, Floor::end);
        }
        self.on_floor(e.entry, |floor| floor.give(e.entry, e.at, e.seconds));
    }

    pub(super) fn floor_ended(&mut self, e: FloorEnded) {
        self.on_floor(e.entry, Floor::end);
    }

    pub(super) fn floor_pinned(&mut self, e: FloorPinned, meta: Meta) {
        self.act(meta, if e.pinned { Did::FloorPinned } else { Did::FloorUnpinned }, None);
        let pinned = e.pinned.then_some(meta.seq);
        self.on_floor(e.entry, |floor| {
            if let Some(at) = floor.position(e.entry) {
                floor.entries[at].pinned = pinned;
            }
        });
    }

    /// Changes what is about one entry; whose it is is told.
    fn on_floor(&mut self, entry: FloorId, change: impl FnOnce(&mut Floor)) {
        if let Some(Who::Online(person)) = self.floor.who(entry) {
            self.touch(Facet::Own(person));
        }
        change(&mut self.floor);
        self.touch(Facet::Floor);
    }

    /// Nothing remains of a person but the sum of turns.
    pub(super) fn leave_floor(&mut self, person: Ix) {
        if self.floor.forget_person(person) {
            self.touch(Facet::Floor);
        }
    }

    /// A name has changed, or whether it is shown.
    pub(super) fn rename_on_floor(&mut self, person: Ix) {
        if self.floor.entry_of(person).is_some() {
            self.touch(Facet::Floor);
        }
    }

    // Showing.

    /// The entry of a person on the speaking list, or that of their turn: what is dropped when they are shut out.
    pub(super) fn floor_entry(&self, participant: ParticipantId) -> Option<FloorId> {
        self.floor.entry_of(self.person_ix(participant)?)
    }

    pub(super) fn floor_view(&self, audience: Audience) -> FloorView {
        FloorView {
            open: self.floor.open,
            seconds: self.floor.seconds,
            entries: self.floor.in_order().map(|entry| self.floor_entry_view(entry, audience)).collect(),
            speaking: self.floor.speaking.as_ref().map(|turn| SpeakingView {
                entry: self.floor_entry_view(&turn.entry, audience),
                since: turn.since,
                seconds: turn.seconds,
            }),
        }
    }

    fn floor_entry_view(&self, entry: &Entry, audience: Audience) -> FloorEntryView {
        let staff = audience == Audience::Staff;
        let (name, number, participant) = match entry.who {
            Who::Online(ix) => {
                let person = &self.people[ix as usize];
                let shown = staff || !entry.waits || person.trusted;
                (person.name.as_ref().filter(|_| shown), ix + 1, staff.then_some(person.id))
            }
            Who::Hall(named) => (named.and_then(|id| self.floor.named(id)).map(|named| &named.name), 0, None),
        };
        FloorEntryView {
            id: entry.id,
            name: name.and_then(|name| name.text.clone()),
            number,
            hall: entry.who.side() == Side::Hall,
            interpreted: entry.interpreted,
            turns: self.floor.turns(entry.who),
            pinned: entry.pinned.is_some(),
            asked_at: entry.at,
            participant,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn waiting() -> impl Strategy<Value = Waiting> {
        let side = prop_oneof![Just(Side::Hall), Just(Side::Online)];
        (side, 0..3u32, prop::option::weighted(0.2, (0..99u64).prop_map(Seq)))
            .prop_map(|(side, turns, pinned)| Waiting { side, turns, pinned })
    }

    proptest! {
        #[test]
        fn given_anybody_waiting_then_the_order_is_fair_and_stays_as_people_get_their_turn(
            waiting in prop::collection::vec(waiting(), 0..14),
            last in prop_oneof![Just(None), Just(Some(Side::Hall)), Just(Some(Side::Online))],
        ) {
            let order = fair_order(&waiting, last);
            let mut everyone = order.clone();
            everyone.sort_unstable();
            prop_assert_eq!(everyone, (0..waiting.len()).collect::<Vec<_>>());
            for (at, pair) in order.windows(2).enumerate() {
                let [one, next] = [waiting[pair[0]], waiting[pair[1]]];
                match (one.pinned, next.pinned) {
                    (Some(one), Some(next)) => prop_assert!(one <= next),
                    (None, Some(_)) => prop_assert!(false, "pinned ones come first"),
                    (Some(_), None) => {}
                    (None, None) => prop_assert!(one.turns <= next.turns),
                }
                let equal = |it: &Waiting| it.pinned.is_none() && it.turns == next.turns;
                if next.pinned.is_none() && one.side == next.side {
                    let others = order[at + 1..].iter().map(|ix| &waiting[*ix]).filter(|it| equal(it));
                    prop_assert!(others.into_iter().all(|it| it.side == one.side), "the other side's turn");
                    prop_assert!(!equal(&one) || pair[0] < pair[1], "who asked first");
                }
            }
            if let Some((first, rest)) = order.split_first() {
                let mut left = waiting.clone();
                let first_side = left.remove(*first).side;
                let then = fair_order(&left, Some(first_side));
                let then: Vec<usize> = then.into_iter().map(|ix| ix + usize::from(ix >= *first)).collect();
                prop_assert_eq!(then, rest);
            }
        }
    }

    #[test]
    fn given_a_hall_and_people_online_then_they_take_turns_and_who_did_not_speak_comes_first() {
        let one = |side, turns, pinned: Option<u64>| Waiting { side, turns, pinned: pinned.map(Seq) };
        let (hall, online) = (|turns| one(Side::Hall, turns, None), |turns| one(Side::Online, turns, None));
        assert_eq!(fair_order(&[hall(0), hall(0), online(0), online(0)], None), [0, 2, 1, 3]);
        assert_eq!(fair_order(&[online(0), hall(0)], None), [0, 1], "who asked first begins");
        assert_eq!(fair_order(&[hall(0), online(0)], Some(Side::Hall)), [1, 0]);
        assert_eq!(fair_order(&[hall(1), hall(0), online(2), hall(0)], None), [1, 3, 0, 2]);
        let pinned = [hall(0), one(Side::Online, 5, Some(9)), one(Side::Online, 7, Some(8)), online(0)];
        assert_eq!(fair_order(&pinned, None), [2, 1, 0, 3]);
    }
}
