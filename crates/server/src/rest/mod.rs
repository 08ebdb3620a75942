//! The REST door: one file per thing, each handler with its description for the OpenAPI document.

pub mod forums;
pub mod hall;
pub mod me;
pub mod moderation;
pub mod notices;
pub mod polls;
pub mod processes;
pub mod screens;

use std::fmt::Write;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stimmwerk_core::live::Seq;
use stimmwerk_core::said::{Lang, Texts};
use stimmwerk_core::text::fold;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::access::{Needs, Rule};
use crate::app::AppState;
use crate::problem::{Answer, Fault};
use crate::room::Done;

/// The answer to a write.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Written {
    /// The thing it made or was about.
    pub id: Option<Uuid>,
    /// The number of its last event.
    pub seq: Seq,
}

/// The answer to a write that leaves nothing to tell.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Nothing {}

/// Reads a lot of a state away from the threads that serve sockets.
///
/// # Errors
/// The reading failed.
pub async fn aside<T: Send + 'static>(read: impl FnOnce() -> T + Send + 'static) -> Answer<T> {
    tokio::task::spawn_blocking(read).await.map_err(|error| {
        tracing::error!(%error, "reading failed");
        Fault::internal()
    })
}

/// Makes an answer a file that is named after what it is about (RFC 6266): as the title says it, and in plain letters for
/// programs that read no other.
pub fn save_as(response: &mut Response, title: &str, ending: &str) {
    // What no file system takes, or takes for a folder, and what begins a hidden file.
    let safe = |c: char| if c.is_control() || "/\\:*?\"<>|".contains(c) { '-' } else { c };
    let name: String = title.trim().trim_start_matches('.').chars().map(safe).take(80).collect();
    let plain: String = fold(&name).chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let plain = plain.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-");
    let plain = if plain.is_empty() { "stimmwerk" } else { &plain };
    // `attr-char` of RFC 8187 stays; all else is written as bytes.
    let mut written = String::new();
    for byte in name.trim().bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            written.push(char::from(byte));
        } else {
            let _ = write!(written, "%{byte:02X}");
        }
    }
    let value = format!("attachment; filename=\"{plain}.{ending}\"; filename*=UTF-8''{written}.{ending}");
    if let Ok(value) = HeaderValue::from_str(&value) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
}

/// 201: something new is there.
pub fn created(done: Done) -> Response {
    (StatusCode::CREATED, Json(Written { id: done.object, seq: done.seq })).into_response()
}

/// 200: something changed.
pub fn changed(done: Done) -> Response {
    Json(Written { id: done.object, seq: done.seq }).into_response()
}

/// A title: in several languages, or one text of a form.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Title {
    /// By language.
    Texts(Texts),
    /// In the language beside it, German unless said otherwise.
    Plain(String),
}

impl Title {
    /// In several languages.
    pub fn texts(self, lang: Option<Lang>) -> Texts {
        match self {
            Self::Texts(texts) => texts,
            Self::Plain(text) => Texts::of(lang.unwrap_or_else(Lang::german), &text),
        }
    }
}

/// A new title.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Titled {
    title: Title,
    title_lang: Option<Lang>,
}

impl Titled {
    /// In several languages.
    pub fn texts(self) -> Texts {
        self.title.texts(self.title_lang)
    }
}

