//! Judges a command to a forum.

use std::sync::Arc;

use uuid::Uuid;

use super::Reported;
use super::event::{
    Added, AppealRejected, Appealed, Approved, ChangeRefused, Claimed, Contributed, Dismissed, Edited, Erased, Founded,
    HallCounted, Hidden, Introduced, PersonErased, PutBack, ReportMade, Restored, ShutOut, Spoken, StateSet,
    Summarised, Supported, Titled, TopicAdded, Unsupported, WaitingSet, Withdrawn,
};
use super::state::{Contribution, Facet, ForumState, Person, Status};
use super::{
    EDIT_WINDOW_MS, Forum, ForumCommand, ForumEvent, HideReason, MAX_ADDITIONS, MAX_HALL, MAX_REPORTS,
    MAX_SLOW_SECONDS, MAX_TOPICS, MAX_UNTIL_MS, MAX_WAITING, Mode, Waiting, floor, project, stage,
};
use crate::changes::Changes;
use crate::commands::Commands;
use crate::domain::{
    Context, Decision, Domain, Issuer, Meta, OpenReports, PersonChange, StreamKind, Summary, refuse_erased,
};
use crate::ids::{CommandId, ContributionId, ParticipantId, ProcessId, StreamId, TopicId};
use crate::live::{Seq, WindowRequest};
use crate::people::{Actor, Audience, Role, Roles};
use crate::rejection::Rejection;
use crate::said::{Lang, Said};
use crate::text::{TextLimits, clean};
use crate::time::Timestamp;

impl Domain for Forum {
    const KIND: StreamKind = StreamKind::Forum;
    const STATE_FORMAT: u32 = 9;
    type Command = ForumCommand;
    type Event = ForumEvent;
    type Facet = Facet;
    type State = ForumState;

    fn decide(
        state: &ForumState,
        command: &ForumCommand,
        context: &Context,
    ) -> Result<Decision<ForumEvent>, Rejection> {
        context.actor.meets(command.rule().need)?;
        refuse_erased(&state.erased, &context.actor)?;
        if state.founded.is_none() && !matches!(command, ForumCommand::Found { .. }) {
            return Err(Rejection::NotFound);
        }
        let mut decision = Decision::default();
        decide(state, command, context, &mut decision).map_err(|rejection| match rejection {
            Rejection::Decided { .. } => state.who_decided(command, context),
            other => other,
        })?;
        Ok(decision)
    }

    fn object(command: &ForumCommand, stream: StreamId, id: CommandId) -> Option<Uuid> {
        match command {
            ForumCommand::Contribute { .. } => Some(contribution_id(stream, id).0),
            ForumCommand::AddTopic { .. } => Some(topic_id(stream, id).0),
            ForumCommand::Support { contribution }
            | ForumCommand::Unsupport { contribution }
            | ForumCommand::Edit { contribution, .. }
            | ForumCommand::Withdraw { contribution }
            | ForumCommand::Approve { contribution, .. }
            | ForumCommand::Hide { contribution, .. }
            | ForumCommand::Refuse { contribution, .. }
            | ForumCommand::Restore { contribution }
            | ForumCommand::PutBack { contribution }
            | ForumCommand::Add { contribution, .. }
            | ForumCommand::Claim { contribution, .. }
            | ForumCommand::Report { contribution, .. }
            | ForumCommand::Dismiss { contribution }
            | ForumCommand::Appeal { contribution, .. }
            | ForumCommand::RejectAppeal { contribution, .. }
            | ForumCommand::Erase { contribution } => Some(contribution.0),
            ForumCommand::Found { forum, .. } => Some(forum.0),
            ForumCommand::PollMoved { poll, .. } => Some(poll.0),
            ForumCommand::EnterFloor { .. } => Some(floor::id(stream, id).0),
            ForumCommand::GiveFloor { entry: Some(entry) }
            | ForumCommand::DropFloor { entry }
            | ForumCommand::PinFloor { entry } => Some(entry.0),
            _ => None,
        }
    }

    fn apply(state: &mut ForumState, event: &ForumEvent, meta: Meta) {
        state.apply(event, meta);
    }

    fn rebuild(state: &mut ForumState) {
        state.rebuild();
    }

    fn seq(state: &ForumState) -> Seq {
        state.seq()
    }

