//! `/firewall`: the networks as a collection. A network is found by the number that `rule_id` makes of its subnet.

use std::cmp::Ordering;

use axum::extract::{Path, Request, State};
use axum::http::Uri;
use config::{Edit, Network, Settings};
use gate::{Caller, Gate, Reader};
use serde_json::{Value, json};

use crate::action::Action;
use crate::admitted::Admitted;
use crate::amend::amend;
use crate::envelope::{Answer, Envelope};
use crate::fields::{Fields, cited};
use crate::refusal::Refusal;
use crate::{order, rule, rule_id};

/// Characters of a search.
const SEARCH_CHARACTERS: usize = 255;

/// `GET /firewall`.
pub async fn list(State(gate): State<Gate>, Admitted(reader): Admitted<Reader>, uri: Uri) -> Envelope {
    let answer = async {
        reader?;
        let view = View::asked(Fields::of_query(&uri)?)?;
        let written = gate.ask(|desk| desk.settings()).await?;
        Ok(Answer::of(view.of(&written.settings)))
    };
    Envelope::of(Action::List, answer.await)
}

/// `GET /firewall/{id}`.
pub async fn record(
    State(gate): State<Gate>,
    Admitted(reader): Admitted<Reader>,
    Path(id): Path<String>,
) -> Envelope {
    let answer = async {
        reader?;
        let settings = gate.ask(|desk| desk.settings()).await?.settings;
        let networks = &settings.firewall.networks;
        let found = rule_id::position(networks, &id).ok_or(Refusal::UnknownId(id))?;
        Ok(Answer::of(rule::shown(&networks[found], &settings.firewall)))
    };
    Envelope::of(Action::Record, answer.await)
}

/// `GET /firewall:getDefault`.
pub async fn default(State(gate): State<Gate>, Admitted(reader): Admitted<Reader>) -> Envelope {
    let answer = async {
        reader?;
        let written = gate.ask(|desk| desk.settings()).await?;
        Ok(Answer::of(rule::default(&written.settings.firewall)))
    };
    Envelope::of(Action::Default, answer.await)
}

/// `POST /firewall`.
pub async fn create(State(gate): State<Gate>, caller: Admitted<Caller>, request: Request) -> Envelope {
    let saved = save(&gate, caller, None, request).await;
    Envelope::of(Action::Create, saved.map(Answer::created))
}

/// `PUT /firewall/{id}`.
pub async fn update(
    State(gate): State<Gate>,
    caller: Admitted<Caller>,
    Path(id): Path<String>,
    request: Request,
) -> Envelope {
    Envelope::of(Action::Update, save(&gate, caller, Some(id), request).await.map(Answer::of))
}

/// `PATCH /firewall/{id}`.
pub async fn patch(
    State(gate): State<Gate>,
    caller: Admitted<Caller>,
    Path(id): Path<String>,
    request: Request,
) -> Envelope {
    Envelope::of(Action::Patch, save(&gate, caller, Some(id), request).await.map(Answer::of))
}

/// `DELETE /firewall/{id}`.
pub async fn delete(
    State(gate): State<Gate>,
    Admitted(caller): Admitted<Caller>,
    Path(id): Path<String>,
) -> Envelope {
    let answer = async {
        let actor = caller?.actor;
        let gone = id.clone();
        amend(&gate, actor, move |settings| {
            let mut networks = settings.firewall.networks.clone();
            let found = rule_id::position(&networks, &gone);
            networks.remove(found.ok_or_else(|| Refusal::UnknownId(gone.clone()))?);
            Ok(vec![Edit::Networks(networks)])
        })
        .await?;
        let info = format!("the network with the id '{id}' is deleted");
        Ok(Answer::of(json!({ "id": id })).with_info(info))
    };
    Envelope::of(Action::Delete, answer.await)
}

/// Saves a network, the one with that id or a new one, and shows it as it is then.
async fn save(
    gate: &Gate,
    caller: Admitted<Caller>,
    id: Option<String>,
    request: Request,
) -> Result<Value, Refusal> {
    let actor = caller.0?.actor;
    let fields = Fields::of_body(request).await?;
    let wanted = (fields.clone(), id.clone());
    let before = gate.ask(|desk| desk.settings()).await?.settings;
    let subnet = with_saved(&before, fields, id.as_deref())?.1.subnet;
    let settings = amend(gate, actor, move |settings| {
        let (fields, id) = wanted.clone();
        let (networks, _) = with_saved(settings, fields, id.as_deref())?;
        let is_same = networks == settings.firewall.networks;
        Ok(if is_same { Vec::new() } else { vec![Edit::Networks(networks)] })
    })
    .await?;
    let saved = settings.firewall.networks.iter().find(|network| network.subnet == subnet);
    let saved = saved.ok_or_else(|| Refusal::UnknownId(rule_id::id_of(&subnet)))?;
    Ok(rule::shown(saved, &settings.firewall))
}

