//! What the live store has to know of polls.

use leptos::prelude::*;
use stimmwerk_core::ids::{CommandId, PollId};
use stimmwerk_core::live::{Accepted, Problem, Seq};
use stimmwerk_core::poll::{Phase, Poll, PollHeader, Secrecy};

use super::ballot::{BALLOT, STATE};
use super::board::{NotTaken, PollBoard};
use super::draft::{Ballot, Draft, kept_under};
use crate::command::Request;
use crate::dom;
use crate::live::{BOUNCE_MS, Pending, Side, Stage, Wire};
use crate::utterance::say;

/// A page takes no longer to come and to live, in milliseconds.
const LOADING_MS: i64 = 30_000;
/// From so many seconds before the end on the page counts them.
const NEAR_SECONDS: i64 = 60;
/// At these the seconds that are left are said aloud.
const SAID_AT: [u32; 3] = [20, 10, 5];

/// The side of a poll.
pub struct PollSide {
    board: PollBoard,
    poll: Option<PollId>,
    round: u32,
    phase: Phase,
    /// The reader's clock minus the server's, in milliseconds.
    ahead: i64,
    /// The last number of seconds that was said aloud in this round.
    said: Option<u32>,
    /// The last ballot that was sent, when, and under which id.
    cast: Option<(Ballot, i64, CommandId)>,
}

impl PollSide {
    /// Of a page as it was rendered; `now` by the reader's clock.
    pub fn new(board: PollBoard, now: i64) -> Self {
        let (poll, round, phase) = board.shown.view.with_untracked(|view| {
            view.poll.as_ref().map_or((None, 0, Phase::Draft), |poll| (Some(poll.id), poll.round, poll.phase))
        });
        // Until the server tells: the page was made a moment ago, so a clock that is further off is wrong.
        let ahead =
            Some(now - board.shown.clock.get_untracked().0).filter(|ahead| ahead.abs() > LOADING_MS).unwrap_or(0);
        Self { board, poll, round, phase, ahead, said: None, cast: None }
    }

    /// When the page begins to count, by the reader's clock, and the end itself.
    fn end(&self) -> Option<i64> {
        self.board.shown.view.with_untracked(|view| {
            let poll = view.poll.as_ref().filter(|poll| poll.phase == Phase::Open)?;
            Some(poll.until?.0 + self.ahead)
        })
    }

    /// Is a ballot the reader's secret? The next person at the device must not find it in the fields, and neither must
    /// who looks over a shoulder.
    fn is_hidden(&self, ballot: &Ballot) -> bool {
        ballot.card.is_some() || self.is_secret()
    }

    fn is_secret(&self) -> bool {
        let secret = |poll: &PollHeader| poll.question.secrecy == Secrecy::Secret;
        self.board.shown.view.with_untracked(|view| view.poll.as_ref().is_some_and(secret))
    }

    /// Puts a hidden ballot back into its fields, if nobody has begun another. `false`: it is not there.
    fn put_back(&self, ballot: &Ballot) -> bool {
        let draft = self.board.draft;
        if self.is_hidden(ballot) && ballot.round == self.round && draft.with_untracked(Draft::is_blank) {
            self.board.shown.view.with_untracked(|view| {
                if let Some(poll) = &view.poll {
                    draft.set(Draft::of_ballot(poll, ballot));
                }
            });
        }
        self.holds(ballot)
    }

    /// Do the fields hold this ballot?
    fn holds(&self, ballot: &Ballot) -> bool {
        self.board.draft.with_untracked(|draft| draft.ballot(self.round) == *ballot)
    }

    fn empty(&self) {
        self.board.shown.view.with_untracked(|view| {
            if let Some(poll) = &view.poll {
                self.board.draft.set(Draft::empty(poll, String::new()));
            }
        });
    }

    /// Counts the seconds that are left.
    fn count(&mut self, now: i64) {
        let left =
            self.end().map(|end| (end - now + 999).div_euclid(1_000).max(0)).filter(|left| *left <= NEAR_SECONDS);
        let left = left.map(|left| left as u32);
        if self.board.left.get_untracked() != left {
            self.board.left.set(left);
        }
        let Some(left) = left.filter(|left| *left > 0 && !self.board.voted_untracked()) else { return };
        // Not every second: whoever listens hears the ballot too.
        let due = SAID_AT.into_iter().filter(|at| left <= *at).min();
        if due.is_some() && due != self.said {
            self.said = due;
            say(self.board.announced, self.board.shown.words.end_left(left));
        }
    }
}

impl Side for PollSide {
    type Kind = Poll;
    type Command = Ballot;

    const IN_TURN: bool = true;

    fn wire(&self) -> Wire<Poll, Ballot> {
        let PollBoard { shown, own, pending, link, people, .. } = self.board;
        Wire { view: shown.view, own, pending, link, people, clock: shown.clock }
    }

    fn request(&self, command: &Ballot) -> Option<Request> {
        command.request(self.poll?)
    }

    fn doubles(&self, sent: &Pending<Ballot>, command: &Ballot) -> bool {
        // A secret ballot leaves the fields when it is sent: a second press finds them empty, and could change nothing.
        let sealed = || self.is_secret() && sent.command.card.is_none() && command.card.is_none();
        sent.command == *command || sent.command.round == command.round && sealed()
    }

