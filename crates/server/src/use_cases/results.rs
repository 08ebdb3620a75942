//! What came of a poll: its result with every figure beside it, its open ballots, and its part in a record.
//! REST exports it; the printed page, the page of voters and the record show it.
//! Every figure comes from core (`Figures`), so that all of them show the same.

use std::collections::BTreeMap;

use serde::Serialize;
use stimmwerk_core::domain::Domain;
use stimmwerk_core::forum::PollPlaceInForum;
use stimmwerk_core::live::{Seq, WindowRequest};
use stimmwerk_core::people::Audience;
use stimmwerk_core::poll::{Electorate, Poll, PollHeader, PollView, Question, ResultView, Turnout, Voter};
use stimmwerk_core::tally::Figures;
use stimmwerk_core::time::Timestamp;
use utoipa::ToSchema;

use super::admission::Admission;
use super::polls::PollAnswer;
use crate::app::App;
use crate::problem::{Answer, Fault};
use crate::reads::in_turn;
use crate::zone;

/// A result with all that has to stand beside it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Published {
    /// The question, its electorate and its label.
    pub poll: PollHeader,
    /// How many took part.
    pub turnout: Turnout,
    /// The result, once the caller may see it.
    pub result: Option<ResultView>,
    /// Of earlier rounds.
    pub before: Vec<ResultView>,
    /// Every figure that pages show of them, the last round first.
    pub rounds: Vec<RoundFigures>,
    /// As of which event.
    pub seq: Seq,
    /// The first 16 characters of the head of the poll's log at that event.
    pub head: String,
}

/// A poll in the record of its forum.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordedPoll {
    /// What participants see of it.
    #[serde(flatten)]
    pub view: PollView,
    /// Every figure that pages show, the last round first.
    pub rounds: Vec<RoundFigures>,
}

/// The figures of one round.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoundFigures {
    /// Which round.
    pub round: u32,
    /// When it was opened, on the network's clock and with its offset (RFC 3339).
    pub opened_at: Option<String>,
    /// When it ended.
    pub closed_at: Option<String>,
    /// What pages show. `None`: the count is withheld.
    pub figures: Option<Figures>,
}

/// Who voted what in an open poll, once its result is shown.
#[derive(Debug, Serialize, ToSchema)]
pub struct OpenBallot {
    /// The name they have now. `None`: without a name, or with one that no moderator has read yet, or known by a voting
    /// card alone.
    pub name: Option<String>,
    /// The number of the voting card.
    pub card: Option<u32>,
    /// In which round.
    pub round: u32,
    /// A mark for each option.
    pub marks: Vec<u8>,
}

impl App {
    /// A poll's result as it is printed and exported.
    ///
    /// # Errors
    /// There is none to be seen, or the log cannot be read.
    pub async fn published(&self, admission: &Admission) -> Answer<Published> {
        let PollAnswer { view, stream, seq, .. } = self.read_poll(admission).await?;
        let head = self.seal(stream, seq).await?;
        let poll = view.poll.ok_or_else(Fault::not_found)?;
        let rounds = self.rounds(&poll.question, view.result.as_ref(), &view.before);
        Ok(Published { poll, turnout: view.turnout, result: view.result, before: view.before, rounds, seq, head })
    }

    /// The figures of a poll's rounds, the last one first.
    fn rounds(&self, question: &Question, result: Option<&ResultView>, before: &[ResultView]) -> Vec<RoundFigures> {
        let stamp = |at: Option<Timestamp>| at.map(|at| zone::stamp(&self.config.time_zone, at));
        let of = |result: &ResultView| RoundFigures {
            round: result.round,
            opened_at: stamp(result.opened_at),
            closed_at: stamp(result.closed_at),
            figures: (!result.is_withheld()).then(|| result.figures(question)),
        };
        result.into_iter().chain(before.iter().rev()).map(of).collect()
    }

    /// The polls of a record as participants see them, with all figures.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn recorded(&self, polls: &[PollPlaceInForum]) -> Answer<Vec<RecordedPoll>> {
        let mut recorded = Vec::with_capacity(polls.len());
        for place in polls.iter().filter_map(|poll| self.directory().poll(poll.id)) {
            let state = self.poll(place, Audience::Participants).await?.state();
            let view = in_turn(move || Poll::view(&state, Audience::Participants, &WindowRequest::default())).await?;
            let rounds = match &view.poll {
                Some(poll) => self.rounds(&poll.question, view.result.as_ref(), &view.before),
                None => continue,
            };
            recorded.push(RecordedPoll { view, rounds });
        }
        Ok(recorded)
    }

    /// Who voted what in an open poll whose result is shown; of every other poll nothing.
    ///
    /// # Errors
    /// There is none to be seen, or the log cannot be read.
    pub async fn open_ballots(&self, admission: &Admission) -> Answer<Vec<OpenBallot>> {
        let place = admission.poll()?;
        let audience = admission.audience()?;
        let state = self.poll(place, audience).await?.state();
        if state.open_ballots().next().is_none() {
            return Ok(Vec::new());
        }
        let mut names: BTreeMap<_, _> = self.accounts.names_in(place.process).await?.into_iter().collect();
        let accounts = state.question().is_some_and(|question| question.electorate == Electorate::Accounts);
        if audience != Audience::Staff && !accounts {
            match state.forum().and_then(|forum| self.directory().forum(forum.id)) {
                Some(forum) => {
                    let forum = self.forum(forum).await?.state();
                    names.retain(|participant, _| forum.names_openly(*participant));
                }
                // A poll without a forum has no moderators who read names.
                None => names.clear(),
            }
        }
        in_turn(move || {
            let open = state.open_ballots().map(|(round, voter, marks)| {
                let (name, card) = match voter {
                    Voter::Person(participant) => (names.get(&participant).cloned(), None),
                    Voter::Card(number) => (None, Some(number)),
                };
                OpenBallot { name, card, round, marks: marks.to_vec() }
            });
            let mut ballots: Vec<OpenBallot> = open.collect();
            // The last round comes first. The order of the ballots must not tell when they were cast.
            ballots.sort_by(|a, b| {
                let key = |it: &OpenBallot| (std::cmp::Reverse(it.round), it.card, it.name.is_none(), it.name.clone());
                key(a).cmp(&key(b))
            });
            ballots
        })
        .await
    }
}
