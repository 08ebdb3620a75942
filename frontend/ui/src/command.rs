//! Forms and commands: the address and the fields of a plain form say which command it is, and a command says which
//! request it is where no socket can be had.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use stimmwerk_core::commands::Commands;
use stimmwerk_core::forum::{FLOOR_SECONDS, ForumCommand, HideReason, Mode, Stage, Waiting};
use stimmwerk_core::ids::{CommandId, ContributionId, FloorId, ForumId, ParticipantId, StreamId, TopicId};
use stimmwerk_core::live::Seq;
use stimmwerk_core::said::{Lang, Texts};

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

    /// The filled field as what it is read as.
    pub fn read<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.field(name)?.trim().parse().ok()
    }

    /// Is this said with a cross?
    pub fn says(&self, name: &str) -> bool {
        self.field(name) == Some("true")
    }

    /// Is it `DELETE` rather than `POST`?
    pub fn deletes(&self) -> bool {
        self.field("_method") == Some("DELETE")
    }

    /// The command to the forum, if it is one. What is not goes to the server as the form it is.
    pub fn command(&self, forum: ForumId) -> Option<ForumCommand> {
        let method = if self.deletes() { "DELETE" } else { "POST" };
        let (rule, ids) = ForumCommand::RULES.iter().find_map(|rule| {
            let ids = rule.route?.read(method, &self.action)?;
            Some((rule, ids))
        })?;
        let id = |name: &str| ids.iter().find(|(have, _)| *have == name).map(|(_, id)| *id);
        if id("forum")?.parse() != Ok(forum) {
            return None;
        }
        let members = Members {
            kind: Some(Cow::Borrowed(rule.name)),
            contribution: id("contribution").and_then(|id| id.parse().ok()),
            participant: id("participant").and_then(|id| id.parse().ok()),
            entry: id("entry").and_then(|id| id.parse().ok()).or_else(|| self.read("entry")),
            ..self.members()
        };
        members.command()
    }

    /// The members of a command that stand in its form.
    fn members(&self) -> Members {
        let text = |name: &str| self.field(name).map(str::to_owned);
        Members {
            text: Some(text("text").unwrap_or_default()),
            lang: text("lang").and_then(|lang| Lang::try_from(lang).ok()),
            topic: self.field("topic").and_then(|topic| topic.parse().ok()),
            reply_to: self.field("reply_to").and_then(|parent| parent.parse().ok()),
            interpreted: self.says("interpreted"),
            hall: text("hall").or_else(|| self.field("in_hall").map(|_| String::new())),
            release: self.says("release"),
            reason: self.field("reason").and_then(word),
            note: text("note"),
            title: text("title_lang")
                .and_then(|lang| Lang::try_from(lang).ok())
                .map(|lang| Texts::of(lang, self.field("title").unwrap_or_default())),
            state: text("state").map(Cow::Owned),
            seconds: self.read("seconds"),
            waiting: self.field("waiting").and_then(word),
            seen: self.read("seen").map(Seq),
            stage: self.stage(),
            open: Some(self.says("open")),
            name: text("name").unwrap_or_default(),
            ..Members::default()
        }
    }

    /// What is to be on stage.
    fn stage(&self) -> Option<Stage> {
        Some(match self.field("shows")? {
            "off" => Stage::Off,
            "welcome" => Stage::Welcome,
            "topic" => Stage::Topic { topic: self.read("topic")? },
            "poll" => Stage::Poll { poll: self.read("poll")? },
            "speaking" => Stage::Speaking,
            "contributions" => {
                let all = self.fields.iter().filter(|(name, _)| name == "contribution");
                Stage::Contributions { contributions: all.filter_map(|(_, id)| id.parse().ok()).collect() }
            }
            _ => return None,
        })
    }
}

/// A value by its word on the wire.
fn word<T: for<'de> Deserialize<'de>>(word: &str) -> Option<T> {
    T::deserialize(serde::de::value::StrDeserializer::<serde::de::value::Error>::new(word)).ok()
}