    fn next_due(state: &ForumState) -> Option<Timestamp> {
        state.until
    }

    fn tick(moment: Timestamp) -> ForumCommand {
        ForumCommand::Tick { moment }
    }

    fn deltas(state: &ForumState, after: Seq, audience: Audience) -> Vec<super::ForumDelta> {
        state.deltas_within(after, audience, usize::MAX).0
    }

    fn deltas_within(state: &ForumState, after: Seq, audience: Audience, most: usize) -> (Vec<super::ForumDelta>, Seq) {
        state.deltas_within(after, audience, most)
    }

    fn changes(state: &ForumState) -> &Changes<Facet> {
        &state.changes
    }

    fn owner(state: &ForumState, facet: Facet) -> Option<ParticipantId> {
        if let Facet::Own(ix) = facet { Some(state.people[ix as usize].id) } else { None }
    }

    fn is_counter(facet: Facet) -> bool {
        matches!(facet, Facet::Counts(_))
    }

    fn reported(state: &ForumState, command: &ForumCommand) -> Option<OpenReports> {
        let ForumCommand::Report { contribution, what, .. } = command else { return None };
        let found = state.contribution(*contribution)?;
        let same = found.reports.iter().filter(|report| report.what == *what);
        Some(OpenReports { about: (contribution.0, *what as u8), open: same.map(|report| report.at).collect() })
    }

    fn erases(command: &ForumCommand) -> bool {
        matches!(command, ForumCommand::Withdraw { .. } | ForumCommand::Erase { .. })
    }

    fn is_there(state: &ForumState, _audience: Audience) -> bool {
        state.founded.is_some()
    }

    fn on_person(
        state: &ForumState,
        participant: ParticipantId,
        change: PersonChange,
        nth: usize,
    ) -> Option<(ForumCommand, Issuer)> {
        let known = nth == 0 && state.knows(participant);
        match change {
            PersonChange::Renamed => known.then_some((ForumCommand::Introduce, Issuer::Actor)),
            PersonChange::NameReset => known.then_some((ForumCommand::ResetName { participant }, Issuer::Actor)),
            PersonChange::ShutOut { banned, by } if nth == 0 => {
                Some((ForumCommand::ShutOut { participant, banned, by }, Issuer::Program))
            }
            PersonChange::ShutOut { banned: false, .. } => None,
            PersonChange::ShutOut { .. } if nth == 1 => {
                let reason = HideReason::Other;
                Some((ForumCommand::RefuseAll { participant, reason, note: None, seen: None }, Issuer::Actor))
            }
            // Where they speak, and where they wait to speak again.
            PersonChange::ShutOut { .. } => {
                let drop = |entry| (ForumCommand::DropFloor { entry }, Issuer::Program);
                state.floor_entry(participant).map(drop)
            }
        }
    }

    fn erase_person(_process: ProcessId, participant: ParticipantId) -> ForumCommand {
        ForumCommand::ErasePerson { participant }
    }

    fn export(state: &ForumState, participant: ParticipantId) -> Option<serde_json::Value> {
        serde_json::to_value(state.written_by(participant)).ok()
    }

    fn view(state: &ForumState, audience: Audience, window: &WindowRequest) -> super::ForumView {
        state.view(audience, window)
    }

    fn view_within(state: &ForumState, audience: Audience, window: &WindowRequest, bytes: usize) -> super::ForumView {
        state.view_within(audience, window, bytes)
    }

    fn shorten(view: &mut super::ForumView, bytes: usize) -> Option<u64> {
        project::shorten(view, bytes)
    }

    fn set_aside(view: &mut super::ForumView, bytes: usize) -> Vec<(super::ForumKey, super::ForumValue)> {
        project::set_aside(view, bytes)
    }

    fn window_start(view: &super::ForumView) -> u64 {
        view.window.from
    }

    fn page_start(state: &ForumState, audience: Audience, before: Option<u64>, topic: Option<TopicId>) -> u64 {
        state.page_start(audience, before, topic)
    }

    fn own(state: &ForumState, participant: ParticipantId, from: u64) -> super::OwnView {
        state.own(participant, from)
    }

    fn summary(state: &ForumState) -> Option<Summary> {
        state.summary()
    }
}

