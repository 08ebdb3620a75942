//! Judges a command to a poll.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::event::{
    Alike, CardsIssued, CardsVoided, Cast, Closed, Edited, EndSet, Founded, HandsCounted, Marked, Opened, PaperSet,
    PersonErased, Revealed, SaidQuestion, Voter,
};
use super::state::Facet;
use super::{
    CLOSING_SECONDS, Electorate, GRACE_MS, MAX_CARDS, MAX_OPEN_SECONDS, MAX_ROUNDS, Phase, Poll, PollCommand,
    PollDelta, PollEvent, PollOwn, PollState, PollView, Question, QuestionProblem, Secrecy,
};
use crate::changes::Changes;
use crate::code::symbols;
use crate::commands::Commands;
use crate::domain::{
    Context, Decision, Domain, Issuer, Meta, PersonChange, StreamKind, Summary, Trace, follow_up, refuse_erased,
};
use crate::forum::{Forum, ForumCommand};
use crate::ids::{CommandId, ParticipantId, PollId, ProcessId, StreamId};
use crate::live::{Seq, WindowRequest};
use crate::people::{Actor, Audience};
use crate::rejection::Rejection;
use crate::said::{Commitment, Lang, SaidTexts, Texts};
use crate::text::{TextLimits, look};
use crate::time::Timestamp;

/// How many symbols the code of a voting card has: with the 20 of [`crate::network::CODE_ALPHABET`] 51 bits.
pub const CARD_LENGTH: usize = 12;

/// What a poll keeps of a voting card's code, however it is typed: see [`crate::code`].
pub fn card_hash(poll: PollId, code: &str) -> Commitment {
    let hash = Sha256::new().chain_update(b"voting card").chain_update(poll.0.as_bytes());
    Commitment(hash.chain_update(symbols(code)).finalize().into())
}

impl Domain for Poll {
    const KIND: StreamKind = StreamKind::Poll;
    const STATE_FORMAT: u32 = 5;
    type Command = PollCommand;
    type Event = PollEvent;
    type Facet = Facet;
    type State = PollState;

    fn decide(state: &PollState, command: &PollCommand, context: &Context) -> Result<Decision<PollEvent>, Rejection> {
        context.actor.meets(command.rule().need)?;
        refuse_erased(&state.erased, &context.actor)?;
        let mut decision = Decision::default();
        decide(state, command, context, &mut decision)?;
        tell_forum(state, command, context, &mut decision);
        Ok(decision)
    }

    fn object(command: &PollCommand, _stream: StreamId, _id: CommandId) -> Option<Uuid> {
        match command {
            PollCommand::Found { poll, .. } => Some(poll.0),
            _ => None,
        }
    }

    fn apply(state: &mut PollState, event: &PollEvent, meta: Meta) {
        state.apply(event, meta);
    }

    fn rebuild(state: &mut PollState) {
        state.rebuild();
    }

    fn seq(state: &PollState) -> Seq {
        state.seq()
    }

    fn next_due(state: &PollState) -> Option<Timestamp> {
        state.until.filter(|_| state.phase == Phase::Open).map(|until| until.plus_ms(GRACE_MS))
    }

    fn tick(moment: Timestamp) -> PollCommand {
        PollCommand::Tick { moment }
    }

    fn deltas(state: &PollState, after: Seq, audience: Audience) -> Vec<PollDelta> {
        state.deltas(after, audience)
    }

    fn changes(state: &PollState) -> &Changes<Facet> {
        &state.changes
    }

    fn owner(_state: &PollState, facet: Facet) -> Option<ParticipantId> {
        if let Facet::Own(participant) = facet { Some(participant) } else { None }
    }

    fn is_counter(facet: Facet) -> bool {
        matches!(facet, Facet::Turnout | Facet::Result)
    }

    /// Whoever votes with a card is known by its number alone, and of a secret ballot no time is kept either.
    fn trace(state: &PollState, command: &PollCommand) -> Trace {
        match command {
            PollCommand::Vote { .. } if state.secret() => Trace::Bare,
            PollCommand::Vote { .. } if state.by_cards() => Trace::Unsigned,
            _ => Trace::Signed,
        }
    }

    fn opens_box(command: &PollCommand) -> bool {
        matches!(command, PollCommand::Tick { .. })
    }

    fn remembered(state: &PollState, command: &PollCommand, actor: &Actor) -> Option<(Uuid, PollCommand)> {
        match command {
            PollCommand::Vote { round, card, .. } if state.secret() => {
                // The roll beside it names them too, unless they vote by card.
                let who = actor.participant.filter(|_| !state.by_cards()).map_or(Uuid::nil(), |person| person.0);
                Some((who, PollCommand::Vote { round: *round, marks: Vec::new(), card: card.clone() }))
            }
            _ => None,
        }
    }

