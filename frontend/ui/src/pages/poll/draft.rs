//! A ballot that is being filled in. It belongs to the reader alone: nothing that arrives touches it.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use stimmwerk_core::ids::PollId;
use stimmwerk_core::json;
use stimmwerk_core::poll::PollHeader;
use stimmwerk_core::tally::Method;

use crate::command::{Form, Request};
use crate::dom;
use crate::live;

/// What stands in the fields of a ballot, as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Draft {
    /// For each option the number in its field; where options are chosen, `1` for those that are. Empty: nothing yet.
    pub values: Vec<String>,
    /// The code of a voting card.
    pub card: String,
}

/// Are options chosen rather than marked?
pub fn chooses(method: Method) -> bool {
    method.by_votes()
}

impl Draft {
    /// Nothing filled in.
    pub fn empty(poll: &PollHeader, card: String) -> Self {
        Self { values: vec![String::new(); poll.options()], card }
    }

    /// A ballot as it was cast.
    pub fn of_marks(poll: &PollHeader, marks: &[u8]) -> Self {
        let value = |mark: &u8| match mark {
            0 if chooses(poll.question.method) => String::new(),
            mark => mark.to_string(),
        };
        Self { values: marks.iter().map(value).collect(), card: String::new() }
    }

    /// A ballot that was sent.
    pub fn of_ballot(poll: &PollHeader, ballot: &Ballot) -> Self {
        Self { card: ballot.card.clone().unwrap_or_default(), ..Self::of_marks(poll, &ballot.marks) }
    }

    /// What a form holds.
    pub fn of_fields<'a>(poll: &PollHeader, fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut draft = Self::empty(poll, String::new());
        for (name, value) in fields {
            let (at, value) = match name {
                "card" => {
                    value.clone_into(&mut draft.card);
                    continue;
                }
                "option" => (value, "1"),
                name => (name.strip_prefix("mark_").unwrap_or_default(), value),
            };
            if let Some(field) = at.parse::<usize>().ok().and_then(|at| draft.values.get_mut(at)) {
                value.clone_into(field);
            }
        }
        draft
    }

    /// What this tab kept of a ballot of this round, over a reload.
    pub fn kept(poll: &PollHeader) -> Option<Self> {
        let draft: Self = json::read(&dom::recall(&kept_under(poll.id, poll.round))?).ok()?;
        (draft.values.len() == poll.options()).then_some(draft)
    }

    /// What stands in the field of an option.
    pub fn value(&self, at: usize) -> &str {
        self.values.get(at).map_or("", String::as_str)
    }

    /// The number in the field of an option.
    pub fn mark(&self, at: usize) -> u8 {
        self.value(at).trim().parse().unwrap_or_default()
    }

    /// Moves an option of a ranking by so many places. Another one there takes the place it leaves; one that has no place
    /// yet comes behind all others.
    pub fn shift(&mut self, at: usize, by: i8) {
        let (now, options) = (self.mark(at), self.values.len());
        let last = (0..options).map(|other| self.mark(other)).max().unwrap_or_default();
        let to = if now == 0 { last.saturating_add(1) } else { now.saturating_add_signed(by) };
        let to = to.clamp(1, options as u8);
        for other in 0..options {
            if other == at {
                self.values[other] = to.to_string();
            } else if now > 0 && self.mark(other) == to {
                self.values[other] = now.to_string();
            }
        }
    }

    /// Is an option left out that has to be answered? Then the fields hold no ballot.
    pub fn is_unanswered(&self, method: Method) -> bool {
        method == Method::Resistance && self.values.iter().any(|value| value.trim().is_empty())
    }

    /// The ballot it is in a round.
    pub fn ballot(&self, round: u32) -> Ballot {
        let marks = (0..self.values.len()).map(|at| self.mark(at)).collect();
        let card = Some(self.card.trim().to_owned()).filter(|card| !card.is_empty());
        Ballot { round, marks, card }
    }

    /// Is nothing filled in?
    pub fn is_blank(&self) -> bool {
        self.card.is_empty() && self.values.iter().all(String::is_empty)
    }

    /// All of them together.
    pub fn sum(&self) -> u32 {
        (0..self.values.len()).map(|at| u32::from(self.mark(at))).sum()
    }
}

/// A ballot on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ballot {
    /// In which round.
    pub round: u32,
    /// A mark for each option.
    pub marks: Vec<u8>,
    /// The code of a voting card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<String>,
}

impl Ballot {
    /// The ballot a form holds. `None`: it is another form, or leaves out what has to be answered.
    pub fn of(poll: &PollHeader, form: &Form) -> Option<Self> {
        if form.action != action(poll.id) {
            return None;
        }
        let fields = || form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        // What the server would refuse to read goes there as a plain form: it says why, and the fields come back.
        let marks = poll.question.method.read(poll.options(), fields()).ok()?;
        let draft = Draft::of_fields(poll, fields());
        // The round the form was drawn for: the one its reader saw.
        Some(Self { marks, ..draft.ballot(form.field("round")?.parse().ok()?) })
    }

    /// The request it is where no socket can be had.
    pub fn request(&self, poll: PollId) -> Option<Request> {
        Some(Request { method: "POST", path: action(poll), body: serde_json::to_string(self).ok()? })
    }
}

/// `PollCommand::Vote` on the wire, without the others: what is derived for all commands browsers would load.
#[derive(Debug, Serialize)]
pub struct Vote<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    round: u32,
    marks: &'a [u8],
    #[serde(skip_serializing_if = "Option::is_none")]
    card: Option<&'a str>,
}

impl<'a> Vote<'a> {
    /// Casting this ballot.
    pub fn of(ballot: &'a Ballot) -> Self {
        Self { kind: "vote", round: ballot.round, marks: &ballot.marks, card: ballot.card.as_deref() }
    }
}

impl live::Command for Ballot {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Vote::of(self).serialize(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }
}

/// Under which name a tab keeps a ballot that is being filled in.
pub fn kept_under(poll: PollId, round: u32) -> String {
    let mut key = String::from("stimmwerk.ballot.");
    key.push_str(&poll.to_string());
    key.push('.');
    key.push_str(&round.to_string());
    key
}

/// Where ballots go.
pub fn action(poll: PollId) -> String {
    let mut path = String::from("/api/v1/polls/");
    path.push_str(&poll.to_string());
    path.push_str("/ballots");
    path
}

/// The page of a poll.
pub fn page(poll: PollId) -> String {
    let mut path = String::from("/p/");
    path.push_str(&poll.to_string());
    path
}
