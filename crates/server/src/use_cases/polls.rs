//! Polls: reading one, issuing commands to it, casting ballots and making voting cards.
//! REST and the pages of polls call this; live connections ask it about voting cards.
//! It judges no ballot and counts none: the domain does.

use std::time::Duration;

use serde::Serialize;
use stimmwerk_core::domain::Domain;
use stimmwerk_core::ids::StreamId;
use stimmwerk_core::live::{Seq, WindowRequest};
use stimmwerk_core::network::{CODE_ALPHABET, PollPlace};
use stimmwerk_core::people::Audience;
use stimmwerk_core::poll::{
    CARD_LENGTH, Electorate, GRACE_MS, MAX_SHEET, Phase, Poll, PollCommand, PollOwn, PollView, Secrecy, card_hash,
};
use stimmwerk_core::rejection::{Code, Rejection};
use stimmwerk_core::tally::Method;
use tokio::time::Instant;
use utoipa::ToSchema;

use super::admission::Admission;
use crate::address::Address;
use crate::app::App;
use crate::chance;
use crate::problem::{Answer, Fault};
use crate::room::Done;
use crate::sheets::Cards;

/// How often the use case checks whether the clock has closed a poll.
const CLOSED_CHECK: Duration = Duration::from_millis(50);
/// How much longer the answer to "close now" waits if the clock is late.
const CLOSING_PATIENCE: Duration = Duration::from_secs(5);

/// A poll as the caller may see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct PollAnswer {
    /// As of which event.
    pub seq: Seq,
    /// Its stream, to subscribe to.
    #[schema(value_type = String)]
    pub stream: StreamId,
    /// What the caller's audience sees.
    pub view: PollView,
    /// What concerns the caller alone.
    pub own: Option<PollOwn>,
}

impl App {
    /// A poll as whoever asks may see it.
    ///
    /// # Errors
    /// There is none to be seen, or the log cannot be read.
    pub async fn read_poll(&self, admission: &Admission) -> Answer<PollAnswer> {
        let place = admission.poll()?;
        let audience = admission.audience()?;
        let state = self.poll(place, audience).await?.state();
        let view = Poll::view(&state, audience, &WindowRequest::default());
        let own = admission.who.active_in(place.process).map(|participant| Poll::own(&state, participant.id, 0));
        Ok(PollAnswer { seq: state.seq(), stream: place.stream, view, own })
    }

    /// Issues a command to the poll that the request means.
    ///
    /// # Errors
    /// It was refused, or could not be written.
    pub async fn issue_to_poll(&self, admission: &Admission, command: PollCommand) -> Answer<Done> {
        let room = self.poll(admission.poll()?, admission.audience()?).await?;
        let (actor, sender) = (admission.actor(), admission.who.sender(admission.address));
        let is_vote = matches!(command, PollCommand::Vote { .. });
        let done = room.issue_received(command, admission.command, actor, sender, admission.received_at).await?;
        if !is_vote {
            // A form goes on to a page of the forum, which shows how its polls stand.
            self.run_follow_ups().await;
        }
        Ok(done)
    }

    /// Looks at the code of a voting card before the poll judges it: wrong ones are guesses, however they come in.
    ///
    /// # Errors
    /// There are too many guesses from this address.
    pub async fn check_card_guess(&self, place: PollPlace, code: &str, address: Address) -> Answer<()> {
        let guesses = &self.limits.guesses;
        guesses.admit_card(address).await.map_err(Fault::too_many_requests)?;
        let Ok(room) = self.poll(place, Audience::Participants).await else { return Ok(()) };
        let state = room.state();
        let by_card = state.question().is_some_and(|question| question.electorate == Electorate::Cards);
        // A guess is counted before anything is awaited, so that guesses which are sent at once are all counted.
        if by_card && state.card(&card_hash(place.poll, code)).is_none() {
            guesses.wrong(address);
        }
        Ok(())
    }

