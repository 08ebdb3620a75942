//! What an audience sees of a forum, and how deltas change it. The same on both machines.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    FloorTurns, FloorView, Forum, HideReason, Mode, PollPlaceInForum, ReportReason, Reported, Stage, Waiting,
    order_fairly,
};
use crate::ids::{ContributionId, FloorId, ForumId, ParticipantId, PollId, ProcessId, TopicId};
use crate::links::Link;
use crate::live::{Delta, LiveTypes, Seq};
use crate::people::Role;
use crate::said::{Lang, Texts};
use crate::time::Timestamp;

/// A forum as one audience sees it: a window on its contributions, from a position on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ForumView {
    /// Title, state and rules.
    pub forum: Header,
    /// How much there is.
    pub totals: Totals,
    /// In the order they were added.
    pub topics: Vec<TopicView>,
    /// Its polls, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub polls: Vec<PollPlaceInForum>,
    /// What the hall sees.
    #[serde(default)]
    pub stage: Stage,
    /// The speaking list.
    #[serde(default)]
    pub floor: FloorView,
    /// Newest first, by position. What was hidden keeps its place.
    pub contributions: Vec<ContributionView>,
    /// Staff only: what waits, in fair order: everybody's first, then everybody's second, and so on, among those what
    /// waits longest first. At most [`super::MAX_DESK`] of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<ContributionView>,
    /// Staff only: what asks for a moderator otherwise, oldest first: waiting changes, reports, appeals. At most
    /// [`super::MAX_DESK`] of it; beyond that a contribution shows nothing of what it asks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attention: Vec<ContributionView>,
    /// Those whom the contributions above name, each once, and nobody else.
    #[serde(default)]
    pub people: People,
    /// Which part of the contributions this is.
    pub window: Window,
}

/// A part of the contributions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Window {
    /// Contributions from this position on are here; 0: from the first. Older ones are asked with `before` = this.
    pub from: u64,
    /// Only this topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<TopicId>,
}

/// Title, state and rules of a forum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(try_from = "HeaderMembers")]
pub struct Header {
    /// The forum.
    pub id: ForumId,
    pub process: ProcessId,
    pub title: Texts,
    /// Who may write.
    #[serde(flatten)]
    pub mode: Mode,
    /// Until when that holds; then the forum is open again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Which contributions wait for a moderator.
    pub waiting: Waiting,
}

/// [`Header`] as it is read. What is derived for flattened members holds every type in a tree of its own, which browsers
/// would load.
#[derive(Deserialize)]
struct HeaderMembers {
    id: ForumId,
    process: ProcessId,
    title: Texts,
    state: String,
    #[serde(default)]
    seconds: Option<u32>,
    #[serde(default)]
    until: Option<Timestamp>,
    waiting: Waiting,
}

impl TryFrom<HeaderMembers> for Header {
    type Error = &'static str;

    fn try_from(members: HeaderMembers) -> Result<Self, Self::Error> {
        let HeaderMembers { id, process, title, state, seconds, until, waiting } = members;
        let mode = Mode::of(&state, seconds).ok_or("unknown state")?;
        Ok(Self { id, process, title, mode, until, waiting })
    }
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Totals {
    /// Visible contributions, replies included.
    pub contributions: u32,
    /// Staff only: what waits or asks for a moderator otherwise, all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TopicView {
    pub id: TopicId,
    pub title: Texts,
}

/// Who somebody is, as shown. It stands once in a view, however much of theirs is in it; a new name or role is a facet of
/// the person ([`ForumKey::Person`]), sent once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PersonView {
    /// The chosen name. Left out: none chosen, or erased; the interface says "guest" and the number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub name: Option<Arc<str>>,
    /// A role, shown as a badge. Never from the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Staff only: who it is within the process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participant: Option<ParticipantId>,
}