/// The word of a value on the wire.
pub fn wire(value: &impl Serialize) -> String {
    serde_json::to_string(value).map_or(String::new(), |json| json.trim_matches('"').to_owned())
}

/// A command as it travels and is kept: the members of all the commands a page sends, each left out where a command
/// has none. What is derived for the enum itself knows every command there is, and reads them by way of a tree; browsers
/// would load that.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Members {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contribution: Option<ContributionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lang: Option<Lang>,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<TopicId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<ContributionId>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    interpreted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    hall: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    participant: Option<ParticipantId>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    release: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<HideReason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<Texts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<Waiting>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seen: Option<Seq>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<Stage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    open: Option<bool>,
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<FloorId>,
}

impl Members {
    /// Those of a command. `None`: no page sends it.
    pub fn of(command: &ForumCommand) -> Option<Self> {
        let plain = |kind| Self { kind: Some(Cow::Borrowed(kind)), ..Self::default() };
        let about = |kind, contribution: &ContributionId| Self { contribution: Some(*contribution), ..plain(kind) };
        let words = |kind, contribution, text: &String| Self { text: Some(text.clone()), ..about(kind, contribution) };
        Some(match command {
            ForumCommand::Contribute { text, lang, topic, reply_to, hall: None } => Self {
                text: Some(text.clone()),
                lang: lang.clone(),
                topic: *topic,
                reply_to: *reply_to,
                ..plain("contribute")
            },
            ForumCommand::Edit { contribution, text } => words("edit", contribution, text),
            ForumCommand::Add { contribution, text } => words("add", contribution, text),
            ForumCommand::Appeal { contribution, text } => words("appeal", contribution, text),
            ForumCommand::Support { contribution } => about("support", contribution),
            ForumCommand::Unsupport { contribution } => about("unsupport", contribution),
            ForumCommand::Withdraw { contribution } => about("withdraw", contribution),
            ForumCommand::AskFloor { interpreted } => Self { interpreted: *interpreted, ..plain("ask_floor") },
            ForumCommand::WithdrawFloor => plain("withdraw_floor"),
            ForumCommand::Contribute { text, lang, topic, reply_to, hall } => Self {
                text: Some(text.clone()),
                lang: lang.clone(),
                topic: *topic,
                reply_to: *reply_to,
                hall: hall.clone(),
                ..plain("contribute")
            },
            ForumCommand::PutBack { contribution } => about("put_back", contribution),
            ForumCommand::Dismiss { contribution } => about("dismiss", contribution),
            ForumCommand::Claim { contribution, release } => Self { release: *release, ..about("claim", contribution) },
            ForumCommand::RejectAppeal { contribution, note } => {
                Self { note: note.clone(), ..about("reject_appeal", contribution) }
            }
            ForumCommand::ApproveAll { participant, seen } => {
                Self { participant: Some(*participant), seen: *seen, ..plain("approve_all") }
            }
            ForumCommand::RefuseAll { participant, reason, note, seen } => Self {
                participant: Some(*participant),
                reason: Some(*reason),
                note: note.clone(),
                seen: *seen,
                ..plain("refuse_all")
            },
            ForumCommand::Approve { contribution, seen } => Self { seen: *seen, ..about("approve", contribution) },
            ForumCommand::Refuse { contribution, note } => Self { note: note.clone(), ..about("refuse", contribution) },
            ForumCommand::Hide { contribution, reason, note } => {
                Self { reason: Some(*reason), note: note.clone(), ..about("hide", contribution) }
            }
            ForumCommand::Restore { contribution } => about("restore", contribution),
            ForumCommand::Erase { contribution } => about("erase", contribution),
            ForumCommand::AddTopic { title } => Self { title: Some(title.clone()), ..plain("add_topic") },
            ForumCommand::SetState { mode, until: None, minutes: None } => {
                let seconds = if let Mode::Slow { seconds } = mode { Some(*seconds) } else { None };
                Self { state: Some(Cow::Borrowed(mode.word())), seconds, ..plain("set_state") }
            }
            ForumCommand::SetWaiting { waiting } => Self { waiting: Some(*waiting), ..plain("set_waiting") },
            ForumCommand::SetStage { stage, seen } => {
                Self { stage: Some(stage.clone()), seen: *seen, ..plain("set_stage") }
            }
            ForumCommand::SetFloor { open, seconds } => {
                Self { open: Some(*open), seconds: Some(*seconds), ..plain("set_floor") }
            }
            ForumCommand::EnterFloor { name, interpreted } => {
                Self { name: name.clone(), interpreted: *interpreted, ..plain("enter_floor") }
            }
            ForumCommand::GiveFloor { entry } => Self { entry: *entry, ..plain("give_floor") },
            ForumCommand::EndFloor => plain("end_floor"),
            ForumCommand::DropFloor { entry } => Self { entry: Some(*entry), ..plain("drop_floor") },
            ForumCommand::PinFloor { entry } => Self { entry: Some(*entry), ..plain("pin_floor") },
            _ => return None,
        })
    }

