//! What follows from a poll's events.

use std::sync::{Arc, OnceLock};

use imbl::{HashMap, OrdMap, OrdSet, Vector};
use serde::{Deserialize, Serialize};

use super::event::{Founded, SaidQuestion, Voter};
use super::view::{Phase, ResultView};
use super::{Electorate, MAX_HALL_BALLOTS, PollEvent, Secrecy};
use crate::changes::{self, Changes};
use crate::domain::Meta;
use crate::ids::{ParticipantId, PollId, ProcessId};
use crate::live::Seq;
use crate::network::ForumPlaceView;
use crate::people::Audience;
use crate::said::{Commitment, HoldsTexts, Said};
use crate::time::Timestamp;

/// A poll after some number of events.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PollState {
    seq: Seq,
    pub(super) founded: Option<Arc<Founded>>,
    pub(super) phase: Phase,
    pub(super) round: u32,
    pub(super) opened_at: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
    pub(super) closing: bool,
    /// Who is closing it: the clock will.
    pub(super) closer: Option<ParticipantId>,
    /// Who was erased and writes nothing any more.
    #[serde(default)]
    pub(super) erased: OrdSet<ParticipantId>,
    /// Of this round, by who cast them. In a secret poll this is the roll: marks are never here.
    #[serde(with = "pairs")]
    pub(super) ballots: OrdMap<Voter, Ballot>,
    /// What was in the ballot box of a secret poll, by marks.
    #[serde(with = "pairs")]
    pub(super) counted: OrdMap<Arc<[u8]>, u32>,
    /// Hands of the hall for each option, and of how many people.
    pub(super) hands: Option<(Vec<u32>, u32)>,
    /// Paper ballots by marks.
    #[serde(with = "pairs")]
    pub(super) paper: OrdMap<Arc<[u8]>, u32>,
    pub(super) cards: Vector<Card>,
    /// Earlier rounds, the first one first.
    pub(super) before: Vector<Earlier>,
    /// When each facet last changed.
    pub(super) changes: Changes<Facet>,

    #[serde(skip)]
    pub(super) counts: Arc<Counts>,
    #[serde(skip)]
    by_card: HashMap<[u8; 32], u32>,
}

/// What is counted at most once for each state, however many ask.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    pub result: OnceLock<Option<ResultView>>,
    pub entitled: OnceLock<Option<u32>>,
}

/// A ballot of somebody known to the roll.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ballot {
    /// A mark for each option; `None` where that is secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marks: Option<Arc<[u8]>>,
}

/// A round that is over, once another has begun.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Earlier {
    pub result: ResultView,
    /// Everyone sees the result.
    pub shown: bool,
    /// Who voted what, of an open poll whose result was revealed.
    #[serde(with = "pairs")]
    pub ballots: OrdMap<Voter, Ballot>,
}

/// A voting card.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Card {
    /// Of its code.
    pub hash: Commitment,
    /// No longer good for voting.
    pub void: bool,
}

/// What changes on its own, in the order of [`super::PollKey`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Facet {
    Poll,
    Turnout,
    Result,
    Before,
    Own(ParticipantId),
}

impl changes::Facet for Facet {
    const FIRST: Self = Self::Poll;
}

impl PollState {
    /// The number of the last event.
    pub const fn seq(&self) -> Seq {
        self.seq
    }

    /// The poll, once it was founded.
    pub fn id(&self) -> Option<PollId> {
        self.founded.as_ref().map(|founded| founded.poll)
    }

    pub fn process(&self) -> Option<ProcessId> {
        self.founded.as_ref().map(|founded| founded.process)
    }

    /// The forum it is held in.
    pub fn forum(&self) -> Option<ForumPlaceView> {
        self.founded.as_ref().and_then(|founded| founded.forum)
    }

    /// What is asked.
    pub fn question(&self) -> Option<&SaidQuestion> {
        self.founded.as_ref().map(|founded| &founded.question)
    }

