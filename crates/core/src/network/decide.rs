//! Judges a command to the network.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::event::{
    CodeIssued, ForumCreated, JoiningSet, NetworkTitled, ParticipantErased, PollCreated, ProcessCreated, ProcessTitled,
    VisibilitySet,
};
use super::state::Facet;
use super::{
    CODE_ALPHABET, CODE_LENGTH, CodeKind, ForumPlaceView, MAX_FORUMS, MAX_POLLS, MAX_PROCESSES, Network,
    NetworkCommand, NetworkEvent, NetworkOwn, NetworkState, NetworkView, Process, Visibility,
};
use crate::changes::Changes;
use crate::commands::Commands;
use crate::domain::{
    Context, Decision, Domain, Issuer, Meta, PersonChange, StreamKind, Summary, follow_up, refuse_erased,
};
use crate::forum::{Forum, ForumCommand};
use crate::ids::{CommandId, ForumId, JoinCodeId, ParticipantId, PollId, ProcessId, StreamId};
use crate::live::{Seq, WindowRequest};
use crate::people::{Actor, Audience};
use crate::poll::{Poll, PollCommand, PollState};
use crate::rejection::Rejection;
use crate::said::SaidTexts;
use crate::text::TextLimits;
use crate::time::Timestamp;
use crate::with_kind;

impl Domain for Network {
    const KIND: StreamKind = StreamKind::Network;
    const STATE_FORMAT: u32 = 5;
    type Command = NetworkCommand;
    type Event = NetworkEvent;
    type Facet = Facet;
    type State = NetworkState;

    fn decide(
        state: &NetworkState,
        command: &NetworkCommand,
        context: &Context,
    ) -> Result<Decision<NetworkEvent>, Rejection> {
        context.actor.meets(command.rule().need)?;
        refuse_erased(&state.erased, &context.actor)?;
        let mut decision = Decision::default();
        decide(state, command, context, &mut decision)?;
        Ok(decision)
    }

    fn object(command: &NetworkCommand, stream: StreamId, id: CommandId) -> Option<Uuid> {
        match command {
            NetworkCommand::CreateProcess { .. } => Some(process_id(stream, id).0),
            NetworkCommand::CreateForum { .. } => Some(forum_id(stream, id).0),
            NetworkCommand::CreatePoll { .. } => Some(poll_id(stream, id).0),
            NetworkCommand::SetVisibility { process, .. }
            | NetworkCommand::SetProcessTitle { process, .. }
            | NetworkCommand::SetJoining { process, .. }
            | NetworkCommand::RenewCodes { process } => Some(process.0),
            NetworkCommand::ErasePerson { participant, .. } => Some(participant.0),
            NetworkCommand::SetTitle { .. } | NetworkCommand::Tick { .. } => None,
        }
    }

    fn apply(state: &mut NetworkState, event: &NetworkEvent, meta: Meta) {
        state.apply(event, meta);
    }

    fn rebuild(state: &mut NetworkState) {
        state.rebuild();
    }

    fn seq(state: &NetworkState) -> Seq {
        state.seq()
    }

    fn next_due(_state: &NetworkState) -> Option<Timestamp> {
        None
    }

    fn tick(moment: Timestamp) -> NetworkCommand {
        NetworkCommand::Tick { moment }
    }

    fn deltas(state: &NetworkState, after: Seq, audience: Audience) -> Vec<super::NetworkDelta> {
        state.deltas(after, audience)
    }

    fn changes(state: &NetworkState) -> &Changes<Facet> {
        &state.changes
    }

    fn owner(_state: &NetworkState, _facet: Facet) -> Option<ParticipantId> {
        None
    }

    fn is_counter(_facet: Facet) -> bool {
        false
    }

    /// What a forum is called and a poll asks is said in streams of their own, and can be erased there.
    fn remembered(_state: &NetworkState, command: &NetworkCommand, actor: &Actor) -> Option<(Uuid, NetworkCommand)> {
        let mut command = command.clone();
        match &mut command {
            NetworkCommand::CreateForum { title, .. } => title.texts.clear(),
            NetworkCommand::CreatePoll { question, .. } => {
                question.each_texts(&mut |texts| texts.texts.clear());
            }
            _ => return None,
        }
        Some((actor.participant.map_or(Uuid::nil(), |person| person.0), command))
    }

