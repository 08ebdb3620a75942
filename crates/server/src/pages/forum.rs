//! The pages of a forum that participants read: the forum, its list, one thread, a report.
//! The router calls them.
//! They write nothing; their forms go to the API.

use std::sync::Arc;

use axum::extract::{Query, Request, State};
use axum::response::Response;
use serde::Deserialize;
use stimmwerk_core::domain::Domain;
use stimmwerk_core::forum::{ContributionPut, ContributionView, Forum, ForumState, OwnView, Thread};
use stimmwerk_core::ids::ContributionId;
use stimmwerk_core::live::WindowRequest;
use stimmwerk_core::people::Audience;
use stimmwerk_ui::pages::{ForumPage, ListPage, Place, ReportPage, ThreadPage};

use super::render::{Asked, show};
use crate::app::{App, AppState};
use crate::chance;
use crate::gate::Gate;
use crate::problem::{Answer, Fault};
use crate::query::{ForumQuery, SearchQuery};
use crate::use_cases::forums;

/// `/f/{forum}`
pub async fn forum(
    State(app): State<AppState>,
    gate: Gate,
    Query(part): Query<ForumQuery>,
    mut request: Request,
) -> Answer<Response> {
    let asked = Asked::of(&mut request);
    let page = forum_page(&app, &gate, &part).await?;
    show(&app, &gate, asked, gate.process, page).await
}

/// `/f/{forum}/list`
pub async fn list(
    State(app): State<AppState>,
    gate: Gate,
    Query(wanted): Query<SearchQuery>,
    mut request: Request,
) -> Answer<Response> {
    let asked = Asked::of(&mut request);
    let search = wanted.search()?;
    let (state, audience, mut place) = place(&app, &gate).await?;
    let found = forums::search(state.clone(), audience, search.clone()).await?;
    place.own = own(&gate, &state, &found.contributions);
    place.people = found.people;
    let page = ListPage {
        found: found.contributions,
        total: found.total,
        after: search.after,
        sort: search.sort.as_str().to_owned(),
        words: search.words,
        topic: search.topic,
        place,
    };
    show(&app, &gate, asked, gate.process, page).await
}

/// `/f/{forum}/c/{contribution}`
pub async fn thread(State(app): State<AppState>, gate: Gate, mut request: Request) -> Answer<Response> {
    let asked = Asked::of(&mut request);
    let (state, audience, mut place) = place(&app, &gate).await?;
    let this = gate.id("contribution")?;
    let found = forums::thread(state.clone(), audience, this).await?;
    let found = found.ok_or_else(|| if state.was_hidden(this) { Fault::hidden() } else { Fault::not_found() })?;
    let Thread { contributions: thread, people } = found;
    place.own = own(&gate, &state, &thread);
    place.people = people;
    show(&app, &gate, asked, gate.process, ThreadPage { place, this, thread }).await
}

/// What the page of a report is asked with.
#[derive(Debug, Deserialize)]
pub struct ReportQuery {
    /// It was sent.
    sent: Option<String>,
}

/// `/f/{forum}/c/{contribution}/report`
pub async fn report(
    State(app): State<AppState>,
    gate: Gate,
    Query(query): Query<ReportQuery>,
    mut request: Request,
) -> Answer<Response> {
    let asked = Asked::of(&mut request);
    let (state, audience, mut place) = place(&app, &gate).await?;
    let this: ContributionId = gate.id("contribution")?;
    let ContributionPut { contribution, people } = state.one(this, audience).ok_or_else(Fault::not_found)?;
    place.people = people;
    let page = ReportPage { place, contribution, sent: query.sent.is_some() };
    show(&app, &gate, asked, gate.process, page).await
}

/// The state of the forum the gate let somebody into, as whom they read it, and what its pages have in common.
pub(super) async fn place(app: &App, gate: &Gate) -> Answer<(Arc<ForumState>, Audience, Place)> {
    let found = gate.forum()?;
    let audience = gate.audience()?;
    let state = app.forum(found).await?.state();
    let window = WindowRequest { before: Some(0), ..WindowRequest::default() };
    let view = Forum::view(&state, audience, &window);
    let place = Place {
        own: None,
        forum: view.forum,
        topics: view.topics,
        people: view.people,
        moderates: gate.position.moderates,
        now: chance::now(),
        idempotency_key: chance::command_id(),
    };
    Ok((state, audience, place))
}

/// What concerns the reader alone of what a page shows; `None` for those who have not joined.
fn own(gate: &Gate, state: &ForumState, shown: &[ContributionView]) -> Option<OwnView> {
    let participant = gate.who.active_in(gate.process?)?;
    let from = shown.iter().map(|one| one.position).min().unwrap_or(u64::MAX);
    Some(Forum::own(state, participant.id, from))
}

pub(super) async fn forum_page(app: &App, gate: &Gate, part: &ForumQuery) -> Answer<ForumPage> {
    let read = app.read_forum(gate, part.window()).await?;
    Ok(ForumPage {
        stream: read.stream,
        seq: read.seq,
        view: read.view,
        own: read.own,
        moderates: gate.position.moderates,
        idempotency_key: chance::command_id(),
        now: chance::now(),
    })
}