fn contribution_id(stream: StreamId, command: CommandId) -> ContributionId {
    ContributionId(command.derive(stream, "contribution"))
}

fn topic_id(stream: StreamId, command: CommandId) -> TopicId {
    TopicId(command.derive(stream, "topic"))
}

/// Whether a command is taken; what follows from it is in the decision.
pub(super) type Judged = Result<(), Rejection>;

fn decide(
    state: &ForumState,
    command: &ForumCommand,
    context: &Context,
    decision: &mut Decision<ForumEvent>,
) -> Judged {
    let participant = || context.actor.participant.ok_or(Rejection::NotJoined);
    let event = match command {
        ForumCommand::Found { forum, process, title, waiting } => {
            if state.founded.is_some() {
                return Ok(());
            }
            let title = decision.say_texts(context, title, TextLimits::TITLE)?;
            ForumEvent::Founded(Founded { forum: *forum, process: *process, title, waiting: *waiting })
        }
        ForumCommand::SetTitle { title } => {
            if let Some(founded) = &state.founded {
                decision.erase.extend(founded.title.texts.values().map(|said| said.key));
            }
            ForumEvent::Titled(Titled { title: decision.say_texts(context, title, TextLimits::TITLE)? })
        }
        ForumCommand::AddTopic { title } => {
            if state.topics.len() >= MAX_TOPICS {
                return Err(Rejection::TooMany { max: MAX_TOPICS as u32 });
            }
            let topic = topic_id(context.stream, context.command);
            if state.find_topic(topic).is_some() {
                return Err(Rejection::IdReused);
            }
            ForumEvent::TopicAdded(TopicAdded { topic, title: decision.say_texts(context, title, TextLimits::TITLE)? })
        }
        ForumCommand::Contribute { text, lang, topic, reply_to, hall } => {
            let contributed = contribute(state, context, decision, (text, lang.as_ref(), *topic, *reply_to))?;
            match hall.as_deref().map(str::trim) {
                None => ForumEvent::Contributed(contributed),
                Some(_) if !context.actor.roles.moderates() => return Err(Rejection::Forbidden),
                Some("") => ForumEvent::Spoken(Spoken { contributed, name: None }),
                Some(name) => {
                    let name = crate::text::clean_name(name, &[])?;
                    let name = Some(decision.say_clean(context, name.into()));
                    ForumEvent::Spoken(Spoken { contributed, name })
                }
            }
        }
        ForumCommand::Support { contribution } => {
            let participant = participant()?;
            let found = supportable(state, *contribution)?;
            if state.person_ix(participant) == Some(found.author) {
                return Err(Rejection::OwnContribution);
            }
            if state.person_ix(participant).is_some_and(|ix| found.supporters.contains(&ix)) {
                return Ok(());
            }
            ForumEvent::Supported(Supported { contribution: *contribution, participant })
        }
        ForumCommand::Unsupport { contribution } => {
            let participant = participant()?;
            let found = supportable(state, *contribution)?;
            if !state.person_ix(participant).is_some_and(|ix| found.supporters.contains(&ix)) {
                return Ok(());
            }
            ForumEvent::Unsupported(Unsupported { contribution: *contribution, participant })
        }
        ForumCommand::Edit { contribution, text } => match edit(state, context, decision, *contribution, text)? {
            Some(edited) => edited,
            None => return Ok(()),
        },
        ForumCommand::Add { contribution, text } => add(state, context, decision, *contribution, text)?,
        ForumCommand::Withdraw { contribution } => {
            let found = own(state, &context.actor, *contribution)?;
            forget(found, decision);
            ForumEvent::Withdrawn(Withdrawn { contribution: *contribution })
        }
        ForumCommand::Approve { contribution, seen } => {
            let found = there(state, *contribution)?;
            match (&found.status, &found.pending) {
                (Status::Waiting, _) => {}
                (Status::Visible, Some(_)) => decision.erase.push(found.text.key),
                (Status::Visible, None) if found.addition.is_some() => {}
                // Another moderator was first.
                _ => return Err(Rejection::DECIDED),
            }
            if !was_read(found, *seen) {
                return Err(Rejection::TextChanged);
            }
            ForumEvent::Approved(Approved { contribution: *contribution })
        }
        ForumCommand::Hide { contribution, reason, note } => {
            let found = there(state, *contribution)?;
            if matches!(found.status, Status::Hidden { .. }) {
                return Err(Rejection::DECIDED);
            }
            forget_asking(found, decision);
            let note = say_note(decision, context, note.as_deref())?;
            ForumEvent::Hidden(Hidden { contribution: *contribution, reason: *reason, note })
        }
        ForumCommand::Refuse { contribution, note } => {
            let found = there(state, *contribution)?;
            // Another moderator was first, or what waits is the contribution itself.
            if found.status != Status::Visible || found.pending.is_none() && found.addition.is_none() {
                return Err(Rejection::DECIDED);
            }
            decision.erase.extend(found.pending.as_ref().map(|pending| pending.key));
            decision.erase.extend(found.addition.as_ref().map(|addition| addition.text.key));
            let note = say_note(decision, context, note.as_deref())?;
            ForumEvent::ChangeRefused(ChangeRefused { contribution: *contribution, at: context.received_at, note })
        }
        ForumCommand::Restore { contribution } => {
            let found = there(state, *contribution)?;
            match &found.status {
                Status::Hidden { .. } => forget_hiding(found, decision),
                _ => return Err(Rejection::DECIDED),
            }
            ForumEvent::Restored(Restored { contribution: *contribution })
        }
        ForumCommand::PutBack { contribution } => {
            let found = there(state, *contribution)?;
            match &found.status {
                // What somebody answered or supports is not taken from under them.
                Status::Visible
                    if found.approved
                        && (found.replies, found.supporters.len()) == (0, 0)
                        && found.pending.is_none()
                        && found.addition.is_none() => {}
                Status::Hidden { .. } if !found.was_visible => forget_hiding(found, decision),
                Status::Visible if found.approved => return Err(Rejection::Answered),
                _ => return Err(Rejection::DECIDED),
            }
            ForumEvent::PutBack(PutBack { contribution: *contribution })
        }
        ForumCommand::ApproveAll { participant, seen } => {
            let approved = |found: &Contribution| ForumEvent::Approved(Approved { contribution: found.id });
            decision.events.extend(read_of(state, *participant, *seen)?.map(approved));
            return Ok(());
        }
        ForumCommand::RefuseAll { participant, reason, note, seen } => {
            for found in read_of(state, *participant, *seen)? {
                forget_asking(found, decision);
                // Each has a note of its own: it is deleted with its decision.
                let note = say_note(decision, context, note.as_deref())?;
                decision.events.push(ForumEvent::Hidden(Hidden { contribution: found.id, reason: *reason, note }));
            }
            return Ok(());
        }
        ForumCommand::ShutOut { participant, banned, by } => {
            if state.was_shut_out(*participant) == *banned {
                return Ok(());
            }
            ForumEvent::ShutOut(ShutOut { participant: *participant, banned: *banned, by: *by })
        }
        ForumCommand::Claim { contribution, release } => {
            let found = there(state, *contribution)?;
            // A token is nobody the others could wait for.
            let Some(participant) = context.actor.participant else { return Ok(()) };
            let mine = found.claim.is_some_and(|(by, _)| by == participant);
            if *release && !mine || found.status != Status::Waiting && !found.asks() {
                return Ok(());
            }
            introduce(state, context, decision)?;
            let by = (!release).then_some(participant);
            ForumEvent::Claimed(Claimed { contribution: *contribution, by, at: context.received_at })
        }
        ForumCommand::Report { contribution, what, reason, text } => {
            let found = there(state, *contribution)?;
            if found.status != Status::Visible {
                return Err(Rejection::NotFound);
            }
            // Enough is known; strangers do not make the log grow.
            if found.reports.len() >= MAX_REPORTS {
                return Ok(());
            }
            let text = say_note(decision, context, text.as_deref())?;
            ForumEvent::ReportMade(ReportMade {
                contribution: *contribution,
                what: *what,
                reason: *reason,
                text,
                at: context.received_at,
            })
        }
        ForumCommand::Dismiss { contribution } => {
            let found = there(state, *contribution)?;
            if found.reports.is_empty() {
                return Err(Rejection::DECIDED);
            }
            decision.erase.extend(found.reports.iter().filter_map(|report| report.text.as_ref()).map(|text| text.key));
            ForumEvent::Dismissed(Dismissed { contribution: *contribution })
        }
        ForumCommand::Appeal { contribution, text } => {
            let found = own(state, &context.actor, *contribution)?;
            match &found.status {
                Status::Hidden { appeal: None, .. } => {}
                Status::Hidden { .. } => return Err(Rejection::Appealed),
                _ => return Err(Rejection::NotHidden),
            }
            let text = decision.say(context, text, TextLimits::NOTE)?;
            ForumEvent::Appealed(Appealed { contribution: *contribution, text, at: context.received_at })
        }
        ForumCommand::RejectAppeal { contribution, note } => {
            let found = there(state, *contribution)?;
            let Status::Hidden { by, appeal: Some(appeal), .. } = &found.status else {
                return Err(Rejection::DECIDED);
            };
            if appeal.rejected {
                return Err(Rejection::DECIDED);
            }
            if by.is_some() && *by == context.actor.participant {
                return Err(Rejection::OwnDecision);
            }
            let note = say_note(decision, context, note.as_deref())?;
            ForumEvent::AppealRejected(AppealRejected { contribution: *contribution, note })
        }
        ForumCommand::ResetName { participant } => {
            let Some(person) = state.person(*participant) else { return Err(Rejection::NotFound) };
            context.actor.acts_on(person.role.map(Roles::from).unwrap_or_default())?;
            let Some(name) = &person.name else { return Ok(()) };
            decision.erase.push(name.key);
            forget_name_reports(state, person, decision);
            ForumEvent::Introduced(Introduced { participant: *participant, name: None, role: person.role })
        }
        ForumCommand::SetSummary { text } => {
            let text = match text.as_deref().map(str::trim) {
                None | Some("") if state.summary.is_none() => return Ok(()),
                None | Some("") => None,
                Some(text) => {
                    let text = clean(text, TextLimits::SUMMARY)?;
                    if state.summary.as_ref().is_some_and(|summary| summary.as_str() == text.as_str()) {
                        return Ok(());
                    }
                    Some(decision.say_clean(context, text.into()))
                }
            };
            decision.erase.extend(state.summary.as_ref().map(|summary| summary.key));
            ForumEvent::Summarised(Summarised { text })
        }
        ForumCommand::CountHall { people } => {
            if people.is_some_and(|people| people > MAX_HALL) {
                return Err(Rejection::TooMany { max: MAX_HALL });
            }
            if state.hall == *people {
                return Ok(());
            }
            ForumEvent::HallCounted(HallCounted { people: *people })
        }
        ForumCommand::SetState { mode, until, minutes } => {
            let in_minutes = minutes.map(|minutes| context.received_at.plus_ms(i64::from(minutes) * 60_000));
            let until = until.or(in_minutes);
            if let Mode::Slow { seconds } = mode
                && !(1..=MAX_SLOW_SECONDS).contains(seconds)
            {
                return Err(Rejection::TooMany { max: MAX_SLOW_SECONDS });
            }
            if until.is_some_and(|until| {
                *mode == Mode::Open || until <= context.received_at || until > context.received_at.plus_ms(MAX_UNTIL_MS)
            }) {
                return Err(Rejection::BadTime);
            }
            if (state.mode, state.until) == (*mode, until) {
                return Ok(());
            }
            if *mode == Mode::Closed {
                floor::forget(state, decision, floor::Floor::close);
            }
            ForumEvent::StateSet(StateSet { mode: *mode, until })
        }
        ForumCommand::SetWaiting { waiting } => {
            if state.waiting == *waiting {
                return Ok(());
            }
            ForumEvent::WaitingSet(WaitingSet { waiting: *waiting })
        }
        ForumCommand::Introduce => {
            // Only who has written here, or is on the speaking list, is named here.
            let participant = participant()?;
            if state.person(participant).is_some_and(|person| !person.contributions.is_empty())
                || state.floor_entry(participant).is_some()
            {
                introduce(state, context, decision)?;
            }
            return Ok(());
        }
        ForumCommand::Erase { contribution } => {
            forget(there(state, *contribution)?, decision);
            ForumEvent::Erased(Erased { contribution: *contribution })
        }
        ForumCommand::ErasePerson { participant } => {
            let person = state.person(*participant).filter(|person| !person.erased);
            let notes = state.noted_by(*participant);
            // Once more only for what an older program still took from somebody erased.
            if person.is_none() && notes.is_empty() && state.erased.contains(participant) {
                return Ok(());
            }
            let own = person.map(|person| &person.contributions);
            // What stands beside their own words goes with them.
            let others = notes.iter().filter(|ix| own.is_none_or(|own| !own.contains(ix))).map(|ix| state.at(*ix));
            decision.erase.extend(others.flat_map(|one| one.notes_of(*participant)).map(|note| note.key));
            decision.erase.extend(person.and_then(|person| person.name.as_ref()).map(|name| name.key));
            for ix in own.into_iter().flatten() {
                forget(state.at(*ix), decision);
            }
            ForumEvent::PersonErased(PersonErased { participant: *participant })
        }
        ForumCommand::PollMoved { poll, stream, phase, title, by } => {
            return stage::poll_moved(state, context, decision, (*poll, *stream, *phase, title), *by);
        }
        ForumCommand::SetStage { stage, seen } => return stage::set(state, decision, stage, *seen),
        ForumCommand::SetFloor { open, seconds } => return floor::set(state, decision, *open, *seconds),
        ForumCommand::AskFloor { interpreted } => return floor::ask(state, context, decision, *interpreted),
        ForumCommand::WithdrawFloor => return floor::withdraw(state, context, decision),
        ForumCommand::EnterFloor { name, interpreted } => {
            return floor::enter(state, context, decision, (name, *interpreted));
        }
        ForumCommand::GiveFloor { entry } => return floor::give(state, context, decision, *entry),
        ForumCommand::EndFloor => {
            floor::end(state, decision);
            return Ok(());
        }
        ForumCommand::DropFloor { entry } => return floor::drop(state, decision, *entry),
        ForumCommand::PinFloor { entry } => return floor::pin(state, decision, *entry),
        ForumCommand::Tick { moment } => {
            if state.until != Some(*moment) || context.received_at < *moment {
                return Ok(());
            }
            ForumEvent::StateSet(StateSet { mode: Mode::Open, until: None })
        }
    };
    decision.events.push(event);
    Ok(())
}

