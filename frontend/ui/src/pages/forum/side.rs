//! What the live store has to know of forums.

use leptos::prelude::*;
use serde::{Deserializer, Serializer};
use stimmwerk_core::forum::{Forum, ForumCommand, ForumView, PollPlaceInForum};
use stimmwerk_core::ids::{CommandId, ContributionId, ForumId, PollId, TopicId};
use stimmwerk_core::live::{Accepted, Problem, Seq};
use stimmwerk_core::poll::Phase;
use uuid::Uuid;

use super::LIST_ID;
use super::board::{Board, Draft, Pending};
use super::hall::{ASK, TAKE_BACK};
use crate::address::Writing;
#[cfg(feature = "hydrate")]
use crate::browser::Handle;
use crate::command::{Members, Request, request};
use crate::dom;
use crate::live::{BOUNCE_MS, Command, Side, Stage, Wire};
use crate::utterance::say;
use crate::words::Words;

/// What is new is told to screen readers at most so often.
const ANNOUNCE_MS: i64 = 10_000;

impl Command for ForumCommand {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Members::serialize(self, serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Members::deserialize(deserializer)
    }
}

impl Pending {
    /// The text of a contribution, change or addition: what came out of the text field.
    pub fn text(&self) -> Option<&str> {
        match &self.command {
            ForumCommand::Contribute { text, .. }
            | ForumCommand::Edit { text, .. }
            | ForumCommand::Add { text, .. } => Some(text),
            _ => None,
        }
    }

    /// What the text field was for when it was sent.
    pub fn writing(&self) -> Writing {
        match self.command {
            ForumCommand::Edit { contribution, .. } => Writing::Edit(contribution),
            ForumCommand::Add { contribution, .. } => Writing::Add(contribution),
            ForumCommand::Contribute { reply_to: Some(parent), .. } => Writing::Reply(parent),
            _ => Writing::New,
        }
    }

    /// What stood in the text field when it was sent.
    pub fn draft(&self) -> Draft {
        let hall = match &self.command {
            ForumCommand::Contribute { hall: Some(hall), .. } => hall.clone(),
            _ => String::new(),
        };
        Draft { writing: self.writing(), text: self.text().unwrap_or_default().to_owned(), hall }
    }

    /// Which contribution it is about.
    pub fn about(&self) -> Option<ContributionId> {
        match &self.command {
            ForumCommand::Support { contribution }
            | ForumCommand::Unsupport { contribution }
            | ForumCommand::Edit { contribution, .. }
            | ForumCommand::Add { contribution, .. }
            | ForumCommand::Appeal { contribution, .. }
            | ForumCommand::Withdraw { contribution }
            | ForumCommand::Approve { contribution, .. }
            | ForumCommand::Hide { contribution, .. }
            | ForumCommand::Restore { contribution }
            | ForumCommand::Erase { contribution } => Some(*contribution),
            _ => None,
        }
    }
}

/// The side of a forum.
pub struct ForumSide {
    board: Board,
    words: Words,
    forum: ForumId,
    /// The newest position the reader was told of.
    known: u64,
    unannounced: u32,
    announced_at: i64,
    /// The polls people vote in, as far as the reader was told.
    voting: Vec<PollId>,
    /// What was supported last, or no longer: when, and by which command.
    supported: Option<(ContributionId, i64, CommandId)>,
}

impl ForumSide {
    /// Of a page as it was rendered.
    pub fn new(board: Board, words: Words) -> Self {
        let (forum, known, voting) = board.view.with_untracked(|view| (view.forum.id, newest(view), voting(view)));
        Self { board, words, forum, known, unannounced: 0, announced_at: i64::MIN / 2, voting, supported: None }
    }

    /// Puts what was held back into the list.
    pub fn show_new(&mut self) {
        self.board.shown.set(self.board.view.with_untracked(newest));
    }