/// All routes under `/api/v1`, with their description.
pub fn api() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(description())
        .routes(routes!(me::join))
        .routes(routes!(me::confirm))
        .routes(routes!(me::logout))
        .routes(routes!(me::language))
        .routes(routes!(me::me, me::change, me::erase))
        .routes(routes!(me::export))
        .routes(routes!(me::new_return_code))
        .routes(routes!(me::come_back))
        .routes(routes!(notices::notice))
        .routes(routes!(processes::network, processes::name_network))
        .routes(routes!(processes::list, processes::create))
        .routes(routes!(processes::show, processes::change))
        .routes(routes!(processes::create_forum))
        .routes(routes!(processes::codes, processes::renew_codes))
        .routes(routes!(processes::ban))
        .routes(routes!(forums::show, forums::change))
        .routes(routes!(forums::add_topic))
        .routes(routes!(forums::set_state))
        .routes(routes!(forums::set_waiting))
        .routes(routes!(forums::contribute))
        .routes(routes!(forums::words, forums::withdraw))
        .routes(routes!(forums::edit))
        .routes(routes!(forums::support, forums::unsupport))
        .routes(routes!(forums::approve))
        .routes(routes!(forums::hide))
        .routes(routes!(moderation::refuse))
        .routes(routes!(forums::restore))
        .routes(routes!(forums::erase))
        .routes(routes!(forums::add))
        .routes(routes!(forums::appeal))
        .routes(routes!(forums::thread))
        .routes(routes!(forums::search))
        .routes(routes!(moderation::put_back))
        .routes(routes!(moderation::claim))
        .routes(routes!(moderation::dismiss))
        .routes(routes!(moderation::reject_appeal))
        .routes(routes!(moderation::approve_all))
        .routes(routes!(moderation::refuse_all))
        .routes(routes!(moderation::reset_name))
        .routes(routes!(moderation::set_summary))
        .routes(routes!(moderation::count_hall))
        .routes(routes!(moderation::log))
        .routes(routes!(moderation::record))
        .routes(routes!(screens::create, screens::revoke))
        .routes(routes!(hall::set_stage))
        .routes(routes!(hall::ask, hall::withdraw))
        .routes(routes!(hall::set_floor))
        .routes(routes!(hall::enter))
        .routes(routes!(hall::give))
        .routes(routes!(hall::end))
        .routes(routes!(hall::drop_entry))
        .routes(routes!(hall::pin))
        .routes(routes!(polls::create))
        .routes(routes!(polls::show, polls::change))
        .routes(routes!(polls::open))
        .routes(routes!(polls::end))
        .routes(routes!(polls::extend))
        .routes(routes!(polls::close))
        .routes(routes!(polls::reveal))
        .routes(routes!(polls::again))
        .routes(routes!(polls::vote, polls::ballots))
        .routes(routes!(polls::result))
        .routes(routes!(polls::issue_cards))
        .routes(routes!(polls::void_cards))
        .routes(routes!(polls::count_hands))
        .routes(routes!(polls::set_paper))
        .routes(routes!(forums::deltas))
        .routes(routes!(crate::live::live))
        .routes(routes!(openapi))
}

fn description() -> utoipa::openapi::OpenApi {
    utoipa::openapi::OpenApiBuilder::new()
        .info(
            utoipa::openapi::InfoBuilder::new()
                .title("Stimmwerk")
                .version("1")
                .description(Some("Live dialogue forums. Refusals are application/problem+json with a stable code.")),
        )
        .build()
}

/// The OpenAPI document: what the handlers say of themselves, and what holds for all, from the access table.
///
/// # Panics
/// Never: the document is plain data.
pub fn document() -> Value {
    let mut document = serde_json::to_value(api().split_for_parts().1).expect("plain data");
    let session = json!({ "type": "apiKey", "in": "cookie", "name": "stimmwerk",
        "description": "Set by joining and logging in. Under TLS its name is `__Host-stimmwerk`." });
    let token = json!({ "type": "http", "scheme": "bearer" });
    document["components"]["securitySchemes"] = json!({ "session": session, "token": token });
    let problem = <stimmwerk_core::live::Problem as utoipa::PartialSchema>::schema();
    document["components"]["schemas"]["Problem"] = json!(problem);
    for rule in crate::access::ROUTES.iter() {
        let methods = document["paths"].get_mut(rule.path);
        if let Some(operation) = methods.and_then(|methods| methods.get_mut(rule.method.to_lowercase())) {
            complete(operation, rule);
        }
    }
    document
}

/// Writes that are no commands: they change accounts, sessions and cookies, or rename somebody everywhere, and look at no
/// idempotency key. What they set they set again; [`me::join`] and [`me::new_return_code`] say how they are repeated.
pub const WITHOUT_KEY: [&str; 11] = [
    "/api/v1/join",
    "/api/v1/login/link/confirm",
    "/api/v1/logout",
    "/api/v1/language",
    "/api/v1/me",
    "/api/v1/me/return-code",
    "/api/v1/return",
    "/api/v1/processes/{process}/participants/{participant}/ban",
    "/api/v1/processes/{process}/participants/{participant}/reset-name",
    // What they make is told once and kept nowhere: asked again there are others.
    "/api/v1/forums/{forum}/screens",
    "/api/v1/polls/{poll}/cards",
];

