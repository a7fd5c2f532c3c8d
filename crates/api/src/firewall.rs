//! `/firewall`: which networks may reach which services, and the ports of each service.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderName;
use config::{Edit, Network, Service, ServicePorts};
use control::desk::{Change, Written};
use event::{Port, limit};
use gate::{Caller, Gate, Problem, Query, Reader, Wrong};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::object::Object;
use crate::settings::{Changed, TrialQuery};
use crate::tag::{IfMatch, IfMatchHeader, etag};

/// The network firewall.
#[derive(Serialize, ToSchema)]
pub(crate) struct Firewall {
    /// In order: the first network that an address lies in says what it may reach. Without networks, everybody may reach
    /// everything.
    networks: Vec<NetworkRow>,
    /// The ports of each service.
    ports: Ports,
    /// Why the settings file cannot be changed; null if it can.
    read_only: Option<String>,
    /// The tag of this state, as the `ETag` header has it in quotes.
    tag: String,
}

/// The network firewall as it shall be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FirewallChange {
    /// All networks, in order. Networks that are everybody (`/0`) come last, wherever they stand here.
    #[schema(value_type = Vec<NetworkRow>, max_items = 256)]
    networks: Vec<Object<NetworkRow>>,
    /// The ports of each service; left out, they stay as they are.
    #[schema(value_type = Option<Ports>)]
    #[serde(default)]
    ports: Option<Object<Ports>>,
}

/// A network, and what it may reach.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NetworkRow {
    /// For people.
    #[schema(
        min_length = 1,
        max_length = 64,
        pattern = r"^[^\x00-\x20\x7f-\xa0]([^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\xa0])?$",
        example = "Office"
    )]
    name: String,
    /// Whose addresses.
    #[schema(value_type = crate::address::Address, example = "192.168.0.0/24")]
    subnet: String,
    /// What they may reach.
    #[schema(max_items = 8)]
    services: Vec<ServiceWord>,
    /// A local network: telephones and colleagues. Said to other programs, no rule hangs on it.
    #[serde(default)]
    local: bool,
    /// Its addresses are on the whitelist: never blocked, whatever they do.
    #[serde(default)]
    never_block: bool,
}

/// A service of the network firewall.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum ServiceWord {
    /// SIP and RTP.
    Sip,
    /// IAX2.
    Iax,
    /// Web pages, Stockade's own among them.
    Web,
    /// SSH.
    Ssh,
    /// Asterisk's manager interface.
    Ami,
    /// AJAM, WebRTC and ARI.
    Ajam,
    /// Telephony clients on desktops.
    Cti,
    /// Ping.
    Icmp,
}

/// The ports of each service: `tcp/22`, `udp/10000-20000`.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Ports {
    /// SIP signalling; the limit on requests is on these.
    #[schema(schema_with = ports_schema)]
    sip: Vec<String>,
    /// RTP; opened with SIP.
    #[schema(schema_with = ports_schema)]
    rtp: Vec<String>,
    /// IAX2.
    #[schema(schema_with = ports_schema)]
    iax: Vec<String>,
    /// Web.
    #[schema(schema_with = ports_schema)]
    web: Vec<String>,
    /// SSH.
    #[schema(schema_with = ports_schema)]
    ssh: Vec<String>,
    /// AMI.
    #[schema(schema_with = ports_schema)]
    ami: Vec<String>,
    /// AJAM, WebRTC, ARI.
    #[schema(schema_with = ports_schema)]
    ajam: Vec<String>,
    /// CTI.
    #[schema(schema_with = ports_schema)]
    cti: Vec<String>,
}

/// The network firewall
#[utoipa::path(get, path = "/firewall", tag = "firewall",
    responses((status = 200, description = "Networks and ports, and the settings' tag in `ETag`.", body = Firewall,
        headers(("ETag" = String, description = "The tag of the settings, in quotes.")))))]
pub(crate) async fn read(
    _: Reader,
    State(gate): State<Gate>,
) -> Result<([(HeaderName, String); 1], Json<Firewall>), Wrong> {
    let written = gate.ask(|desk| desk.settings()).await?;
    Ok((etag(&written.tag), Json(written.into())))
}

/// Change the network firewall
///
/// The rules change in one step. A change that would cut you off is refused with 409, or with `on_trial=true` made on
/// trial: it is undone after 60 seconds unless you confirm it.
#[utoipa::path(put, path = "/firewall", tag = "firewall", params(IfMatchHeader, TrialQuery), request_body = FirewallChange,
    responses(
        (status = 200, description = "It is changed.", body = Changed,
            headers(("ETag" = String, description = "The new tag, in quotes."))),
        (status = 409, response = crate::document::Conflict),
        (status = 412, response = crate::document::Stale),
        (status = 428, response = crate::document::TagNeeded)))]
pub(crate) async fn change(
    caller: Caller,
    State(gate): State<Gate>,
    tag: IfMatch,
    Query(query): Query<TrialQuery>,
    gate::Json(Object(change)): gate::Json<Object<FirewallChange>>,
) -> Result<([(HeaderName, String); 1], Json<Changed>), Wrong> {
    let change = Change {
        edits: change.edits()?,
        expected_tag: tag.expected,
        on_trial: query.on_trial.unwrap_or(false),
    };
    let changed = gate.ask(move |desk| desk.change(&change, &caller.actor)).await?;
    Ok((etag(&changed.tag), Json(changed.into())))
}

