//! The administrator, signed in to the page. Whoever is not is sent to sign in, and back to where they wanted to go.

use axum::extract::FromRequestParts;
use axum::http::{Uri, request::Parts};
use axum::response::{IntoResponse, Redirect, Response};

use crate::caller::{self, Authority, Caller};
use crate::gate::Gate;
use crate::plain;
use crate::secret;

/// An extractor for pages. A request that changes something must carry the session's token: in a form's field `csrf`
/// (use `Form` instead of this) or in the header `X-CSRF-Token`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin {
    /// Who.
    pub caller: Caller,
    /// What each form must carry in its field `csrf`.
    pub csrf: String,
}

impl FromRequestParts<Gate> for Admin {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, gate: &Gate) -> Result<Self, Response> {
        let admin = gate.admin(parts).await?;
        let checked = caller::check_csrf(parts, &admin.caller);
        checked.map_err(|_| plain::forged().into_response())?;
        Ok(admin)
    }
}

impl Gate {
    /// Who is signed in. Says nothing about forged requests.
    pub(crate) async fn admin(&self, parts: &Parts) -> Result<Admin, Response> {
        let visitor = self.visitor(parts);
        if let Some(caller) = self.caller_by_session(&visitor, &parts.headers).await
            && let Authority::Session { csrf } = &caller.authority
        {
            let csrf = csrf.clone();
            return Ok(Admin { caller, csrf });
        }
        if !self.is_set_up().await {
            return Err(Redirect::to("/setup").into_response());
        }
        let goal =
            if caller::is_safe(&parts.method) { sign_in_for(&parts.uri) } else { "/sign-in".to_owned() };
        Err(Redirect::to(&goal).into_response())
    }
}

impl Admin {
    /// Whether `csrf` is the token of this session, in constant time.
    pub(crate) fn owns(&self, csrf: &str) -> bool {
        secret::are_same(&self.csrf, csrf)
    }
}

/// Where to go after signing in: a path on this site, or the first page. Anything that a browser could take for another
/// site is refused: `//host`, `/\host`, a scheme, a control character.
pub fn return_path(then: &str) -> &str {
    let is_ours = then.starts_with('/')
        && !then.starts_with("//")
        && !then.contains('\\')
        && then.bytes().all(|byte| byte.is_ascii_graphic());
    if is_ours && !then.starts_with("/sign-in") && !then.starts_with("/setup") { then } else { "/" }
}

fn sign_in_for(uri: &Uri) -> String {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let then = return_path(path);
    if then == "/" {
        return "/sign-in".to_owned();
    }
    let mut goal = "/sign-in?then=".to_owned();
    for byte in then.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            goal.push(char::from(byte));
        } else {
            goal.push('%');
            goal.push_str(&secret::hexadecimal(&[byte]));
        }
    }
    goal
}
