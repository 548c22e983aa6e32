//! Connections: accepted, limited, ended in order. HTTP/1.1 only: what stands in front speaks the rest.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// Largest head of a request, bytes: a link is below 1 kB, a browser's own headers below 8.
const HEAD: usize = 16 * 1024;
/// Most headers of a request.
const HEADERS: usize = 64;
/// A connection is closed after this many times the time of a request, however busy it is.
const LIVES: u32 = 6;

/// What a visitor may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at a time.
    pub connections: u32,
    /// A head, and a request.
    pub time: Duration,
}

/// The other end of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// Serves until cancelled; then lets the requests at work finish.
pub async fn serve(listener: TcpListener, app: Router, limits: Limits, cancel: CancellationToken) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.time).max_headers(HEADERS).max_buf_size(HEAD);
    let graceful = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(limits.connections as usize));
    loop {
        // one more waits in the backlog of the system rather than here
        let (place, accepted) = tokio::select! {
            () = cancel.cancelled() => break,
            next = async { (Arc::clone(&room).acquire_owned().await, listener.accept().await) } => next,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // out of descriptors, or the visitor has gone already
                tracing::debug!(error = %error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let app = app.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer.ip().to_canonical()));
            app.clone().oneshot(request.map(Body::new))
        });
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            // what a visitor does wrong is no error of ours
            let _ = tokio::time::timeout(limits.time * LIVES, connection).await;
            drop(place);
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(limits.time, graceful.shutdown()).await;
}