    /// The command they are.
    fn command(self) -> Option<ForumCommand> {
        let about = self.contribution;
        Some(match self.kind?.as_ref() {
            "contribute" => {
                let hall = self.hall;
                let Self { text, lang, topic, reply_to, .. } = self;
                ForumCommand::Contribute { text: text?, lang, topic, reply_to, hall }
            }
            "edit" => ForumCommand::Edit { contribution: about?, text: self.text? },
            "add" => ForumCommand::Add { contribution: about?, text: self.text? },
            "appeal" => ForumCommand::Appeal { contribution: about?, text: self.text? },
            "support" => ForumCommand::Support { contribution: about? },
            "unsupport" => ForumCommand::Unsupport { contribution: about? },
            "withdraw" => ForumCommand::Withdraw { contribution: about? },
            "ask_floor" => ForumCommand::AskFloor { interpreted: self.interpreted },
            "withdraw_floor" => ForumCommand::WithdrawFloor,
            "put_back" => ForumCommand::PutBack { contribution: about? },
            "dismiss" => ForumCommand::Dismiss { contribution: about? },
            "claim" => ForumCommand::Claim { contribution: about?, release: self.release },
            "reject_appeal" => ForumCommand::RejectAppeal { contribution: about?, note: self.note },
            "approve_all" => ForumCommand::ApproveAll { participant: self.participant?, seen: self.seen },
            "refuse_all" => {
                let Self { reason, note, seen, .. } = self;
                ForumCommand::RefuseAll { participant: self.participant?, reason: reason?, note, seen }
            }
            "approve" => ForumCommand::Approve { contribution: about?, seen: self.seen },
            "refuse" => ForumCommand::Refuse { contribution: about?, note: self.note },
            "hide" => ForumCommand::Hide { contribution: about?, reason: self.reason?, note: self.note },
            "restore" => ForumCommand::Restore { contribution: about? },
            "erase" => ForumCommand::Erase { contribution: about? },
            "add_topic" => ForumCommand::AddTopic { title: self.title? },
            "set_state" => {
                ForumCommand::SetState { mode: Mode::of(&self.state?, self.seconds)?, until: None, minutes: None }
            }
            "set_waiting" => ForumCommand::SetWaiting { waiting: self.waiting? },
            "set_stage" => ForumCommand::SetStage { stage: self.stage?, seen: self.seen },
            "set_floor" => ForumCommand::SetFloor { open: self.open?, seconds: self.seconds.unwrap_or(FLOOR_SECONDS) },
            "enter_floor" => ForumCommand::EnterFloor { name: self.name, interpreted: self.interpreted },
            "give_floor" => ForumCommand::GiveFloor { entry: self.entry },
            "end_floor" => ForumCommand::EndFloor,
            "drop_floor" => ForumCommand::DropFloor { entry: self.entry? },
            "pin_floor" => ForumCommand::PinFloor { entry: self.entry? },
            _ => return None,
        })
    }

    /// For `#[serde(with)]` at a command.
    pub fn serialize<S: serde::Serializer>(command: &ForumCommand, serializer: S) -> Result<S::Ok, S::Error> {
        Serialize::serialize(&Self::of(command), serializer)
    }

