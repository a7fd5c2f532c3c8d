//! `/arrival`: whether the address of whoever asks arrives, or that of a bridge or a proxy in between.

use axum::Json;
use gate::{Approach, Reader};
use serde::Serialize;
use utoipa::ToSchema;

/// Whether the caller's address arrives.
#[derive(Serialize, ToSchema)]
pub(crate) struct Arrival {
    /// Whether it does.
    status: ArrivalWord,
    /// The address that is taken for the caller's.
    #[schema(example = "203.0.113.7")]
    address: String,
    /// The other end of the connection.
    #[schema(example = "172.17.0.1")]
    peer: String,
    /// What to do, if the address does not arrive.
    advice: Option<String>,
}

/// Whether the caller's address arrives.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ArrivalWord {
    /// It does, by itself or through a trusted proxy.
    IpVisible,
    /// It does not: everybody seems to come from one address.
    IpNotVisible,
    /// A proxy that is not trusted handed the request on.
    ProxyDetected,
}

/// Whether your address arrives
///
/// Behind the bridge of a container, or a proxy that is not named in `trusted_proxies`, everybody comes from one address, and
/// nobody can be blocked. Ask from where your visitors come, not from the host itself.
#[utoipa::path(get, path = "/arrival", tag = "status",
    responses((status = 200, description = "Whether it does, and what to do if not.", body = Arrival)))]
pub(crate) async fn arrival(_: Reader, approach: Approach) -> Json<Arrival> {
    let status = match approach.arrival {
        gate::Arrival::Visible => ArrivalWord::IpVisible,
        gate::Arrival::NotVisible => ArrivalWord::IpNotVisible,
        gate::Arrival::ProxyDetected => ArrivalWord::ProxyDetected,
    };
    let advice = approach.advice();
    Json(Arrival { status, address: approach.address.to_string(), peer: approach.peer.to_string(), advice })
}
