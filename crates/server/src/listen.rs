//! Accepts connections and serves the router on them.
//! `serve` calls it instead of `axum::serve`, which has no limit on how long the header of a request may take.
//! It knows nothing of what is served.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// A header must be there, as a whole, after so long. A connection on which nothing is asked ends after it as well.
const HEADER: Duration = Duration::from_secs(10);
/// When a connection cannot be accepted (too many files are open), it is tried again after so long.
const RETRY: Duration = Duration::from_secs(1);

/// Serves until `stopping` is cancelled, and then until what was asked is answered. Sockets do not count any more once
/// they are open.
pub async fn serve(listener: TcpListener, router: Router, stopping: CancellationToken) {
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopping.cancelled() => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                // Frames are whole already; waiting for more would only delay them.
                let _ = stream.set_nodelay(true);
                connections.spawn(connection(stream, peer, router.clone(), stopping.clone()));
            }
            Err(error) if is_of_the_other_side(error.kind()) => {}
            Err(error) => {
                tracing::error!(%error, "a connection cannot be accepted; it will be tried again");
                tokio::time::sleep(RETRY).await;
            }
        }
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

async fn connection(stream: TcpStream, peer: SocketAddr, router: Router, stopping: CancellationToken) {
    // Every request says from where it came: see `address.rs`.
    let router = router.map_request(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .with_upgrades();
    tokio::pin!(connection);
    // Its errors are the other side's: gone, too slow, or no HTTP.
    tokio::select! {
        _ = connection.as_mut() => {}
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

fn is_of_the_other_side(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset)
}
