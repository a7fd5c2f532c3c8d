//! `/keys`: API keys. A key's secret is in one answer, once, and nowhere else.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use control::Fault;
use control::desk::{self, KeyOrder, KeyScope};
use control::time::rfc3339;
use event::limit;
use gate::{Caller, Gate, Path, Problem, Reader, Wrong};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::address::Address;
use crate::object::Object;

/// The keys.
#[derive(Serialize, ToSchema)]
pub(crate) struct Keys {
    /// The oldest first.
    items: Vec<Key>,
}

/// A key, without its secret.
#[derive(Serialize, ToSchema)]
struct Key {
    /// Its number.
    id: i64,
    /// Its name, for people.
    #[schema(example = "backup")]
    name: String,
    /// What it may do.
    scope: KeyScopeWord,
    /// From where it may be used; empty means from anywhere.
    networks: Vec<String>,
    /// When it was made.
    #[schema(format = DateTime)]
    created: String,
    /// When it was last used, to the minute; null if never.
    #[schema(format = DateTime)]
    last_used: Option<String>,
}

/// What a key may do.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum KeyScopeWord {
    /// Read decisions, as bouncers do.
    Bouncer,
    /// Read everything.
    Read,
    /// Read and change everything.
    Admin,
}

/// A key to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewKey {
    /// Its name; no two keys have the same.
    #[schema(pattern = "^[A-Za-z0-9._-]{1,64}$", max_length = 64, example = "backup")]
    name: String,
    /// What it may do.
    scope: KeyScopeWord,
    /// From where it may be used; empty or left out means from anywhere.
    #[schema(max_items = 64)]
    #[serde(default)]
    networks: Vec<Address>,
}

/// A key that was just made.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadeKey {
    /// The key.
    key: Key,
    /// Its secret: keep it now, it is not shown again.
    secret: String,
}

/// Which key.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct KeyPath {
    /// The key's number.
    #[param(minimum = 1)]
    id: i64,
}

/// The API keys
#[utoipa::path(get, path = "/keys", tag = "keys",
    responses((status = 200, description = "The keys, without their secrets.", body = Keys)))]
pub(crate) async fn list(_: Reader, State(gate): State<Gate>) -> Result<Json<Keys>, Wrong> {
    let keys = gate.ask(|desk| desk.keys()).await?;
    Ok(Json(Keys { items: keys.into_iter().map(Key::from).collect() }))
}

/// Make a key
#[utoipa::path(post, path = "/keys", tag = "keys", request_body = NewKey,
    responses(
        (status = 201, description = "The key with its secret, which is not shown again.", body = MadeKey,
            headers(("Location" = String, description = "The key's path."))),
        (status = 409, response = crate::document::Conflict)))]
pub(crate) async fn create(
    caller: Caller,
    State(gate): State<Gate>,
    gate::Json(Object(new)): gate::Json<Object<NewKey>>,
) -> Result<(StatusCode, [(axum::http::HeaderName, String); 1], Json<MadeKey>), Wrong> {
    let order = new.order()?;
    let made = gate.ask(move |desk| {
        // The desk calls this a wrong name, as somebody in front of a form understands it. To a program it is a conflict: the same
        // request is right once the other key is gone.
        if desk.keys()?.iter().any(|key| key.name == order.name) {
            return Err(Fault::Refused(format!("there is a key '{}' already", order.name)));
        }
        desk.create_key(&order, &caller.actor)
    });
    let made = made.await?;
    let location = format!("/api/v1/keys/{}", made.key.id);
    let made = MadeKey { key: made.key.into(), secret: made.secret };
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(made)))
}

/// Take a key back
#[utoipa::path(delete, path = "/keys/{id}", tag = "keys", params(KeyPath),
    responses((status = 204, description = "It is good for nothing any more."), (status = 404, response = crate::document::NotFound)))]
pub(crate) async fn revoke(
    caller: Caller,
    State(gate): State<Gate>,
    Path(path): Path<KeyPath>,
) -> Result<StatusCode, Wrong> {
    gate.ask(move |desk| desk.revoke_key(path.id, &caller.actor)).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl NewKey {
    fn order(self) -> Result<KeyOrder, Wrong> {
        let mut problems = Vec::new();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if !(1..=64).contains(&self.name.len()) || !self.name.bytes().all(is_plain) {
            let expected = "1 to 64 letters, digits, '-', '_' and '.'";
            problems.push(Problem::new("name", "this is no name", expected));
        }
        if self.networks.len() > limit::API_KEY_NETWORKS {
            let expected = format!("at most {}", limit::API_KEY_NETWORKS);
            problems.push(Problem::new("networks", "there are too many", expected));
        }
        let networks = Address::subjects("networks", &self.networks, &mut problems);
        let scope = match self.scope {
            KeyScopeWord::Bouncer => KeyScope::Bouncer,
            KeyScopeWord::Read => KeyScope::Read,
            KeyScopeWord::Admin => KeyScope::Admin,
        };
        if problems.is_empty() {
            Ok(KeyOrder { name: self.name, scope, networks })
        } else {
            Err(Wrong::fields(problems))
        }
    }
}

impl From<desk::Key> for Key {
    fn from(key: desk::Key) -> Self {
        Self {
            id: key.id,
            name: key.name,
            scope: match key.scope {
                KeyScope::Bouncer => KeyScopeWord::Bouncer,
                KeyScope::Read => KeyScopeWord::Read,
                KeyScope::Admin => KeyScopeWord::Admin,
            },
            networks: key.networks.iter().map(ToString::to_string).collect(),
            created: rfc3339(key.created),
            last_used: key.last_used.map(rfc3339),
        }
    }
}