    /// Waits until the clock has closed a poll that ends now, so that whoever asked for it can go on. It takes
    /// [`GRACE_MS`], and longer on a busy machine.
    ///
    /// # Errors
    /// `not_closed`: somebody took the end back, or the clock did not close it.
    pub async fn wait_until_closed(&self, admission: &Admission) -> Answer<()> {
        let room = self.poll(admission.poll()?, admission.audience()?).await?;
        let deadline = Instant::now() + Duration::from_millis(GRACE_MS as u64) + CLOSING_PATIENCE;
        while room.state().is_closing() && Instant::now() < deadline {
            tokio::time::sleep(CLOSED_CHECK).await;
        }
        if room.state().question().is_some_and(|question| question.secrecy == Secrecy::Secret) {
            // The answer promises that the box is empty, in the files, too. Everyone else sees the poll closed already.
            self.log().cleaned().await;
        }
        // A form goes on to a page of the forum, which shows how its polls stand.
        self.run_follow_ups().await;
        if room.state().phase() == Phase::Open {
            return Err(Fault::of(Code::NotClosed));
        }
        Ok(())
    }

    /// Casts a ballot. [`Done::repeated`] says that a secret ballot had been taken before under this id: nobody may
    /// compare the choices, so the first one counts, whatever the second says. A different choice in another poll is
    /// refused.
    ///
    /// # Errors
    /// It was refused, or could not be written.
    pub async fn vote(&self, admission: &Admission, round: u32, marks: Vec<u8>, card: Option<String>) -> Answer<Done> {
        if let Some(code) = &card {
            self.check_card_guess(admission.poll()?, code, admission.address).await?;
        }
        let before = self.poll(admission.poll()?, admission.audience()?).await?.state();
        let done = self.issue_to_poll(admission, PollCommand::Vote { round, marks, card }).await?;
        let secret = before.question().is_some_and(|question| question.secrecy == Secrecy::Secret);
        Ok(Done { repeated: secret && done.repeated, ..done })
    }

    /// How many options a ballot of the poll has, and how it is marked.
    ///
    /// # Errors
    /// There is no such poll.
    pub async fn ballot_of(&self, admission: &Admission) -> Answer<(Method, usize)> {
        let state = self.poll(admission.poll()?, admission.audience()?).await?.state();
        let question = state.question().ok_or_else(Fault::not_found)?;
        Ok((question.method, question.on_ballot()))
    }

    /// Makes voting cards. Their codes are in the answer alone.
    ///
    /// # Errors
    /// There are too many at once, or the poll has no cards.
    pub async fn issue_cards(&self, admission: &Admission, count: u32) -> Answer<Cards> {
        let place = admission.poll()?;
        if count as usize > MAX_SHEET {
            return Err(Rejection::TooMany { max: MAX_SHEET as u32 }.into());
        }
        let codes: Vec<String> = (0..count).map(|_| card_code()).collect();
        let hashes: Vec<_> = codes.iter().map(|code| card_hash(place.poll, code)).collect();
        let first = hashes.first().copied();
        let done = self.issue_to_poll(admission, PollCommand::IssueCards { hashes }).await?;
        let state = self.poll(place, admission.audience()?).await?.state();
        let from = first.and_then(|first| state.card(&first)).unwrap_or(0);
        Ok(Cards { seq: done.seq, from, codes })
    }
}

fn card_code() -> String {
    let random: [u8; 16] = chance::bytes();
    let mut number = u128::from_be_bytes(random);
    let mut code = String::with_capacity(CARD_LENGTH + 2);
    for nth in 0..CARD_LENGTH {
        if nth > 0 && nth % 4 == 0 {
            code.push('-');
        }
        code.push(char::from(CODE_ALPHABET[(number % 20) as usize]));
        number /= 20;
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_codes_of_cards_then_they_can_be_typed_in_any_shape() {
        let poll = stimmwerk_core::ids::PollId(uuid::Uuid::from_u128(1));
        let code = card_code();
        assert_eq!(code.len(), CARD_LENGTH + 2);
        assert_eq!(card_hash(poll, &code), card_hash(poll, &code.replace('-', " ").to_lowercase()));
        assert_ne!(card_code(), code);
    }
}