    fn replaces(&self, command: &Ballot, waiting: &Pending<Ballot>) -> bool {
        command.round == waiting.command.round && command.card == waiting.command.card
    }

    fn bounced(&mut self, one: &Pending<Ballot>, now: i64) -> Option<CommandId> {
        // The first can be accepted between the two clicks of a double click. Another ballot is always meant.
        match &self.cast {
            Some((last, at, id)) if *last == one.command && now < at + BOUNCE_MS => Some(*id),
            _ => {
                self.cast = Some((one.command.clone(), now, one.id));
                None
            }
        }
    }

    fn sent(&mut self, one: &Pending<Ballot>) {
        self.board.refused.set(None);
        if self.is_hidden(&one.command) {
            self.empty();
        }
    }

    fn arrived(&mut self, now: i64, _reads_on: bool) {
        let board = self.board;
        let words = board.shown.words;
        let header = board.shown.view.with_untracked(|view| view.poll.clone());
        let Some(poll) = header else { return };
        self.poll = Some(poll.id);
        if poll.round != self.round {
            // A fresh ballot, before anything is drawn; what was begun for this round is still there.
            let card = board.draft.with_untracked(|draft| draft.card.clone());
            board.draft.set(Draft::kept(&poll).unwrap_or_else(|| Draft::empty(&poll, card)));
            board.open.set(true);
            self.said = None;
            if self.round > 0 {
                say(board.announced, words.say_round().to_owned());
                dom::focus_along("details.ballot", BALLOT);
            }
        } else if poll.phase != self.phase {
            if poll.phase == Phase::Closed {
                dom::focus_along("details.ballot", STATE);
            }
            match poll.phase {
                Phase::Closed => say(board.announced, words.state_closed().to_owned()),
                Phase::Revealed => say(board.announced, words.say_result().to_owned()),
                Phase::Draft | Phase::Open => {}
            }
        }
        (self.round, self.phase) = (poll.round, poll.phase);
        self.count(now);
    }

    fn clock(&mut self, now: i64) {
        self.ahead = now - self.board.shown.clock.get_untracked().0;
        self.count(now);
    }

    fn due(&self) -> Option<i64> {
        let end = self.end()?;
        Some(match self.board.left.get_untracked() {
            None => end - NEAR_SECONDS * 1_000,
            Some(0) => return None,
            Some(left) => end - (i64::from(left) - 1) * 1_000,
        })
    }

    fn wake(&mut self, now: i64) {
        self.count(now);
    }

    fn accepted(&mut self, one: Option<&Pending<Ballot>>, _accepted: &Accepted) {
        let (Some(one), Some(poll)) = (one, self.poll) else { return };
        // Nothing of a ballot that was cast stays on the device. What was begun since is another.
        if one.command.round != self.round || self.holds(&one.command) {
            dom::remember(&kept_under(poll, one.command.round), None);
        }
    }

    fn is_seen(&self, one: &Pending<Ballot>, accepted: &Accepted, have: Seq, own_have: Seq) -> bool {
        // With a card there is no own frame to wait for.
        let alike = || {
            self.board
                .own
                .with_untracked(|own| own.as_ref().is_some_and(|own| own.marks.as_ref() == Some(&one.command.marks)))
        };
        have >= accepted.seq && (one.command.card.is_some() || own_have >= accepted.seq || alike())
    }

    fn settled(&mut self, one: &Pending<Ballot>) {
        let board = self.board;
        board.cast.set(Some(one.command.round));
        // What was refused before it is made good.
        let made_good = board.refused.with_untracked(|refused| {
            let alike = |it: &NotTaken| it.round == one.command.round && it.card == one.command.card;
            refused.as_ref().is_some_and(alike)
        });
        if made_good {
            board.refused.set(None);
        }
        say(board.said, board.shown.words.mine_done().to_owned());
        let holds = self.holds(&one.command);
        if holds && self.is_hidden(&one.command) {
            self.empty();
        }
        // Whoever has begun another ballot goes on with it.
        if holds || board.draft.with_untracked(Draft::is_blank) {
            board.open.set(false);
            dom::focus_out_of("details.ballot", "voted");
        }
    }

    fn refused(&mut self, one: &Pending<Ballot>, problem: Problem) {
        self.cast = None;
        let board = self.board;
        let ballot = &one.command;
        let there = self.put_back(ballot);
        let mut words = board.shown.words.mine_not_counted().to_owned();
        words.push(' ');
        words.push_str(&problem.title);
        say(board.said, words);
        let marks = if there || ballot.card.is_none() { ballot.marks.clone() } else { Vec::new() };
        board.refused.set(Some(NotTaken { problem, round: ballot.round, card: ballot.card.clone(), marks }));
        board.open.set(true);
    }

    fn stopped(&mut self) {
        let unsent = self
            .board
            .pending
            .with_untracked(|all| all.iter().find(|one| one.stage == Stage::Sent).map(|one| one.command.clone()));
        if let Some(unsent) = unsent {
            self.put_back(&unsent);
            self.board.open.set(true);
        }
    }
}

#[cfg(feature = "hydrate")]
impl super::board::Casts for crate::browser::Handle<PollSide> {
    fn cast(&self, ballot: Ballot) -> bool {
        self.call(|live| live.command(ballot)).is_some()
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests;
