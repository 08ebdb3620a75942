//! What each audience may see of a poll's state, and how ballots are counted into it.

use super::event::Voter;
use super::state::{Earlier, Facet, PollState};
use super::view::{
    Part, Phase, PollDelta, PollHeader, PollKey, PollOwn, PollValue, PollView, ResultView, Source, Turnout,
};
use super::{MIN_PART, Results, Secrecy};
use crate::domain::Summary;
use crate::ids::ParticipantId;
use crate::live::{Delta, Seq};
use crate::people::Audience;
use crate::tally::{Outcome, Tally, outcome};

impl PollState {
    fn header(&self, audience: Audience) -> Option<PollHeader> {
        let founded = self.founded.as_ref().filter(|_| self.seen_by(audience))?;
        Some(PollHeader {
            id: founded.poll,
            process: founded.process,
            forum: founded.forum.map(|forum| forum.id),
            round: self.round,
            phase: self.phase,
            opened_at: self.opened_at,
            until: self.until,
            closing: self.closing,
            question: founded.question.shown(),
        })
    }

    /// Drafts are for staff.
    fn seen_by(&self, audience: Audience) -> bool {
        self.phase != Phase::Draft || audience == Audience::Staff
    }

    /// Is the count shown while people vote?
    pub(super) fn counts_openly(&self) -> bool {
        self.question()
            .is_some_and(|question| question.results == Results::Running && question.secrecy == Secrecy::Open)
    }

    pub(super) fn shows_result(&self, audience: Audience) -> bool {
        match self.phase {
            Phase::Draft => false,
            Phase::Open => self.counts_openly(),
            Phase::Closed => self.counts_openly() || audience == Audience::Staff,
            Phase::Revealed => true,
        }
    }

    /// How many are entitled: cards that are good for voting, and those that have voted.
    pub(super) fn entitled(&self) -> Option<u32> {
        let voted = |number: u32| self.ballots.contains_key(&Voter::Card(number));
        let good = || self.cards.iter().zip(1..).filter(|(card, number)| !card.void || voted(*number)).count() as u32;
        *self.counts.entitled.get_or_init(|| (self.by_cards() && !self.cards.is_empty()).then(good))
    }

    fn turnout(&self, audience: Audience) -> Turnout {
        if !self.seen_by(audience) {
            return Turnout::default();
        }
        Turnout {
            online: self.ballots.len() as u32,
            hands: self.hands.as_ref().map_or(0, |(_, people)| *people),
            paper: self.paper_ballots(),
            entitled: self.entitled(),
        }
    }

    /// All ballots of this round, counted.
    pub(super) fn result(&self) -> Option<ResultView> {
        self.counts.result.get_or_init(|| self.count()).clone()
    }

    fn count(&self) -> Option<ResultView> {
        let question = self.question()?;
        let (method, options) = (question.method, question.on_ballot());
        let online = if question.secrecy == Secrecy::Secret {
            Tally::count(method, options, self.counted.iter().map(|(marks, ballots)| (&**marks, *ballots)))
        } else {
            let marks = self.ballots.values().filter_map(|ballot| ballot.marks.as_deref());
            Tally::count(method, options, marks.map(|marks| (marks, 1)))
        };
        let hands = self.hands.as_ref().map(|(counts, people)| Tally::of_hands(method, counts, *people));
        let paper = (!self.paper.is_empty())
            .then(|| Tally::count(method, options, self.paper.iter().map(|(marks, ballots)| (&**marks, *ballots))));
        let sources = [(Source::Online, Some(online)), (Source::Hands, hands), (Source::Paper, paper)];
        let tallies: Vec<(Source, Tally)> =
            sources.into_iter().filter_map(|(source, tally)| Some((source, tally?))).collect();
        let mut tally = Tally::empty(method, options);
        for (_, part) in &tallies {
            tally = tally.and(part, method);
        }
        let entitled = self.entitled();
        let closed_at = self.until.filter(|_| matches!(self.phase, Phase::Closed | Phase::Revealed));
        let (round, opened_at) = (self.round, self.opened_at);
        let view = |tally: Tally, outcome: Outcome, parts: Vec<Part>| {
            Some(ResultView { round, opened_at, closed_at, tally, outcome, parts, entitled })
        };
        if self.would_reveal_few(&tallies) {
            let tally = Tally { ballots: tally.ballots, ..Tally::empty(method, options) };
            return view(tally, Outcome::TooFew { need: MIN_PART }, Vec::new());
        }
        let outcome = outcome(method, &tally, question.majority, question.quorum, entitled);
        // A small part would tell what its few voters chose, and so would the rest.
        let apart = tallies.len() > 1
            && (question.secrecy == Secrecy::Open || tallies.iter().all(|(_, part)| part.ballots >= MIN_PART));
        let part = |(source, tally): (Source, Tally)| Part { source, ballots: tally.ballots, sums: tally.sums };
        let parts = if apart { tallies.into_iter().map(part).collect() } else { Vec::new() };
        view(tally, outcome, parts)
    }

