//! What a POST brings: fields, urlencoded or multipart, as RFC 8058 lets mail programs choose.

use std::sync::Arc;

use axum::extract::multipart::MultipartRejection;
use axum::extract::{FromRequest, Multipart, RawForm, Request};
use axum::http::{StatusCode, header};
use axum::response::Response;

use super::Shared;
use super::visitor::Visitor;
use crate::outbox::returned::calls::pairs;

/// Fields in order; a name may come several times.
#[derive(Debug)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Of the query of an address.
    pub fn of_query(query: &str) -> Self {
        Self(pairs(query))
    }

    /// The first value of a field.
    pub fn first<'f>(&'f self, name: &'f str) -> Option<&'f str> {
        self.all(name).next()
    }

    /// All values of a field.
    pub fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> + 'f {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}

impl FromRequest<Arc<Shared>> for Form {
    type Rejection = Response;

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let language =
            match <Visitor as axum::extract::FromRequestParts<_>>::from_request_parts(&mut parts, shared).await {
                Ok(visitor) => visitor.language(),
            };
        let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let multipart = content_type.is_some_and(|kind| kind.to_ascii_lowercase().starts_with("multipart/form-data"));
        let request = Request::from_parts(parts, body);
        let read = if multipart { parted(request, shared).await } else { encoded(request, shared).await };
        read.map(Form).map_err(|status| {
            let words = if status == StatusCode::PAYLOAD_TOO_LARGE { "too_large" } else { "bad_request" };
            shared.pages.note(shared, language, words, status)
        })
    }
}

type Fields = Result<Vec<(String, String)>, StatusCode>;

async fn encoded(request: Request, shared: &Arc<Shared>) -> Fields {
    let RawForm(bytes) = RawForm::from_request(request, shared).await.map_err(|rejection| match rejection {
        axum::extract::rejection::RawFormRejection::BytesRejection(bytes) => bytes.status(),
        _ => StatusCode::BAD_REQUEST,
    })?;
    let text = String::from_utf8(bytes.to_vec()).map_err(|_| StatusCode::BAD_REQUEST)?;
    Ok(pairs(&text))
}

async fn parted(request: Request, shared: &Arc<Shared>) -> Fields {
    let parts = Multipart::from_request(request, shared).await;
    let mut parts = parts.map_err(|rejection: MultipartRejection| rejection.status())?;
    let mut fields = Vec::new();
    while let Some(field) = parts.next_field().await.map_err(|error| error.status())? {
        let Some(name) = field.name().map(str::to_owned) else { continue };
        let value = field.text().await.map_err(|error| error.status())?;
        fields.push((name, value));
    }
    Ok(fields)
}
