//! Who asks: the address, the language of the browser, and the link that was brought.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use sqlx::PgConnection;

use super::server::Peer;
use super::{Counts, Shared};
use crate::outbox::link::{Asked, Bearer, Purpose, Work};
use crate::outbox::template::nearest;

/// The languages of the pages.
pub const LANGUAGES: [&str; 2] = ["en", "zh-CN"];

/// Who asks.
#[derive(Debug)]
pub struct Visitor {
    address: IpAddr,
    accepts: String,
}

impl FromRequestParts<Arc<Shared>> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0);
        let accepts = parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let first = accepts.unwrap_or_default().split([',', ';']).next().unwrap_or_default().trim().to_owned();
        Ok(Self { address: shared.guard.visitor(peer, &parts.headers), accepts: first })
    }
}

impl Visitor {
    /// The language of the page that is nearest to the browser's.
    pub fn language(&self) -> &'static str {
        language(&self.accepts)
    }

    /// Who comes with the link. What is wrong with a bad one is not said, and costs no look into the database.
    pub fn bearer(&self, shared: &Shared, purpose: Purpose, token: &str) -> Result<Bearer, Box<Response>> {
        // links of these pages never expire; those that do are asked for the time where there is a connection
        match shared.links.signed(purpose, token) {
            Ok(bearer) if bearer.expires.is_none() => Ok(bearer),
            _ => Err(Box::new(self.refused(shared))),
        }
    }

    /// Which message the link asks about; whether it is over is still to be asked.
    pub fn asked(&self, shared: &Shared, token: &str) -> Result<Asked, Box<Response>> {
        shared.links.asked(token).map_err(|_| Box::new(self.refused(shared)))
    }

    /// Who of the house comes with the link, and about what; whether it is over is still to be asked.
    pub fn worker(&self, shared: &Shared, purpose: Purpose, token: &str) -> Result<Work, Box<Response>> {
        shared.links.signed_work(purpose, token).map_err(|_| Box::new(self.refused(shared)))
    }

    /// One more call of somebody who is none of our providers.
    pub fn stranger(&self, shared: &Shared) -> Response {
        match self.tries_too_much(shared) {
            true => (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "60")]).into_response(),
            false => StatusCode::FORBIDDEN.into_response(),
        }
    }

    fn tries_too_much(&self, shared: &Shared) -> bool {
        Counts::add(&shared.counts.bad_links);
        let too_much = shared.guard.too_many(self.address);
        if too_much {
            Counts::add(&shared.counts.refused);
        }
        too_much
    }

    fn refused(&self, shared: &Shared) -> Response {
        if !self.tries_too_much(shared) {
            return shared.pages.note(shared, self.language(), "bad_link", StatusCode::NOT_FOUND);
        }
        let mut response = shared.pages.note(shared, self.language(), "wait", StatusCode::TOO_MANY_REQUESTS);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
        response
    }
}

/// The language of the page nearest to a tag.
pub fn language(tag: &str) -> &'static str {
    nearest(tag, LANGUAGES.into_iter())
        .map_or(LANGUAGES[0], |near| LANGUAGES.into_iter().find(|language| *language == near).unwrap_or(LANGUAGES[0]))
}

/// The language of the bearer's pages: the customer's own, else the browser's.
pub async fn reads(conn: &mut PgConnection, bearer: &Bearer, visitor: &Visitor) -> sqlx::Result<&'static str> {
    let locale = sqlx::query_scalar!("select locale from crm.customer where customer_id = $1", bearer.customer_id);
    let locale = locale.fetch_optional(conn).await?.flatten();
    Ok(locale.as_deref().map_or_else(|| visitor.language(), language))
}
