//! `GET /robots.txt`: nothing here is for search engines.

use std::sync::Arc;

use axum::routing::{MethodRouter, get};

use super::Shared;

pub fn methods() -> MethodRouter<Arc<Shared>> {
    get(async || "User-agent: *\nDisallow: /\n")
}
