//! Renders a page with what all pages have in common: the reader, the language, what was refused, the headers.
//! Every handler of a page ends in `show`; `finish.rs` shows refusals with `message`.
//! It reads no stream: the data of a page is complete before it is rendered.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use stimmwerk_core::ids::ProcessId;
use stimmwerk_core::said::SaidTexts;
use stimmwerk_eventlog::accounts::PersonKind;
use stimmwerk_ui::data::{Me, PageData, Refused, Shell};
use stimmwerk_ui::page::Document;
use stimmwerk_ui::pages::Message;

use crate::app::App;
use crate::chance;
use crate::gate::Gate;
use crate::guard;
use crate::problem::{Answer, Fault};
use crate::reads::rendered;
use crate::site::ASSETS;

/// What every page takes from its request.
pub(super) struct Asked {
    pub(super) lang: &'static str,
    pub(super) path: String,
    pub(super) refused: Option<Refused>,
}

impl Asked {
    pub(super) fn of(request: &mut Request) -> Self {
        let path = request.uri().path_and_query().map_or("/", axum::http::uri::PathAndQuery::as_str);
        Self { lang: guard::language(request), path: path.to_owned(), refused: request.extensions_mut().remove() }
    }
}

pub(super) async fn show(
    app: &Arc<App>,
    gate: &Gate,
    asked: Asked,
    process: Option<ProcessId>,
    page: impl Document,
) -> Answer<Response> {
    let me = gate.who.standing.as_ref().map(|standing| {
        let participant = process.and_then(|process| standing.in_process(process));
        Me {
            name: participant.and_then(|participant| participant.name.clone()),
            guest: standing.person.kind == PersonKind::Guest,
            participant: participant.map(|participant| participant.id),
            admin: gate.position.admin,
        }
    });
    let status = match asked.refused.as_ref().and_then(|refused| refused.problem.as_ref()) {
        Some(problem) => StatusCode::from_u16(problem.status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY),
        None => StatusCode::OK,
    };
    respond(app, asked, me, status, Box::new(page)).await
}

async fn respond(
    app: &App,
    asked: Asked,
    me: Option<Me>,
    status: StatusCode,
    page: Box<dyn Document>,
) -> Answer<Response> {
    let nonce: String = chance::secret().0.chars().take(32).collect();
    let shell = Shell {
        nonce: nonce.clone(),
        assets: ASSETS.clone(),
        data_url: asked.refused.as_ref().map(|_| asked.path.clone()),
    };
    let data = PageData {
        lang: asked.lang.to_owned(),
        zone: app.zone.clone(),
        network: network_title(app),
        path: asked.path,
        me,
        refused: asked.refused,
        page,
    };
    let html = rendered(move || stimmwerk_ui::document(&data, &shell)).await?;
    let mut response = (status, html).into_response();
    let policy = format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::VARY, HeaderValue::from_static("accept-language, cookie"));
    headers.insert(header::HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex"));
    Ok(response)
}

fn network_title(app: &App) -> Option<stimmwerk_core::said::Texts> {
    app.directory().title().map(SaidTexts::shown)
}

/// A refusal as a page. If a form was refused and its page cannot be shown, the page says why the form was refused.
pub async fn message(app: &App, fault: &Fault, lang: &'static str, path: String, refused: Option<Refused>) -> Response {
    let problem = refused.as_ref().and_then(|refused| refused.problem.clone()).unwrap_or_else(|| fault.problem(lang));
    let status = StatusCode::from_u16(problem.status).unwrap_or(fault.status);
    let asked = Asked { lang, path, refused };
    let page = Message { problem };
    respond(app, asked, None, status, Box::new(page)).await.unwrap_or_else(|fault| fault.status.into_response())
}