    /// Where it stands.
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// Is somebody closing it, so that the clock will?
    pub const fn is_closing(&self) -> bool {
        self.closing
    }

    /// Which round this is.
    pub const fn round(&self) -> u32 {
        self.round
    }

    /// How many voting cards there are, those without use included: the last number.
    pub fn card_count(&self) -> usize {
        self.cards.len()
    }

    /// Who voted what in an open poll, round by round from the last one on, where the result was revealed. Nothing of any
    /// other.
    pub fn open_ballots(&self) -> impl Iterator<Item = (u32, Voter, &[u8])> {
        let now = self.shows_voters().then_some((self.round, &self.ballots));
        let before = self.before.iter().rev().map(|earlier| (earlier.result.round, &earlier.ballots));
        now.into_iter().chain(before).flat_map(|(round, ballots)| {
            ballots.iter().filter_map(move |(voter, ballot)| Some((round, *voter, ballot.marks.as_deref()?)))
        })
    }

    /// Does everyone see who voted what in this round?
    fn shows_voters(&self) -> bool {
        let open = self.question().is_some_and(|question| question.secrecy == Secrecy::Open);
        open && self.phase == Phase::Revealed
    }

    pub(super) fn secret(&self) -> bool {
        self.question().is_some_and(|question| question.secrecy == Secrecy::Secret)
    }

    /// Do voting cards vote?
    pub(super) fn by_cards(&self) -> bool {
        self.question().is_some_and(|question| question.electorate == Electorate::Cards)
    }

    pub(super) fn paper_ballots(&self) -> u32 {
        self.paper.values().sum()
    }

    /// Can hands and paper of the hall be entered? With cards after the end alone: only then is it known how many are
    /// left, and whoever raised a hand votes by card no more.
    pub(super) fn counts_hall(&self) -> bool {
        match self.phase {
            Phase::Open => !self.by_cards(),
            Phase::Closed => true,
            Phase::Draft | Phase::Revealed => false,
        }
    }

    /// The most ballots the hall can add beside `others` of it: no more than there are cards left.
    pub(super) fn most_of_hall(&self, others: u32) -> u32 {
        let most = self.entitled().map_or(MAX_HALL_BALLOTS, |cards| cards.saturating_sub(self.ballots.len() as u32));
        most.min(MAX_HALL_BALLOTS).saturating_sub(others)
    }

    /// The number of a card by the hash of its code.
    pub fn card(&self, hash: &Commitment) -> Option<u32> {
        self.by_card.get(&hash.0).copied()
    }

