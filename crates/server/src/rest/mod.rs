//! The REST API: one file for each thing it is about, each handler with its description for the OpenAPI document.
//! Programs call it as JSON, browsers by plain forms; `openapi.rs` puts the routes together.
//! A handler reads the request, calls a use case and words the answer. It does not use pages or live connections.

pub mod forums;
pub mod hall;
pub mod me;
pub mod moderation;
pub mod notices;
mod poll_forms;
mod poll_tables;
pub mod polls;
pub mod processes;
pub mod screens;

use std::fmt::Write;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use stimmwerk_core::live::Seq;
use stimmwerk_core::said::{Lang, Texts};
use stimmwerk_core::text::fold;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::app::AppState;
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

/// Makes an answer a file that is named after what it is about (RFC 6266): as the title says it, and in plain letters for
/// programs that read no other.
pub fn save_as(response: &mut Response, title: &str, ending: &str) {
    // Leaves out what no file system takes, what it would read as a folder, and the dot of hidden files.
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

/// The routes of the API, each with its description.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
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