/// Adds to an operation who may ask for it, how it is repeated safely, and how it is refused.
fn complete(operation: &mut Value, rule: &Rule) {
    let writes = rule.method != "GET";
    let open = matches!(rule.needs, Needs::Nothing | Needs::Sight);
    operation["security"] = json!([{ "session": [] }, { "token": [] }]);
    if let (true, Some(ways)) = (open, operation["security"].as_array_mut()) {
        ways.insert(0, json!({}));
    }
    if writes && !WITHOUT_KEY.contains(&rule.path) {
        let header = json!({ "name": "Idempotency-Key", "in": "header", "schema": { "type": "string", "format": "uuid" },
            "description": "The id of the command. Repeating a write under the same id is safe." });
        match operation["parameters"].as_array_mut() {
            Some(parameters) => parameters.push(header),
            None => operation["parameters"] = json!([header]),
        }
    }
    // The names of handlers are unique in their file, and so with the tag.
    operation["operationId"] = format!(
        "{}_{}",
        operation["tags"][0].as_str().unwrap_or_default(),
        operation["operationId"].as_str().unwrap_or_default()
    )
    .into();
    let named = rule.path.contains('{');
    let heavy = !writes && crate::access::HEAVY.iter().any(|(path, _)| *path == rule.path);
    let refusals = [
        (true, "400", "It cannot be read."),
        (true, "401", "Nobody is known by this token, or one has to log in or join first."),
        (writes || !open, "403", "Not with this role, not as somebody shut out, or not from this origin."),
        (named, "404", "There is no such thing, or nothing that may be seen."),
        (writes, "409", "Not in the present state."),
        (writes, "413", "Too long."),
        (writes, "422", "What was sent cannot be taken as it is."),
        (writes || heavy, "429", "Too often."),
        (true, "503", "Not now. With `outcome_unknown`: repeat it under the same id."),
        (writes, "507", "The storage is full."),
    ];
    let content = json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } });
    for (status, said) in refusals.into_iter().filter(|(holds, ..)| *holds).map(|(_, status, said)| (status, said)) {
        let response = &mut operation["responses"][status];
        if response["description"].as_str().unwrap_or_default().is_empty() {
            response["description"] = said.into();
        }
        response["content"] = content.clone();
    }
    // Those that only one operation knows.
    for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
        if status.starts_with(['4', '5']) {
            response["content"] = content.clone();
        } else if response["description"].as_str().unwrap_or_default().is_empty() {
            let said = match (writes, status.as_str()) {
                (_, "201") => "It is there, durably.",
                (true, _) => "It holds, durably.",
                (false, _) => "As the caller may see it.",
            };
            response["description"] = said.into();
        }
    }
}

/// This description.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "api", responses((status = 200, body = Object, description = "OpenAPI 3.1")))]
pub async fn openapi(_gate: crate::gate::Gate) -> Response {
    static DOCUMENT: std::sync::LazyLock<axum::body::Bytes> =
        std::sync::LazyLock::new(|| serde_json::to_vec(&document()).expect("plain data").into());
    let json = (axum::http::header::CONTENT_TYPE, axum::http::HeaderValue::from_static("application/json"));
    ([json], DOCUMENT.clone()).into_response()
}

/// The router of the REST door.
pub fn router() -> Router<AppState> {
    api().split_for_parts().0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_title_then_the_file_is_named_after_it_and_leads_into_no_folder() {
        let named = |title: &str| {
            let mut response = StatusCode::OK.into_response();
            save_as(&mut response, title, "csv");
            let value = response.headers()[header::CONTENT_DISPOSITION].to_str().expect("plain").to_owned();
            value.strip_prefix("attachment; filename=").expect("a file").to_owned()
        };
        assert_eq!(
            named("Mehr Bänke für die Straße?"),
            "\"mehr-banke-fur-die-strasse.csv\"; filename*=UTF-8''Mehr%20B%C3%A4nke%20f%C3%BCr%20die%20Stra%C3%9Fe-.csv"
        );
        assert_eq!(named("../a\"b\r\n"), "\"a-b.csv\"; filename*=UTF-8''-a-b.csv");
        assert!(named("مقاعد").starts_with("\"stimmwerk.csv\"; filename*=UTF-8''%D9%85"));
        assert!(named(&"x".repeat(400)).len() < 250);
    }
}