/// The networks as they are with the saved one, and that one.
fn with_saved(
    settings: &Settings,
    fields: Fields,
    id: Option<&str>,
) -> Result<(Vec<Network>, Network), Refusal> {
    let mut networks = settings.firewall.networks.clone();
    let place = match id {
        Some(id) => Some(rule_id::position(&networks, id).ok_or_else(|| Refusal::UnknownId(id.to_owned()))?),
        None => None,
    };
    let network = rule::drafted(fields, place.map(|at| &networks[at]))?;
    // Compared by number, so that no two networks ever have the same one.
    let number = rule_id::id_of(&network.subnet);
    let others = networks.iter().enumerate().filter(|(at, _)| Some(*at) != place);
    if let Some((_, other)) = others.into_iter().find(|(_, other)| rule_id::id_of(&other.subnet) == number) {
        return Err(Refusal::Taken(other.subnet));
    }
    let wanted = place.unwrap_or(networks.len());
    if let Some(at) = place {
        networks.remove(at);
    }
    networks.insert(order::place(&networks, &network, wanted), network.clone());
    Ok((networks, network))
}

/// Which networks of the list somebody wants to see, and in which order.
struct View {
    search: String,
    order: Order,
    is_descending: bool,
    offset: usize,
    /// `None` for all that follow.
    limit: Option<usize>,
}

#[derive(Clone, Copy)]
enum Order {
    /// As the rules are asked.
    Priority,
    Subnet,
    Name,
}

impl View {
    fn asked(mut fields: Fields) -> Result<Self, Refusal> {
        let search = fields.text("search", SEARCH_CHARACTERS).unwrap_or_default().to_lowercase();
        let order = match fields.text("order", SEARCH_CHARACTERS).unwrap_or_default().as_str() {
            "" | "priority" => Order::Priority,
            "permit" | "network" => Order::Subnet,
            "description" | "name" => Order::Name,
            other => {
                let problem = format!(
                    "{} is not known; expected permit, description or priority",
                    cited(&json!(other))
                );
                fields.refuse("order", problem);
                Order::Priority
            }
        };
        let is_descending =
            match fields.text("orderWay", SEARCH_CHARACTERS).unwrap_or_default().to_uppercase().as_str() {
                "" | "ASC" => false,
                "DESC" => true,
                other => {
                    fields.refuse(
                        "orderWay",
                        format!("{} is not known; expected ASC or DESC", cited(&json!(other))),
                    );
                    false
                }
            };
        let whole = 0..=i64::from(u32::MAX);
        let mut number =
            |field| fields.integer(field, whole.clone()).and_then(|number| usize::try_from(number).ok());
        let (offset, limit) = (number("offset").unwrap_or(0), number("limit").filter(|limit| *limit > 0));
        fields.judged()?;
        Ok(Self { search, order, is_descending, offset, limit })
    }

    fn of(&self, settings: &Settings) -> Value {
        let firewall = &settings.firewall;
        let fits = |network: &Network| {
            network.name.to_lowercase().contains(&self.search)
                || rule::permit(&network.subnet).contains(&self.search)
        };
        let mut rows: Vec<(usize, &Network)> =
            (1..).zip(&firewall.networks).filter(|(_, one)| fits(one)).collect();
        rows.sort_by(|a, b| if self.is_descending { self.compared(b, a) } else { self.compared(a, b) });
        let total = rows.len();
        let page = rows.into_iter().skip(self.offset).take(self.limit.unwrap_or(usize::MAX));
        let page = page.map(|(priority, network)| rule::listed(network, priority, firewall));
        rule::list(&page.collect::<Vec<_>>(), total, settings.enabled)
    }

    fn compared(&self, a: &(usize, &Network), b: &(usize, &Network)) -> Ordering {
        let first = match self.order {
            Order::Priority => Ordering::Equal,
            Order::Subnet => (!a.1.subnet.is_ipv4(), a.1.subnet).cmp(&(!b.1.subnet.is_ipv4(), b.1.subnet)),
            Order::Name => a.1.name.to_lowercase().cmp(&b.1.name.to_lowercase()),
        };
        first.then(a.0.cmp(&b.0))
    }
}