/// People by their number. Numbers count the people of a forum in the order of what they first did in it, so that nameless
/// ones can be told apart. A number tells how many did something before them, seen or not, and nothing else of those.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, PersonView>))]
#[serde(transparent)]
pub struct People(pub BTreeMap<u32, PersonView>);

impl People {
    /// Who has this number. Somebody without an entry has no name.
    pub fn author(&self, number: u32) -> AuthorView {
        let PersonView { name, role, participant } = self.0.get(&number).cloned().unwrap_or_default();
        AuthorView { name, number, role, participant }
    }

    /// Who has this number, within the process.
    pub fn participant(&self, number: u32) -> Option<ParticipantId> {
        self.0.get(&number)?.participant
    }

    /// The entries of whom a contribution names.
    pub(super) fn named_by(&self, one: &ContributionView) -> Self {
        Self(one.people().filter_map(|number| Some((number, self.0.get(&number)?.clone()))).collect())
    }
}

/// Somebody with their number: an entry of [`People`], looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorView {
    /// See [`PersonView::name`].
    pub name: Option<Arc<str>>,
    /// See [`People`].
    pub number: u32,
    /// See [`PersonView::role`].
    pub role: Option<Role>,
    /// See [`PersonView::participant`].
    pub participant: Option<ParticipantId>,
}

/// A contribution or reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ContributionView {
    pub id: ContributionId,
    /// The number at which it became visible (for a waiting one: at which it was written, or last left the queue).
    pub position: u64,
    /// Who wrote it, by their number in `people`. 0: that is left out.
    pub author: u32,
    /// The words: plain text, to be shown as it was typed. Empty for a hidden one.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub text: Arc<str>,
    /// The addresses in the words that can be pressed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// The language of the words, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<Lang>,
    /// When it was written.
    pub at: Timestamp,
    /// Was it changed since?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub edited: bool,
    /// What the author added later, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub additions: Vec<AdditionView>,
    /// Staff wrote it down for someone in the hall.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hall: Option<HallView>,
    /// What it answers. Only the id: the parent may be hidden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<ContributionId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<TopicId>,
    /// How many support it.
    pub support: u32,
    /// How many visible replies it has.
    pub replies: u32,
    /// Staff only: it waits.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub waits: bool,
    /// Staff only: the author's waiting change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub pending: Option<Arc<str>>,
    /// Staff only: the author's waiting addition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub addition: Option<Arc<str>>,
    /// Staff only: what was reported of it and not settled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reports: Vec<ReportView>,
    /// Staff only: who is at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<ClaimView>,
    /// It is hidden. Readers who saw it get the reason in its place, and neither words nor author nor counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<HiddenView>,
}

impl ContributionView {
    /// What waits of one person is dealt with in this order: by when it was written. Its position moves when it leaves the
    /// queue, and what is put back has waited since it was written. Between people it is [`super::order_fairly`].
    pub fn turn(&self) -> (Timestamp, u64) {
        (self.at, self.position)
    }

    /// The name under which the words are shown, if there is one: in the hall that of who spoke, never of who wrote it
    /// down.
    pub fn speaker<'a>(&'a self, people: &'a People) -> Option<&'a Arc<str>> {
        match &self.hall {
            Some(hall) => hall.name.as_ref(),
            None => people.0.get(&self.author)?.name.as_ref(),
        }
    }

    /// The numbers of the people it names: its author, and who is at it.
    pub fn people(&self) -> impl Iterator<Item = u32> {
        let author = (self.author > 0).then_some(self.author);
        author.into_iter().chain(self.claim.as_ref().map(|claim| claim.by))
    }

    /// Does it only keep the place of something that was hidden from its readers?
    pub fn is_placeholder(&self) -> bool {
        self.hidden.is_some() && self.author == 0
    }

    /// Does it ask for a moderator, though it does not wait? Only staff are told what decides this.
    pub fn asks(&self) -> bool {
        let appealed = self.hidden.as_ref().and_then(|hidden| hidden.appeal.as_ref());
        self.pending.is_some()
            || self.addition.is_some()
            || !self.reports.is_empty()
            || appealed.is_some_and(|appeal| !appeal.rejected)
    }
}