    fn announce(&mut self, now: i64) {
        if self.unannounced > 0 && now >= self.announced_at + ANNOUNCE_MS {
            say(self.board.announced, self.words.forum_announce(self.unannounced));
            self.unannounced = 0;
            self.announced_at = now;
        }
    }

    /// Says at once that a vote has begun: it may be over in a minute. Moderators hear of it at their desk.
    fn call_to_vote(&mut self, now: i64) {
        let before = std::mem::replace(&mut self.voting, self.board.view.with_untracked(voting));
        let began = |poll: &&PollPlaceInForum| self.voting.contains(&poll.id) && !before.contains(&poll.id);
        let title = self.board.view.with_untracked(|view| {
            let poll = view.polls.iter().rev().find(began)?;
            Some(self.words.pick(&poll.title).0.to_owned())
        });
        if let Some(title) = title.filter(|_| !self.board.moderates) {
            say(self.board.announced, [self.words.hall_vote_now(), " ", &title].concat());
            // One thing at a time.
            self.announced_at = now;
        }
    }

    fn is_listed(&self, object: Option<Uuid>) -> bool {
        self.board.view.with_untracked(|view| view.contributions.iter().any(|one| Some(one.id.0) == object))
    }

    /// What became of a command, in words.
    fn outcome(&self, one: &Pending) -> Option<&'static str> {
        let Stage::Accepted { object, .. } = one.stage else { return None };
        let waits = self.board.own.with_untracked(|own| {
            own.as_ref().is_some_and(|own| own.waiting.iter().any(|waiting| Some(waiting.id.0) == object))
        });
        match one.command {
            ForumCommand::Appeal { .. } => Some(self.words.said_waiting()),
            _ if waits && one.text().is_some() => Some(self.words.said_waiting()),
            ForumCommand::Contribute { .. } if self.is_listed(object) => Some(self.words.said_sent()),
            ForumCommand::Edit { .. } | ForumCommand::Add { .. } => Some(self.words.said_changed()),
            ForumCommand::Withdraw { .. } => Some(self.words.said_gone()),
            _ => None,
        }
    }
}

impl Side for ForumSide {
    type Kind = Forum;
    type Command = ForumCommand;

    const LIST: Option<&'static str> = Some(LIST_ID);

    fn wire(&self) -> Wire<Forum, ForumCommand> {
        let Board { view, own, pending, link, people, clock, .. } = self.board;
        Wire { view, own, pending, link, people, clock }
    }

    fn request(&self, command: &ForumCommand) -> Option<Request> {
        request(self.forum, command)
    }

    fn doubles(&self, sent: &Pending, command: &ForumCommand) -> bool {
        // The same words may be meant twice.
        sent.text().is_none() && sent.command == *command
    }

    fn window(&self) -> Option<(u64, Option<TopicId>)> {
        Some(self.board.view.with_untracked(|view| (view.window.from, view.window.topic)))
    }

    /// A page of one topic is cut to it.
    fn fit(&self, mut view: ForumView) -> ForumView {
        let shown = self.board.view.with_untracked(|view| view.window.topic);
        if shown.is_some() {
            view.contributions.retain(|contribution| contribution.topic == shown);
            view.window.topic = shown;
            view.forget_unnamed();
        }
        view
    }

    fn is_typing(&self) -> bool {
        self.board.composer.aside.with_untracked(|aside| !aside.is_empty())
    }

    fn bounced(&mut self, one: &Pending, now: i64) -> Option<CommandId> {
        let (ForumCommand::Support { contribution } | ForumCommand::Unsupport { contribution }) = one.command else {
            return None;
        };
        match self.supported {
            Some((last, at, id)) if last == contribution && now < at + BOUNCE_MS => Some(id),
            _ => {
                self.supported = Some((contribution, now, one.id));
                None
            }
        }
    }

    fn sent(&mut self, one: &Pending) {
        if one.text().is_some() {
            self.board.composer.clear();
        }
    }

    fn as_of(&mut self, seq: Seq) {
        self.board.seq.set(seq);
    }