type NewContribution<'a> = (&'a str, Option<&'a Lang>, Option<TopicId>, Option<ContributionId>);

fn contribute(
    state: &ForumState,
    context: &Context,
    decision: &mut Decision<ForumEvent>,
    (text, lang, topic, reply_to): NewContribution<'_>,
) -> Result<Contributed, Rejection> {
    let actor = &context.actor;
    let author = actor.participant.ok_or(Rejection::NotJoined)?;
    may_write(state, context)?;
    let contribution = contribution_id(context.stream, context.command);
    if state.find(contribution).is_some() {
        return Err(Rejection::IdReused);
    }
    let topic = match reply_to {
        Some(parent) => supportable(state, parent)?.topic.map(|topic| state.topics[topic as usize].id),
        None => topic,
    };
    if topic.is_some_and(|topic| state.find_topic(topic).is_none()) {
        return Err(Rejection::NotFound);
    }
    let waits = waits(state, actor);
    if waits && state.waiting_of(author).count() >= MAX_WAITING {
        return Err(Rejection::TooManyWaiting { max: MAX_WAITING as u32 });
    }
    let text = decision.say(context, text, TextLimits::CONTRIBUTION)?;
    introduce(state, context, decision)?;
    Ok(Contributed { contribution, author, text, lang: lang.cloned(), topic, reply_to, at: context.received_at, waits })
}