    fn is_there(_state: &NetworkState, _audience: Audience) -> bool {
        true
    }

    /// The network holds nothing a person said.
    fn on_person(_: &NetworkState, _: ParticipantId, _: PersonChange, _: usize) -> Option<(NetworkCommand, Issuer)> {
        None
    }

    fn erase_person(process: ProcessId, participant: ParticipantId) -> NetworkCommand {
        NetworkCommand::ErasePerson { process, participant }
    }

    fn export(_state: &NetworkState, _participant: ParticipantId) -> Option<serde_json::Value> {
        None
    }

    fn view(state: &NetworkState, audience: Audience, _window: &WindowRequest) -> NetworkView {
        state.view(audience)
    }

    fn shorten(_view: &mut NetworkView, _bytes: usize) -> Option<u64> {
        None
    }

    fn own(_state: &NetworkState, _participant: ParticipantId, _from: u64) -> NetworkOwn {
        NetworkOwn {}
    }

    fn summary(_state: &NetworkState) -> Option<Summary> {
        None
    }
}

fn process_id(stream: StreamId, command: CommandId) -> ProcessId {
    ProcessId(command.derive(stream, "process"))
}

fn forum_id(stream: StreamId, command: CommandId) -> ForumId {
    ForumId(command.derive(stream, "forum"))
}

fn poll_id(stream: StreamId, command: CommandId) -> PollId {
    PollId(command.derive(stream, "poll"))
}

fn decide(
    state: &NetworkState,
    command: &NetworkCommand,
    context: &Context,
    decision: &mut Decision<NetworkEvent>,
) -> Result<(), Rejection> {
    let find = |id: ProcessId| state.process(id).ok_or(Rejection::NotFound);
    let event = match command {
        NetworkCommand::SetTitle { title } => {
            erase(state.title.as_ref(), decision);
            NetworkEvent::NetworkTitled(NetworkTitled { title: decision.say_texts(context, title, TextLimits::TITLE)? })
        }
        NetworkCommand::CreateProcess { title, visibility } => {
            if state.process_count() >= MAX_PROCESSES {
                return Err(Rejection::TooMany { max: MAX_PROCESSES as u32 });
            }
            let process = process_id(context.stream, context.command);
            if state.process(process).is_some() {
                return Err(Rejection::IdReused);
            }
            let title = decision.say_texts(context, title, TextLimits::TITLE)?;
            decision.events.push(NetworkEvent::ProcessCreated(ProcessCreated {
                process,
                title,
                visibility: *visibility,
            }));
            issue(state, process, context, decision);
            return Ok(());
        }
        NetworkCommand::SetVisibility { process, visibility } => {
            if find(*process)?.visibility == *visibility {
                return Ok(());
            }
            NetworkEvent::VisibilitySet(VisibilitySet { process: *process, visibility: *visibility })
        }
        NetworkCommand::SetProcessTitle { process, title } => {
            erase(Some(&find(*process)?.title), decision);
            let title = decision.say_texts(context, title, TextLimits::TITLE)?;
            NetworkEvent::ProcessTitled(ProcessTitled { process: *process, title })
        }
        NetworkCommand::CreateForum { process, title, waiting } => {
            if find(*process)?.forums().count() >= MAX_FORUMS {
                return Err(Rejection::TooMany { max: MAX_FORUMS as u32 });
            }
            let forum = forum_id(context.stream, context.command);
            if state.forum(forum).is_some() {
                return Err(Rejection::IdReused);
            }
            // Judged here as the forum will: what follows from an event must not be refused. The words go there.
            Decision::<NetworkEvent>::default().say_texts(context, title, TextLimits::TITLE)?;
            let stream = StreamId(context.command.derive(context.stream, "forum stream"));
            let found = ForumCommand::Found { forum, process: *process, title: title.clone(), waiting: *waiting };
            decision.follow_ups.push(follow_up::<Forum>(context, stream, &found));
            NetworkEvent::ForumCreated(ForumCreated { process: *process, forum, stream })
        }
        NetworkCommand::CreatePoll { process, forum, question } => {
            if find(*process)?.polls().count() >= MAX_POLLS {
                return Err(Rejection::TooMany { max: MAX_POLLS as u32 });
            }
            let place = match forum {
                None => None,
                Some(forum) => {
                    let place = state.forum(*forum).filter(|place| place.process == *process);
                    let place = place.ok_or(Rejection::NotFound)?;
                    Some(ForumPlaceView { id: place.forum, stream: place.stream })
                }
            };
            let poll = poll_id(context.stream, context.command);
            if state.poll(poll).is_some() {
                return Err(Rejection::IdReused);
            }
            let stream = StreamId(context.command.derive(context.stream, "poll stream"));
            let found = PollCommand::Found { poll, process: *process, forum: place, question: question.clone() };
            // Judged as the poll will: what follows from an event must not be refused.
            let there = Context { stream, actor: Actor::system(), ..context.clone() };
            Poll::decide(&PollState::default(), &found, &there)?;
            decision.follow_ups.push(follow_up::<Poll>(context, stream, &found));
            NetworkEvent::PollCreated(PollCreated { process: *process, poll, stream, forum: *forum })
        }
        NetworkCommand::SetJoining { process, joining } => {
            if find(*process)?.joining == *joining {
                return Ok(());
            }
            NetworkEvent::JoiningSet(JoiningSet { process: *process, joining: *joining })
        }
        NetworkCommand::RenewCodes { process } => {
            let found: &Process = find(*process)?;
            decision.erase.extend(found.codes.iter().map(|code| code.text.key));
            issue(state, *process, context, decision);
            return Ok(());
        }
        NetworkCommand::ErasePerson { process, participant } => {
            for place in &find(*process)?.places {
                decision.follow_ups.push(with_kind!(place.kind, Kind => {
                    follow_up::<Kind>(context, place.stream, &Kind::erase_person(*process, *participant))
                }));
            }
            NetworkEvent::ParticipantErased(ParticipantErased { process: *process, participant: *participant })
        }
        NetworkCommand::Tick { .. } => return Ok(()),
    };
    decision.events.push(event);
    Ok(())
}

