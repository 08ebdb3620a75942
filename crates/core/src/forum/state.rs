//! What follows from a forum's events, and for each facet when it last changed.

use std::sync::Arc;

use imbl::{HashMap, OrdMap, OrdSet, Vector};
use serde::{Deserialize, Serialize};

use super::floor::Floor;
use super::queue::Queue;
use super::stage::PollPlace;
use super::view::Did;
use super::{
    Contributed, Forum, ForumCommand, ForumEvent, HideReason, MAX_DESK, Mode, ReportReason, Reported, Stage, Waiting,
};
use crate::changes::{self, Changes};
use crate::domain::{Context, Domain, Meta};
use crate::ids::{ContributionId, ForumId, ParticipantId, ProcessId, TopicId};
use crate::live::Seq;
use crate::people::Role;
use crate::rejection::{Rejection, Verdict};
use crate::said::{HoldsTexts, Lang, Said, SaidTexts};
use crate::time::Timestamp;

/// Index of a contribution, topic or person in the order they came to be.
pub(super) type Ix = u32;

/// A forum after some number of events. Cloning shares everything.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ForumState {
    pub(super) seq: Seq,
    pub(super) founded: Option<Foundation>,
    pub(super) mode: Mode,
    pub(super) until: Option<Timestamp>,
    pub(super) waiting: Waiting,
    pub(super) topics: Vector<Topic>,
    pub(super) contributions: Vector<Arc<Contribution>>,
    pub(super) people: Vector<Arc<Person>>,
    /// Who was erased and writes nothing any more, whether they had written here or not.
    #[serde(default)]
    pub(super) erased: OrdSet<ParticipantId>,
    pub(super) visible_total: u32,
    pub(super) last_at: Option<Timestamp>,
    /// What a moderator wrote for the record.
    pub(super) summary: Option<Said>,
    /// How many people were counted in the hall.
    pub(super) hall: Option<u32>,
    /// What staff did, oldest first.
    pub(super) acts: Vector<Act>,
    /// In the order they came to be.
    pub(super) polls: Vector<PollPlace>,
    /// What the hall sees.
    pub(super) stage: Stage,
    /// The speaking list.
    pub(super) floor: Floor,
    /// When each facet last changed.
    pub(super) changes: Changes<Facet>,

    // Indexes, built from the above.
    #[serde(skip)]
    by_contribution: HashMap<ContributionId, Ix>,
    #[serde(skip)]
    by_person: HashMap<ParticipantId, Ix>,
    /// All that has left waiting, by position.
    #[serde(skip)]
    pub(super) listed: OrdMap<u64, Ix>,
    /// What waits.
    #[serde(skip)]
    pub(super) queue: Queue,
    /// What asks for a moderator otherwise: waiting changes, reports, appeals.
    #[serde(skip)]
    pub(super) attention: OrdSet<Ix>,
    /// How much of both stands on the desk.
    #[serde(skip)]
    desk: Desk,
    /// What answers a contribution, in the order it was written.
    #[serde(skip)]
    answers: HashMap<Ix, Vector<Ix>>,
}

/// How much of the two lists of what moderators see to is on the desk. `None`: all of it is.
#[derive(Clone, Debug, Default)]
struct Desk {
    /// What of the queue is.
    queue: Option<OrdSet<Ix>>,
    /// From where on the rest is not.
    attention: Option<Ix>,
}

/// What the forum is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Foundation {
    pub(super) forum: ForumId,
    pub(super) process: ProcessId,
    pub(super) title: SaidTexts,
}

/// A facet by index: what [`super::ForumKey`] is by id, and the personal views beside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Facet {
    Header,
    Totals,
    Topic(Ix),
    Contribution(Ix),
    Counts(Ix),
    /// What only staff see of a contribution.
    Staff(Ix),
    /// What only staff see of the totals.
    Desk,
    Own(Ix),
    /// Name and role of a person, wherever they stand.
    Person(Ix),
    Poll(Ix),
    Stage,
    Floor,
}

impl changes::Facet for Facet {
    const FIRST: Self = Self::Header;
}

/// Something staff did.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Act {
    pub(super) seq: Seq,
    pub(super) at: Option<Timestamp>,
    /// Who; `None` for a token or the clock.
    pub(super) by: Option<ParticipantId>,
    pub(super) did: Did,
    pub(super) contribution: Option<Ix>,
    #[serde(default)]
    pub(super) person: Option<ParticipantId>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Topic {
    pub(super) id: TopicId,
    pub(super) title: SaidTexts,
}