/// What an author added later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AdditionView {
    /// The words.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub text: Arc<str>,
    /// The addresses in them that can be pressed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// When it was written.
    pub at: Timestamp,
}

/// Who said something in the hall.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HallView {
    /// The name they gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub name: Option<Arc<str>>,
}

/// What somebody pointed out. Nobody is told who.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportView {
    /// The words, or the name.
    pub what: Reported,
    pub reason: ReportReason,
    /// Their sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub text: Option<Arc<str>>,
    pub at: Timestamp,
}

/// Who is at something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ClaimView {
    /// Who, by their number in `people`.
    pub by: u32,
    /// Since when. After five minutes it no longer counts.
    pub at: Timestamp,
}

/// An author's answer to being hidden.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AppealView {
    /// The words.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub text: Arc<str>,
    pub at: Timestamp,
    /// Another moderator left it hidden.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rejected: bool,
    /// What that moderator said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub note: Option<Arc<str>>,
}

/// Why something is hidden.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HiddenView {
    pub reason: HideReason,
    /// The moderator's sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub note: Option<Arc<str>>,
    /// Staff only: who hid it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<ParticipantId>,
    /// The author's answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appeal: Option<AppealView>,
}

/// Counts of a contribution: a facet of its own, so that support does not send the text again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// How many support it.
    pub support: u32,
    /// How many visible replies it has.
    pub replies: u32,
}

/// What concerns one person alone, within a window.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnView {
    /// Their visible contributions within the window.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mine: Vec<ContributionId>,
    /// Their waiting contributions and changes: the newest fifty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<OwnWaiting>,
    /// Theirs that were hidden, and why: the newest twenty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<OwnHidden>,
    /// Theirs of which a change or addition was refused: the newest twenty, until they try again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<OwnRefused>,
    /// What they support within the window.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub supported: Vec<ContributionId>,
    /// Slow mode: from when on they may write again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<Timestamp>,
    /// Their entry on the speaking list; while they speak and do not ask again, that of their turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<FloorId>,
    /// Nobody else sees the name they chose: no moderator has read it yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub name_waits: bool,
}

/// An own contribution or change that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnWaiting {
    pub id: ContributionId,
    /// The words.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub text: Arc<str>,
    /// When it was written.
    pub at: Timestamp,
    /// What it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<ContributionId>,
    /// It is to be added to a contribution of theirs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub addition: bool,
}

/// An own contribution of which a change or addition was refused; it stays as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnRefused {
    pub id: ContributionId,
    pub at: Timestamp,
    /// The moderator's sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub note: Option<Arc<str>>,
}

/// An own contribution that was hidden.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(from = "OwnHiddenMembers")]
pub struct OwnHidden {
    pub id: ContributionId,
    /// The words, for their author alone: to know which they were, and to take them along.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub text: Arc<str>,
    /// When it was written.
    pub at: Timestamp,
    #[serde(flatten)]
    pub why: HiddenView,
}

/// [`OwnHidden`] as it is read; see [`HeaderMembers`].
#[derive(Deserialize)]
struct OwnHiddenMembers {
    id: ContributionId,
    text: Arc<str>,
    at: Timestamp,
    reason: HideReason,
    #[serde(default)]
    note: Option<Arc<str>>,
    #[serde(default)]
    appeal: Option<AppealView>,
}

impl From<OwnHiddenMembers> for OwnHidden {
    fn from(OwnHiddenMembers { id, text, at, reason, note, appeal }: OwnHiddenMembers) -> Self {
        Self { id, text, at, why: HiddenView { reason, note, by: None, appeal } }
    }
}

