//! Polls over REST.

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use stimmwerk_core::commands::Commands;
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
        let (method, path, body) = crate::rest::route(poll.0, command)
            .ok_or_else(|| Error::Contract(format!("no REST route for {}", command.rule().name)))?;
        self.write(method, &path, Some(id), &body).await
    }
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
