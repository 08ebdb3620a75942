//! Forms and commands: the address and the fields of a plain form say which command it is, and a command says which
//! request it is where no socket can be had.

use serde_json::Value;
use stimmwerk_core::forum::ForumCommand;
use stimmwerk_core::ids::ForumId;
use stimmwerk_core::said::Lang;
#[cfg(feature = "staff")]
use stimmwerk_core::said::Texts;

use crate::address::{api, api_of};

/// A form that is being sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// Where to.
    pub action: String,
    /// Names and values.
    pub fields: Vec<(String, String)>,
}

impl Form {
    /// A filled field. An empty one counts as left out, as on the server.
    pub fn field(&self, name: &str) -> Option<&str> {
        let value = self.fields.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())?;
        (!value.trim().is_empty()).then_some(value)
    }

    /// Is it `DELETE` rather than `POST`?
    pub fn deletes(&self) -> bool {
        self.field("_method") == Some("DELETE")
    }

    /// The command to the forum, if it is one. What is not goes to the server as the form it is.
    pub fn command(&self, forum: ForumId) -> Option<ForumCommand> {
        let rest = self.action.strip_prefix(&api(forum, "/"))?;
        let mut parts = rest.split('/');
        let (thing, id, verb) = (parts.next()?, parts.next(), parts.next());
        let text = || self.field("text").unwrap_or_default().to_owned();
        if thing != "contributions" {
            return self.staff_command(thing);
        }
        let Some(id) = id else {
            return Some(ForumCommand::Contribute {
                text: text(),
                lang: self.field("lang").and_then(|lang| Lang::try_from(lang.to_owned()).ok()),
                topic: self.field("topic").and_then(|topic| topic.parse().ok()),
                reply_to: self.field("reply_to").and_then(|parent| parent.parse().ok()),
            });
        };
        let contribution = id.parse().ok()?;
        Some(match (verb, self.deletes()) {
            (None, true) => ForumCommand::Withdraw { contribution },
            (Some("edit"), _) => ForumCommand::Edit { contribution, text: text() },
            (Some("support"), false) => ForumCommand::Support { contribution },
            (Some("support"), true) => ForumCommand::Unsupport { contribution },
            (Some(verb), _) => return self.staff_verb(contribution, verb),
            _ => return None,
        })
    }

    #[cfg(not(feature = "staff"))]
    #[allow(clippy::unused_self, reason = "as its counterpart for staff")]
    fn staff_command(&self, _thing: &str) -> Option<ForumCommand> {
        None
    }

    #[cfg(not(feature = "staff"))]
    #[allow(clippy::unused_self, reason = "as its counterpart for staff")]
    fn staff_verb(&self, _contribution: stimmwerk_core::ids::ContributionId, _verb: &str) -> Option<ForumCommand> {
        None
    }

    #[cfg(feature = "staff")]
    fn staff_command(&self, thing: &str) -> Option<ForumCommand> {
        use stimmwerk_core::forum::Mode;
        let word = |name| self.field(name).map(|value| Value::String(value.to_owned()));
        Some(match thing {
            "topics" => {
                let lang = Lang::try_from(self.field("title_lang")?.to_owned()).ok()?;
                ForumCommand::AddTopic { title: Texts::of(lang, self.field("title").unwrap_or_default()) }
            }
            "state" => {
                let mode = match self.field("state")? {
                    "open" => Mode::Open,
                    "slow" => Mode::Slow { seconds: self.field("seconds")?.parse().ok()? },
                    "locked" => Mode::Locked,
                    "closed" => Mode::Closed,
                    _ => return None,
                };
                ForumCommand::SetState { mode, until: None }
            }
            "waiting" => ForumCommand::SetWaiting { waiting: serde_json::from_value(word("waiting")?).ok()? },
            _ => return None,
        })
    }

    #[cfg(feature = "staff")]
    fn staff_verb(&self, contribution: stimmwerk_core::ids::ContributionId, verb: &str) -> Option<ForumCommand> {
        Some(match verb {
            "approve" => ForumCommand::Approve { contribution },
            "restore" => ForumCommand::Restore { contribution },
            "erase" => ForumCommand::Erase { contribution },
            "hide" => ForumCommand::Hide {
                contribution,
                reason: serde_json::from_value(Value::String(self.field("reason")?.to_owned())).ok()?,
                note: self.field("note").map(str::to_owned),
            },
            _ => return None,
        })
    }
}

/// A write over REST.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// POST or DELETE.
    pub method: &'static str,
    /// Where to.
    pub path: String,
    /// The JSON body.
    pub body: String,
}