    fn is_there(state: &PollState, audience: Audience) -> bool {
        state.id().is_some() && (state.phase != Phase::Draft || audience == Audience::Staff)
    }

    /// A poll shows no names, and what was cast stays cast.
    fn on_person(_: &PollState, _: ParticipantId, _: PersonChange, _: usize) -> Option<(PollCommand, Issuer)> {
        None
    }

    fn erase_person(_process: ProcessId, participant: ParticipantId) -> PollCommand {
        PollCommand::ErasePerson { participant }
    }

    /// The ballot that is not secret. Nothing tells whose secret ones are.
    fn export(state: &PollState, participant: ParticipantId) -> Option<serde_json::Value> {
        let own = state.own(participant);
        own.voted.then(|| serde_json::json!({ "marks": own.marks }))
    }

    fn view(state: &PollState, audience: Audience, _window: &WindowRequest) -> PollView {
        state.view(audience)
    }

    fn shorten(_view: &mut PollView, _bytes: usize) -> Option<u64> {
        None
    }

    fn own(state: &PollState, participant: ParticipantId, _from: u64) -> PollOwn {
        state.own(participant)
    }

    fn summary(state: &PollState) -> Option<Summary> {
        state.summary()
    }
}

/// Lets the forum know of a poll that it is there, or that it went on.
fn tell_forum(state: &PollState, command: &PollCommand, context: &Context, decision: &mut Decision<PollEvent>) {
    let phase = decision.events.iter().find_map(|event| match event {
        PollEvent::Founded(_) | PollEvent::Edited(_) => Some(Phase::Draft),
        PollEvent::Opened(_) => Some(Phase::Open),
        PollEvent::Closed(_) => Some(Phase::Closed),
        PollEvent::Revealed(_) => Some(Phase::Revealed),
        _ => None,
    });
    let (place, title) = match (command, state.founded.as_deref()) {
        (PollCommand::Found { poll, forum, question, .. }, None) => ((*poll, *forum), question.title.clone()),
        (PollCommand::Edit { question }, Some(founded)) => ((founded.poll, founded.forum), question.title.clone()),
        (_, Some(founded)) => ((founded.poll, founded.forum), founded.question.title.shown()),
        (_, None) => return,
    };
    if let ((poll, Some(forum)), Some(phase)) = (place, phase) {
        let by = context.actor.participant.or(state.closer.filter(|_| phase == Phase::Closed));
        let moved = ForumCommand::PollMoved { poll, stream: context.stream, phase, title, by };
        decision.follow_ups.push(follow_up::<Forum>(context, forum.stream, &moved));
    }
}

