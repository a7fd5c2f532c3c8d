//! API keys: who may ask over HTTP without signing in. A key's secret is shown once, in the answer to the form that made it, and
//! never again.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use control::Fault;
use control::desk::{Key, KeyOrder, KeyScope, NewKey};
use gate::Gate;

use crate::assets;
use crate::banner::{Banner, Kind};
use crate::brute_force::slips_of;
use crate::failed::Failed;
use crate::fields::{Fields, Slip, subjects};
use crate::frame::{Frame, Item};
use crate::time::Time;
use crate::visit::{Posted, Visit, status_of};

const PATH: &str = "/keys";

/// Letters of a key's name at most.
const NAME_CHARACTERS: usize = 64;

/// Its paths.
pub(crate) fn routes() -> Router<Gate> {
    Router::new().route(PATH, get(show).post(create)).route("/keys/{id}/revoke", post(revoke))
}

/// The page.
#[derive(Template)]
#[template(path = "keys.html")]
pub(crate) struct Page {
    frame: Frame,
    keys: Vec<Key>,
    draft: Draft,
    slips: Vec<Slip>,
    /// The key that was just made.
    made: Option<NewKey>,
}

/// The form as it was entered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Draft {
    name: String,
    scope: String,
    networks: String,
}

async fn show(visit: Visit) -> Result<Response, Failed> {
    let keys = visit.ask(|desk| desk.keys()).await?;
    Ok(visit.page(&Page::new(visit.frame(Item::Keys).await, keys)))
}

/// `POST`: answers with the page itself and not with a redirect, because the secret must not travel through an address or a
/// cookie. Sent again, it is refused: the name is taken.
async fn create(Posted { visit, data: fields }: Posted<Fields>) -> Result<Response, Failed> {
    let draft = Draft::of_fields(&fields);
    let order = match draft.read() {
        Ok(order) => order,
        Err(slips) => {
            let fault = Banner::new(Kind::Stop, visit.text.say("fault-wrong"));
            return again(&visit, draft, slips, fault, StatusCode::UNPROCESSABLE_ENTITY).await;
        }
    };
    let actor = visit.actor.clone();
    match visit.gate.ask(move |desk| desk.create_key(&order, &actor)).await {
        Ok(made) => {
            let keys = visit.ask(|desk| desk.keys()).await?;
            let mut page = Page::new(visit.frame(Item::Keys).await, keys);
            page.made = Some(made);
            Ok(visit.page(&page))
        }
        Err(fault) => {
            let banner = Banner::fault(&visit.text, &fault);
            again(&visit, draft, slips_of(&fault), banner, status_of(&fault)).await
        }
    }
}

async fn again(
    visit: &Visit,
    draft: Draft,
    slips: Vec<Slip>,
    banner: Banner,
    status: StatusCode,
) -> Result<Response, Failed> {
    let keys = visit.ask(|desk| desk.keys()).await?;
    let mut page = Page::new(visit.frame(Item::Keys).await, keys);
    page.frame.banners.push(banner);
    (page.draft, page.slips) = (draft, slips);
    Ok(visit.page_with(status, &page))
}

/// `POST /keys/{id}/revoke`.
async fn revoke(Path(id): Path<i64>, Posted { visit, .. }: Posted<Fields>) -> Response {
    let actor = visit.actor.clone();
    let banner = match visit.gate.ask(move |desk| desk.revoke_key(id, &actor)).await {
        Ok(()) => Banner::done(visit.text.say("keys-revoked")),
        Err(Fault::Missing(_)) => Banner::new(Kind::Note, visit.text.say("fault-missing")),
        Err(fault) => Banner::fault(&visit.text, &fault),
    };
    visit.back_to(PATH, &banner)
}

impl Draft {
    fn of_fields(fields: &Fields) -> Self {
        Self {
            name: fields.get("name").to_owned(),
            scope: fields.get("scope").to_owned(),
            networks: fields.whole("networks").replace("\r\n", "\n"),
        }
    }

    fn read(&self) -> Result<KeyOrder, Vec<Slip>> {
        let mut slips = Vec::new();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if !(1..=NAME_CHARACTERS).contains(&self.name.len()) || !self.name.chars().all(is_plain) {
            slips.push(Slip::new("name", "slip-key-name").with("most", &NAME_CHARACTERS));
        }
        let scope = KeyScope::from_word(&self.scope);
        if scope.is_none() {
            slips.push(Slip::new("scope", "slip-key-scope"));
        }
        let (networks, wrong) = subjects("networks", &self.networks);
        slips.extend(wrong);
        match scope {
            Some(scope) if slips.is_empty() => Ok(KeyOrder { name: self.name.clone(), scope, networks }),
            _ => Err(slips),
        }
    }
}

impl Page {
    pub(crate) fn new(frame: Frame, keys: Vec<Key>) -> Self {
        let draft = Draft { scope: KeyScope::Bouncer.as_str().to_owned(), ..Draft::default() };
        Self { frame, keys, draft, slips: Vec::new(), made: None }
    }

    fn script(&self) -> String {
        assets::address("settings", "js")
    }

    fn sheet(&self) -> String {
        assets::address("settings", "css")
    }

    fn scopes(&self) -> [KeyScope; 3] {
        KeyScope::ALL
    }

    fn is_chosen(&self, scope: &KeyScope) -> bool {
        self.draft.scope == scope.as_str()
    }

    fn scope_name(&self, scope: &KeyScope) -> String {
        self.frame.say(&format!("scope-{}", scope.as_str()))
    }

    fn scope_what(&self, scope: &KeyScope) -> String {
        self.frame.say(&format!("scope-{}-what", scope.as_str()))
    }

    fn created(&self, key: &Key) -> Time {
        self.frame.text.past(key.created, self.frame.now)
    }

    fn last_used(&self, key: &Key) -> Option<Time> {
        key.last_used.map(|at| self.frame.text.past(at, self.frame.now))
    }

    fn slips_of(&self, field: &str) -> Vec<String> {
        let slips = self.slips.iter().filter(|slip| slip.field == field);
        slips.map(|slip| slip.said(&self.frame.text)).collect()
    }

    fn is_wrong(&self, field: &str) -> bool {
        self.slips.iter().any(|slip| slip.field == field)
    }
}
