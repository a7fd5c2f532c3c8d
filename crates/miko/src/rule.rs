//! A network of the firewall in MikoPBX's shape: how it is shown, in a list and by itself, and what a client's fields make of
//! one. Pure.

use std::collections::BTreeSet;
use std::net::IpAddr;

use config::{Firewall, Network, Service};
use event::{Port, Protocol, Subject, limit};
use serde_json::{Map, Value, json};

use crate::fields::{Fields, cited, truth_of};
use crate::refusal::Refusal;
use crate::rule_id;

/// Characters of an address or a subnet, with room to spare.
const ADDRESS_CHARACTERS: usize = 64;

/// What a new network may reach if nothing is said of a service. MikoPBX lets it reach more; here it is what the page ticks.
const REACHED_BY_DEFAULT: [Service; 3] = [Service::Sip, Service::Web, Service::Icmp];

/// MikoPBX restricts these in a container; Stockade has no such restriction, but its page reads the list.
const DOCKER_SERVICES: [&str; 4] = ["WEB", "AMI", "SIP & RTP", "IAX"];

/// One network, all of it.
pub fn shown(network: &Network, firewall: &Firewall) -> Value {
    let mut record = common(network);
    record.insert("currentRules".to_owned(), current_rules(&network.services));
    record.insert(
        "rules".to_owned(),
        Value::Object(by_service(|service| {
            json!(if network.services.contains(&service) { "allow" } else { "block" })
        })),
    );
    surroundings(&mut record, firewall);
    Value::Object(record)
}

/// One network in a list: `rules` has names and ports, because MikoPBX's page makes its table of them.
pub fn listed(network: &Network, priority: usize, firewall: &Firewall) -> Value {
    let mut row = common(network);
    row.insert("permanent".to_owned(), json!(false));
    row.insert("priority".to_owned(), json!(priority));
    row.insert("currentRules".to_owned(), current_rules(&network.services));
    row.insert(
        "rules".to_owned(),
        Value::Object(by_service(|service| {
            json!({
                "name": title(service),
                "action": network.services.contains(&service),
                "ports": ports(service, firewall),
            })
        })),
    );
    Value::Object(row)
}

/// What a new network begins with.
pub fn default(firewall: &Firewall) -> Value {
    let subnet = Subject::network(IpAddr::from([0, 0, 0, 0]), 0);
    let everybody = Network {
        name: subnet.to_string(),
        subnet,
        services: REACHED_BY_DEFAULT.into(),
        local: false,
        never_block: false,
    };
    let mut record = shown(&everybody, firewall);
    record["id"] = json!("");
    record
}

/// What a list tells beside its rows.
pub fn list(rows: &[Value], total: usize, is_enabled: bool) -> Value {
    let switch = if is_enabled { "1" } else { "0" };
    json!({
        "items": rows,
        "total": total,
        "firewallEnabled": switch,
        "fail2banEnabled": switch,
        "isDocker": false,
        "dockerSupportedServices": DOCKER_SERVICES,
    })
}

/// `192.0.2.0/24`, with the prefix also where it is one address.
pub fn permit(subnet: &Subject) -> String {
    format!("{}/{}", subnet.address(), subnet.prefix_bits())
}

/// The network that the fields make of `present`, or a new one. What was not sent stays, with PUT as with PATCH.
pub fn drafted(mut fields: Fields, present: Option<&Network>) -> Result<Network, Refusal> {
    let subnet = subnet(&mut fields, present);
    let name = name(&mut fields, subnet, present);
    let local = fields.boolean("local_network");
    let never_block = fields.boolean("newer_block_ip");
    let services = services(&mut fields, present);
    if never_block == Some(true) && subnet.is_some_and(|subnet| subnet.prefix_bits() == 0) {
        let problem =
            "for everybody it would switch all protection off; expected false, or a narrower subnet";
        fields.refuse("newer_block_ip", problem.to_owned());
    }
    fields.judged()?;
    let Some(subnet) = subnet else { return Err(Refusal::flaw("network", NEEDED.to_owned())) };
    Ok(Network {
        name: name.unwrap_or_else(|| subnet.to_string()),
        subnet,
        services,
        local: local.unwrap_or(present.is_some_and(|network| network.local)),
        never_block: never_block.unwrap_or(present.is_some_and(|network| network.never_block)),
    })
}

const NEEDED: &str = "it is required, and subnet with it; write e.g. network '192.0.2.0', subnet '24'";

/// Whether a network has only the name that every network has without one.
fn is_nameless(network: &Network) -> bool {
    network.name == network.subnet.to_string()
}

/// The name, if there is to be one. It stands on one line, like all names in the settings.
fn name(fields: &mut Fields, subnet: Option<Subject>, present: Option<&Network>) -> Option<String> {
    if !fields.has("description") {
        return present.filter(|network| !is_nameless(network)).map(|network| network.name.clone());
    }
    let name = fields.text("description", limit::NETWORK_NAME_CHARACTERS)?;
    if name.contains(char::is_control) {
        fields.refuse(
            "description",
            "it has line ends or other control characters; expected one line".to_owned(),
        );
    }
    Some(name).filter(|name| !name.is_empty() && subnet.is_some())
}