impl FirewallChange {
    fn edits(self) -> Result<Vec<Edit>, Wrong> {
        let mut problems = Vec::new();
        if self.networks.len() > limit::FIREWALL_NETWORKS {
            let expected = format!("at most {} networks", limit::FIREWALL_NETWORKS);
            problems.push(Problem::new("networks", "there are too many", expected));
        }
        let rows = self.networks.into_iter().enumerate();
        let networks = rows.filter_map(|(at, Object(row))| row.network(at, &mut problems)).collect();
        let ports = self.ports.map(|Object(ports)| ports.read(&mut problems));
        if !problems.is_empty() {
            return Err(Wrong::fields(problems));
        }
        Ok([Edit::Networks(networks)].into_iter().chain(ports.map(Edit::Ports)).collect())
    }
}

impl NetworkRow {
    fn network(self, at: usize, problems: &mut Vec<Problem>) -> Option<Network> {
        let most = limit::NETWORK_NAME_CHARACTERS;
        let is_name = (1..=most).contains(&self.name.chars().count())
            && !self.name.contains(char::is_control)
            && self.name.trim() == self.name;
        if !is_name {
            let expected = format!("1 to {most} characters, without line ends and outer spaces");
            problems.push(Problem::new(format!("networks[{at}].name"), "this is no name", expected));
        }
        let Ok(subnet) = self.subnet.parse() else {
            let expected = "an address or a subnet such as 192.168.0.0/24 or 2001:db8::/48";
            let place = format!("networks[{at}].subnet");
            problems.push(Problem::new(place, "this is not an address or a subnet", expected));
            return None;
        };
        let services: BTreeSet<Service> = self.services.iter().map(|word| word.service()).collect();
        let Self { name, local, never_block, .. } = self;
        Some(Network { name, subnet, services, local, never_block })
    }
}

impl Ports {
    fn read(&self, problems: &mut Vec<Problem>) -> ServicePorts {
        let mut read = |service: &str, texts: &[String]| {
            let place = format!("ports.{service}");
            if texts.len() > limit::SERVICE_PORTS {
                let expected = format!("at most {}; a range counts once", limit::SERVICE_PORTS);
                problems.push(Problem::new(&place, "there are too many", expected));
            }
            let mut ports: Vec<Port> = Vec::with_capacity(texts.len());
            for (at, text) in texts.iter().enumerate() {
                match text.parse() {
                    Ok(port) => ports.push(port),
                    Err(_) => problems.push(Problem::new(
                        format!("{place}[{at}]"),
                        "this is not a port",
                        "a port or a range such as tcp/22 or udp/10000-20000",
                    )),
                }
            }
            ports
        };
        ServicePorts {
            sip: read("sip", &self.sip),
            rtp: read("rtp", &self.rtp),
            iax: read("iax", &self.iax),
            web: read("web", &self.web),
            ssh: read("ssh", &self.ssh),
            ami: read("ami", &self.ami),
            ajam: read("ajam", &self.ajam),
            cti: read("cti", &self.cti),
        }
    }

    fn of(ports: &ServicePorts) -> Self {
        let texts = |ports: &[Port]| ports.iter().map(ToString::to_string).collect();
        Self {
            sip: texts(&ports.sip),
            rtp: texts(&ports.rtp),
            iax: texts(&ports.iax),
            web: texts(&ports.web),
            ssh: texts(&ports.ssh),
            ami: texts(&ports.ami),
            ajam: texts(&ports.ajam),
            cti: texts(&ports.cti),
        }
    }
}

impl ServiceWord {
    fn service(self) -> Service {
        match self {
            Self::Sip => Service::Sip,
            Self::Iax => Service::Iax,
            Self::Web => Service::Web,
            Self::Ssh => Service::Ssh,
            Self::Ami => Service::Ami,
            Self::Ajam => Service::Ajam,
            Self::Cti => Service::Cti,
            Self::Icmp => Service::Icmp,
        }
    }

    fn of(service: Service) -> Self {
        match service {
            Service::Sip => Self::Sip,
            Service::Iax => Self::Iax,
            Service::Web => Self::Web,
            Service::Ssh => Self::Ssh,
            Service::Ami => Self::Ami,
            Service::Ajam => Self::Ajam,
            Service::Cti => Self::Cti,
            Service::Icmp => Self::Icmp,
        }
    }
}

impl From<Written> for Firewall {
    fn from(written: Written) -> Self {
        let Written { tag, settings, read_only, .. } = written;
        let rows = settings.firewall.networks.into_iter().map(|network| NetworkRow {
            name: network.name,
            subnet: network.subnet.to_string(),
            services: network.services.into_iter().map(ServiceWord::of).collect(),
            local: network.local,
            never_block: network.never_block,
        });
        Self { networks: rows.collect(), ports: Ports::of(&settings.firewall.ports), read_only, tag }
    }
}

fn ports_schema() -> utoipa::openapi::schema::Array {
    use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
    let port = ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some("^(tcp|udp)/[1-9][0-9]{0,4}(-[1-9][0-9]{0,4})?$"))
        .max_length(Some(15))
        .examples([serde_json::json!("tcp/22")]);
    ArrayBuilder::new().items(port).max_items(Some(limit::SERVICE_PORTS)).build()
}
