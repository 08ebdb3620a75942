//! Pages: their data is read from published states first, then rendered, complete without JavaScript.

use std::sync::Arc;

use axum::extract::{Query, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use stimmwerk_core::domain::{Domain, Summary};
use stimmwerk_core::forum::{AuthorView, ContributionPut, ContributionView, Forum, ForumState, OwnView, Stage, Thread};
use stimmwerk_core::ids::{ContributionId, ForumId, PollId, ProcessId};
use stimmwerk_core::live::{PAGE, WindowRequest};
use stimmwerk_core::network::{CodeKind, Joining, NetworkState, is_spoken};
use stimmwerk_core::people::{Audience, NOTICE_VERSION};
use stimmwerk_core::poll::{Electorate, Poll, PollView};
use stimmwerk_core::rejection::Code;
use stimmwerk_core::said::SaidTexts;
use stimmwerk_ui::data::{
    CardSheet, Codes, DeskPage, ForumCard, ForumPage, Home, Join, ListPage, LogPage, Logged, LoginLink, Look, MayVote,
    Me, Message, OnStage, PageData, PageKind, Place, PollOnStage, PollPage, PollPrint, PollVoters, PreparePage,
    ProcessCard, Quote, RecordPage, Refused, ReportPage, Return, ScreenPage, Shell, ThreadPage, VoterRow, VotingCard,
    WayIn, Welcome,
};

use crate::app::{App, AppState};
use crate::chance;
use crate::form;
use crate::gate::{Gate, Who};
use crate::guard;
use crate::problem::{Answer, Fault};
use crate::reads::{in_turn, rendered};
use crate::rest::forums::{Part, Wanted};
use crate::rest::me::WELCOME;
use crate::rest::moderation::{Before, NamedAct, Recorded, record_of};
use crate::rest::polls::OpenBallot;
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
            forums: process.forums.into_iter().filter_map(|forum| Some(card(forum.id, forum.summary?))).collect(),
        })
        .collect();
    show(&app, &gate, asked, None, PageKind::Home(Home { processes })).await
}