/// What waits of a person, as far as the moderator has read it.
fn read_of(
    state: &ForumState,
    participant: ParticipantId,
    seen: Option<Seq>,
) -> Result<impl Iterator<Item = &Contribution>, Rejection> {
    if !state.knows(participant) {
        return Err(Rejection::NotFound);
    }
    if state.waiting_of(participant).next().is_none() {
        return Err(Rejection::DECIDED);
    }
    Ok(state.waiting_of(participant).filter(move |found| was_read(found, seen)))
}

/// A note that may be left out.
fn say_note(
    decision: &mut Decision<ForumEvent>,
    context: &Context,
    note: Option<&str>,
) -> Result<Option<Said>, Rejection> {
    match note.map(str::trim) {
        None | Some("") => Ok(None),
        Some(note) => Ok(Some(decision.say(context, note, TextLimits::NOTE)?)),
    }
}

fn add(
    state: &ForumState,
    context: &Context,
    decision: &mut Decision<ForumEvent>,
    id: ContributionId,
    text: &str,
) -> Result<ForumEvent, Rejection> {
    let found = own(state, &context.actor, id)?;
    may_write(state, context)?;
    match found.status {
        Status::Visible => {}
        Status::Hidden { .. } => return Err(Rejection::IsHidden),
        _ => return Err(Rejection::IsWaiting),
    }
    if found.additions.len() >= MAX_ADDITIONS {
        return Err(Rejection::TooMany { max: MAX_ADDITIONS as u32 });
    }
    forget_refusal(found, decision);
    // One that waits still is replaced.
    decision.erase.extend(found.addition.as_ref().map(|addition| addition.text.key));
    let text = decision.say(context, text, TextLimits::NOTE)?;
    let waits = change_waits(state, &context.actor, found);
    Ok(ForumEvent::Added(Added { contribution: id, text, at: context.received_at, waits }))
}