/// One facet of one entity of a forum. On the wire a string: `forum`, `totals`, `topic/ID`, `contribution/ID`, `counts/ID`,
/// `person/NUMBER`, `poll/ID`, `stage`, `floor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ForumKey {
    /// [`Header`].
    Forum,
    /// [`Totals`].
    Totals,
    /// [`TopicView`].
    Topic(TopicId),
    /// [`ContributionView`].
    Contribution(ContributionId),
    /// [`Counts`].
    Counts(ContributionId),
    /// [`PersonView`], by the number in [`People`].
    Person(u32),
    /// [`PollPlaceInForum`].
    Poll(PollId),
    /// [`Stage`].
    Stage,
    /// [`FloorView`].
    Floor,
}

impl fmt::Display for ForumKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forum => f.write_str("forum"),
            Self::Totals => f.write_str("totals"),
            Self::Topic(id) => write!(f, "topic/{id}"),
            Self::Contribution(id) => write!(f, "contribution/{id}"),
            Self::Counts(id) => write!(f, "counts/{id}"),
            Self::Person(number) => write!(f, "person/{number}"),
            Self::Poll(id) => write!(f, "poll/{id}"),
            Self::Stage => f.write_str("stage"),
            Self::Floor => f.write_str("floor"),
        }
    }
}

impl Serialize for ForumKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ForumKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let key = std::borrow::Cow::<str>::deserialize(deserializer)?;
        let parsed = match key.split_once('/') {
            None if key == "forum" => Some(Self::Forum),
            None if key == "totals" => Some(Self::Totals),
            None if key == "stage" => Some(Self::Stage),
            None if key == "floor" => Some(Self::Floor),
            Some(("topic", id)) => id.parse().ok().map(Self::Topic),
            Some(("person", number)) => number.parse().ok().map(Self::Person),
            Some(("poll", id)) => id.parse().ok().map(Self::Poll),
            Some(("contribution", id)) => id.parse().ok().map(Self::Contribution),
            Some(("counts", id)) => id.parse().ok().map(Self::Counts),
            _ => None,
        };
        parsed.ok_or_else(|| serde::de::Error::custom("unknown key"))
    }
}

/// The content of a facet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForumValue {
    /// Of [`ForumKey::Forum`].
    Forum(Header),
    /// Of [`ForumKey::Totals`].
    Totals(Totals),
    /// Of [`ForumKey::Topic`].
    Topic(TopicView),
    /// Of [`ForumKey::Contribution`]. Its counts are as of now too.
    Contribution(Box<ContributionPut>),
    /// Of [`ForumKey::Counts`].
    Counts(Counts),
    /// Of [`ForumKey::Person`].
    Person(PersonView),
    /// Of [`ForumKey::Poll`].
    Poll(PollPlaceInForum),
    /// Of [`ForumKey::Stage`].
    Stage(Stage),
    /// Of [`ForumKey::Floor`].
    Floor(Box<FloorView>),
}

/// A contribution as it travels in a change, with the people it names: they may be new to the reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContributionPut {
    pub contribution: ContributionView,
    /// Exactly those it names.
    pub people: People,
}

/// A change of a forum.
pub type ForumDelta = Delta<ForumKey, ForumValue>;

impl LiveTypes for Forum {
    type View = ForumView;
    type Own = OwnView;
    type Key = ForumKey;
    type Value = ForumValue;

    fn apply_deltas(view: &mut ForumView, deltas: &[ForumDelta]) {
        for delta in deltas {
            view.apply(delta);
        }
    }

    fn append_page(view: &mut ForumView, page: ForumView) {
        let known = view.window.from;
        for one in page.contributions.into_iter().filter(|one| one.position < known) {
            // The page is not older than the view.
            view.people.0.append(&mut page.people.named_by(&one).0);
            view.contributions.push(one);
        }
        view.window.from = page.window.from.min(known);
    }
}