/// The subnet, of `network` and `subnet`; of `permit`, which MikoPBX's own examples send.
fn subnet(fields: &mut Fields, present: Option<&Network>) -> Option<Subject> {
    if !fields.has("network") && !fields.has("subnet") {
        if let Some(permit) = fields.text("permit", ADDRESS_CHARACTERS) {
            return permit.parse().map_err(|cause| fields.refuse("permit", format!("{cause}"))).ok();
        }
        if present.is_none() {
            fields.refuse("network", NEEDED.to_owned());
        }
        return present.map(|network| network.subnet);
    }
    for field in ["network", "subnet"] {
        if !fields.has(field) {
            fields.refuse(field, "network and subnet come together; send both".to_owned());
        }
    }
    let network = fields.text("network", ADDRESS_CHARACTERS);
    let address: Option<IpAddr> = network.and_then(|text| match text.parse() {
        Ok(address) => Some(address),
        Err(_) => {
            fields.refuse(
                "network",
                format!("'{text}' is not an address; write e.g. '192.0.2.0' or '2001:db8::'"),
            );
            None
        }
    });
    let width = if address.is_some_and(|address| address.is_ipv4()) { 32 } else { 128 };
    let prefix = fields.integer("subnet", 0..=width);
    format!("{}/{}", address?, prefix?)
        .parse()
        .map_err(|cause| fields.refuse("network", format!("{cause}")))
        .ok()
}

/// The services, of `currentRules`, or of `rules` as answers have them. Names that are not ours are left out: MikoPBX's modules
/// bring their own.
fn services(fields: &mut Fields, present: Option<&Network>) -> BTreeSet<Service> {
    let mut services = present.map_or_else(|| REACHED_BY_DEFAULT.into(), |network| network.services.clone());
    let field = if fields.has("currentRules") { "currentRules" } else { "rules" };
    for (name, value) in fields.table(field).unwrap_or_default() {
        let Some(service) = Service::ALL.into_iter().find(|service| word(*service) == name) else { continue };
        match truth_of(&value) {
            Some(true) => {
                services.insert(service);
            }
            Some(false) => {
                services.remove(&service);
            }
            None => fields.refuse(field, format!("{name} is {}; expected true or false", cited(&value))),
        }
    }
    services
}

fn common(network: &Network) -> Map<String, Value> {
    let anywhere = if network.subnet.is_ipv4() { "0.0.0.0/0" } else { "::/0" };
    let record = json!({
        "id": rule_id::id_of(&network.subnet),
        "network": network.subnet.address(),
        "subnet": network.subnet.prefix_bits().to_string(),
        "permit": permit(&network.subnet),
        "deny": anywhere,
        "description": if is_nameless(network) { "" } else { &network.name },
        "newer_block_ip": network.never_block,
        "local_network": network.local,
    });
    match record {
        Value::Object(record) => record,
        _ => Map::new(),
    }
}

/// The page that changes one network draws its ticks from `availableRules`.
fn surroundings(record: &mut Map<String, Value>, firewall: &Firewall) {
    let available = by_service(|service| {
        let action = if REACHED_BY_DEFAULT.contains(&service) { "allow" } else { "block" };
        json!({ "rules": template(service, firewall), "action": action, "shortName": title(service) })
    });
    record.insert("availableRules".to_owned(), Value::Object(available));
    record.insert("isDocker".to_owned(), json!(false));
    record.insert("dockerSupportedServices".to_owned(), json!(DOCKER_SERVICES));
}

fn current_rules(services: &BTreeSet<Service>) -> Value {
    Value::Object(by_service(|service| json!(services.contains(&service))))
}

fn by_service(value: impl Fn(Service) -> Value) -> Map<String, Value> {
    Service::ALL.into_iter().map(|service| (word(service), value(service))).collect()
}

fn word(service: Service) -> String {
    service.as_str().to_uppercase()
}

fn title(service: Service) -> String {
    if service == Service::Sip { "SIP & RTP".to_owned() } else { word(service) }
}

fn ports(service: Service, firewall: &Firewall) -> Vec<Value> {
    if service == Service::Icmp {
        return vec![json!({ "protocol": "ICMP" })];
    }
    let one = |port: Port| {
        let protocol = protocol(port).to_uppercase();
        if port.first == port.last {
            json!({ "port": port.first.to_string(), "protocol": protocol })
        } else {
            json!({ "range": format!("{}-{}", port.first, port.last), "protocol": protocol })
        }
    };
    firewall.ports.of(service).into_iter().map(one).collect()
}

fn template(service: Service, firewall: &Firewall) -> Vec<Value> {
    if service == Service::Icmp {
        return vec![json!({ "portfrom": 0, "portto": 0, "protocol": "icmp" })];
    }
    let one = |port: Port| json!({ "portfrom": port.first.to_string(), "portto": port.last.to_string(), "protocol": protocol(port) });
    firewall.ports.of(service).into_iter().map(one).collect()
}

