//! Arguments of the API's handlers as axum reads them, their errors in our one shape.

use axum::extract::{FromRequest, FromRequestParts, Request, rejection};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use event::limit;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::wrong::{Problem, Wrong};

/// A body of JSON, and an answer of JSON.
#[derive(Clone, Copy, Debug, Default)]
pub struct Json<T>(pub T);

/// The query of the address. Several parameters of one name go into a `Vec`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Query<T>(pub T);

/// The variable parts of a path.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Wrong;

    async fn from_request(request: Request, state: &S) -> Result<Self, Wrong> {
        match axum::Json::<T>::from_request(request, state).await {
            Ok(axum::Json(value)) => Ok(Self(value)),
            Err(rejection::JsonRejection::JsonDataError(cause)) => {
                Err(Wrong::one(422, Problem::new("body", cause.body_text(), "the fields of this request")))
            }
            Err(rejection::JsonRejection::JsonSyntaxError(cause)) => {
                Err(Wrong::unreadable("body", cause.body_text(), "JSON"))
            }
            Err(rejection::JsonRejection::MissingJsonContentType(_)) => Err(Wrong::media("application/json")),
            Err(cause) if cause.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                Err(Wrong::too_large(limit::HTTP_BODY_BYTES))
            }
            Err(cause) => Err(Wrong::unreadable("body", cause.body_text(), "JSON")),
        }
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Wrong;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Wrong> {
        let query = parts.uri.query().unwrap_or_default();
        serde_html_form::from_str(query)
            .map(Self)
            .map_err(|cause| Wrong::unreadable("query", cause.to_string(), "the parameters of this path"))
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Wrong;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Wrong> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        // What cannot be read names nothing that is there.
        path.map(|axum::extract::Path(value)| Self(value))
            .map_err(|cause| Wrong::missing("path", cause.body_text()))
    }
}
