//! Processes: which ones somebody sees, what leads into them, and who is shut out of them.
//! REST, pages and the demo call this.
//! What a process is decides the network's stream; here its commands are issued and what follows is carried out.

use serde::Serialize;
use stimmwerk_core::domain::{PersonChange, Summary};
use stimmwerk_core::ids::{ForumId, ParticipantId, PollId, ProcessId, StreamId};
use stimmwerk_core::network::{CodeKind, Joining, NetworkCommand, PollPlace, Process, Visibility};
use stimmwerk_core::said::Texts;
use stimmwerk_eventlog::accounts::Participant;
use utoipa::ToSchema;

use super::admission::Admission;
use crate::app::App;
use crate::problem::{Answer, Fault};
use crate::room::Done;
use crate::who::Who;

/// A process in lists.
#[derive(Debug, Serialize, ToSchema)]
pub struct Listed {
    /// Its id.
    #[schema(value_type = String)]
    pub id: ProcessId,
    /// Its title.
    pub title: Texts,
    /// Who may read it.
    pub visibility: Visibility,
    /// Whether people can join.
    pub joining: Joining,
    /// Its forums.
    pub forums: Vec<ListedForum>,
    /// Its polls, without drafts.
    pub polls: Vec<ListedPoll>,
}

/// A poll in lists. Drafts are in none.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListedPoll {
    /// Its id.
    #[schema(value_type = String)]
    pub id: PollId,
    /// Its stream.
    #[schema(value_type = String)]
    pub stream: StreamId,
    /// The forum it is held in.
    #[schema(value_type = Option<String>)]
    pub forum: Option<ForumId>,
    /// Public facts.
    pub summary: Summary,
}

/// A forum in lists.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListedForum {
    /// Its id.
    #[schema(value_type = String)]
    pub id: ForumId,
    /// Its stream.
    #[schema(value_type = String)]
    pub stream: StreamId,
    /// Public facts; none until it has begun.
    pub summary: Option<Summary>,
}

impl App {
    /// The participant of the process meant, if whoever asks may act on them.
    ///
    /// # Errors
    /// There is none in this process, or they have more say than whoever asks.
    pub(super) async fn participant_to_act_on(
        &self,
        admission: &Admission,
        participant: ParticipantId,
    ) -> Answer<Participant> {
        let process = admission.process()?;
        let found = self.accounts.participant(participant).await?;
        let participant = found.filter(|found| found.process == process).ok_or_else(Fault::not_found)?;
        if let Some(other) = self.accounts.standing(participant.person).await? {
            admission.who.check_may_act_on(&other, process)?;
        }
        Ok(participant)
    }

    /// Shuts a participant out of a process, or lets them in again.
    ///
    /// # Errors
    /// There is no such participant, or whoever asks may not act on them.
    pub async fn ban(&self, admission: &Admission, participant: ParticipantId, banned: bool) -> Answer<()> {
        let participant = self.participant_to_act_on(admission, participant).await?;
        if admission.who.person() == Some(participant.person) {
            // They could not let themselves in again.
            return Err(Fault::forbidden());
        }
        self.accounts.set_banned(participant.id, banned).await?;
        self.rights_changed(participant.person);
        let (actor, owner) = (admission.actor(), admission.who.command_owner());
        let change = PersonChange::ShutOut { banned, by: actor.participant };
        self.on_person(participant.process, participant.id, change, &actor, owner).await
    }

    /// A process with the facts of its forums.
    pub fn process_listed(&self, id: ProcessId) -> Option<Listed> {
        let (view, summaries) = self.listed(id)?;
        let forums = view.forums.iter().zip(summaries);
        let poll = |place: PollPlace| {
            let summary = self.summary(place.stream)?;
            Some(ListedPoll { id: place.poll, stream: place.stream, forum: place.forum, summary })
        };
        let directory = self.directory();
        // A draft has no summary, so it is left out.
        let polls = directory.process(id).into_iter().flat_map(Process::polls).filter_map(poll).collect();
        Some(Listed {
            id,
            title: view.title,
            visibility: view.visibility,
            joining: view.joining,
            forums: forums
                .map(|(place, summary)| ListedForum { id: place.id, stream: place.stream, summary })
                .collect(),
            polls,
        })
    }

    /// The processes `who` may see, oldest first.
    pub fn processes_of(&self, who: &Who) -> Vec<Listed> {
        let directory = self.directory();
        directory
            .processes()
            .filter(|process| who.position(&directory, Some(process.id), None).audience.is_some())
            .filter_map(|process| self.process_listed(process.id))
            .collect()
    }

    /// Issues a command to the network, and carries out what follows from it.
    ///
    /// # Errors
    /// It was refused, or could not be written.
    pub async fn issue_to_network(&self, admission: &Admission, command: NetworkCommand) -> Answer<Done> {
        // The network judges this command by the roles that the sender has in the process concerned.
        let actor = admission.actor();
        let owner = admission.who.command_owner();
        let done = self.network.issue(command.clone(), admission.command, actor, owner).await?;
        self.after_network_command(&command).await;
        Ok(done)
    }

    /// Carries out what follows once the network has accepted a command, through whichever door it came.
    pub(super) async fn after_network_command(&self, command: &NetworkCommand) {
        self.run_follow_ups().await;
        if let NetworkCommand::SetVisibility { process, .. } = command {
            self.visibility_changed(*process);
        }
    }

    /// A code of a process.
    pub fn code(&self, process: &Process, kind: CodeKind) -> Option<String> {
        let code = process.codes.iter().find(|code| code.kind == kind)?;
        code.text.text.as_deref().map(str::to_owned)
    }
}