    pub(super) fn apply(&mut self, event: &PollEvent, meta: Meta) {
        self.seq = meta.seq;
        match event {
            PollEvent::Founded(e) => {
                self.founded = Some(Arc::new(e.clone()));
                self.touch(Facet::Poll);
            }
            PollEvent::Edited(e) => {
                if let Some(founded) = &mut self.founded {
                    Arc::make_mut(founded).question = e.question.clone();
                }
                self.touch(Facet::Poll);
                // Who is entitled depends on the electorate.
                self.touch(Facet::Turnout);
            }
            PollEvent::Opened(e) => {
                if self.round > 0 {
                    self.archive_round();
                }
                (self.phase, self.round, self.closing, self.closer) = (Phase::Open, e.round, false, None);
                (self.opened_at, self.until) = (Some(e.at), e.until);
                self.touch(Facet::Poll);
                self.touch(Facet::Turnout);
                self.touch(Facet::Result);
            }
            PollEvent::EndSet(e) => {
                (self.until, self.closing) = (e.until, e.closing);
                self.closer = meta.actor.filter(|_| e.closing);
                self.touch(Facet::Poll);
            }
            PollEvent::Cast(e) => self.take(e.voter, Some(e.marks.as_slice().into())),
            PollEvent::Marked(e) => self.take(e.voter, None),
            PollEvent::Closed(e) => {
                (self.phase, self.until, self.closing) = (Phase::Closed, Some(e.at), false);
                for alike in &e.counted {
                    self.counted.insert(alike.marks.as_slice().into(), alike.ballots);
                }
                self.touch(Facet::Poll);
                self.touch(Facet::Result);
            }
            PollEvent::Revealed(_) => {
                self.phase = Phase::Revealed;
                self.touch(Facet::Poll);
                self.touch(Facet::Result);
            }
            PollEvent::CardsIssued(e) => {
                for hash in &e.hashes {
                    self.cards.push_back(Card { hash: *hash, void: false });
                    self.by_card.insert(hash.0, self.cards.len() as u32);
                }
                self.touch(Facet::Turnout);
                self.touch(Facet::Result);
            }
            PollEvent::CardsVoided(e) => {
                for number in e.from..=e.to {
                    if let Some(card) = self.cards.get_mut(number as usize - 1) {
                        card.void = true;
                    }
                }
                self.touch(Facet::Turnout);
                self.touch(Facet::Result);
            }
            PollEvent::HandsCounted(e) => {
                self.hands = (!e.counts.is_empty()).then(|| (e.counts.clone(), e.people));
                self.touch(Facet::Turnout);
                self.touch(Facet::Result);
            }
            PollEvent::PaperSet(e) => {
                let marks: Arc<[u8]> = e.paper.marks.as_slice().into();
                if e.paper.ballots == 0 {
                    self.paper.remove(&marks);
                } else {
                    self.paper.insert(marks, e.paper.ballots);
                }
                self.touch(Facet::Turnout);
                self.touch(Facet::Result);
            }
            // In no view, so nothing changes for anyone.
            PollEvent::PersonErased(e) => _ = self.erased.insert(e.participant),
        }
        self.counts = Arc::default();
    }

    fn take(&mut self, voter: Voter, marks: Option<Arc<[u8]>>) {
        self.ballots.insert(voter, Ballot { marks });
        self.touch(Facet::Turnout);
        if self.counts_openly() {
            self.touch(Facet::Result);
        }
        if let Voter::Person(participant) = voter {
            self.touch(Facet::Own(participant));
        }
    }

    /// Puts the round that is over by, to begin another.
    fn archive_round(&mut self) {
        let (shown, told) = (self.shows_result(Audience::Public), self.shows_voters());
        let result = self.result();
        let ballots = std::mem::take(&mut self.ballots);
        for voter in ballots.keys() {
            if let Voter::Person(participant) = voter {
                self.touch(Facet::Own(*participant));
            }
        }
        self.counted = OrdMap::new();
        self.hands = None;
        self.paper = OrdMap::new();
        if let Some(result) = result {
            let ballots = if told { ballots } else { OrdMap::new() };
            self.before.push_back(Earlier { result, shown, ballots });
            self.touch(Facet::Before);
        }
    }

    /// Moves a facet to the present number.
    fn touch(&mut self, facet: Facet) {
        self.changes.touch(facet, self.seq);
    }

    /// Builds the indexes.
    pub(super) fn rebuild(&mut self) {
        self.by_card = self.cards.iter().zip(1..).map(|(card, number)| (card.hash.0, number)).collect();
    }
}

impl HoldsTexts for PollState {
    fn each_text(&mut self, visit: &mut dyn FnMut(&mut Said)) {
        if let Some(founded) = &mut self.founded {
            Arc::make_mut(founded).question.each_text(visit);
        }
    }
}

/// Maps whose keys are no strings, as lists of pairs.
mod pairs {
    use imbl::OrdMap;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<K: Serialize + Ord, V: Serialize, S: Serializer>(
        map: &OrdMap<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map)
    }

    pub fn deserialize<'de, K, V, D>(deserializer: D) -> Result<OrdMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Ord + Clone,
        V: Deserialize<'de> + Clone,
        D: Deserializer<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(deserializer)?.into_iter().collect())
    }
}
