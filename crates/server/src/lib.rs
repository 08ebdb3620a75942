//! The server of Stimmwerk: use cases, rooms, REST, WebSocket, pages. Only this crate serves HTTP.
//! The program calls [`serve`]; tests take the [`router`].
//! Here the parts are put together; none of them uses this file.

pub mod access;
pub mod address;
pub mod admin;
pub mod app;
pub mod backup;
pub mod chance;
pub mod config;
pub mod cookies;
pub mod demo;
pub mod finish;
pub mod form;
pub mod gate;
pub mod guard;
pub mod limits;
pub mod listen;
pub mod live;
pub mod openapi;
pub mod pages;
pub mod problem;
pub mod qr;
pub mod query;
pub mod reads;
pub mod rest;
pub mod room;
mod rooms;
pub mod scheduler;
pub mod sessions;
pub mod sheets;
pub mod site;
pub mod use_cases;
pub mod verify;
pub mod who;
pub mod zone;

#[cfg(test)]
mod tests;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use stimmwerk_core::live::MAX_CLIENT_FRAME;
use stimmwerk_core::rejection::Code;
use stimmwerk_eventlog::accounts::Accounts;
use stimmwerk_eventlog::lock::DataLock;
use stimmwerk_eventlog::log::EventLog;
use stimmwerk_eventlog::sqlite::SqliteStore;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use crate::app::{App, AppState};
use crate::config::Config;
use crate::gate::Gate;
use crate::problem::Fault;

/// How long a stop waits for sockets to send `bye` and close.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(3);
/// The kernel's send buffer of a socket, in bytes: what does not fit waits in the ring.
const SEND_BUFFER: usize = 64 * 1024;

/// Serves until `shutdown` completes. The data folder is held exclusively meanwhile.
///
/// # Errors
/// The data folder is in use, the database is not this program's, or the log is in doubt.
pub async fn serve(
    listener: TcpListener,
    config: Config,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    config.make_data_folder()?;
    let _lock = DataLock::acquire(&config.data).map_err(|error| anyhow::anyhow!("{error}"))?;
    let store = SqliteStore::open(&config.database()?).await.map_err(|error| anyhow::anyhow!("{error}"))?;
    let log: Arc<dyn EventLog> = store.clone();
    let accounts: Arc<dyn Accounts> = store.clone();
    let failed = CancellationToken::new();
    let (app, dues) = App::open(config.clone(), log, accounts, failed.clone()).await?;
    app.run_follow_ups().await;
    let address = listener.local_addr()?;
    socket2::SockRef::from(&listener).set_send_buffer_size(SEND_BUFFER)?;
    let background = [
        tokio::spawn(scheduler::run(app.clone(), dues)),
        tokio::spawn(scheduler::housekeeping(app.clone())),
        tokio::spawn(scheduler::revocations(app.clone())),
    ];
    println!("listening on http://{address}");
    if config.demo {
        for (name, url) in demo::prepare(&app, &config.base(address)).await? {
            println!("{name} {url}");
        }
    }
    let stopping = app.stopping.clone();
    let stop = {
        let failed = failed.clone();
        async move {
            tokio::select! {
                () = shutdown => {}
                () = failed.cancelled() => {}
            }
            stopping.cancel();
        }
    };
    let serving = async { tokio::join!(stop, listen::serve(listener, router(&app), app.stopping.clone())) };
    let too_late = async {
        app.stopping.cancelled().await;
        tokio::time::sleep(SHUTDOWN_GRACE).await;
    };
    tokio::select! {
        _ = serving => {
            // The server above does not wait for open sockets, so they get a moment to send `bye`.
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        () = too_late => {}
    }
    for task in background {
        task.abort();
    }
    store.close().await;
    if failed.is_cancelled() {
        bail!("a commit is in doubt: the program ended so that the next start reads what is there");
    }
    Ok(())
}

/// Everything there is to be asked for.
pub fn router(app: &AppState) -> Router {
    let inner = Router::new()
        .route("/assets/{*name}", get(site::asset))
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .merge(pages::routes())
        .merge(openapi::router())
        .fallback(|| async { Fault::not_found() })
        .method_not_allowed_fallback(|| async { Fault::new(StatusCode::METHOD_NOT_ALLOWED, Code::NotFound) })
        .layer(sessions::layer(app.accounts.clone(), &app.config))
        .layer(from_fn_with_state(app.clone(), guard::origin))
        // It stands inside of `finish`, so that a panic is answered with words and safe headers, too.
        .layer(CatchPanicLayer::new())
        .layer(from_fn_with_state(app.clone(), finish::finish))
        .layer(DefaultBodyLimit::max(MAX_CLIENT_FRAME))
        .layer(CompressionLayer::new())
        .with_state(app.clone());
    Router::new().fallback(move |request: Request| form::forms(request, inner.clone()))
}

/// The program runs.
async fn livez(_gate: Gate) -> &'static str {
    "ok"
}

/// The program can serve: the log answers.
async fn readyz(State(app): State<AppState>, _gate: Gate) -> Response {
    match app.log().head(stimmwerk_core::ids::StreamId::NETWORK).await {
        Ok(_) if !app.stopping.is_cancelled() => "ready".into_response(),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "not ready").into_response(),
    }
}