/// The request a command is. `None`: no page sends it.
pub fn request(forum: ForumId, command: &ForumCommand) -> Option<Request> {
    let (method, path) = match command {
        ForumCommand::Contribute { .. } => ("POST", api(forum, "/contributions")),
        ForumCommand::Edit { contribution, .. } => ("POST", api_of(forum, *contribution, "/edit")),
        ForumCommand::Support { contribution } => ("POST", api_of(forum, *contribution, "/support")),
        ForumCommand::Unsupport { contribution } => ("DELETE", api_of(forum, *contribution, "/support")),
        ForumCommand::Withdraw { contribution } => ("DELETE", api_of(forum, *contribution, "")),
        #[cfg(feature = "staff")]
        ForumCommand::Approve { contribution } => ("POST", api_of(forum, *contribution, "/approve")),
        #[cfg(feature = "staff")]
        ForumCommand::Hide { contribution, .. } => ("POST", api_of(forum, *contribution, "/hide")),
        #[cfg(feature = "staff")]
        ForumCommand::Restore { contribution } => ("POST", api_of(forum, *contribution, "/restore")),
        #[cfg(feature = "staff")]
        ForumCommand::Erase { contribution } => ("POST", api_of(forum, *contribution, "/erase")),
        #[cfg(feature = "staff")]
        ForumCommand::AddTopic { .. } => ("POST", api(forum, "/topics")),
        #[cfg(feature = "staff")]
        ForumCommand::SetState { .. } => ("POST", api(forum, "/state")),
        #[cfg(feature = "staff")]
        ForumCommand::SetWaiting { .. } => ("POST", api(forum, "/waiting")),
        _ => return None,
    };
    let mut body = serde_json::to_value(command).ok()?;
    if let Value::Object(members) = &mut body {
        // The address says these.
        members.remove("type");
        members.remove("contribution");
    }
    Some(Request { method, path, body: body.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use stimmwerk_core::ids::{ContributionId, TopicId};
    use uuid::Uuid;

    const FORUM: ForumId = ForumId(Uuid::from_u128(1));

    /// The form a browser without a socket would send for a request.
    fn form(request: &Request) -> Form {
        let body: serde_json::Map<String, Value> = serde_json::from_str(&request.body).expect("an object");
        let mut fields = vec![("_method".to_owned(), request.method.to_owned())];
        for (name, value) in body {
            match value {
                Value::String(value) => fields.push((name, value)),
                Value::Object(title) => {
                    let source = title["source"].as_str().expect("a language").to_owned();
                    let text = title["texts"][&source].as_str().expect("a text").to_owned();
                    fields.extend([("title".to_owned(), text), ("title_lang".to_owned(), source)]);
                }
                other => fields.push((name, other.to_string())),
            }
        }
        Form { action: request.path.clone(), fields }
    }

    #[test]
    fn given_a_participants_command_when_made_a_request_and_read_as_a_form_then_it_is_the_same() {
        let contribution = ContributionId(Uuid::from_u128(2));
        for command in [
            ForumCommand::Contribute {
                text: "Hallo & \"Welt\"".to_owned(),
                lang: Some(Lang::german()),
                topic: Some(TopicId(Uuid::from_u128(3))),
                reply_to: Some(contribution),
            },
            ForumCommand::Contribute { text: "x".to_owned(), lang: None, topic: None, reply_to: None },
            ForumCommand::Edit { contribution, text: "neu".to_owned() },
            ForumCommand::Support { contribution },
            ForumCommand::Unsupport { contribution },
            ForumCommand::Withdraw { contribution },
        ] {
            let request = request(FORUM, &command).expect("a request");
            assert_eq!(form(&request).command(FORUM), Some(command));
        }
    }

    #[cfg(feature = "staff")]
    #[test]
    fn given_a_moderators_command_when_made_a_request_and_read_as_a_form_then_it_is_the_same() {
        use stimmwerk_core::forum::{HideReason, Mode, Waiting};
        let contribution = ContributionId(Uuid::from_u128(2));
        let mut commands = vec![
            ForumCommand::Approve { contribution },
            ForumCommand::Restore { contribution },
            ForumCommand::Erase { contribution },
            ForumCommand::AddTopic { title: Texts::of(Lang::german(), "Wohnen") },
            ForumCommand::SetState { mode: Mode::Slow { seconds: 30 }, until: None },
            ForumCommand::SetState { mode: Mode::Closed, until: None },
            ForumCommand::SetWaiting { waiting: Waiting::FirstOfGuest },
        ];
        commands.extend(HideReason::ALL.map(|reason| ForumCommand::Hide {
            contribution,
            reason,
            note: Some("Bitte freundlich.".to_owned()),
        }));
        for command in commands {
            let request = request(FORUM, &command).expect("a request");
            assert_eq!(form(&request).command(FORUM), Some(command));
        }
    }

    #[test]
    fn given_forms_that_are_no_commands_then_they_stay_forms() {
        for action in ["/api/v1/me", "/api/v1/logout", "/api/v1/forums/x/contributions", "/api/v1/join"] {
            assert_eq!(Form { action: action.to_owned(), fields: Vec::new() }.command(FORUM), None, "{action}");
        }
    }
}