    fn arrived(&mut self, now: i64, reads_on: bool) {
        let (newest, new) = self.board.view.with_untracked(|view| {
            let own = self.board.own.read_untracked();
            let mine = |id| own.as_ref().is_some_and(|own| own.mine.contains(&id));
            let new = view.contributions.iter().take_while(|one| one.position > self.known);
            (newest(view), new.filter(|one| !mine(one.id) && !one.is_placeholder()).count() as u32)
        });
        self.known = self.known.max(newest);
        if !self.board.paused.get_untracked() && !self.board.bounded {
            self.unannounced += new;
            if !reads_on && self.board.shown.get_untracked() < newest {
                self.board.shown.set(newest);
            }
        }
        self.call_to_vote(now);
        self.announce(now);
    }

    fn due(&self) -> Option<i64> {
        (self.unannounced > 0).then_some(self.announced_at + ANNOUNCE_MS)
    }

    fn wake(&mut self, now: i64) {
        self.announce(now);
    }

    fn accepted(&mut self, one: Option<&Pending>, accepted: &Accepted) {
        if let Some(one) = one {
            self.board.answered(one);
        }
        // What the reader just wrote is not held back from them.
        if !self.board.bounded && self.board.shown.get_untracked() < accepted.seq.0 {
            self.board.shown.set(accepted.seq.0);
        }
    }

    fn is_seen(&self, one: &Pending, accepted: &Accepted, have: Seq, own_have: Seq) -> bool {
        let personal = one.text().is_some()
            || matches!(
                one.command,
                ForumCommand::Support { .. }
                    | ForumCommand::Unsupport { .. }
                    | ForumCommand::Withdraw { .. }
                    | ForumCommand::Appeal { .. }
                    | ForumCommand::AskFloor { .. }
                    | ForumCommand::WithdrawFloor
            );
        let there = matches!(one.command, ForumCommand::Contribute { .. }) && self.is_listed(accepted.object);
        have >= accepted.seq && (!personal || there || own_have >= accepted.seq)
    }

    fn settled(&mut self, one: &Pending) {
        if let Some(said) = self.outcome(one) {
            say(self.board.said, said.to_owned());
        }
        // One of the two forms goes, and the other comes.
        match one.command {
            ForumCommand::AskFloor { .. } => dom::focus_out_of(".floor-list form", TAKE_BACK),
            ForumCommand::WithdrawFloor => dom::focus_out_of(".floor-list form", ASK),
            _ => {}
        }
    }

    fn keeps_refused(&self, one: &Pending) -> bool {
        one.text().is_some() && !self.board.composer.is_free()
    }

    fn refused(&mut self, one: &Pending, problem: Problem) {
        let composer = self.board.composer;
        if one.text().is_none() {
            let failed = || self.words.site_failed().to_owned();
            say(self.board.said, Some(problem.title).filter(|title| !title.is_empty()).unwrap_or_else(failed));
        } else if composer.is_free() {
            composer.take_up(one);
            composer.problem.set(Some(problem));
        }
        self.board.answered(one);
    }
}

#[cfg(feature = "hydrate")]
impl super::board::Hands for Handle<ForumSide> {
    fn command(&self, command: ForumCommand) -> Option<CommandId> {
        self.call(|live| live.command(command))
    }

    fn older(&self) -> bool {
        self.call(crate::live::Live::older)
    }

    fn discard(&self, pending: &Pending) {
        self.call(|live| live.discard(pending.id));
    }

    fn show_new(&self) {
        self.call(|live| live.side().show_new());
    }

    fn forget(&self) {
        self.call(crate::live::Live::forget);
    }
}

/// The polls of a view that people vote in.
fn voting(view: &ForumView) -> Vec<PollId> {
    view.polls.iter().filter(|poll| poll.phase == Phase::Open).map(|poll| poll.id).collect()
}

/// The newest position of a view.
fn newest(view: &ForumView) -> u64 {
    view.contributions.first().map_or(0, |contribution| contribution.position)
}
