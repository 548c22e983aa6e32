//! The table of endpoints, and what holds for all of them.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::MethodRouter;

use super::visitor::Visitor;
use super::{Shared, acknowledge, action, answer, feed, preferences, provider, robots, task, unsubscribe};

/// Largest body, bytes: a form with every topic of a large company is below 8 kB.
const BODY: usize = 16 * 1024;

/// A path and who answers it.
pub struct Endpoint {
    path: &'static str,
    methods: fn() -> MethodRouter<Arc<Shared>>,
}

/// What there is.
pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint { path: "/u/{token}", methods: unsubscribe::methods },
    Endpoint { path: "/p/{token}", methods: preferences::methods },
    Endpoint { path: "/s/{token}", methods: answer::methods },
    Endpoint { path: "/a/{token}", methods: acknowledge::methods },
    Endpoint { path: "/f/{token}", methods: feed::methods },
    Endpoint { path: "/t/{token}", methods: task::methods },
    Endpoint { path: "/g/{token}", methods: action::methods },
    Endpoint { path: "/r/{channel}", methods: provider::receipts },
    Endpoint { path: "/r/{channel}/{token}", methods: provider::receipts },
    Endpoint { path: "/i/{channel}", methods: provider::replies },
    Endpoint { path: "/i/{channel}/{token}", methods: provider::replies },
    Endpoint { path: "/robots.txt", methods: robots::methods },
];

/// Every endpoint, with and without the path of `public.base_url` in front.
pub fn router(shared: &Arc<Shared>) -> Router {
    let prefix = shared.links.prefix();
    let mut router = Router::new();
    for endpoint in ENDPOINTS {
        router = router.route(endpoint.path, (endpoint.methods)());
        if !prefix.is_empty() {
            router = router.route(&format!("{prefix}{}", endpoint.path), (endpoint.methods)());
        }
    }
    router
        .fallback(nothing_here)
        .layer(DefaultBodyLimit::max(BODY))
        .layer(from_fn_with_state(Arc::clone(shared), around))
        .with_state(Arc::clone(shared))
}

/// Counts, limits the time, and puts the headers on that every answer carries.
async fn around(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    shared.counts.requests.fetch_add(1, Ordering::Relaxed);
    let answered = tokio::time::timeout(shared.settings.timeout, next.run(request)).await;
    let mut response = answered.unwrap_or_else(|_| StatusCode::REQUEST_TIMEOUT.into_response());
    let headers = response.headers_mut();
    for (name, value) in [
        ("cache-control", "no-store"),
        ("content-security-policy", shared.pages.policy()),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("x-robots-tag", "noindex, nofollow"),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    response
}

async fn nothing_here(State(shared): State<Arc<Shared>>, visitor: Visitor) -> Response {
    shared.pages.note(&shared, visitor.language(), "nothing", StatusCode::NOT_FOUND)
}