/// A contribution or reply.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own that events set")]
pub struct Contribution {
    pub id: ContributionId,
    pub(super) author: Ix,
    pub(super) text: Said,
    pub(super) pending: Option<Said>,
    pub(super) lang: Option<Lang>,
    pub(super) at: Timestamp,
    pub(super) edited: bool,
    /// A moderator has read and approved it.
    pub(super) approved: bool,
    pub(super) additions: Vector<Addition>,
    /// An addition that waits for a moderator.
    pub(super) addition: Option<Addition>,
    /// What a moderator said to the change or addition that waited last, until its author tries again.
    pub(super) refused: Option<Refused>,
    /// Written down by staff for someone in the hall, by this name if they gave one.
    pub(super) hall: Option<Speaker>,
    pub(super) reports: Vector<Report>,
    /// Who is at it, and since when.
    pub(super) claim: Option<(ParticipantId, Timestamp)>,
    pub(super) topic: Option<Ix>,
    pub(super) reply_to: Option<Ix>,
    /// Where it stands in the list.
    pub position: u64,
    /// Whether and to whom it can be seen.
    pub status: Status,
    /// The number at which its author last changed what stands in it or waits to.
    pub(super) worded: Seq,
    /// Was it ever seen outside the staff? If not, nobody is told that it went.
    pub(super) was_visible: bool,
    /// It is hidden and everyone saw it until then: its place is kept, with the reason.
    #[serde(default)]
    pub(super) keeps_place: bool,
    pub(super) supporters: OrdSet<Ix>,
    pub(super) replies: u32,
}

/// What an author added later.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Addition {
    pub(super) text: Said,
    pub(super) at: Timestamp,
}

/// A change that a moderator did not let through.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Refused {
    pub(super) at: Timestamp,
    pub(super) note: Option<Said>,
    /// By whom; `None` for a token.
    pub(super) by: Option<ParticipantId>,
}

/// Who said something in the hall.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Speaker {
    pub(super) name: Option<Said>,
}

/// What somebody pointed out. Nothing tells who.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Report {
    pub(super) what: Reported,
    pub(super) reason: ReportReason,
    pub(super) text: Option<Said>,
    pub(super) at: Timestamp,
}

/// An author's answer to being hidden.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appeal {
    pub(super) text: Said,
    pub(super) at: Timestamp,
    pub(super) rejected: bool,
    /// What another moderator said to it.
    pub(super) note: Option<Said>,
    /// Who that was; `None` for a token.
    pub(super) note_by: Option<ParticipantId>,
}

/// Whether and to whom a contribution can be seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Its author and staff.
    Waiting,
    /// Everyone.
    Visible,
    /// Staff see that it was there, its author why.
    Hidden {
        reason: HideReason,
        /// A sentence to the author.
        note: Option<Said>,
        /// By whom; `None` for a token.
        by: Option<ParticipantId>,
        /// The author's answer.
        appeal: Option<Box<Appeal>>,
    },
    /// Nobody; the author took it back and the words are deleted.
    Withdrawn,
    /// Nobody; the words are deleted.
    Erased,
}