impl ForumView {
    /// Takes one delta. What lies outside the window is passed over.
    pub fn apply(&mut self, delta: &ForumDelta) {
        match delta {
            Delta::Put { value, .. } => match value {
                ForumValue::Forum(header) => self.forum = header.clone(),
                ForumValue::Totals(totals) => self.totals = *totals,
                ForumValue::Topic(topic) => match self.topics.iter_mut().find(|have| have.id == topic.id) {
                    Some(have) => have.clone_from(topic),
                    None => self.topics.push(topic.clone()),
                },
                ForumValue::Poll(poll) => match self.polls.binary_search_by_key(&poll.number, |have| have.number) {
                    Ok(at) => self.polls[at].clone_from(poll),
                    Err(at) => self.polls.insert(at, poll.clone()),
                },
                ForumValue::Person(person) => {
                    if let Delta::Put { key: ForumKey::Person(number), .. } = delta
                        && let Some(have) = self.people.0.get_mut(number)
                    {
                        have.clone_from(person);
                    }
                }
                ForumValue::Stage(stage) => self.stage = stage.clone(),
                ForumValue::Floor(floor) => self.floor.clone_from(floor),
                ForumValue::Contribution(put) => self.put(put),
                ForumValue::Counts(counts) => {
                    if let Delta::Put { key: ForumKey::Counts(id), .. } = delta {
                        self.count(*id, *counts);
                    }
                }
            },
            Delta::Gone { key: ForumKey::Contribution(id), .. } => self.remove(*id),
            Delta::Gone { key: ForumKey::Topic(id), .. } => self.topics.retain(|topic| topic.id != *id),
            Delta::Gone { .. } => {}
        }
    }

    fn put(&mut self, ContributionPut { contribution, people }: &ContributionPut) {
        let before = self.named_by(contribution.id);
        self.place(contribution);
        self.people.0.extend(people.0.iter().map(|(number, person)| (*number, person.clone())));
        self.forget(before.into_iter().chain(contribution.people()));
    }

    /// Whom the contribution of this id names here.
    fn named_by(&self, id: ContributionId) -> Vec<u32> {
        self.all().filter(|have| have.id == id).flat_map(ContributionView::people).collect()
    }

    fn all(&self) -> impl Iterator<Item = &ContributionView> {
        self.contributions.iter().chain(&self.waiting).chain(&self.attention)
    }

    /// Lets go of those among `numbers` whom nothing here names any more.
    fn forget(&mut self, numbers: impl IntoIterator<Item = u32>) {
        for number in numbers {
            if !self.all().any(|have| have.people().any(|named| named == number)) {
                self.people.0.remove(&number);
            }
        }
    }

    /// Lets go of everybody whom nothing here names any more: after a part of it was cut off.
    pub fn forget_unnamed(&mut self) {
        let named: BTreeSet<u32> = self.all().flat_map(ContributionView::people).collect();
        self.people.0.retain(|number, _| named.contains(number));
    }

    fn place(&mut self, contribution: &ContributionView) {
        if contribution.asks() {
            insert(&mut self.attention, contribution, |have| have.position < contribution.position);
        } else {
            self.attention.retain(|have| have.id != contribution.id);
        }
        if contribution.waits {
            self.contributions.retain(|have| have.id != contribution.id);
            match self.waiting.iter_mut().find(|have| have.id == contribution.id) {
                Some(have) => have.clone_from(contribution),
                None => self.waiting.push(contribution.clone()),
            }
            order_fairly(&mut self.waiting);
            return;
        }
        self.no_longer_waits(contribution.id);
        let in_window = contribution.position >= self.window.from
            && self.window.topic.is_none_or(|topic| contribution.topic == Some(topic));
        if in_window {
            insert(&mut self.contributions, contribution, |have| have.position > contribution.position);
        } else {
            self.contributions.retain(|have| have.id != contribution.id);
        }
    }

    /// The next ones of its author come up earlier then.
    fn no_longer_waits(&mut self, id: ContributionId) {
        if let Some(at) = self.waiting.iter().position(|have| have.id == id) {
            self.waiting.remove(at);
            order_fairly(&mut self.waiting);
        }
    }

