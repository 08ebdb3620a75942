//! Pages: their data is read from published states first, then rendered, complete without JavaScript.

use std::sync::Arc;

use axum::extract::{Query, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use stimmwerk_core::ids::ProcessId;
use stimmwerk_core::network::CodeKind;
use stimmwerk_core::said::SaidTexts;
use stimmwerk_ui::data::{
    Codes, ForumCard, ForumPage, Home, Join, LoginLink, Me, Message, PageData, PageKind, ProcessCard, Refused, Shell,
};

use crate::app::{App, AppState};
use crate::chance;
use crate::gate::Gate;
use crate::guard;
use crate::problem::{Answer, Fault};
use crate::rest::forums::Part;
use crate::rest::me::NOTICE;
use crate::site::ASSETS;

/// What every page needs of its request.
struct Asked {
    lang: &'static str,
    path: String,
    refused: Option<Refused>,
}

impl Asked {
    fn of(request: &mut Request) -> Self {
        let path = request.uri().path_and_query().map_or("/", axum::http::uri::PathAndQuery::as_str);
        Self { lang: guard::language(request), path: path.to_owned(), refused: request.extensions_mut().remove() }
    }
}

/// `/`
pub async fn home(State(app): State<AppState>, gate: Gate, mut request: Request) -> Answer<Response> {
    let asked = Asked::of(&mut request);
    let processes = app
        .processes_of(&gate.who)
        .into_iter()
        .map(|process| ProcessCard {
            id: process.id,
            title: process.title,
            joined: gate.who.in_process(process.id).is_some(),
            joining: process.joining,
            forums: process
                .forums
                .into_iter()
                .filter_map(|forum| {
                    let summary = forum.summary?;
                    Some(ForumCard {
                        id: forum.id,
                        title: summary.title,
                        state: summary.state,
                        count: summary.count,
                        last_at: summary.last_at,
                    })
                })
                .collect(),
        })
        .collect();
    show(&app, &gate, asked, None, PageKind::Home(Home { processes })).await
}

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

async fn join_with(app: AppState, gate: Gate, code: String, mut request: Request) -> Answer<Response> {
    let asked = Asked::of(&mut request);
    let directory = app.directory();
    // Looking a code up is a guess too, however it is made.
    let allowed = app.limits.guesses.peek().is_ok();
    let process = if code.is_empty() || !allowed { None } else { directory.by_code(&code) };
    if !code.is_empty() && process.is_none() {
        let _ = app.limits.guesses.take();
    }
    let title = process.and_then(|process| directory.process_view(process.id)).map(|view| view.title);
    let page = Join { code, process: title, notice: NOTICE, idempotency_key: chance::command_id() };
    show(&app, &gate, asked, None, PageKind::Join(page)).await
}

/// What `/login/link` is asked with.
#[derive(Debug, Deserialize)]
pub struct LinkQuery {
    #[serde(default)]
    token: String,
}

/// `/login/link`
pub async fn login_link(
    State(app): State<AppState>,
    gate: Gate,
    Query(query): Query<LinkQuery>,
    mut request: Request,
) -> Answer<Response> {
    let asked = Asked::of(&mut request);
    show(&app, &gate, asked, None, PageKind::LoginLink(LoginLink { token: query.token })).await
}

/// `/f/{forum}`
pub async fn forum(
    State(app): State<AppState>,
    gate: Gate,
    Query(part): Query<Part>,
    mut request: Request,
) -> Answer<Response> {
    let asked = Asked::of(&mut request);
    let page = forum_page(&app, &gate, &part).await?;
    show(&app, &gate, asked, gate.process, PageKind::Forum(Box::new(page))).await
}

/// `/f/{forum}/moderation`
pub async fn moderation(
    State(app): State<AppState>,
    gate: Gate,
    Query(part): Query<Part>,
    mut request: Request,
) -> Answer<Response> {
    let asked = Asked::of(&mut request);
    let mut page = forum_page(&app, &gate, &part).await?;
    let directory = app.directory();
    page.codes = gate.process.and_then(|process| directory.process(process)).and_then(|process| {
        let base = app.config.public_url.clone().unwrap_or_default();
        Some(Codes {
            spoken: app.code(process, CodeKind::Spoken)?,
            url: format!("{base}/j/{}", app.code(process, CodeKind::Link)?),
        })
    });
    show(&app, &gate, asked, gate.process, PageKind::Moderation(Box::new(page))).await
}

async fn forum_page(app: &App, gate: &Gate, part: &Part) -> Answer<ForumPage> {
    let read = app.read_forum(gate, part).await?;
    Ok(ForumPage {
        stream: read.stream,
        seq: read.seq,
        view: read.view,
        own: read.own,
        moderates: gate.position.moderates,
        idempotency_key: chance::command_id(),
        now: chance::now(),
        codes: None,
    })
}

async fn show(
    app: &Arc<App>,
    gate: &Gate,
    asked: Asked,
    process: Option<ProcessId>,
    page: PageKind,
) -> Answer<Response> {
    let me = gate.who.standing.as_ref().map(|standing| {
        let participant = process.and_then(|process| standing.in_process(process));
        Me {
            name: participant.and_then(|participant| participant.name.clone()),
            guest: standing.person.kind == stimmwerk_eventlog::accounts::PersonKind::Guest,
        }
    });
    let status = match &asked.refused {
        Some(refused) => StatusCode::from_u16(refused.problem.status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY),
        None => StatusCode::OK,
    };
    respond(app, asked, me, status, page).await
}

async fn respond(app: &App, asked: Asked, me: Option<Me>, status: StatusCode, page: PageKind) -> Answer<Response> {
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
    let html = tokio::task::spawn_blocking(move || stimmwerk_ui::document(&data, &shell)).await.map_err(|error| {
        tracing::error!(%error, "rendering failed");
        Fault::internal()
    })?;
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

/// A refusal as a page.
pub async fn message(app: &App, fault: &Fault, lang: &'static str, path: String) -> Response {
    let asked = Asked { lang, path, refused: None };
    let page = PageKind::Message(Message { problem: fault.problem(lang) });
    respond(app, asked, None, fault.status, page).await.unwrap_or_else(|fault| fault.status.into_response())
}