/// A forum in a list.
fn card(id: ForumId, summary: Summary) -> ForumCard {
    let Summary { title, state, count, last_at } = summary;
    ForumCard { id, title, state, count, last_at }
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

/// Why somebody with a right code is not let in. `code_unknown` says that it is wrong, and all others that nobody looked.
const RIGHT_BUT: [&str; 3] = ["notice", "text", "joining_closed"];

async fn join_with(app: AppState, gate: Gate, code: String, mut request: Request) -> Answer<Response> {
    let mut asked = Asked::of(&mut request);
    let onward = form::onward(&asked.path);
    let directory = app.directory();
    let refused = asked.refused.as_ref().filter(|refused| refused.action == "/api/v1/join");
    let typed = refused.and_then(|refused| refused.fields.get("code").cloned());
    // Looking at a page guesses nothing: foreign pages can have it looked at. Only what is too long to be guessed is
    // looked up, and what was sent and found right but for something else.
    let found_right = refused.is_some_and(|refused| RIGHT_BUT.iter().any(|code| refused.is_for(code)));
    let code = typed.unwrap_or(code);
    let process = (found_right || !is_spoken(&code)).then(|| directory.by_code(&code)).flatten();
    if asked.path == "/join" && !code.is_empty() {
        // So that the code stays when another language is chosen.
        asked.path = format!("/join?{}", serde_urlencoded::to_string([("code", &code)]).unwrap_or_default());
    }
    // Whoever typed a code at home has not seen the notice yet; that is no mistake of theirs.
    if refused.is_some_and(|refused| refused.is_for("notice") && !refused.fields.contains_key("notice")) {
        asked.refused = None;
    }
    // A link that leads nowhere is said to before anything else is asked.
    if process.is_none() && !code.is_empty() && !is_spoken(&code) && asked.refused.is_none() {
        let fields = [("code".to_owned(), code.clone())].into();
        let problem = Fault::new(StatusCode::NOT_FOUND, Code::CodeUnknown).problem(asked.lang);
        asked.refused =
            Some(Refused { action: "/api/v1/join".to_owned(), fields, again: Vec::new(), problem: Some(problem) });
    }
    // Who is in already needs no form, also where the code on a voting card has been renewed.
    if let Some(next) = onward.filter(|next| leads_in(&directory, &gate.who, next)) {
        return Ok(Redirect::to(&next).into_response());
    }
    if let Some(process) = process.filter(|process| gate.who.active_in(process.id).is_some()) {
        return Ok(Redirect::to(&format!("/welcome/{}", process.id)).into_response());
    }
    let title = process.and_then(|process| directory.process_view(process.id)).map(|view| view.title);
    let page = Join { code, process: title, notice: NOTICE_VERSION, idempotency_key: chance::command_id() };
    show(&app, &gate, asked, None, PageKind::Join(page)).await
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
    // So that an administrator can see that somebody tried; who it was is nobody's business, and the link a secret.
    tracing::info!("the page of a login link was opened");
    show(
        &app,
        &gate,
        asked,
        None,
        PageKind::LoginLink(LoginLink { token: query.token, next: form::local(&query.next) }),
    )
    .await
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
    let base = app.config.base(guard::host(request.headers()));
    let mut forum = forum_page(&app, &gate, &part).await?;
    if part.before.is_some() {
        // A window of older ones brings no desk; this page is one.
        let newest = app.read_forum(&gate, &Part::default()).await?.view;
        (forum.view.waiting, forum.view.attention) = (newest.waiting, newest.attention);
    }
    let directory = app.directory();
    let polls = desk_polls(&app, &gate, &forum).await?;
    let codes = gate.process.and_then(|process| directory.process(process)).and_then(|process| {
        let url = format!("{base}/j/{}", app.code(process, CodeKind::Link)?);
        Some(Codes { spoken: app.code(process, CodeKind::Spoken)?, picture: picture(&url), url })
    });
    let page = DeskPage { forum, codes, polls };
    show(&app, &gate, asked, gate.process, PageKind::Moderation(Box::new(page))).await
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

/// `/f/{forum}/list`
pub async fn list(
    State(app): State<AppState>,
    gate: Gate,
    Query(wanted): Query<Wanted>,
    mut request: Request,
) -> Answer<Response> {
    let asked = Asked::of(&mut request);
    let search = wanted.search()?;
    let (state, audience, mut place) = place(&app, &gate).await?;
    let (sought, looked) = (state.clone(), search.clone());
    let found = in_turn(move || sought.search(audience, &looked)).await?;
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
    show(&app, &gate, asked, gate.process, PageKind::List(Box::new(page))).await
}

/// `/f/{forum}/c/{contribution}`
pub async fn thread(State(app): State<AppState>, gate: Gate, mut request: Request) -> Answer<Response> {
    let asked = Asked::of(&mut request);
    let (state, audience, mut place) = place(&app, &gate).await?;
    let this = gate.id("contribution")?;
    let read = state.clone();
    let found = in_turn(move || read.thread(this, audience)).await?;
    let found = found.ok_or_else(|| if state.was_hidden(this) { Fault::hidden() } else { Fault::not_found() })?;
    let Thread { contributions: thread, people } = found;
    place.own = own(&gate, &state, &thread);
    place.people = people;
    show(&app, &gate, asked, gate.process, PageKind::Thread(Box::new(ThreadPage { place, this, thread }))).await
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
    show(&app, &gate, asked, gate.process, PageKind::Report(Box::new(page))).await
}

/// `/f/{forum}/log`
pub async fn log(
    State(app): State<AppState>,
    gate: Gate,
    Query(before): Query<Before>,
    mut request: Request,
) -> Answer<Response> {
    let asked = Asked::of(&mut request);
    let (_, _, place) = place(&app, &gate).await?;
    let logged = |NamedAct { act, name, person_name }| Logged { act, name, person: person_name };
    let acts: Vec<_> = app.read_log(&gate, before).await?.into_iter().map(logged).collect();
    let older = acts.last().filter(|_| acts.len() >= PAGE).map(|logged| logged.act.seq);
    show(&app, &gate, asked, gate.process, PageKind::Log(Box::new(LogPage { place, acts, older }))).await
}

/// `/f/{forum}/record`
pub async fn record(
    State(app): State<AppState>,
    gate: Gate,
    Query(recorded): Query<Recorded>,
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
    show(&app, &gate, asked, gate.process, PageKind::Record(Box::new(page))).await
}

/// What the page of a poll is asked with.
#[derive(Debug, Deserialize)]
pub struct CastQuery {
    /// Under which name it waits that a ballot was cast with a card.
    cast: Option<String>,
}

/// `/p/{poll}`
pub async fn poll(
    State(app): State<AppState>,
    gate: Gate,
    Query(query): Query<CastQuery>,
    mut request: Request,
) -> Answer<Response> {
    let asked = Asked::of(&mut request);
    let cast = query.cast.and_then(|cast| cast.parse().ok());
    let poll = gate.poll()?.poll;
    let cast = cast.and_then(|cast| app.casts.get(cast, poll, gate.who.command_owner()));
    let read = app.read_poll(&gate).await?;
    let process = gate.process()?;
    let guest = gate.who.active_in(process).is_some_and(|participant| participant.guest);
    let electorate = read.view.poll.as_ref().map(|poll| poll.question.electorate).unwrap_or_default();
    let may = match electorate {
        _ if gate.position.banned => MayVote::Banned,
        _ if read.own.is_none() => MayVote::NotJoined,
        Electorate::Accounts if guest => MayVote::NotEntitled,
        Electorate::Delegates => MayVote::NotEntitled,
        _ => MayVote::Yes,
    };
    let page = PollPage {
        stream: read.stream,
        seq: read.seq,
        view: read.view,
        own: read.own,
        may,
        cast,
        idempotency_key: chance::command_id(),
        now: chance::now(),
    };
    show(&app, &gate, asked, gate.process, PageKind::Poll(Box::new(page))).await
}

/// `/p/{poll}/print`
pub async fn poll_print(State(app): State<AppState>, gate: Gate, mut request: Request) -> Answer<Response> {
    let asked = Asked::of(&mut request);
    let published = app.published(&gate).await?;
    let page = PollPrint {
        view: PollView {
            poll: Some(published.poll),
            turnout: published.turnout,
            result: published.result,
            before: published.before,
        },
        head: published.head,
        now: chance::now(),
    };
    show(&app, &gate, asked, gate.process, PageKind::PollPrint(Box::new(page))).await
}

/// `/p/{poll}/voters`
pub async fn poll_voters(State(app): State<AppState>, gate: Gate, mut request: Request) -> Answer<Response> {
    let asked = Asked::of(&mut request);
    let ballots = app.open_ballots(&gate).await?;
    let page = PollVoters {
        view: seen_poll(&app, &gate).await?,
        ballots: ballots
            .into_iter()
            .map(|OpenBallot { name, card, round, marks }| VoterRow { round, name, card, marks })
            .collect(),
        now: chance::now(),
    };
    show(&app, &gate, asked, gate.process, PageKind::PollVoters(Box::new(page))).await
}

/// What the page of voting cards is asked with.
#[derive(Debug, Deserialize)]
pub struct SheetQuery {
    /// Under which name they wait.
    sheet: Option<uuid::Uuid>,
}

/// `/p/{poll}/cards`
pub async fn cards(
    State(app): State<AppState>,
    gate: Gate,
    Query(query): Query<SheetQuery>,
    mut request: Request,
) -> Answer<Response> {
    let asked = Asked::of(&mut request);
    let base = app.config.base(guard::host(request.headers()));
    let poll = gate.poll()?.poll;
    let sheet = query.sheet.and_then(|sheet| app.sheets.get(sheet, poll, gate.who.command_owner()));
    let sheet = sheet.ok_or_else(|| Fault::new(StatusCode::GONE, Code::LinkInvalid))?;
    let view = seen_poll(&app, &gate).await?;
    // Whoever has not joined does so on the way. A card's code is no part of an address that others get to see.
    let directory = app.directory();
    let process = directory.process(gate.process()?).filter(|process| process.joining == Joining::Open);
    let way = match process.and_then(|process| app.code(process, CodeKind::Link)) {
        Some(link) => format!("{base}/j/{link}?next=/p/{poll}"),
        None => format!("{base}/p/{poll}"),
    };
    // Hundreds of pictures take a while to draw.
    let cards = in_turn(move || {
        let card = |(number, code): (u32, String)| VotingCard {
            number,
            picture: picture(&format!("{way}#card={code}")),
            code,
        };
        (sheet.from..).zip(sheet.codes).map(card).collect()
    });
    let cards = cards.await?;
    show(&app, &gate, asked, gate.process, PageKind::Cards(Box::new(CardSheet { view, cards }))).await
}

/// `/f/{forum}/polls/new`
pub async fn new_poll(State(app): State<AppState>, gate: Gate, mut request: Request) -> Answer<Response> {
    let asked = Asked::of(&mut request);
    let page = PreparePage {
        process: gate.process()?,
        forum: Some(gate.forum()?.forum),
        poll: None,
        idempotency_key: chance::command_id(),
    };
    show(&app, &gate, asked, gate.process, PageKind::Prepare(Box::new(page))).await
}

/// `/p/{poll}/edit`
pub async fn edit_poll(State(app): State<AppState>, gate: Gate, mut request: Request) -> Answer<Response> {
    let asked = Asked::of(&mut request);
    let poll = seen_poll(&app, &gate).await?.poll.ok_or_else(Fault::not_found)?;
    let page = PreparePage {
        process: gate.process()?,
        forum: poll.forum,
        poll: Some(poll),
        idempotency_key: chance::command_id(),
    };
    show(&app, &gate, asked, gate.process, PageKind::Prepare(Box::new(page))).await
}

/// A poll for a page about it.
async fn seen_poll(app: &App, gate: &Gate) -> Answer<PollView> {
    let view = app.read_poll(gate).await?.view;
    if view.poll.is_none() {
        return Err(Fault::not_found());
    }
    Ok(view)
}

/// `/welcome/{process}`
pub async fn welcome(State(app): State<AppState>, gate: Gate, mut request: Request) -> Answer<Response> {
    let asked = Asked::of(&mut request);
    let process = gate.process()?;
    let (view, summaries) = app.listed(process).ok_or_else(Fault::not_found)?;
    // Whoever holds the phone after somebody left it has not joined.
    let code = guard::cookie(request.headers(), WELCOME)
        .filter(|_| gate.who.active_in(process).is_some())
        .map(str::to_owned)
        .filter(|code| code.chars().all(|c| c.is_ascii_lowercase() || c == '-'));
    // Behind the "#", which no server and no log sees.
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
    show(&app, &gate, asked, Some(process), PageKind::Welcome(page)).await
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
    show(&app, &gate, asked, None, PageKind::Return(Return { code: query.code })).await
}

/// `/languages`
pub async fn languages(State(app): State<AppState>, gate: Gate, mut request: Request) -> Answer<Response> {
    let asked = Asked::of(&mut request);
    show(&app, &gate, asked, None, PageKind::Languages).await
}

/// What a projector's page is asked with.
#[derive(Debug, Deserialize)]
pub struct ScreenQuery {
    /// `dark`: light on dark.
    #[serde(default)]
    look: String,
}

/// `/screen/{token}`: what the hall sees, as everyone who joined may see it. The token says of which forum.
pub async fn screen(
    State(app): State<AppState>,
    gate: Gate,
    Query(query): Query<ScreenQuery>,
    mut request: Request,
) -> Answer<Response> {
    let asked = Asked::of(&mut request);
    let base = app.config.base(guard::host(request.headers()));
    let directory = app.directory();
    let place = gate.who.screen().and_then(|forum| directory.forum(forum)).ok_or_else(Fault::not_found)?;
    let process = directory.process(place.process).ok_or_else(Fault::not_found)?;
    let audience = gate
        .who
        .position(&directory, Some(place.process), directory.place(place.stream))
        .audience
        .ok_or_else(Fault::not_found)?;
    let room = app.forum(place).await?;
    let state = room.state();
    let window = WindowRequest { before: Some(0), ..WindowRequest::default() };
    let view = Forum::view(&state, audience, &window);
    let shows = match view.stage {
        Stage::Off => OnStage::Off,
        Stage::Welcome => OnStage::Welcome,
        Stage::Topic { topic } => {
            let topic = view.topics.into_iter().find(|have| have.id == topic);
            topic.map_or(OnStage::Welcome, |topic| OnStage::Topic(topic.title))
        }
        Stage::Poll { poll } => {
            let place = directory.poll(poll).ok_or_else(Fault::not_found)?;
            let state = app.poll(place, audience).await?.state();
            let view = Poll::view(&state, audience, &WindowRequest::default());
            OnStage::Poll(Box::new(PollOnStage { stream: place.stream, seq: state.seq(), view }))
        }
        Stage::Speaking => OnStage::Speaking(view.floor),
        Stage::Contributions { contributions } => {
            OnStage::Quotes(contributions.into_iter().filter_map(|id| state.one(id, audience)).map(quote).collect())
        }
    };
    let join = (process.joining == Joining::Open).then(|| {
        let picture = picture(&format!("{base}/j/{}", app.code(process, CodeKind::Link)?));
        let host = base.split_once("://").map_or(base.as_str(), |(_, host)| host);
        Some(WayIn { address: format!("{host}/join"), spoken: app.code(process, CodeKind::Spoken)?, picture })
    });
    let page = ScreenPage {
        stream: place.stream,
        seq: state.seq(),
        title: view.forum.title,
        shows,
        join: join.flatten(),
        people: room.people_present(),
        now: chance::now(),
        look: if query.look == "dark" { Look::Dark } else { Look::Light },
    };
    let mut response = show(&app, &gate, asked, None, PageKind::Screen(Box::new(page))).await?;
    // The token stands in the address. No form here needs an origin that this would hide.
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(response)
}

/// A contribution for the hall: the name it is shown under, and its words.
fn quote(ContributionPut { contribution: one, people }: ContributionPut) -> Quote {
    let hall = one.hall.is_some();
    let author = if hall {
        // Who wrote it down is not who said it.
        AuthorView { name: one.speaker(&people).cloned(), number: 0, role: None, participant: None }
    } else {
        people.author(one.author)
    };
    Quote { author, hall, text: one.text.to_string(), lang: one.lang }
}

/// An address as a QR picture, drawn with the colours of the page around it.
pub(crate) fn picture(address: &str) -> String {
    use qrcode::render::svg::Color;
    let code = qrcode::QrCode::with_error_correction_level(address, qrcode::EcLevel::M);
    // Too long to be drawn: then the page goes without.
    code.map_or(String::new(), |code| {
        let drawn = code.render().dark_color(Color("#000")).light_color(Color("#fff")).build();
        drawn.split_once("?>").map_or(drawn.clone(), |(_, svg)| svg.to_owned())
    })
}

/// The state of the forum the gate let somebody into, as whom they read it, and what its pages have in common.
async fn place(app: &App, gate: &Gate) -> Answer<(Arc<ForumState>, Audience, Place)> {
    let found = gate.forum()?;
    let audience = gate.position.audience.ok_or_else(Fault::not_found)?;
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
            participant: participant.map(|participant| participant.id),
            admin: gate.position.admin,
        }
    });
    let status = match asked.refused.as_ref().and_then(|refused| refused.problem.as_ref()) {
        Some(problem) => StatusCode::from_u16(problem.status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY),
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

/// A refusal as a page. Where a form was refused and its page cannot be shown, the form's refusal is what counts.
pub async fn message(app: &App, fault: &Fault, lang: &'static str, path: String, refused: Option<Refused>) -> Response {
    let problem = refused.as_ref().and_then(|refused| refused.problem.clone()).unwrap_or_else(|| fault.problem(lang));
    let status = StatusCode::from_u16(problem.status).unwrap_or(fault.status);
    let asked = Asked { lang, path, refused };
    let page = PageKind::Message(Message { problem });
    respond(app, asked, None, status, page).await.unwrap_or_else(|fault| fault.status.into_response())
}
