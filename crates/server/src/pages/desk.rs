//! The pages of a forum's moderators, and the record: the desk, the log of what staff did, the record to be printed.
//! The router calls them.
//! They write nothing; the desk presses its buttons over the API.

use axum::extract::{Query, Request, State};
use axum::response::Response;
use stimmwerk_core::domain::Domain;
use stimmwerk_core::ids::PollId;
use stimmwerk_core::live::{PAGE, WindowRequest};
use stimmwerk_core::network::CodeKind;
use stimmwerk_core::poll::{Poll, PollView};
use stimmwerk_ui::pages::{Codes, DeskPage, ForumPage, LogPage, Logged, RecordPage};

use super::forum::{forum_page, place};
use super::render::{Asked, show};
use crate::app::{App, AppState};
use crate::gate::Gate;
use crate::guard;
use crate::problem::{Answer, Fault};
use crate::qr::picture;
use crate::query::{ForumQuery, LogQuery, RecordQuery};
use crate::use_cases::records::{NamedAct, record_of};

/// `/f/{forum}/moderation`
pub async fn moderation(
    State(app): State<AppState>,
    gate: Gate,
    Query(part): Query<ForumQuery>,
    mut request: Request,
) -> Answer<Response> {
    let asked = Asked::of(&mut request);
    let base = app.config.base(guard::host(request.headers()));
    let mut forum = forum_page(&app, &gate, &part).await?;
    if part.before.is_some() {
        // A window of older contributions holds no desk, but this page shows one.
        let newest = app.read_forum(&gate, ForumQuery::default().window()).await?.view;
        (forum.view.waiting, forum.view.attention) = (newest.waiting, newest.attention);
    }
    let directory = app.directory();
    let polls = desk_polls(&app, &gate, &forum).await?;
    let codes = gate.process.and_then(|process| directory.process(process)).and_then(|process| {
        let url = format!("{base}/j/{}", app.code(process, CodeKind::Link)?);
        Some(Codes { spoken: app.code(process, CodeKind::Spoken)?, picture: picture(&url), url })
    });
    let page = DeskPage { forum, codes, polls };
    show(&app, &gate, asked, gate.process, page).await
}

/// How many polls the desk shows in full: the newest.
const DESK_POLLS: usize = 40;

/// How the newest polls of a forum stand.
async fn desk_polls(app: &App, gate: &Gate, page: &ForumPage) -> Answer<Vec<(PollId, PollView)>> {
    let (directory, audience) = (app.directory(), gate.audience()?);
    let newest = page.view.polls.iter().rev().take(DESK_POLLS).filter_map(|poll| directory.poll(poll.id));
    let places: Vec<_> = newest.collect();
    drop(directory);
    let mut polls = Vec::with_capacity(places.len());
    for place in places {
        let state = app.poll(place, audience).await?.state();
        polls.push((place.poll, Poll::view(&state, audience, &WindowRequest::default())));
    }
    Ok(polls)
}

/// `/f/{forum}/log`
pub async fn log(
    State(app): State<AppState>,
    gate: Gate,
    Query(before): Query<LogQuery>,
    mut request: Request,
) -> Answer<Response> {
    let asked = Asked::of(&mut request);
    let (_, _, place) = place(&app, &gate).await?;
    let logged = |NamedAct { act, name, person_name }| Logged { act, name, person: person_name };
    let acts: Vec<_> = app.read_log(&gate, before.seq()).await?.into_iter().map(logged).collect();
    let older = acts.last().filter(|_| acts.len() >= PAGE).map(|logged| logged.act.seq);
    show(&app, &gate, asked, gate.process, LogPage { place, acts, older }).await
}

/// `/f/{forum}/record`
pub async fn record(
    State(app): State<AppState>,
    gate: Gate,
    Query(recorded): Query<RecordQuery>,
    mut request: Request,
) -> Answer<Response> {
    let asked = Asked::of(&mut request);
    let (state, _, place) = place(&app, &gate).await?;
    let process = gate.process()?;
    let record = record_of(state.clone(), recorded.names(&gate)).await?;
    let page = RecordPage {
        process: app.directory().process_view(process).ok_or_else(Fault::not_found)?.title,
        joined: app.accounts.count_participants(process).await?,
        names: recorded.names(&gate),
        head: app.seal(gate.forum()?.stream, record.seq).await?,
        summary: state.summary_text().unwrap_or_default().to_owned(),
        polls: app.recorded(&record.polls).await?.into_iter().map(|poll| poll.view).collect(),
        record,
        place,
    };
    show(&app, &gate, asked, gate.process, page).await
}