    /// For `#[serde(with)]` at a command.
    pub fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<ForumCommand, D::Error> {
        let members = <Self as Deserialize>::deserialize(deserializer)?;
        members.command().ok_or_else(|| serde::de::Error::custom("no command of a page"))
    }
}

/// The frame that brings a command: `ClientFrame::Command` of the protocol.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename = "command")]
pub struct CommandFrame<C> {
    /// Chosen here; repeating is safe.
    pub id: CommandId,
    /// For which stream.
    pub stream: StreamId,
    /// What.
    pub command: C,
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

/// The body of a request that puts something on stage.
#[derive(Serialize)]
struct Staged<'a> {
    #[serde(flatten)]
    stage: &'a Stage,
    #[serde(skip_serializing_if = "Option::is_none")]
    seen: Option<Seq>,
}

/// The request a command is. `None`: no page sends it.
pub fn request(forum: ForumId, command: &ForumCommand) -> Option<Request> {
    let route = command.rule().route?;
    let mut members = Members { kind: None, ..Members::of(command)? };
    // What the address says does not stand in the body as well.
    let path = route.fill(|name| match name {
        "forum" => Some(forum.to_string()),
        "contribution" => members.contribution.take().map(|id| id.to_string()),
        "participant" => members.participant.take().map(|id| id.to_string()),
        "entry" => members.entry.take().map(|id| id.to_string()),
        _ => None,
    })?;
    let body = match &members.stage {
        Some(stage) => serde_json::to_string(&Staged { stage, seen: members.seen }),
        None => serde_json::to_string(&members),
    };
    Some(Request { method: route.method, path, body: body.ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use uuid::Uuid;

    const FORUM: ForumId = ForumId(Uuid::from_u128(1));

    /// The form a browser without a socket would send for a request.
    fn form(request: &Request) -> Form {
        let body: serde_json::Map<String, Value> = serde_json::from_str(&request.body).expect("an object");
        let mut fields = vec![("_method".to_owned(), request.method.to_owned())];
        for (name, value) in body {
            match value {
                Value::String(value) => fields.push((name, value)),
                Value::Array(ids) => {
                    let id = |id: &Value| ("contribution".to_owned(), id.as_str().expect("an id").to_owned());
                    fields.extend(ids.iter().map(id));
                }
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

    /// Its members are those of the protocol.
    fn travels(command: &ForumCommand) {
        let members = Members::of(command).expect("a page sends it");
        let json = serde_json::to_value(&members).expect("plain data");
        assert_eq!(json, serde_json::to_value(command).expect("plain data"));
        assert_eq!(Members::deserialize(&json).expect("the same members"), *command);
        let frame =
            CommandFrame { id: CommandId(Uuid::from_u128(5)), stream: StreamId(Uuid::from_u128(6)), command: members };
        let (id, stream) = (frame.id, frame.stream);
        let read = serde_json::from_value(serde_json::to_value(&frame).expect("plain data"));
        assert_eq!(read.ok(), Some(stimmwerk_core::live::ClientFrame::Command { id, stream, command: json }));
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
                hall: None,
            },
            ForumCommand::Contribute { text: "x".to_owned(), lang: None, topic: None, reply_to: None, hall: None },
            ForumCommand::Edit { contribution, text: "neu".to_owned() },
            ForumCommand::Add { contribution, text: "Und noch etwas.".to_owned() },
            ForumCommand::Appeal { contribution, text: "Das ist kein Spam.".to_owned() },
            ForumCommand::Support { contribution },
            ForumCommand::Unsupport { contribution },
            ForumCommand::Withdraw { contribution },
            ForumCommand::AskFloor { interpreted: false },
            ForumCommand::AskFloor { interpreted: true },
            ForumCommand::WithdrawFloor,
        ] {
            let request = request(FORUM, &command).expect("a request");
            assert_eq!(form(&request).command(FORUM), Some(command.clone()));
            travels(&command);
        }
    }

    #[test]
    fn given_a_moderators_command_when_made_a_request_and_read_as_a_form_then_it_is_the_same() {
        let contribution = ContributionId(Uuid::from_u128(2));
        let mut commands = vec![
            ForumCommand::Approve { contribution, seen: None },
            ForumCommand::Approve { contribution, seen: Some(Seq(7)) },
            ForumCommand::Refuse { contribution, note: None },
            ForumCommand::Refuse { contribution, note: Some("Das stand schon da.".to_owned()) },
            ForumCommand::Restore { contribution },
            ForumCommand::Erase { contribution },
            ForumCommand::PutBack { contribution },
            ForumCommand::Dismiss { contribution },
            ForumCommand::Claim { contribution, release: false },
            ForumCommand::Claim { contribution, release: true },
            ForumCommand::RejectAppeal { contribution, note: Some("Es bleibt dabei.".to_owned()) },
            ForumCommand::ApproveAll { participant: ParticipantId(Uuid::from_u128(9)), seen: None },
            ForumCommand::ApproveAll { participant: ParticipantId(Uuid::from_u128(9)), seen: Some(Seq(8)) },
            ForumCommand::RefuseAll {
                participant: ParticipantId(Uuid::from_u128(9)),
                reason: HideReason::Spam,
                note: Some("Bitte nicht.".to_owned()),
                seen: Some(Seq(8)),
            },
            ForumCommand::Contribute {
                text: "Im Saal".to_owned(),
                lang: None,
                topic: Some(TopicId(Uuid::from_u128(3))),
                reply_to: None,
                hall: Some("Frau Berger".to_owned()),
            },
            ForumCommand::AddTopic { title: Texts::of(Lang::german(), "Wohnen") },
            ForumCommand::SetState { mode: Mode::Slow { seconds: 30 }, until: None, minutes: None },
            ForumCommand::SetState { mode: Mode::Closed, until: None, minutes: None },
            ForumCommand::SetWaiting { waiting: Waiting::FirstOfGuest },
            ForumCommand::SetFloor { open: true, seconds: 90 },
            ForumCommand::SetFloor { open: false, seconds: 120 },
            ForumCommand::EnterFloor { name: "Frau Berger".to_owned(), interpreted: true },
            ForumCommand::EnterFloor { name: String::new(), interpreted: false },
            ForumCommand::GiveFloor { entry: None },
            ForumCommand::GiveFloor { entry: Some(FloorId(Uuid::from_u128(4))) },
            ForumCommand::EndFloor,
            ForumCommand::DropFloor { entry: FloorId(Uuid::from_u128(4)) },
            ForumCommand::PinFloor { entry: FloorId(Uuid::from_u128(4)) },
        ];
        let stages = [
            Stage::Off,
            Stage::Welcome,
            Stage::Topic { topic: TopicId(Uuid::from_u128(3)) },
            Stage::Poll { poll: stimmwerk_core::ids::PollId(Uuid::from_u128(6)) },
            Stage::Speaking,
            Stage::Contributions { contributions: vec![contribution, ContributionId(Uuid::from_u128(5))] },
        ];
        let seens = [None, Some(Seq(8))].into_iter().cycle();
        commands.extend(stages.into_iter().zip(seens).map(|(stage, seen)| ForumCommand::SetStage { stage, seen }));
        commands.extend(HideReason::ALL.map(|reason| ForumCommand::Hide {
            contribution,
            reason,
            note: Some("Bitte freundlich.".to_owned()),
        }));
        for command in commands {
            let request = request(FORUM, &command).expect("a request");
            assert_eq!(form(&request).command(FORUM), Some(command.clone()));
            travels(&command);
        }
    }

    #[test]
    fn given_forms_that_are_no_commands_then_they_stay_forms() {
        for action in ["/api/v1/me", "/api/v1/logout", "/api/v1/forums/x/contributions", "/api/v1/join"] {
            assert_eq!(Form { action: action.to_owned(), fields: Vec::new() }.command(FORUM), None, "{action}");
        }
    }
}