impl Status {
    /// Are the words deleted?
    pub const fn is_gone(&self) -> bool {
        matches!(self, Self::Withdrawn | Self::Erased)
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Person {
    pub(super) id: ParticipantId,
    pub(super) name: Option<Said>,
    pub(super) role: Option<Role>,
    /// One of their contributions has been read and approved.
    pub(super) trusted: bool,
    pub(super) contributions: Vector<Ix>,
    pub(super) supported: OrdSet<Ix>,
    pub(super) last_at: Option<Timestamp>,
    pub(super) erased: bool,
}

impl ForumState {
    /// The number of the last event.
    pub const fn seq(&self) -> Seq {
        self.seq
    }

    /// Which process this forum belongs to, once it was founded.
    pub fn process(&self) -> Option<ProcessId> {
        self.founded.as_ref().map(|founded| founded.process)
    }

    /// The contribution with this id.
    pub fn contribution(&self, id: ContributionId) -> Option<&Contribution> {
        self.find(id).map(|ix| self.at(ix))
    }

    /// The words of a contribution and its author's id, hidden ones included, deleted ones not: for a moderator who
    /// asks for exactly this one.
    pub fn words(&self, id: ContributionId) -> Option<(&Said, ParticipantId)> {
        let contribution = self.contribution(id).filter(|contribution| !contribution.status.is_gone())?;
        Some((&contribution.text, self.people[contribution.author as usize].id))
    }

    /// Can everyone read what this person is called: has a moderator read it, or does nothing wait here?
    pub fn names_openly(&self, participant: ParticipantId) -> bool {
        self.waiting == Waiting::None || self.person(participant).is_some_and(|it| it.trusted || it.role.is_some())
    }

    /// Has this person acted here?
    pub fn knows(&self, participant: ParticipantId) -> bool {
        self.by_person.contains_key(&participant)
    }

    /// What waits of one person, in the order in which it was written.
    pub fn waiting_of(&self, participant: ParticipantId) -> impl Iterator<Item = &Contribution> {
        let person = self.person_ix(participant);
        person.into_iter().flat_map(|person| self.queue.of(person)).map(|ix| self.at(ix))
    }

    /// Does this contribution wait for a moderator?
    pub fn waits(&self, id: ContributionId) -> bool {
        self.contribution(id).is_some_and(|found| found.status == Status::Waiting)
    }

    /// The refusal of what somebody else has decided already, with who that was.
    pub(super) fn who_decided(&self, command: &ForumCommand, context: &Context) -> Rejection {
        let one = Forum::object(command, context.stream, context.command).and_then(|id| self.find(ContributionId(id)));
        let of = match command {
            ForumCommand::ApproveAll { participant, .. } | ForumCommand::RefuseAll { participant, .. } => {
                self.person_ix(*participant)
            }
            _ => None,
        };
        let about = |ix: Ix| one == Some(ix) || of == Some(self.at(ix).author);
        let last = self.acts.iter().rev().filter(|act| act.contribution.is_some_and(about)).find_map(|act| {
            let verdict = match act.did {
                Did::Approved => Verdict::Approved,
                Did::Hidden { .. } => Verdict::Hidden,
                Did::ChangeRefused
                | Did::Restored
                | Did::PutBack
                | Did::Dismissed
                | Did::AppealRejected
                | Did::Erased => Verdict::Other,
                _ => return None,
            };
            Some((act.by?, verdict))
        });
        match last.filter(|(by, _)| Some(*by) != context.actor.participant) {
            Some((by, verdict)) => Rejection::Decided { by: Some(by), verdict: Some(verdict) },
            None => Rejection::DECIDED,
        }
    }

    /// As the log tells it: is this person shut out?
    pub(super) fn was_shut_out(&self, participant: ParticipantId) -> bool {
        self.acts.iter().rev().find(|act| act.person == Some(participant)).is_some_and(|act| act.did == Did::ShutOut)
    }

    pub(super) fn find(&self, id: ContributionId) -> Option<Ix> {
        self.by_contribution.get(&id).copied()
    }

    pub(super) fn at(&self, ix: Ix) -> &Contribution {
        &self.contributions[ix as usize]
    }

    pub(super) fn find_topic(&self, id: TopicId) -> Option<Ix> {
        self.topics.iter().position(|topic| topic.id == id).map(|ix| ix as Ix)
    }

    pub(super) fn person(&self, id: ParticipantId) -> Option<&Person> {
        self.by_person.get(&id).map(|ix| &*self.people[*ix as usize])
    }

    pub(super) fn person_ix(&self, id: ParticipantId) -> Option<Ix> {
        self.by_person.get(&id).copied()
    }

    fn at_mut(&mut self, ix: Ix) -> &mut Contribution {
        Arc::make_mut(&mut self.contributions[ix as usize])
    }

    pub(super) fn person_mut(&mut self, ix: Ix) -> &mut Person {
        Arc::make_mut(&mut self.people[ix as usize])
    }

    /// Takes an event in.
    pub(super) fn apply(&mut self, event: &ForumEvent, meta: Meta) {
        self.seq = meta.seq;
        match event {
            ForumEvent::Founded(e) => {
                self.founded = Some(Foundation { forum: e.forum, process: e.process, title: e.title.clone() });
                self.waiting = e.waiting;
                self.touch(Facet::Header);
                self.touch(Facet::Totals);
            }
            ForumEvent::Titled(e) => {
                self.act(meta, Did::Titled, None);
                if let Some(founded) = &mut self.founded {
                    founded.title = e.title.clone();
                }
                self.touch(Facet::Header);
            }
            ForumEvent::TopicAdded(e) => {
                self.act(meta, Did::TopicAdded, None);
                self.topics.push_back(Topic { id: e.topic, title: e.title.clone() });
                self.touch(Facet::Topic(self.topics.len() as Ix - 1));
            }
            ForumEvent::Introduced(e) => {
                let ix = self.person_or_new(e.participant);
                if e.name.is_none() && meta.actor != Some(e.participant) && self.people[ix as usize].name.is_some() {
                    self.act(meta, Did::NameReset, None);
                }
                // Reports of the old name are settled with it.
                for contribution in self.people[ix as usize].contributions.clone() {
                    self.remove_reports(contribution, |report| report.what == Reported::Name);
                }
                let person = self.person_mut(ix);
                person.name.clone_from(&e.name);
                let was = std::mem::replace(&mut person.role, e.role);
                person.erased = false;
                let renamed = e.name.is_some() && was == e.role;
                // A new name stands everywhere at once, but not on stage. Voices of the hall have a name of their own.
                self.touch(Facet::Person(ix));
                for contribution in self.people[ix as usize].contributions.clone() {
                    let found = self.at(contribution);
                    if found.status.is_gone() {
                        continue;
                    }
                    if renamed && found.hall.is_none() {
                        self.leave_stage(found.id);
                    }
                }
                // Who is staff no longer is at nothing.
                if was.is_some() && e.role.is_none() {
                    for contribution in self.claimed_by(e.participant) {
                        self.at_mut(contribution).claim = None;
                        self.touch(Facet::Staff(contribution));
                    }
                }
                self.floor.rename(ix, e.role.is_none() && self.waiting != Waiting::None);
                self.rename_on_floor(ix);
                // Staff wait for no turn.
                self.touch(Facet::Own(ix));
            }
            ForumEvent::Contributed(e) => self.contributed(e, None),
            ForumEvent::Spoken(e) => {
                self.contributed(&e.contributed, Some(Speaker { name: e.name.clone() }));
                self.act(meta, Did::Spoken, Some(e.contributed.contribution));
            }
            ForumEvent::Added(e) => self.on(e.contribution, |state, ix| {
                let addition = Addition { text: e.text.clone(), at: e.at };
                let seq = state.seq;
                let contribution = state.at_mut(ix);
                contribution.worded = seq;
                contribution.refused = None;
                if e.waits {
                    contribution.addition = Some(addition);
                } else {
                    // It replaces one that waited.
                    contribution.addition = None;
                    contribution.additions.push_back(addition);
                }
            }),
            ForumEvent::Supported(e) => self.support(e.contribution, e.participant, true),
            ForumEvent::Unsupported(e) => self.support(e.contribution, e.participant, false),
            ForumEvent::Edited(e) => {
                self.on(e.contribution, |state, ix| {
                    let seq = state.seq;
                    let contribution = state.at_mut(ix);
                    contribution.worded = seq;
                    contribution.refused = None;
                    if e.waits {
                        contribution.pending = Some(e.text.clone());
                    } else {
                        contribution.text = e.text.clone();
                        contribution.edited = true;
                        // It replaces a change that waited as well; a contribution that waits goes on waiting.
                        contribution.pending = None;
                    }
                });
                if !e.waits {
                    self.leave_stage(e.contribution);
                }
            }
            ForumEvent::Withdrawn(e) => self.on(e.contribution, |state, ix| state.set_status(ix, Status::Withdrawn)),
            ForumEvent::Erased(e) => {
                self.act(meta, Did::Erased, Some(e.contribution));
                self.on(e.contribution, |state, ix| state.set_status(ix, Status::Erased));
            }
            ForumEvent::Approved(e) => {
                self.act(meta, Did::Approved, Some(e.contribution));
                self.on(e.contribution, |state, ix| {
                    let author = state.at(ix).author;
                    state.person_mut(author).trusted = true;
                    state.rename_on_floor(author);
                    let contribution = state.at_mut(ix);
                    contribution.approved = true;
                    if let Some(text) = contribution.pending.take() {
                        contribution.text = text;
                        contribution.edited = true;
                    }
                    if let Some(addition) = contribution.addition.take() {
                        contribution.additions.push_back(addition);
                    }
                    state.set_status(ix, Status::Visible);
                });
            }
            ForumEvent::Hidden(e) => {
                self.act(meta, Did::Hidden { reason: e.reason }, Some(e.contribution));
                self.on(e.contribution, |state, ix| {
                    let contribution = state.at_mut(ix);
                    contribution.pending = None;
                    contribution.addition = None;
                    contribution.reports.clear();
                    let (note, by) = (e.note.clone(), meta.actor);
                    state.set_status(ix, Status::Hidden { reason: e.reason, note, by, appeal: None });
                });
            }
            ForumEvent::ChangeRefused(e) => {
                self.act(meta, Did::ChangeRefused, Some(e.contribution));
                self.on(e.contribution, |state, ix| {
                    let contribution = state.at_mut(ix);
                    contribution.pending = None;
                    contribution.addition = None;
                    contribution.refused = Some(Refused { at: e.at, note: e.note.clone(), by: meta.actor });
                });
            }
            ForumEvent::Restored(e) => {
                self.act(meta, Did::Restored, Some(e.contribution));
                self.on(e.contribution, |state, ix| {
                    state.set_status(ix, Status::Visible);
                });
            }
            ForumEvent::PutBack(e) => {
                self.act(meta, Did::PutBack, Some(e.contribution));
                self.on(e.contribution, |state, ix| {
                    state.at_mut(ix).approved = false;
                    state.set_status(ix, Status::Waiting);
                    // Trust that came with the approval goes with it.
                    let author = state.at(ix).author;
                    let trusted = state.people[author as usize].contributions.iter().any(|ix| state.at(*ix).approved);
                    state.person_mut(author).trusted = trusted;
                    state.rename_on_floor(author);
                });
            }
            ForumEvent::ShutOut(e) => {
                let did = if e.banned { Did::ShutOut } else { Did::LetIn };
                let person = Some(e.participant);
                self.acts.push_back(Act { seq: meta.seq, at: meta.at, by: e.by, did, contribution: None, person });
            }
            ForumEvent::Claimed(e) => {
                self.on_staff(e.contribution, |contribution| contribution.claim = e.by.map(|by| (by, e.at)));
            }
            ForumEvent::ReportMade(e) => self.on_staff(e.contribution, |contribution| {
                let report = Report { what: e.what, reason: e.reason, text: e.text.clone(), at: e.at };
                contribution.reports.push_back(report);
            }),
            ForumEvent::Dismissed(e) => {
                self.act(meta, Did::Dismissed, Some(e.contribution));
                if let Some(ix) = self.find(e.contribution) {
                    self.remove_reports(ix, |_| true);
                }
            }
            ForumEvent::Appealed(e) => self.on_own(e.contribution, |contribution| {
                if let Status::Hidden { appeal, .. } = &mut contribution.status {
                    let (text, at) = (e.text.clone(), e.at);
                    *appeal = Some(Box::new(Appeal { text, at, rejected: false, note: None, note_by: None }));
                }
            }),
            ForumEvent::AppealRejected(e) => {
                self.act(meta, Did::AppealRejected, Some(e.contribution));
                self.on_own(e.contribution, |contribution| {
                    if let Status::Hidden { appeal: Some(appeal), .. } = &mut contribution.status {
                        appeal.rejected = true;
                        appeal.note.clone_from(&e.note);
                        appeal.note_by = meta.actor;
                    }
                });
            }
            ForumEvent::Summarised(e) => {
                self.act(meta, Did::Summarised, None);
                self.summary.clone_from(&e.text);
            }
            ForumEvent::HallCounted(e) => {
                self.act(meta, Did::HallCounted, None);
                self.hall = e.people;
            }
            ForumEvent::StateSet(e) => {
                self.act(meta, Did::StateSet { mode: e.mode }, None);
                // Everyone's next turn begins or ends to matter.
                if [self.mode, e.mode].iter().any(|mode| matches!(mode, Mode::Slow { .. })) {
                    for ix in 0..self.people.len() as Ix {
                        if self.people[ix as usize].last_at.is_some() {
                            self.touch(Facet::Own(ix));
                        }
                    }
                }
                if e.mode == Mode::Closed {
                    self.floor.close();
                    self.touch(Facet::Floor);
                }
                self.mode = e.mode;
                self.until = e.until;
                self.touch(Facet::Header);
            }
            ForumEvent::WaitingSet(e) => {
                self.act(meta, Did::WaitingSet { waiting: e.waiting }, None);
                self.waiting = e.waiting;
                self.touch(Facet::Header);
                // Whose name waits with what they wrote.
                for author in self.queue.authors() {
                    self.touch(Facet::Own(author));
                }
            }
            ForumEvent::PersonErased(e) => {
                self.erased.insert(e.participant);
                // Also what they said to others as a moderator.
                for contribution in self.noted_by(e.participant) {
                    self.at_mut(contribution).forget_notes(e.participant);
                    self.touch(Facet::Staff(contribution));
                    self.touch(Facet::Own(self.at(contribution).author));
                }
                let Some(ix) = self.person_ix(e.participant) else { return };
                for contribution in self.claimed_by(e.participant) {
                    self.at_mut(contribution).claim = None;
                    self.touch(Facet::Staff(contribution));
                }
                let person = self.person_mut(ix);
                person.name = None;
                person.erased = true;
                self.leave_floor(ix);
                for contribution in self.people[ix as usize].contributions.clone() {
                    if !self.at(contribution).status.is_gone() {
                        self.set_status(contribution, Status::Erased);
                        self.update_queues(contribution);
                        self.touch(Facet::Contribution(contribution));
                    }
                }
                self.touch(Facet::Own(ix));
            }
            ForumEvent::PollMoved(e) => self.poll_moved(e, meta),
            ForumEvent::StageSet(e) => {
                self.act(meta, Did::Staged, None);
                self.set_stage(e.stage.clone());
            }
            ForumEvent::FloorSet(e) => self.floor_set(*e),
            ForumEvent::FloorAsked(e) => self.floor_asked(e),
            ForumEvent::FloorWithdrawn(e) => self.floor_withdrawn(*e),
            ForumEvent::FloorEntered(e) => self.floor_entered(e),
            ForumEvent::FloorGiven(e) => self.floor_given(*e, meta),
            ForumEvent::FloorEnded(e) => self.floor_ended(*e),
            ForumEvent::FloorDropped(e) => self.floor_dropped(*e, meta),
            ForumEvent::FloorPinned(e) => self.floor_pinned(*e, meta),
        }
    }

    fn contributed(&mut self, e: &Contributed, hall: Option<Speaker>) {
        let author = self.person_or_new(e.author);
        let ix = self.contributions.len() as Ix;
        let reply_to = e.reply_to.and_then(|parent| self.find(parent));
        let topic = e.topic.and_then(|topic| self.find_topic(topic));
        self.contributions.push_back(Arc::new(Contribution {
            id: e.contribution,
            author,
            text: e.text.clone(),
            pending: None,
            lang: e.lang.clone(),
            at: e.at,
            edited: false,
            approved: false,
            additions: Vector::new(),
            addition: None,
            refused: None,
            hall,
            reports: Vector::new(),
            claim: None,
            topic,
            reply_to,
            position: self.seq.0,
            status: Status::Waiting,
            worded: self.seq,
            was_visible: false,
            keeps_place: false,
            supporters: OrdSet::new(),
            replies: 0,
        }));
        self.by_contribution.insert(e.contribution, ix);
        if let Some(parent) = reply_to {
            self.answers.entry(parent).or_default().push_back(ix);
        }
        let person = self.person_mut(author);
        person.contributions.push_back(ix);
        person.last_at = Some(e.at);
        person.erased = false;
        if !e.waits {
            self.set_status(ix, Status::Visible);
        }
        self.update_queues(ix);
        self.touch(Facet::Contribution(ix));
        self.touch(Facet::Own(author));
    }

    fn support(&mut self, contribution: ContributionId, participant: ParticipantId, supports: bool) {
        let person = self.person_or_new(participant);
        let Some(ix) = self.find(contribution) else { return };
        set(&mut self.at_mut(ix).supporters, person, supports);
        set(&mut self.person_mut(person).supported, ix, supports);
        self.touch(Facet::Counts(ix));
        self.touch(Facet::Own(person));
    }

    /// Changes one contribution, which then counts as changed for everyone and for its author.
    fn on(&mut self, id: ContributionId, change: impl FnOnce(&mut Self, Ix)) {
        let Some(ix) = self.find(id) else { return };
        change(self, ix);
        self.update_queues(ix);
        self.touch(Facet::Contribution(ix));
        self.touch(Facet::Own(self.at(ix).author));
    }

    /// Changes what only staff see of a contribution: nobody else is told that anything happened.
    fn on_staff(&mut self, id: ContributionId, change: impl FnOnce(&mut Contribution)) {
        let Some(ix) = self.find(id) else { return };
        change(self.at_mut(ix));
        self.update_queues(ix);
        self.touch(Facet::Staff(ix));
    }

    /// Changes what only staff and its author see of a contribution.
    fn on_own(&mut self, id: ContributionId, change: impl FnOnce(&mut Contribution)) {
        self.on_staff(id, change);
        if let Some(ix) = self.find(id) {
            self.touch(Facet::Own(self.at(ix).author));
        }
    }

    /// What this moderator is at.
    pub(super) fn claimed_by(&self, participant: ParticipantId) -> Vec<Ix> {
        let by = |ix: &Ix| self.at(*ix).claim.is_some_and(|(by, _)| by == participant);
        self.queue.iter().chain(self.attention.iter().copied()).filter(by).collect()
    }

    /// Where this moderator left a note to the author.
    pub(super) fn noted_by(&self, participant: ParticipantId) -> Vec<Ix> {
        let noted = |one: &Contribution| one.notes_of(participant).next().is_some();
        self.contributions.iter().zip(0..).filter(|(one, _)| noted(one)).map(|(_, ix)| ix).collect()
    }

    /// What answers a contribution and has left waiting, in the order it appeared.
    pub(super) fn answers_to(&self, ix: Ix) -> Vec<Ix> {
        let listed = |ix: &Ix| self.listed.get(&self.at(*ix).position) == Some(ix);
        let mut answers: Vec<Ix> = self.answers.get(&ix).into_iter().flatten().copied().filter(listed).collect();
        answers.sort_unstable_by_key(|ix| self.at(*ix).position);
        answers
    }

    /// Removes the reports of a contribution that a moderator has dealt with.
    fn remove_reports(&mut self, ix: Ix, done: impl Fn(&Report) -> bool) {
        if !self.at(ix).reports.iter().any(&done) {
            return;
        }
        let contribution = self.at_mut(ix);
        contribution.reports.retain(|report| !done(report));
        self.update_queues(ix);
        self.touch(Facet::Staff(ix));
    }

    /// Adds an entry to the log of what staff did.
    pub(super) fn act(&mut self, meta: Meta, did: Did, contribution: Option<ContributionId>) {
        let contribution = contribution.and_then(|id| self.find(id));
        self.acts.push_back(Act { seq: meta.seq, at: meta.at, by: meta.actor, did, contribution, person: None });
    }

    /// Adds a contribution to the queue and to the attention list, or removes it, as its state asks. Called after every
    /// change of a contribution.
    fn update_queues(&mut self, ix: Ix) {
        let contribution = self.at(ix);
        let waits = contribution.status == Status::Waiting;
        let asks = contribution.asks();
        let (author, at) = (contribution.author, contribution.at);
        // A claim ends when there is nothing left to do.
        if contribution.claim.is_some() && !waits && !asks {
            self.at_mut(ix).claim = None;
        }
        let queued = self.queue.set(author, (at, ix), waits);
        let attended = set(&mut self.attention, ix, asks);
        if queued || attended {
            self.touch(Facet::Desk);
            self.update_desk(ix);
        }
    }

    /// Recomputes which contributions fit on the desk after `changed` has moved. Others that come onto the desk or leave it
    /// change for staff by the same event; `changed` itself is told to everybody already.
    fn update_desk(&mut self, changed: Ix) {
        let now = self.current_desk();
        let was = std::mem::replace(&mut self.desk, now);
        let up = |desk: &Desk, ix: Ix| desk.queue.as_ref().is_none_or(|up| up.contains(&ix));
        let moved = |ix: &Ix| *ix != changed && up(&was, *ix) != up(&self.desk, *ix);
        let queued: Vec<Ix> = match (&was.queue, &self.desk.queue) {
            (None, None) => Vec::new(),
            // A contribution that left the queue has a change of its own.
            (Some(was), Some(now)) => {
                let waits = |ix: &Ix| self.at(*ix).status == Status::Waiting;
                was.iter().chain(now).copied().filter(moved).filter(waits).collect()
            }
            // The queue has just become longer than the desk, or short enough for it.
            _ => self.queue.iter().filter(moved).collect(),
        };
        let [before, end] = [was.attention, self.desk.attention].map(|end| end.unwrap_or(Ix::MAX));
        let asking: Vec<Ix> = self.attention.range(before.min(end)..before.max(end)).copied().collect();
        for ix in queued.into_iter().chain(asking) {
            self.touch(Facet::Staff(ix));
        }
    }

    fn current_desk(&self) -> Desk {
        let queue = (self.queue.len() > MAX_DESK).then(|| self.queue.iter().take(MAX_DESK).collect());
        let attention = if self.attention.len() > MAX_DESK { self.attention.iter().nth(MAX_DESK) } else { None };
        Desk { queue, attention: attention.copied() }
    }

    /// Is what waits at this place in the queue on the desk?
    pub(super) fn is_on_desk(&self, ix: Ix) -> bool {
        self.desk.queue.as_ref().is_none_or(|up| up.contains(&ix))
    }

    /// Is what asks for a moderator at this place on the desk?
    pub(super) fn is_attention_on_desk(&self, ix: Ix) -> bool {
        self.desk.attention.is_none_or(|end| ix < end)
    }

    /// The one place where something appears or disappears, so that totals, indexes and the parent's count follow.
    fn set_status(&mut self, ix: Ix, status: Status) {
        let was = self.at(ix).status.clone();
        let seq = self.seq.0;
        let contribution = self.at_mut(ix);
        let before = contribution.position;
        // Leaving the queue, or being seen for the first time, puts it at the end of the list.
        let appears = status == Status::Visible && !contribution.was_visible;
        if appears || was == Status::Waiting {
            contribution.position = seq;
        }
        contribution.was_visible |= status == Status::Visible;
        contribution.keeps_place =
            matches!(status, Status::Hidden { .. }) && (was == Status::Visible || contribution.keeps_place);
        if status.is_gone() {
            contribution.text.text = None;
            contribution.pending = None;
            contribution.addition = None;
            contribution.additions.clear();
            contribution.reports.clear();
            contribution.refused = None;
            contribution.hall = contribution.hall.take().map(|_| Speaker::default());
        }
        contribution.status = status.clone();
        let (id, after, parent, at) = (contribution.id, contribution.position, contribution.reply_to, contribution.at);
        if self.listed.get(&before) == Some(&ix) {
            self.listed.remove(&before);
        }
        if !status.is_gone() && status != Status::Waiting {
            self.listed.insert(after, ix);
        }
        let (was_visible, visible) = (was == Status::Visible, status == Status::Visible);
        if was_visible == visible {
            return;
        }
        if visible {
            self.visible_total += 1;
            self.last_at = self.last_at.max(Some(at));
        } else {
            self.visible_total -= 1;
            self.leave_stage(id);
        }
        self.touch(Facet::Totals);
        if let Some(parent) = parent {
            let replies = &mut self.at_mut(parent).replies;
            *replies = if visible { *replies + 1 } else { *replies - 1 };
            self.touch(Facet::Counts(parent));
        }
    }

    /// The index of a person, who may be new.
    pub(super) fn person_or_new(&mut self, id: ParticipantId) -> Ix {
        if let Some(ix) = self.person_ix(id) {
            return ix;
        }
        let ix = self.people.len() as Ix;
        self.people.push_back(Arc::new(Person {
            id,
            name: None,
            role: None,
            trusted: false,
            contributions: Vector::new(),
            supported: OrdSet::new(),
            last_at: None,
            erased: false,
        }));
        self.by_person.insert(id, ix);
        ix
    }

    /// Moves a facet to the present number.
    pub(super) fn touch(&mut self, facet: Facet) {
        self.changes.touch(facet, self.seq);
    }

    /// Builds the indexes.
    pub(super) fn rebuild(&mut self) {
        self.by_contribution = HashMap::new();
        self.by_person = HashMap::new();
        self.listed = OrdMap::new();
        let mut queue = Queue::default();
        self.attention = OrdSet::new();
        self.answers = HashMap::new();
        for (contribution, ix) in self.contributions.iter().zip(0..) {
            self.by_contribution.insert(contribution.id, ix);
            if let Some(parent) = contribution.reply_to {
                self.answers.entry(parent).or_default().push_back(ix);
            }
            if contribution.status == Status::Waiting {
                queue.set(contribution.author, (contribution.at, ix), true);
            }
            if contribution.asks() {
                self.attention.insert(ix);
            }
            if contribution.status != Status::Waiting && !contribution.status.is_gone() {
                self.listed.insert(contribution.position, ix);
            }
        }
        for (person, ix) in self.people.iter().zip(0..) {
            self.by_person.insert(person.id, ix);
        }
        self.queue = queue;
        self.desk = self.current_desk();
    }
}

/// Puts `ix` into a set or takes it out; whether that changed anything.
fn set(among: &mut OrdSet<Ix>, ix: Ix, member: bool) -> bool {
    if member { among.insert(ix).is_none() } else { among.remove(&ix).is_some() }
}

impl Contribution {
    /// Does it ask for a moderator, though it does not wait?
    pub(super) fn asks(&self) -> bool {
        self.pending.is_some() || self.addition.is_some() || !self.reports.is_empty() || self.open_appeal().is_some()
    }

    /// The author's answer to being hidden, while nobody decided on it.
    pub(super) fn open_appeal(&self) -> Option<&Appeal> {
        match &self.status {
            Status::Hidden { appeal: Some(appeal), .. } if !appeal.rejected => Some(appeal),
            _ => None,
        }
    }

    /// The sentences this moderator wrote to the author.
    pub(super) fn notes_of(&self, moderator: ParticipantId) -> impl Iterator<Item = &Said> {
        let refused = self.refused.as_ref().map(|refused| (refused.by, &refused.note));
        let (hidden, answer) = match &self.status {
            Status::Hidden { note, by, appeal, .. } => {
                (Some((*by, note)), appeal.as_ref().map(|appeal| (appeal.note_by, &appeal.note)))
            }
            _ => (None, None),
        };
        let theirs = move |(by, _): &(Option<ParticipantId>, &Option<Said>)| *by == Some(moderator);
        refused.into_iter().chain(hidden).chain(answer).filter(theirs).filter_map(|(_, note)| note.as_ref())
    }

    fn forget_notes(&mut self, moderator: ParticipantId) {
        if let Some(refused) = self.refused.as_mut().filter(|refused| refused.by == Some(moderator)) {
            refused.note = None;
        }
        if let Status::Hidden { note, by, appeal, .. } = &mut self.status {
            if *by == Some(moderator) {
                *note = None;
            }
            if let Some(appeal) = appeal.as_mut().filter(|appeal| appeal.note_by == Some(moderator)) {
                appeal.note = None;
            }
        }
    }

    /// The name under which the words are shown: in the hall that of who spoke, never of who wrote it down.
    pub(super) fn speaker<'a>(&'a self, author: &'a Person) -> Option<&'a Said> {
        match &self.hall {
            Some(speaker) => speaker.name.as_ref(),
            None => author.name.as_ref(),
        }
    }

    /// Every text beside the words themselves.
    pub(super) fn each_side_text(&self, visit: &mut dyn FnMut(&Said)) {
        self.pending.iter().for_each(&mut *visit);
        self.additions.iter().chain(&self.addition).for_each(|addition| visit(&addition.text));
        self.hall.iter().filter_map(|speaker| speaker.name.as_ref()).for_each(&mut *visit);
        self.reports.iter().filter_map(|report| report.text.as_ref()).for_each(&mut *visit);
        self.refused.iter().filter_map(|refused| refused.note.as_ref()).for_each(&mut *visit);
        if let Status::Hidden { note, appeal, .. } = &self.status {
            note.iter().for_each(&mut *visit);
            if let Some(appeal) = appeal {
                visit(&appeal.text);
                appeal.note.iter().for_each(&mut *visit);
            }
        }
    }

    fn each_side_text_mut(&mut self, visit: &mut dyn FnMut(&mut Said)) {
        self.pending.iter_mut().for_each(&mut *visit);
        self.additions.iter_mut().chain(&mut self.addition).for_each(|addition| visit(&mut addition.text));
        self.hall.iter_mut().filter_map(|speaker| speaker.name.as_mut()).for_each(&mut *visit);
        self.reports.iter_mut().filter_map(|report| report.text.as_mut()).for_each(&mut *visit);
        self.refused.iter_mut().filter_map(|refused| refused.note.as_mut()).for_each(&mut *visit);
        if let Status::Hidden { note, appeal, .. } = &mut self.status {
            note.iter_mut().for_each(&mut *visit);
            if let Some(appeal) = appeal {
                visit(&mut appeal.text);
                appeal.note.iter_mut().for_each(&mut *visit);
            }
        }
    }
}

impl HoldsTexts for ForumState {
    fn each_text(&mut self, visit: &mut dyn FnMut(&mut Said)) {
        if let Some(founded) = &mut self.founded {
            founded.title.each_text(visit);
        }
        for topic in &mut self.topics {
            topic.title.each_text(visit);
        }
        for poll in &mut self.polls {
            poll.title.each_text(visit);
        }
        for contribution in &mut self.contributions {
            let contribution = Arc::make_mut(contribution);
            // A deleted text stays deleted, whatever a side row of another object may say.
            if contribution.status.is_gone() {
                continue;
            }
            visit(&mut contribution.text);
            contribution.each_side_text_mut(visit);
        }
        self.summary.iter_mut().for_each(&mut *visit);
        self.floor.each_text(visit);
        for person in &mut self.people {
            if person.name.is_some() {
                Arc::make_mut(person).name.iter_mut().for_each(&mut *visit);
            }
        }
    }
}