fn decide(
    state: &PollState,
    command: &PollCommand,
    context: &Context,
    decision: &mut Decision<PollEvent>,
) -> Result<(), Rejection> {
    if let PollCommand::Found { poll, process, forum, question } = command {
        if state.founded.is_some() {
            return Ok(());
        }
        let question = said(question, context, decision)?;
        let founded = Founded { poll: *poll, process: *process, forum: *forum, question };
        decision.events.push(PollEvent::Founded(founded));
        return Ok(());
    }
    let founded = state.founded.as_ref().ok_or(Rejection::NotFound)?;
    let question = &founded.question;
    let now = context.received_at;
    let open = state.phase == Phase::Open;
    let when = |holds: bool| if holds { Ok(()) } else { Err(Rejection::WrongState) };
    match command {
        PollCommand::Found { .. } => {}
        PollCommand::Edit { question: new } => {
            when(state.phase == Phase::Draft)?;
            let mut old = question.clone();
            old.each_text(&mut |said| decision.erase.push(said.key));
            let question = said(new, context, decision)?;
            decision.events.push(PollEvent::Edited(Edited { question }));
        }
        PollCommand::Open { seconds } => {
            when(state.phase == Phase::Draft)?;
            // Nobody could vote without a card.
            if question.electorate == Electorate::Cards && state.entitled().is_none_or(|cards| cards == 0) {
                return Err(Rejection::NoCards);
            }
            begin(state, *seconds, context, decision)?;
        }
        PollCommand::Again => {
            when(matches!(state.phase, Phase::Closed | Phase::Revealed))?;
            if state.before.len() + 1 >= MAX_ROUNDS {
                return Err(Rejection::TooMany { max: MAX_ROUNDS as u32 });
            }
            begin(state, None, context, decision)?;
        }
        PollCommand::SetEnd { seconds } => {
            when(open)?;
            let until = ends(*seconds, context)?;
            if (state.until, state.closing) != (until, false) {
                decision.events.push(PollEvent::EndSet(EndSet { until, closing: false }));
            }
        }
        PollCommand::Extend { seconds } => {
            when(open)?;
            let end = state.until.ok_or(Rejection::WrongState)?;
            let until = end.max(now).plus_ms(i64::from(*seconds) * 1_000);
            if until > now.plus_ms(i64::from(MAX_OPEN_SECONDS) * 1_000) {
                return Err(Rejection::BadTime);
            }
            if *seconds > 0 {
                decision.events.push(PollEvent::EndSet(EndSet { until: Some(until), closing: false }));
            }
        }
        PollCommand::Close { seconds } => {
            when(open)?;
            let until = ends(Some(seconds.unwrap_or(CLOSING_SECONDS)), context)?.unwrap_or(now);
            let sooner = state.until.is_none_or(|ends| until < ends);
            // What would end sooner anyway, or has ended, still does.
            let until = state.until.map_or(until, |ends| ends.min(until));
            // The clock closes it, a little later: ballots that were received by then may still be on their way here.
            if !state.closing || sooner {
                decision.events.push(PollEvent::EndSet(EndSet { until: Some(until), closing: true }));
            }
        }
        PollCommand::Reveal => {
            if state.phase == Phase::Revealed {
                return Ok(());
            }
            when(state.phase == Phase::Closed)?;
            decision.events.push(PollEvent::Revealed(Revealed { round: state.round }));
        }
        PollCommand::Vote { round, marks, card } => {
            vote(state, *round, marks, card.as_deref(), context, decision)?;
        }
        PollCommand::IssueCards { hashes } => {
            when(question.electorate == Electorate::Cards && matches!(state.phase, Phase::Draft | Phase::Open))?;
            if hashes.is_empty() {
                return Ok(());
            }
            if state.cards.len() + hashes.len() > MAX_CARDS {
                return Err(Rejection::TooMany { max: MAX_CARDS as u32 });
            }
            // Two cards with one code were one vote, and two in the electorate.
            let mut new = BTreeSet::new();
            if hashes.iter().any(|hash| state.card(hash).is_some() || !new.insert(hash.0)) {
                return Err(Rejection::IdReused);
            }
            decision.events.push(PollEvent::CardsIssued(CardsIssued { hashes: hashes.clone() }));
        }
        PollCommand::VoidCards { from, to } => {
            when(question.electorate == Electorate::Cards && matches!(state.phase, Phase::Draft | Phase::Open))?;
            if *from == 0 || from > to || *to as usize > state.cards.len() {
                return Err(Rejection::NotFound);
            }
            let good = (*from..=*to).any(|number| !state.cards[number as usize - 1].void);
            if good {
                decision.events.push(PollEvent::CardsVoided(CardsVoided { from: *from, to: *to }));
            }
        }
        PollCommand::CountHands { counts, people } => {
            when(state.counts_hall() && question.method.by_votes())?;
            if !counts.is_empty() && counts.len() != question.on_ballot() {
                return Err(crate::tally::BallotProblem::Options { options: question.on_ballot() as u32 }.into());
            }
            // Who may choose nothing can be there without a hand.
            let people = if counts.is_empty() { 0 } else { question.method.check_hands(counts, *people)? };
            let now = if people == 0 {
                None
            } else {
                let most = state.most_of_hall(state.paper_ballots());
                if people > most {
                    return Err(Rejection::TooMany { max: most });
                }
                Some((counts.clone(), people))
            };
            if state.hands != now {
                let (counts, people) = now.unwrap_or_default();
                decision.events.push(PollEvent::HandsCounted(HandsCounted { counts, people }));
            }
        }
        PollCommand::SetPaper { marks, ballots } => {
            when(state.counts_hall())?;
            question.method.check(marks, question.on_ballot())?;
            let have = state.paper.get(marks.as_slice()).copied().unwrap_or(0);
            let hands = state.hands.as_ref().map_or(0, |(_, people)| *people);
            let most = state.most_of_hall(hands + state.paper_ballots() - have);
            if *ballots > most {
                return Err(Rejection::TooMany { max: most });
            }
            if have != *ballots {
                let paper = Alike { marks: marks.clone(), ballots: *ballots };
                decision.events.push(PollEvent::PaperSet(PaperSet { paper }));
            }
        }
        PollCommand::ErasePerson { participant } => {
            if !state.erased.contains(participant) {
                decision.events.push(PollEvent::PersonErased(PersonErased { participant: *participant }));
            }
        }
        PollCommand::Tick { moment } => {
            if open && Poll::next_due(state).is_some_and(|due| due <= *moment) {
                close(state, state.until.unwrap_or(*moment), context, decision)?;
            }
        }
    }
    Ok(())
}

fn begin(
    state: &PollState,
    seconds: Option<u32>,
    context: &Context,
    decision: &mut Decision<PollEvent>,
) -> Result<(), Rejection> {
    let until = ends(seconds, context)?;
    decision.events.push(PollEvent::Opened(Opened { round: state.round + 1, at: context.received_at, until }));
    Ok(())
}