    fn count(&mut self, id: ContributionId, counts: Counts) {
        let lists = self.contributions.iter_mut().chain(&mut self.waiting).chain(&mut self.attention);
        for have in lists.filter(|have| have.id == id) {
            have.support = counts.support;
            have.replies = counts.replies;
        }
    }

    fn remove(&mut self, id: ContributionId) {
        let named = self.named_by(id);
        self.contributions.retain(|have| have.id != id);
        self.no_longer_waits(id);
        self.attention.retain(|have| have.id != id);
        self.forget(named);
    }
}

/// Puts `item` where it belongs, in the place of an earlier one of the same id and position if there is one.
fn insert(list: &mut Vec<ContributionView>, item: &ContributionView, before: impl Fn(&ContributionView) -> bool) {
    let at = list.partition_point(&before);
    match list.get_mut(at) {
        Some(have) if have.id == item.id => have.clone_from(item),
        _ => {
            list.retain(|have| have.id != item.id);
            list.insert(list.partition_point(&before), item.clone());
        }
    }
}

// Read when asked for, not followed live.

/// What staff can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "did", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Did {
    /// Named the forum anew.
    Titled,
    /// Added a topic.
    TopicAdded,
    /// Wrote down what someone said in the hall.
    Spoken,
    /// Let something appear.
    Approved,
    /// Let something disappear.
    Hidden { reason: HideReason },
    /// Refused a waiting change or addition.
    ChangeRefused,
    /// Let something hidden appear again.
    Restored,
    /// Let it wait again.
    PutBack,
    /// Put reports away.
    Dismissed,
    /// Left something hidden after an appeal.
    AppealRejected,
    /// Took a name away.
    NameReset,
    /// Shut somebody out of the process.
    ShutOut,
    /// Let them in again.
    LetIn,
    /// Deleted words for good.
    Erased,
    /// Opened, slowed, locked or closed.
    StateSet {
        /// What holds since.
        #[serde(flatten)]
        mode: Mode,
    },
    /// Changed which contributions wait.
    WaitingSet {
        /// The rule since.
        waiting: Waiting,
    },
    /// Wrote the summary.
    Summarised,
    /// Counted the people in the hall.
    HallCounted,
    /// Gave somebody the floor.
    FloorGiven,
    /// Took somebody off the speaking list.
    FloorDropped,
    /// Put somebody to the front of it.
    FloorPinned,
    /// Undid that.
    FloorUnpinned,
    /// Changed what the hall sees.
    Staged,
    /// Started a poll.
    PollOpened { poll: PollId },
    /// Ended it.
    PollClosed { poll: PollId },
    /// Showed its result.
    PollRevealed { poll: PollId },
}

impl Did {
    /// Does it decide on what others wrote or may write, so that the record tells it?
    pub const fn decides(self) -> bool {
        match self {
            Self::Hidden { .. }
            | Self::ChangeRefused
            | Self::Restored
            | Self::PutBack
            | Self::AppealRejected
            | Self::NameReset
            | Self::Erased
            | Self::StateSet { .. }
            | Self::WaitingSet { .. } => true,
            // They hold in all of the process.
            Self::ShutOut
            | Self::LetIn
            | Self::Titled
            | Self::TopicAdded
            | Self::Spoken
            | Self::Approved
            | Self::Dismissed
            | Self::Summarised
            | Self::HallCounted
            | Self::FloorGiven
            | Self::FloorDropped
            | Self::FloorPinned
            | Self::FloorUnpinned
            | Self::Staged
            | Self::PollOpened { .. }
            | Self::PollClosed { .. }
            | Self::PollRevealed { .. } => false,
        }
    }
}

/// In which order a search answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// What appeared last comes first.
    #[default]
    Newest,
    /// What most people support comes first.
    Supported,
    /// What nobody answered, the longest there first.
    Unanswered,
}

