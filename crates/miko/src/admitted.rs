//! Whoever the gate lets in; if it does not, its refusal goes into the envelope like everything else.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use gate::{Gate, Wrong};

use crate::refusal::Refusal;

/// An extractor around one of the gate's that never refuses by itself: the handler says for which action it was refused.
pub struct Admitted<T>(pub Result<T, Refusal>);

impl<T: FromRequestParts<Gate, Rejection = Wrong>> FromRequestParts<Gate> for Admitted<T> {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, gate: &Gate) -> Result<Self, Self::Rejection> {
        Ok(Self(T::from_request_parts(parts, gate).await.map_err(Refusal::from)))
    }
}
