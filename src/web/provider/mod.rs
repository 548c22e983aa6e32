//! What providers post: `POST /r/CHANNEL` delivery receipts, `POST /i/CHANNEL` text messages of customers. A token of the
//! channel may follow in the path.
//!
//! Who calls is proven first, without a look into the database; a stranger and a channel that does not exist are answered the
//! same (403). A receipt for a message that nobody knows is counted, and answered as any other: providers post again what
//! is refused, and nobody learns which ids there are.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts as _, Path, Request};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, post};
use serde::de::IgnoredAny;

use super::{Counts, Shared};
use crate::outbox::returned::calls::{Call, Caller};

mod receipts;
mod replies;

/// Largest call, bytes: providers put up to a thousand events into one.
const BODY: usize = 1024 * 1024;

/// `/r/…`
pub fn receipts() -> MethodRouter<Arc<Shared>> {
    post(receipts::take).layer(DefaultBodyLimit::max(BODY))
}

/// `/i/…`
pub fn replies() -> MethodRouter<Arc<Shared>> {
    post(replies::take).layer(DefaultBodyLimit::max(BODY))
}

/// A request of a provider, as it came.
struct Posted {
    path: HashMap<String, String>,
    url: String,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
}

impl FromRequest<Arc<Shared>> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let path = Path::from_request_parts(&mut parts, shared).await;
        let Path(path) = path.map_err(|_| StatusCode::NOT_FOUND.into_response())?;
        let (uri, headers) = (parts.uri.clone(), parts.headers.clone());
        let body = Bytes::from_request(Request::from_parts(parts, body), shared).await;
        let body = body.map_err(|rejection| rejection.status().into_response())?;
        // as the provider calls it: the proxy may have taken the path of base_url away
        let below = uri.path_and_query().map_or("", |path| path.as_str());
        let below = below.strip_prefix(shared.links.prefix()).unwrap_or(below);
        Ok(Self { url: shared.links.reached(below), path, uri, headers, body })
    }
}

impl Posted {
    fn call(&self) -> Call<'_> {
        Call {
            url: &self.url,
            query: self.uri.query().unwrap_or_default(),
            token: self.path.get("token").map(String::as_str),
            headers: &self.headers,
            body: &self.body,
        }
    }

    /// Who calls, if it is who it says.
    fn caller<'s>(&self, shared: &'s Shared) -> Option<&'s Caller> {
        let caller = shared.callers.get(self.path.get("channel")?)?;
        caller.is(&self.call()).then_some(caller)
    }
}

/// An answer with what the provider wants to read.
fn answered(body: String) -> Response {
    let kind = match body.trim_start().as_bytes().first() {
        Some(b'<') => "text/xml; charset=utf-8",
        Some(b'{' | b'[') if serde_json::from_str::<IgnoredAny>(&body).is_ok() => "application/json",
        _ => "text/plain; charset=utf-8",
    };
    ([(header::CONTENT_TYPE, kind)], body).into_response()
}

/// Trouble of our own: the provider posts again.
fn trouble(error: &sqlx::Error) -> Response {
    tracing::error!(error = crate::db::words(error), "what a provider posted cannot be written down");
    StatusCode::SERVICE_UNAVAILABLE.into_response()
}

/// Who is right, but cannot be understood.
fn malformed(shared: &Shared) -> Response {
    Counts::add(&shared.counts.ignored);
    StatusCode::BAD_REQUEST.into_response()
}