fn protocol(port: Port) -> &'static str {
    match port.protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Uri;

    use super::*;

    fn asked(query: &str, present: Option<&Network>) -> Result<Network, Refusal> {
        let uri: Uri = format!("/?{query}").parse().unwrap();
        drafted(Fields::of_query(&uri).unwrap(), present)
    }

    fn office() -> Network {
        Network {
            name: "Office".to_owned(),
            subnet: "192.0.2.0/24".parse().unwrap(),
            services: [Service::Sip, Service::Ssh].into(),
            local: true,
            never_block: true,
        }
    }

    #[test]
    fn a_subnet_is_one_whose_host_bits_are_cleared() {
        let cases = [
            ("network=192.0.2.7&subnet=24", "192.0.2.0/24"),
            ("network=192.0.2.7&subnet=32", "192.0.2.7/32"),
            ("network=0.0.0.0&subnet=0", "0.0.0.0/0"),
            ("network=2001:db8::7&subnet=64", "2001:db8::/64"),
            ("permit=198.51.100.0/24", "198.51.100.0/24"),
        ];
        for (query, expected) in cases {
            assert_eq!(permit(&asked(query, None).unwrap().subnet), expected, "{query}");
        }
    }

    #[test]
    fn what_is_no_subnet_is_refused_at_its_field() {
        let cases = [
            ("", "network"),
            ("network=192.0.2.0", "subnet"),
            ("subnet=24", "network"),
            ("network=999.999.999.999&subnet=24", "network"),
            ("network=192.0.2.0&subnet=33", "subnet"),
            ("network=192.0.2.0&subnet=-1", "subnet"),
            ("network=192.0.2.0&subnet=255.255.255.0", "subnet"),
            ("network=2001:db8::&subnet=129", "subnet"),
            ("network=fe80::1%25eth0&subnet=64", "network"),
            ("network=192.0.2.0/24&subnet=24", "network"),
            ("permit=office", "permit"),
        ];
        for (query, field) in cases {
            let messages = asked(query, None).unwrap_err().messages();
            assert_eq!(messages.len(), 1, "{query}: {messages:?}");
            assert!(messages[0].starts_with(field), "{query}: {messages:?}");
        }
    }

    #[test]
    fn what_is_not_sent_stays() {
        let present = office();
        assert_eq!(asked("", Some(&present)), Ok(present.clone()));
        let renamed = Network { name: "Branch".to_owned(), ..present.clone() };
        assert_eq!(asked("description=Branch", Some(&present)), Ok(renamed));
        let less = Network { services: [Service::Sip, Service::Web].into(), ..present.clone() };
        assert_eq!(
            asked("currentRules[SSH]=block&currentRules[WEB]=1&currentRules[RTP]=1", Some(&present)),
            Ok(less)
        );
        let open = Network { never_block: false, local: false, ..present.clone() };
        assert_eq!(asked("newer_block_ip=0&local_network=false", Some(&present)), Ok(open));
    }

    #[test]
    fn a_network_without_a_name_is_named_by_its_subnet() {
        let nameless = asked("network=10.0.0.0&subnet=8&description=", None).unwrap();
        assert_eq!(nameless.name, "10.0.0.0/8");
        assert_eq!(shown(&nameless, &Firewall::default())["description"], "");
        assert_eq!(asked("network=10.0.0.0&subnet=9", Some(&nameless)).unwrap().name, "10.0.0.0/9");
        assert_eq!(asked("description=", Some(&office())).unwrap().name, "192.0.2.0/24");
        assert!(asked("network=10.0.0.0&subnet=8&description=a%0Ab", None).is_err());
        assert!(asked("network=10.0.0.0&subnet=0&newer_block_ip=1", None).is_err());
    }

    #[test]
    fn each_wrong_field_has_its_message() {
        let query = "description=%s&newer_block_ip=maybe&local_network=2&currentRules[SIP]=perhaps&network=x&subnet=x"
            .replace("%s", &"x".repeat(256));
        let messages = asked(&query, None).unwrap_err().messages();
        for field in ["description", "newer_block_ip", "local_network", "currentRules", "network", "subnet"] {
            assert!(messages.iter().any(|message| message.starts_with(field)), "{field}: {messages:?}");
        }
    }

    #[test]
    fn what_is_shown_can_be_sent_back() {
        let firewall = Firewall::default();
        let shown = shown(&office(), &firewall);
        assert_eq!(shown["permit"], "192.0.2.0/24");
        assert_eq!(shown["subnet"], "24");
        assert_eq!(shown["rules"]["SSH"], "allow");
        assert_eq!(shown["rules"]["WEB"], "block");
        assert_eq!(shown["currentRules"]["SIP"], true);
        assert_eq!(shown["availableRules"]["SIP"]["shortName"], "SIP & RTP");
        let row = listed(&office(), 1, &firewall);
        assert_eq!(row["rules"]["SSH"]["action"], true);
        assert_eq!(row["rules"]["SSH"]["ports"][0], json!({ "port": "22", "protocol": "TCP" }));
        assert_eq!(default(&firewall)["permit"], "0.0.0.0/0");
    }
}
