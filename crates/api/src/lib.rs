//! The HTTP API under `/api/v1`, its OpenAPI document, `/metrics` and `/healthz`. It asks the desk and shapes the answer; what
//! is allowed is decided by the gate (who may come in) and by the program (what may be done). Its types are its own, so that
//! the program may change without breaking whoever uses the API.

mod document;
mod status;
mod elsewhere;
mod remark;
mod arrival;
mod activity;
mod bans;
mod cursor;
mod export;
mod address;
mod forward_auth;
mod bantime;
mod object;
mod settings;
mod tag;
mod firewall;
mod trial;
mod filters;
mod keys;
mod journal;
mod events;
mod metrics;
mod health;

use axum::{Extension, Router};
use gate::Gate;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Its paths.
pub fn router() -> Router<Gate> {
    described().split_for_parts().0.layer(Extension(events::Places::default()))
}

/// Its OpenAPI document, as it is served at `/api/v1/openapi.json`.
pub fn document() -> OpenApi {
    document::complete(described().split_for_parts().1)
}

fn described() -> OpenApiRouter<Gate> {
    // Some web servers ask with the method of their client's request.
    let (schemas, paths, methods) = routes!(forward_auth::ask);
    let forward_auth = (schemas, paths, methods.fallback(forward_auth::ask));
    let v1 = OpenApiRouter::new()
        .routes(routes!(document::read))
        .routes(routes!(status::status))
        .routes(routes!(arrival::arrival))
        .routes(routes!(activity::activity))
        .routes(routes!(activity::targets))
        .routes(routes!(bans::list, bans::ban, bans::unban_all))
        .routes(routes!(bans::unban_several))
        .routes(routes!(export::csv))
        .routes(routes!(export::json))
        .routes(routes!(bans::unban_one))
        .routes(routes!(address::explain))
        .routes(forward_auth)
        .routes(routes!(settings::read, settings::change))
        .routes(routes!(settings::rehearse))
        .routes(routes!(settings::presets))
        .routes(routes!(firewall::read, firewall::change))
        .routes(routes!(trial::read))
        .routes(routes!(trial::confirm))
        .routes(routes!(trial::roll_back))
        .routes(routes!(status::jails))
        .routes(routes!(filters::list))
        .routes(routes!(filters::try_lines))
        .routes(routes!(keys::list, keys::create))
        .routes(routes!(keys::revoke))
        .routes(routes!(journal::list))
        .routes(routes!(events::events));
    OpenApiRouter::with_openapi(document::Base::openapi())
        .nest("/api/v1", v1)
        .routes(routes!(metrics::metrics))
        .routes(routes!(health::healthz))
}