fn erase(texts: Option<&SaidTexts>, decision: &mut Decision<NetworkEvent>) {
    decision.erase.extend(texts.into_iter().flat_map(|texts| texts.texts.values()).map(|said| said.key));
}

/// Issues one code of each kind.
fn issue(state: &NetworkState, process: ProcessId, context: &Context, decision: &mut Decision<NetworkEvent>) {
    for kind in [CodeKind::Spoken, CodeKind::Link] {
        let text = (0..=u32::MAX)
            .map(|attempt| code(kind, &context.salt_seed, attempt))
            .find(|code| state.by_code(code).is_none())
            .expect("some code is free");
        let text = decision.say_clean(context, text.into());
        let code = JoinCodeId(context.command.derive(context.stream, &format!("code {kind:?}")));
        decision.events.push(NetworkEvent::CodeIssued(CodeIssued { process, code, kind, text }));
    }
}

/// A code from the server's random bytes. 20 symbols divide 256 bits without a bias anyone could use.
fn code(kind: CodeKind, seed: &[u8; 32], attempt: u32) -> String {
    let label: &[u8] = match kind {
        CodeKind::Spoken => b"spoken",
        CodeKind::Link => b"link",
    };
    let hash = Sha256::new()
        .chain_update(b"join code")
        .chain_update(label)
        .chain_update(attempt.to_be_bytes())
        .chain_update(seed)
        .finalize();
    let mut number = u128::from_be_bytes(hash[..16].try_into().expect("16 of 32 bytes"));
    let length = match kind {
        CodeKind::Spoken => CODE_LENGTH,
        // 20^29 is more than 2^125.
        CodeKind::Link => 29,
    };
    (0..length)
        .map(|_| {
            let symbol = CODE_ALPHABET[(number % 20) as usize];
            number /= 20;
            char::from(symbol)
        })
        .collect()
}

impl Visibility {
    /// May someone who has not joined read it?
    pub const fn is_public(self) -> bool {
        matches!(self, Self::Public)
    }
}
