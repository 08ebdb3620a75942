//! Polls over REST.

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use stimmwerk_core::ids::{CommandId, ForumId, PollId, ProcessId, StreamId};
use stimmwerk_core::live::Seq;
use stimmwerk_core::poll::{PollCommand, PollOwn, PollView, Question};

use crate::{Client, Error, Written};

/// A poll as its reader may see it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct PollAnswer {
    /// As of which event.
    pub seq: Seq,
    /// Its stream.
    pub stream: StreamId,
    /// What they see.
    pub view: PollView,
    /// What concerns them alone, if they joined.
    pub own: Option<PollOwn>,
}

/// New voting cards: nothing else knows their codes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Cards {
    /// The number of the first.
    pub from: u32,
    /// One code a card.
    pub codes: Vec<String>,
}

impl Client {
    /// Prepares a poll, in a forum of the process or beside them.
    pub async fn create_poll(
        &self,
        process: ProcessId,
        forum: Option<ForumId>,
        question: &Question,
    ) -> Result<PollId, Error> {
        let mut body = json!(question);
        if let Some(forum) = forum {
            body["forum"] = json!(forum);
        }
        let path = format!("/processes/{process}/polls");
        let written: Written = self.write(Method::POST, &path, Some(crate::command_id()), &body).await?;
        written.id.map(PollId).ok_or_else(|| Error::Contract("a poll was made and has no id".to_owned()))
    }

    /// A poll.
    pub async fn poll(&self, poll: PollId) -> Result<PollAnswer, Error> {
        self.read(&format!("/polls/{poll}")).await
    }

    /// Makes voting cards.
    pub async fn issue_cards(&self, poll: PollId, count: u32) -> Result<Cards, Error> {
        let path = format!("/polls/{poll}/cards");
        self.write(Method::POST, &path, Some(crate::command_id()), &json!({ "count": count })).await
    }

    /// Issues a command to a poll over REST.
    pub async fn tell_poll(&self, poll: PollId, id: CommandId, command: &PollCommand) -> Result<Written, Error> {
        let Some((method, way)) = way_of(command) else {
            return Err(Error::Contract("no REST route for this command".to_owned()));
        };
        // The body is the command without its type, an edit's its question.
        let mut body = serde_json::to_value(command).map_err(Error::transport)?;
        if let Some(fields) = body.as_object_mut() {
            fields.remove("type");
        }
        let body = if let PollCommand::Edit { .. } = command { body["question"].take() } else { body };
        self.write::<Written>(method, &format!("/polls/{poll}{way}"), Some(id), &body).await
    }
}

/// Where a command goes; none for what the program alone asks, and for cards, whose codes are made by the server.
fn way_of(command: &PollCommand) -> Option<(Method, &'static str)> {
    Some(match command {
        PollCommand::Edit { .. } => (Method::PATCH, ""),
        PollCommand::Open { .. } => (Method::POST, "/open"),
        PollCommand::SetEnd { .. } => (Method::POST, "/end"),
        PollCommand::Extend { .. } => (Method::POST, "/extend"),
        PollCommand::Close { .. } => (Method::POST, "/close"),
        PollCommand::Reveal => (Method::POST, "/reveal"),
        PollCommand::Again => (Method::POST, "/again"),
        PollCommand::Vote { .. } => (Method::POST, "/ballots"),
        PollCommand::VoidCards { .. } => (Method::POST, "/cards/void"),
        PollCommand::CountHands { .. } => (Method::POST, "/hands"),
        PollCommand::SetPaper { .. } => (Method::POST, "/paper"),
        PollCommand::Found { .. }
        | PollCommand::IssueCards { .. }
        | PollCommand::ErasePerson { .. }
        | PollCommand::Tick { .. } => return None,
    })
}

/// A question with options in German: how it is answered is all that is said.
pub fn question(title: &str, method: stimmwerk_core::tally::Method, options: &[&str]) -> Question {
    let asked: Value = json!({
        "title": { "source": "de", "texts": { "de": title } },
        "options": options.iter().map(|one| json!({ "source": "de", "texts": { "de": one } })).collect::<Vec<_>>(),
        "method": "yes_no",
    });
    let plain: Question = serde_json::from_value(asked).unwrap_or_else(|error| unreachable!("plain data: {error}"));
    Question { method, ..plain }
}