fn ends(seconds: Option<u32>, context: &Context) -> Result<Option<Timestamp>, Rejection> {
    let Some(seconds) = seconds else { return Ok(None) };
    if seconds > MAX_OPEN_SECONDS {
        return Err(Rejection::BadTime);
    }
    Ok(Some(context.received_at.plus_ms(i64::from(seconds) * 1_000)))
}

fn close(
    state: &PollState,
    at: Timestamp,
    context: &Context,
    decision: &mut Decision<PollEvent>,
) -> Result<(), Rejection> {
    let mut counted = Vec::new();
    if state.secret() {
        let ballots = context.ballot_box.as_ref().ok_or(Rejection::WrongState)?;
        let mut alike: BTreeMap<&[u8], u32> = BTreeMap::new();
        for marks in ballots {
            *alike.entry(marks).or_default() += 1;
        }
        counted = alike.into_iter().map(|(marks, ballots)| Alike { marks: marks.to_vec(), ballots }).collect();
        decision.box_empty = true;
    }
    decision.events.push(PollEvent::Closed(Closed { at, counted }));
    Ok(())
}

fn vote(
    state: &PollState,
    round: u32,
    marks: &[u8],
    card: Option<&str>,
    context: &Context,
    decision: &mut Decision<PollEvent>,
) -> Result<(), Rejection> {
    let founded = state.founded.as_ref().ok_or(Rejection::NotFound)?;
    let question = &founded.question;
    let staff = context.actor.roles.moderates();
    if state.phase == Phase::Draft {
        return Err(if staff { Rejection::PollNotOpen } else { Rejection::NotFound });
    }
    // Another round is another vote, whether this one is still open or not.
    if round != state.round {
        return Err(Rejection::OtherRound);
    }
    if state.phase != Phase::Open || state.until.is_some_and(|until| context.received_at > until) {
        return Err(Rejection::PollNotOpen);
    }
    let person = context.actor.participant.ok_or(Rejection::NotJoined)?;
    let voter = match question.electorate {
        Electorate::Devices => Voter::Person(person),
        Electorate::Accounts if !context.actor.guest => Voter::Person(person),
        Electorate::Accounts | Electorate::Delegates => return Err(Rejection::NotEntitled),
        Electorate::Cards => {
            let number = card.and_then(|code| state.card(&card_hash(founded.poll, code)));
            let number = number.filter(|number| !state.cards[*number as usize - 1].void);
            Voter::Card(number.ok_or(Rejection::CardUnknown)?)
        }
    };
    question.method.check(marks, question.on_ballot())?;
    // Whoever has seen a card could vote with it too: what was cast with it first stands, in every label.
    let once = question.secrecy == Secrecy::Secret || question.electorate == Electorate::Cards;
    if once && state.ballots.contains_key(&voter) {
        return Err(Rejection::AlreadyVoted);
    }
    if question.secrecy == Secrecy::Secret {
        decision.box_put = Some(marks.to_vec());
        decision.events.push(PollEvent::Marked(Marked { voter }));
    } else {
        // Also when it changes nothing: only what is written is known again, and a copy of it that comes late, after
        // another ballot, must not count.
        decision.events.push(PollEvent::Cast(Cast { voter, marks: marks.to_vec() }));
    }
    Ok(())
}

/// Do two options show the same words to the readers of some language?
fn look_alike(options: &[Texts]) -> bool {
    let languages: BTreeSet<&Lang> = options.iter().flat_map(|option| option.texts.keys()).collect();
    languages.into_iter().any(|lang| {
        let mut seen = BTreeSet::new();
        options.iter().any(|option| !seen.insert(look(option.pick(lang.as_str()).0)))
    })
}

/// Checks a question and makes its words side rows.
fn said(question: &Question, context: &Context, decision: &mut Decision<PollEvent>) -> Result<SaidQuestion, Rejection> {
    question.check()?;
    if look_alike(&question.options) {
        return Err(QuestionProblem::Alike.into());
    }
    let mut say = |texts: &Texts, limits: TextLimits| -> Result<SaidTexts, Rejection> {
        decision.say_texts(context, texts, limits)
    };
    Ok(SaidQuestion {
        title: say(&question.title, TextLimits::TITLE)?,
        note: question.note.as_ref().map(|note| say(note, TextLimits::NOTE)).transpose()?,
        method: question.method,
        options: question
            .options
            .iter()
            .map(|option| say(option, TextLimits::TITLE))
            .collect::<Result<_, Rejection>>()?,
        ends: match &question.ends {
            Some([low, high]) => Some([say(low, TextLimits::TITLE)?, say(high, TextLimits::TITLE)?]),
            None => None,
        },
        electorate: question.electorate,
        secrecy: question.secrecy,
        weight: question.weight,
        results: question.results,
        majority: question.majority,
        quorum: question.quorum,
    })
}