/// Is what would appear what the moderator read? Whoever does not say what they read is believed.
pub(super) fn was_read(found: &Contribution, seen: Option<Seq>) -> bool {
    seen.is_none_or(|seen| found.worded <= seen)
}

/// Would a change of this visible contribution wait? What a moderator approved is not changed behind their back.
fn change_waits(state: &ForumState, actor: &Actor, found: &Contribution) -> bool {
    waits(state, actor) || (state.waiting != Waiting::None && found.approved && !actor.roles.is_staff())
}

/// Puts other words in the place of a contribution. `None`: they are the same.
fn edit(
    state: &ForumState,
    context: &Context,
    decision: &mut Decision<ForumEvent>,
    id: ContributionId,
    text: &str,
) -> Result<Option<ForumEvent>, Rejection> {
    let found = own(state, &context.actor, id)?;
    if state.mode == Mode::Closed {
        return Err(Rejection::ForumClosed);
    }
    if matches!(found.status, Status::Hidden { .. }) {
        return Err(Rejection::IsHidden);
    }
    let late = context.received_at > found.at.plus_ms(EDIT_WINDOW_MS);
    if late || found.replies > 0 || !found.supporters.is_empty() {
        return Err(Rejection::EditTooLate);
    }
    let text = clean(text, TextLimits::CONTRIBUTION)?;
    if found.pending.as_ref().unwrap_or(&found.text).as_str() == text.as_str() {
        return Ok(None);
    }
    let waits = found.status == Status::Visible && change_waits(state, &context.actor, found);
    forget_refusal(found, decision);
    if waits {
        // The approved wording stays until the new one is approved; an earlier change is replaced.
        decision.erase.extend(found.pending.as_ref().map(|pending| pending.key));
    } else {
        decision.erase.push(found.text.key);
        decision.erase.extend(found.pending.as_ref().map(|pending| pending.key));
    }
    let text = decision.say_clean(context, text.into());
    Ok(Some(ForumEvent::Edited(Edited { contribution: id, text, waits })))
}

