//! Which path is answered by what. What is not here is answered in the envelope as well.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{any, get, post};
use event::limit;
use gate::Gate;

use crate::action::Action;
use crate::envelope::Envelope;
use crate::refusal::Refusal;
use crate::{auth, banned, fail2ban, firewall, switch, visibility};

/// MikoPBX's paths. The rest below `/pbxcore/api/v3/` is caught by a route and not by a fallback, because a router that
/// others are merged with can have one fallback only.
pub fn router() -> Router<Gate> {
    Router::new()
        .route("/pbxcore/api/v3/auth:login", post(auth::login))
        .route("/pbxcore/api/v3/auth:refresh", post(auth::refresh))
        .route("/pbxcore/api/v3/auth:logout", post(auth::logout))
        .route("/pbxcore/api/v3/fail2ban", get(fail2ban::show).put(fail2ban::update).patch(fail2ban::patch))
        .route("/pbxcore/api/v3/firewall", get(firewall::list).post(firewall::create))
        .route(
            "/pbxcore/api/v3/firewall/{id}",
            get(firewall::record).put(firewall::update).patch(firewall::patch).delete(firewall::delete),
        )
        .route("/pbxcore/api/v3/firewall:getDefault", get(firewall::default))
        .route("/pbxcore/api/v3/firewall:getBannedIps", get(banned::list))
        .route("/pbxcore/api/v3/firewall:unbanIp", post(banned::unban))
        .route("/pbxcore/api/v3/firewall:enable", post(switch::enable))
        .route("/pbxcore/api/v3/firewall:disable", post(switch::disable))
        .route(
            "/pbxcore/api/v3/system:checkClientIpVisibility",
            get(visibility::check).post(visibility::check),
        )
        .route("/pbxcore/api/v3/{*rest}", any(unknown))
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(limit::MIKO_BODY_BYTES))
}

async fn unknown() -> Envelope {
    Envelope::of(Action::Unknown, Err(Refusal::UnknownPath))
}

async fn wrong_method() -> Envelope {
    Envelope::of(Action::Unknown, Err(Refusal::WrongMethod))
}
