//! The pages on the way into a process: joining, the link of staff, the welcome with the return code, coming back.
//! The router calls them.
//! They let nobody in: their forms go to the API, which answers with the session.

use axum::extract::{Query, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use stimmwerk_core::network::{NetworkState, is_spoken};
use stimmwerk_core::people::NOTICE_VERSION;
use stimmwerk_core::rejection::Code;
use stimmwerk_ui::data::Refused;
use stimmwerk_ui::pages::{Join, LoginLink, Return, Welcome};

use super::home::card;
use super::render::{Asked, show};
use crate::app::AppState;
use crate::chance;
use crate::cookies::{self, WELCOME};
use crate::form;
use crate::gate::Gate;
use crate::guard;
use crate::problem::{Answer, Fault};
use crate::qr::picture;
use crate::who::Who;

/// What `/join` is asked with.
#[derive(Debug, Deserialize)]
pub struct JoinQuery {
    #[serde(default)]
    code: String,
}

/// `/join`
pub async fn join(
    State(app): State<AppState>,
    gate: Gate,
    Query(query): Query<JoinQuery>,
    request: Request,
) -> Answer<Response> {
    join_with(app, gate, query.code, request).await
}

/// `/j/{code}`: what a QR picture leads to.
pub async fn join_link(State(app): State<AppState>, gate: Gate, request: Request) -> Answer<Response> {
    let code = gate.param("code").to_owned();
    join_with(app, gate, code, request).await
}

/// Why somebody with a right code is not let in. `code_unknown` says that it is wrong, and all others that nobody looked.
const RIGHT_BUT: [&str; 3] = ["notice", "text", "joining_closed"];

async fn join_with(app: AppState, gate: Gate, code: String, mut request: Request) -> Answer<Response> {
    let mut asked = Asked::of(&mut request);
    let onward = form::onward(&asked.path);
    let directory = app.directory();
    let refused = asked.refused.as_ref().filter(|refused| refused.action == "/api/v1/join");
    let typed = refused.and_then(|refused| refused.fields.get("code").cloned());
    // Pages of other sites can make a browser open this page, so opening it must not count as a guess. A code is looked
    // up only if it is too long to be guessed, or if the refused form says that it was right.
    let found_right = refused.is_some_and(|refused| RIGHT_BUT.iter().any(|code| refused.is_for(code)));
    let code = typed.unwrap_or(code);
    let process = (found_right || !is_spoken(&code)).then(|| directory.by_code(&code)).flatten();
    if asked.path == "/join" && !code.is_empty() {
        // The code stays in the address, so that it is kept when another language is chosen.
        asked.path = format!("/join?{}", serde_urlencoded::to_string([("code", &code)]).unwrap_or_default());
    }
    // Whoever typed a code on the home page has not seen the notice yet, so the page shows no error for it.
    if refused.is_some_and(|refused| refused.is_for("notice") && !refused.fields.contains_key("notice")) {
        asked.refused = None;
    }
    // A link with an unknown code is refused before anything else is asked.
    if process.is_none() && !code.is_empty() && !is_spoken(&code) && asked.refused.is_none() {
        let fields = [("code".to_owned(), code.clone())].into();
        let problem = Fault::of(Code::CodeUnknown).problem(asked.lang);
        asked.refused =
            Some(Refused { action: "/api/v1/join".to_owned(), fields, again: Vec::new(), problem: Some(problem) });
    }
    // Somebody who is in already needs no form, even if the code of the link has been renewed since.
    if let Some(next) = onward.filter(|next| leads_in(&directory, &gate.who, next)) {
        return Ok(Redirect::to(&next).into_response());
    }
    if let Some(process) = process.filter(|process| gate.who.active_in(process.id).is_some()) {
        return Ok(Redirect::to(&format!("/welcome/{}", process.id)).into_response());
    }
    let title = process.and_then(|process| directory.process_view(process.id)).map(|view| view.title);
    let page = Join { code, process: title, notice: NOTICE_VERSION, idempotency_key: chance::command_id() };
    show(&app, &gate, asked, None, page).await
}

/// Does this path lead to a forum or a poll of a process they are in?
fn leads_in(directory: &NetworkState, who: &Who, path: &str) -> bool {
    let process = if let Some(poll) = path.strip_prefix("/p/") {
        poll.parse().ok().and_then(|poll| directory.poll(poll)).map(|place| place.process)
    } else {
        let forum = path.strip_prefix("/f/").and_then(|forum| forum.parse().ok());
        forum.and_then(|forum| directory.forum(forum)).map(|place| place.process)
    };
    process.is_some_and(|process| who.active_in(process).is_some())
}

/// What `/login/link` is asked with.
#[derive(Debug, Deserialize)]
pub struct LinkQuery {
    #[serde(default)]
    token: String,
    #[serde(default)]
    next: String,
}

/// `/login/link`
pub async fn login_link(
    State(app): State<AppState>,
    gate: Gate,
    Query(query): Query<LinkQuery>,
    mut request: Request,
) -> Answer<Response> {
    let asked = Asked::of(&mut request);
    // The log tells administrators that somebody tried. It does not tell who, and the link is a secret.
    tracing::info!("the page of a login link was opened");
    show(&app, &gate, asked, None, LoginLink { token: query.token, next: form::local(&query.next) }).await
}

/// `/welcome/{process}`
pub async fn welcome(State(app): State<AppState>, gate: Gate, mut request: Request) -> Answer<Response> {
    let asked = Asked::of(&mut request);
    let process = gate.process()?;
    let (view, summaries) = app.listed(process).ok_or_else(Fault::not_found)?;
    // The cookie may be left from somebody who used this phone before. Only those who joined are shown the code.
    let code = cookies::get(request.headers(), WELCOME)
        .filter(|_| gate.who.active_in(process).is_some())
        .map(str::to_owned)
        .filter(|code| code.chars().all(|c| c.is_ascii_lowercase() || c == '-'));
    // The part behind "#" is sent to no server and stands in no log.
    let address =
        code.as_ref().map(|code| format!("{}/return#code={code}", app.config.base(guard::host(request.headers()))));
    let forums = view.forums.iter().zip(summaries).filter_map(|(forum, summary)| Some(card(forum.id, summary?)));
    let page = Welcome {
        process,
        title: view.title,
        picture: address.as_deref().map(picture),
        code,
        next: form::onward(&asked.path),
        forums: forums.collect(),
    };
    show(&app, &gate, asked, Some(process), page).await
}

/// What the page of coming back is asked with.
#[derive(Debug, Deserialize)]
pub struct ReturnQuery {
    #[serde(default)]
    code: String,
}

/// `/return`
pub async fn come_back(
    State(app): State<AppState>,
    gate: Gate,
    Query(query): Query<ReturnQuery>,
    mut request: Request,
) -> Answer<Response> {
    let asked = Asked::of(&mut request);
    show(&app, &gate, asked, None, Return { code: query.code }).await
}