    /// Could be found out from the whole what a few people chose who are promised that nobody will? Hands rise before
    /// everyone, and staff know the paper they entered: what is left when those are taken away must not be small. Whether
    /// there are any does not matter: they can still come, or be taken back, and the result before and after would tell.
    fn would_reveal_few(&self, tallies: &[(Source, Tally)]) -> bool {
        let ballots = |of: Source| tallies.iter().find(|(source, _)| *source == of).map_or(0, |(_, part)| part.ballots);
        let (online, hands, paper) = (ballots(Source::Online), ballots(Source::Hands), ballots(Source::Paper));
        let few = |ballots: u32| (1..MIN_PART).contains(&ballots);
        let promised = self.question().is_some_and(|question| question.secrecy != Secrecy::Open);
        promised && (few(online) || (hands > 0 && few(online + paper)))
    }

    fn shown_result(&self, audience: Audience) -> Option<ResultView> {
        self.shows_result(audience).then(|| self.result()).flatten()
    }

    fn shown_before(&self, audience: Audience) -> Vec<ResultView> {
        let seen = |earlier: &&Earlier| earlier.shown || audience == Audience::Staff;
        self.before.iter().filter(seen).map(|earlier| earlier.result.clone()).collect()
    }

    pub(super) fn view(&self, audience: Audience) -> PollView {
        PollView {
            poll: self.header(audience),
            turnout: self.turnout(audience),
            result: self.shown_result(audience),
            before: self.shown_before(audience),
        }
    }

    pub(super) fn deltas(&self, after: Seq, audience: Audience) -> Vec<PollDelta> {
        let mut deltas = Vec::new();
        for (seq, facet) in self.changes.after(after) {
            let (key, value) = match facet {
                Facet::Poll => (PollKey::Poll, self.header(audience).map(|header| PollValue::Poll(Box::new(header)))),
                Facet::Turnout => {
                    (PollKey::Turnout, self.seen_by(audience).then(|| PollValue::Turnout(self.turnout(audience))))
                }
                Facet::Result => {
                    (PollKey::Result, self.shown_result(audience).map(|result| PollValue::Result(Box::new(result))))
                }
                Facet::Before => (PollKey::Before, Some(PollValue::Before(self.shown_before(audience)))),
                Facet::Own(_) => continue,
            };
            match value {
                Some(value) => deltas.push(Delta::Put { key, seq, value }),
                // Who sees no draft learns nothing of its changes.
                None if self.seen_by(audience) => deltas.push(Delta::Gone { key, seq }),
                None => {}
            }
        }
        deltas
    }

    pub(super) fn own(&self, participant: ParticipantId) -> PollOwn {
        self.ballots.get(&Voter::Person(participant)).map_or_else(PollOwn::default, |ballot| PollOwn {
            voted: true,
            marks: ballot.marks.as_ref().map(|marks| marks.to_vec()),
        })
    }

    pub(super) fn summary(&self) -> Option<Summary> {
        // A draft is in no list.
        let question = self.question().filter(|_| self.phase != Phase::Draft)?;
        Some(Summary {
            title: question.title.shown(),
            state: self.phase.word().to_owned(),
            count: self.ballots.len() as u32,
            last_at: self.opened_at,
        })
    }
}