impl Sort {
    /// Every order.
    pub const ALL: [Self; 3] = [Self::Newest, Self::Supported, Self::Unanswered];

    /// The order by its name on the wire.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.as_str() == name)
    }

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Supported => "supported",
            Self::Unanswered => "unanswered",
        }
    }
}

/// Something staff did, as it is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActView {
    /// Its number in the stream.
    pub seq: Seq,
    pub at: Option<Timestamp>,
    /// Who; nobody for a token or the clock.
    pub by: Option<ParticipantId>,
    #[serde(flatten)]
    pub did: Did,
    /// With which contribution.
    pub contribution: Option<ContributionId>,
    /// With whom, where it was a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<ParticipantId>,
}

/// A decision of the moderation as everyone may read it: when and what, of nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Decided {
    pub at: Option<Timestamp>,
    #[serde(flatten)]
    pub did: Did,
    /// On which contribution, if everyone has seen it once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contribution: Option<ContributionId>,
}

/// What is kept of one person in a forum, for themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnExport {
    /// The name that stands beside their words.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub name: Option<Arc<str>>,
    /// Their contributions, oldest first, all of them but those that were deleted.
    pub contributions: Vec<OwnContribution>,
    /// What they support.
    pub supported: Vec<ContributionId>,
    /// What they said as a moderator to authors.
    pub notes: Vec<OwnNote>,
}

/// A contribution as its author takes it away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnContribution {
    pub id: ContributionId,
    /// The words, also of one that waits or is hidden.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub text: Arc<str>,
    /// Their language, if it is known.
    pub lang: Option<Lang>,
    /// When it was written.
    pub at: Timestamp,
    pub topic: Option<TopicId>,
    /// What it answers.
    pub reply_to: Option<ContributionId>,
    /// Was it changed since?
    pub edited: bool,
    /// Does it wait for a moderator?
    pub waits: bool,
    /// Why it is hidden.
    pub hidden: Option<HiddenView>,
    /// What was added later.
    pub additions: Vec<AdditionView>,
    /// The addition that waits.
    pub addition: Option<AdditionView>,
    /// The change that waits.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub pending: Option<Arc<str>>,
    /// The refusal of the last change.
    pub refused: Option<OwnRefused>,
    /// For whom they wrote it down in the hall.
    pub hall: Option<HallView>,
    /// How many support it.
    pub support: u32,
}

/// A sentence of a moderator to an author.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnNote {
    /// About which contribution.
    pub contribution: ContributionId,
    /// The sentence.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub text: Arc<str>,
}

/// What is kept of a forum: approved contributions, decisions and counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Record {
    /// As of which event.
    pub seq: Seq,
    /// When the first and the last contribution were written.
    pub from: Option<Timestamp>,
    /// See [`Record::from`].
    pub to: Option<Timestamp>,
    /// How many people wrote.
    pub authors: u32,
    /// How many people wrote or supported.
    pub people: u32,
    /// How many were counted in the hall, by hand.
    pub hall: Option<u32>,
    /// What a moderator wrote: plain text.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub summary: Option<Arc<str>>,
    /// The addresses in the summary that can be pressed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub summary_links: Vec<Link>,
    /// Its polls, oldest first. Their results are in records of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub polls: Vec<PollPlaceInForum>,
    /// How many turns the hall and those online had, if anybody had the floor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<FloorTurns>,
    /// How many contributions were hidden, by reason.
    pub hidden: Vec<(HideReason, u32)>,
    /// How many appeals there were, and how many are left without success.
    pub appeals: (u32, u32),
    /// What was decided, oldest first: the newest 5,000.
    pub decisions: Vec<Decided>,
    /// How many of the newest visible contributions are left out: there are at most 5,000 here.
    pub left_out: u32,
    /// The forum with the visible contributions, oldest first. Names only where they were asked for.
    pub view: ForumView,
}