fn may_write(state: &ForumState, context: &Context) -> Result<(), Rejection> {
    let staff = context.actor.roles.is_staff();
    match state.mode {
        Mode::Closed => Err(Rejection::ForumClosed),
        Mode::Locked if !staff => Err(Rejection::ForumLocked),
        Mode::Slow { seconds } if !staff => {
            let last = context.actor.participant.and_then(|id| state.person(id)).and_then(|person| person.last_at);
            match last.map(|last| last.plus_ms(i64::from(seconds) * 1_000)) {
                Some(retry_at) if retry_at > context.received_at => Err(Rejection::SlowMode { retry_at }),
                _ => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// Would what this actor writes now wait for a moderator?
pub(super) fn waits(state: &ForumState, actor: &Actor) -> bool {
    if actor.roles.is_staff() {
        return false;
    }
    match state.waiting {
        Waiting::None => false,
        Waiting::All => true,
        Waiting::FirstOfGuest => {
            actor.guest && !actor.participant.and_then(|id| state.person(id)).is_some_and(|person| person.trusted)
        }
    }
}

/// Says the actor's name and role, where the forum does not know them so.
pub(super) fn introduce(state: &ForumState, context: &Context, decision: &mut Decision<ForumEvent>) -> Judged {
    let participant = context.actor.participant.ok_or(Rejection::NotJoined)?;
    let role = badge(&context.actor);
    let known = state.person(participant);
    let name: Option<&Arc<str>> = context.actor.name.as_ref();
    let same = known
        .is_some_and(|person| person.role == role && person.name.as_ref().and_then(|said| said.text.as_ref()) == name);
    if same || (known.is_none() && role.is_none() && name.is_none()) {
        return Ok(());
    }
    decision.erase.extend(known.and_then(|person| person.name.as_ref()).map(|said| said.key));
    if let Some(known) = known {
        forget_name_reports(state, known, decision);
    }
    let name = name.map(|name| decision.say_clean(context, name.clone()));
    decision.events.push(ForumEvent::Introduced(Introduced { participant, name, role }));
    Ok(())
}

/// The one role shown beside a name.
fn badge(actor: &Actor) -> Option<Role> {
    Role::ALL.into_iter().find(|role| actor.roles.has(*role))
}

/// A contribution whose words still exist.
fn there(state: &ForumState, id: ContributionId) -> Result<&Contribution, Rejection> {
    state.contribution(id).filter(|found| !found.status.is_gone()).ok_or(Rejection::NotFound)
}

/// A contribution everyone can see: what cannot be seen is answered like what does not exist.
fn supportable(state: &ForumState, id: ContributionId) -> Result<&Contribution, Rejection> {
    let found = there(state, id)?;
    if found.status != Status::Visible {
        return Err(Rejection::NotFound);
    }
    if state.mode == Mode::Closed {
        return Err(Rejection::ForumClosed);
    }
    Ok(found)
}

/// The actor's own contribution; another's is answered as not allowed only if it can be seen.
fn own<'a>(state: &'a ForumState, actor: &Actor, id: ContributionId) -> Result<&'a Contribution, Rejection> {
    let found = there(state, id)?;
    let mine = actor.participant.and_then(|id| state.person_ix(id)) == Some(found.author);
    match (&found.status, mine) {
        (_, true) => Ok(found),
        (Status::Visible, false) => Err(Rejection::Forbidden),
        _ => Err(Rejection::NotFound),
    }
}

/// Deletes all words of a contribution.
fn forget(contribution: &Contribution, decision: &mut Decision<ForumEvent>) {
    if contribution.status.is_gone() {
        return;
    }
    decision.erase.push(contribution.text.key);
    contribution.each_side_text(&mut |said| decision.erase.push(said.key));
}

/// Deletes what is settled when a contribution is hidden: the change and the addition that wait, and what was reported.
fn forget_asking(found: &Contribution, decision: &mut Decision<ForumEvent>) {
    decision.erase.extend(found.pending.as_ref().map(|pending| pending.key));
    decision.erase.extend(found.addition.as_ref().map(|addition| addition.text.key));
    decision.erase.extend(found.reports.iter().filter_map(|report| report.text.as_ref()).map(|text| text.key));
}

/// Deletes what was said to a change that was refused: its author tries again.
fn forget_refusal(contribution: &Contribution, decision: &mut Decision<ForumEvent>) {
    let note = contribution.refused.as_ref().and_then(|refused| refused.note.as_ref());
    decision.erase.extend(note.map(|note| note.key));
}

/// Deletes what was said about hiding a contribution.
fn forget_hiding(contribution: &Contribution, decision: &mut Decision<ForumEvent>) {
    if let Status::Hidden { note, appeal, .. } = &contribution.status {
        decision.erase.extend(note.as_ref().map(|note| note.key));
        if let Some(appeal) = appeal {
            decision.erase.push(appeal.text.key);
            decision.erase.extend(appeal.note.as_ref().map(|note| note.key));
        }
    }
}

/// Deletes what reports say of a person's name, which is about to change.
fn forget_name_reports(state: &ForumState, person: &Person, decision: &mut Decision<ForumEvent>) {
    for found in person.contributions.iter().map(|ix| state.at(*ix)) {
        let names = found.reports.iter().filter(|report| report.what == Reported::Name);
        decision.erase.extend(names.filter_map(|report| report.text.as_ref()).map(|text| text.key));
    }
}
