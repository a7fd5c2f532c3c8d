//! The form of the network firewall as it was entered: rows in order, ports, the SIP limit. A row is one or several subnets with
//! the same rights; in the settings each subnet is a network of its own.

use std::collections::BTreeSet;

use config::{Edit, Firewall, Network, Service, ServicePorts};
use control::desk::Written;
use event::{Port, limit};

use crate::brute_force::draft::sip_limit;
use crate::fields::{Fields, Slip, subnets};

/// What stands in the form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// The rows, in order.
    pub rows: Vec<Row>,
    /// The ports of each service: the field's name, and what stands there.
    pub ports: Vec<(&'static str, String)>,
    /// SIP requests a second; empty or 0 for no limit.
    pub sip_limit: String,
    /// The tag of the settings that this began as.
    pub tag: String,
}

/// A row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Its number within the form: the beginning of its fields' names.
    pub number: usize,
    /// Its name.
    pub name: String,
    /// Its subnets.
    pub subnet: String,
    /// What it may reach.
    pub services: BTreeSet<Service>,
    /// A local network.
    pub local: bool,
    /// Never blocked.
    pub never_block: bool,
}

/// What the form asks for, once it can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The rules.
    pub firewall: Firewall,
}

/// The fields of ports.
pub const PORT_FIELDS: [&str; 8] = ["sip", "rtp", "iax", "web", "ssh", "ami", "ajam", "cti"];

/// What a button of a row, or below the rows, means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// The row with this number goes up.
    Up(usize),
    /// Down.
    Down(usize),
    /// It goes away.
    Remove(usize),
    /// A new row comes.
    Add,
}

impl Move {
    /// The meaning of a button's value: `up:3`.
    pub fn of_value(value: &str) -> Option<Self> {
        if value == "add" {
            return Some(Self::Add);
        }
        let (word, number) = value.split_once(':')?;
        let number = number.parse().ok()?;
        match word {
            "up" => Some(Self::Up(number)),
            "down" => Some(Self::Down(number)),
            "remove" => Some(Self::Remove(number)),
            _ => None,
        }
    }
}

impl Draft {
    /// As the settings stand.
    pub fn of_written(written: &Written) -> Self {
        let firewall = &written.settings.firewall;
        let mut draft = Self {
            ports: port_fields(&firewall.ports),
            sip_limit: firewall.sip_limit.map(|limit| limit.to_string()).unwrap_or_default(),
            tag: written.tag.clone(),
            ..Self::default()
        };
        firewall.networks.iter().for_each(|network| draft.take_in(network));
        draft
    }

    /// As a form has it. The order is that of the hidden fields `row`; further rows than there may be are left out.
    pub fn of_fields(fields: &Fields) -> Self {
        let numbers = fields.all("row").filter_map(|number| number.parse().ok());
        // One more than there may be, so that reading it finds that there are too many.
        let rows = numbers.take(limit::FIREWALL_NETWORKS + 1).map(|number| Row::of_fields(fields, number));
        Self {
            rows: rows.collect(),
            ports: PORT_FIELDS.map(|name| (name, fields.get(&format!("ports.{name}")).to_owned())).to_vec(),
            sip_limit: fields.get("sip_limit").to_owned(),
            tag: fields.get("tag").to_owned(),
        }
    }

    /// Adds a network of the settings: to the row above if only its subnet differs.
    pub fn take_in(&mut self, network: &Network) {
        let row = Row {
            number: self.next_number(),
            name: network.name.clone(),
            subnet: network.subnet.to_string(),
            services: network.services.clone(),
            local: network.local,
            never_block: network.never_block,
        };
        match self.rows.last_mut() {
            Some(above) if above.has_the_rights_of(&row) => {
                above.subnet.push('\n');
                above.subnet.push_str(&row.subnet);
            }
            _ => self.rows.push(row),
        }
    }

    /// Does what a button says. A button of a row that is not there does nothing.
    pub fn shift(&mut self, shift: Move) {
        let place = |number| self.rows.iter().position(|row: &Row| row.number == number);
        match shift {
            Move::Add => {
                let number = self.next_number();
                self.rows.push(Row { number, ..Row::default() });
            }
            Move::Up(number) => {
                if let Some(at) = place(number).filter(|at| *at > 0) {
                    self.rows.swap(at, at - 1);
                }
            }
            Move::Down(number) => {
                if let Some(at) = place(number).filter(|at| at + 1 < self.rows.len()) {
                    self.rows.swap(at, at + 1);
                }
            }
            Move::Remove(number) => self.rows.retain(|row| row.number != number),
        }
    }

    fn next_number(&self) -> usize {
        self.rows.iter().map(|row| row.number.saturating_add(1)).max().unwrap_or(1)
    }

    /// What is asked for, or everything that is not right.
    pub fn read(&self) -> Result<Wanted, Vec<Slip>> {
        let mut slips = Vec::new();
        let mut networks: Vec<Network> = Vec::new();
        for row in &self.rows {
            networks.extend(row.read(&mut slips));
        }
        // As the settings have it: a catch-all is looked at last.
        networks.sort_by_key(|network| network.subnet.prefix_bits() == 0);
        if networks.len() > limit::FIREWALL_NETWORKS {
            slips.push(Slip::new("networks", "slip-networks").with("most", &limit::FIREWALL_NETWORKS));
        }
        let ports = self.read_ports(&mut slips);
        let sip_limit = sip_limit(&self.sip_limit).unwrap_or_else(|slip| {
            slips.push(slip);
            None
        });
        self.complain_of_twins(&mut slips);
        if slips.is_empty() {
            Ok(Wanted { firewall: Firewall { sip_limit, ports, networks } })
        } else {
            Err(slips)
        }
    }

    /// A subnet that stands in two rows: nobody could say which row counts.
    fn complain_of_twins(&self, slips: &mut Vec<Slip>) {
        let mut seen = BTreeSet::new();
        for row in &self.rows {
            for subject in subnets("", &row.subnet).0 {
                if !seen.insert(subject) {
                    slips.push(Slip::new(row.field("subnet"), "slip-twin").with("entry", &subject));
                }
            }
        }
    }

    fn read_ports(&self, slips: &mut Vec<Slip>) -> ServicePorts {
        let mut of = |name: &str| {
            let entered = self.ports.iter().find(|(field, _)| *field == name);
            let entered = entered.map(|(_, text)| text.as_str()).unwrap_or_default();
            let mut ports = Vec::new();
            for entry in
                entered.split(|c: char| c.is_whitespace() || c == ',').filter(|entry| !entry.is_empty())
            {
                match entry.parse::<Port>() {
                    Ok(port) => ports.push(port),
                    Err(_) => {
                        slips.push(Slip::new(format!("ports.{name}"), "slip-port").with("entry", entry));
                    }
                }
            }
            if ports.len() > limit::SERVICE_PORTS {
                slips.push(
                    Slip::new(format!("ports.{name}"), "slip-ports").with("most", &limit::SERVICE_PORTS),
                );
            }
            ports
        };
        ServicePorts {
            sip: of("sip"),
            rtp: of("rtp"),
            iax: of("iax"),
            web: of("web"),
            ssh: of("ssh"),
            ami: of("ami"),
            ajam: of("ajam"),
            cti: of("cti"),
        }
    }
}

impl Row {
    fn of_fields(fields: &Fields, number: usize) -> Self {
        let named = |field: &str| format!("{number}.{field}");
        let is_ticked = |service: &Service| fields.has(&named(service.as_str()));
        Self {
            number,
            name: fields.get(&named("name")).to_owned(),
            subnet: fields.get(&named("subnet")).replace("\r\n", "\n"),
            services: Service::ALL.into_iter().filter(is_ticked).collect(),
            local: fields.has(&named("local")),
            never_block: fields.has(&named("never_block")),
        }
    }

    /// The name of one of its fields.
    pub fn field(&self, name: &str) -> String {
        format!("{}.{name}", self.number)
    }

    /// Whether it may reach a service.
    pub fn reaches(&self, service: &Service) -> bool {
        self.services.contains(service)
    }

    fn has_the_rights_of(&self, other: &Self) -> bool {
        let of = |row: &Self| (row.name.clone(), row.services.clone(), row.local, row.never_block);
        of(self) == of(other)
    }

    /// One network for each subnet.
    fn read(&self, slips: &mut Vec<Slip>) -> Vec<Network> {
        let (subnets, wrong) = subnets(&self.field("subnet"), &self.subnet);
        if subnets.is_empty() && wrong.is_empty() {
            slips.push(Slip::new(self.field("subnet"), "slip-no-subnet"));
        }
        slips.extend(wrong);
        let longest = limit::NETWORK_NAME_CHARACTERS;
        if self.name.chars().count() > longest || self.name.contains(char::is_control) {
            slips.push(Slip::new(self.field("name"), "slip-name").with("most", &longest));
        }
        if self.never_block
            && let Some(all) = subnets.iter().find(|subnet| subnet.prefix_bits() == 0)
        {
            slips.push(Slip::new(self.field("subnet"), "slip-never-block-all").with("entry", all));
        }
        let network = |subnet: event::Subject| Network {
            name: if self.name.is_empty() { subnet.to_string() } else { self.name.clone() },
            subnet,
            services: self.services.clone(),
            local: self.local,
            never_block: self.never_block,
        };
        subnets.into_iter().map(network).collect()
    }
}

impl Wanted {
    /// What has to be changed. Whatever is the same is left alone.
    pub fn edits(&self, present: &Firewall) -> Vec<Edit> {
        let wanted = &self.firewall;
        let mut edits = Vec::new();
        if wanted.sip_limit != present.sip_limit {
            edits.push(Edit::SipLimit(wanted.sip_limit));
        }
        if wanted.ports != present.ports {
            edits.push(Edit::Ports(wanted.ports.clone()));
        }
        if wanted.networks != present.networks {
            edits.push(Edit::Networks(wanted.networks.clone()));
        }
        edits
    }
}

fn port_fields(ports: &ServicePorts) -> Vec<(&'static str, String)> {
    let lists =
        [&ports.sip, &ports.rtp, &ports.iax, &ports.web, &ports.ssh, &ports.ami, &ports.ajam, &ports.cti];
    let shown = |list: &Vec<Port>| list.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    PORT_FIELDS.into_iter().zip(lists.map(shown)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(pairs: &[(&str, &str)]) -> Draft {
        Draft::of_fields(&Fields::new(
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        ))
    }

    const TWO: [(&str, &str); 9] = [
        ("row", "7"),
        ("7.name", "Office"),
        ("7.subnet", "192.168.10.0/24"),
        ("7.sip", "on"),
        ("7.never_block", "on"),
        ("row", "2"),
        ("2.name", "Everyone else"),
        ("2.subnet", "0.0.0.0/0, ::/0"),
        ("2.sip", "on"),
    ];

    fn fields_of(slips: &[Slip]) -> Vec<(&str, &str)> {
        slips.iter().map(|slip| (slip.field.as_str(), slip.id)).collect()
    }

    #[test]
    fn rows_stand_in_the_order_in_which_they_came_and_each_subnet_is_a_network() {
        let networks = draft(&TWO).read().unwrap().firewall.networks;
        let shown: Vec<String> = networks.iter().map(|one| format!("{} {}", one.name, one.subnet)).collect();
        assert_eq!(shown, ["Office 192.168.10.0/24", "Everyone else 0.0.0.0/0", "Everyone else ::/0"]);
        assert!(networks[0].never_block && !networks[1].never_block);
    }

    #[test]
    fn networks_of_equal_rights_come_back_as_one_row() {
        let wanted = draft(&TWO).read().unwrap();
        let mut back = Draft::default();
        wanted.firewall.networks.iter().for_each(|network| back.take_in(network));
        assert_eq!(back.rows.len(), 2);
        assert_eq!(back.rows[1].subnet, "0.0.0.0/0\n::/0");
        assert_eq!(back.read().unwrap().firewall.networks, wanted.firewall.networks);
    }

    #[test]
    fn rows_move_come_and_go() {
        let mut moved = draft(&TWO);
        let numbers = |draft: &Draft| draft.rows.iter().map(|row| row.number).collect::<Vec<_>>();
        moved.shift(Move::of_value("up:7").unwrap());
        assert_eq!(numbers(&moved), [7, 2], "the first cannot go up");
        moved.shift(Move::of_value("down:7").unwrap());
        assert_eq!(numbers(&moved), [2, 7]);
        moved.shift(Move::of_value("add").unwrap());
        assert_eq!(numbers(&moved), [2, 7, 8]);
        moved.shift(Move::of_value("remove:7").unwrap());
        moved.shift(Move::of_value("remove:99").unwrap());
        assert_eq!(numbers(&moved), [2, 8]);
        assert_eq!(Move::of_value("up:x"), None);
        assert_eq!(Move::of_value("save"), None);
    }

    #[test]
    fn everything_wrong_is_said_at_its_field() {
        let slips = draft(&[
            ("row", "1"),
            ("1.subnet", "office"),
            ("row", "2"),
            ("row", "3"),
            ("3.subnet", "::/0"),
            ("3.never_block", "on"),
            ("row", "4"),
            ("4.subnet", "::/0"),
            ("4.name", &"x".repeat(65)),
            ("ports.sip", "udp/5060 5061"),
            ("sip_limit", "many"),
        ])
        .read()
        .unwrap_err();
        assert_eq!(
            fields_of(&slips),
            [
                ("1.subnet", "slip-host-name"),
                ("2.subnet", "slip-no-subnet"),
                ("3.subnet", "slip-never-block-all"),
                ("4.name", "slip-name"),
                ("ports.sip", "slip-port"),
                ("sip_limit", "slip-sip-limit"),
                ("4.subnet", "slip-twin"),
            ]
        );
    }

    #[test]
    fn rows_without_number_and_rows_past_the_bound_do_no_harm() {
        assert!(draft(&[("row", "x"), ("row", "")]).rows.is_empty());
        let many: Vec<(String, String)> = (0..2000).map(|n| ("row".to_owned(), n.to_string())).collect();
        assert_eq!(Draft::of_fields(&Fields::new(many)).rows.len(), limit::FIREWALL_NETWORKS + 1);
    }

    #[test]
    fn what_is_the_same_is_not_changed() {
        let present = Firewall::default();
        let mut same = Draft { ports: port_fields(&present.ports), ..Draft::default() };
        assert_eq!(same.read().unwrap().edits(&present), []);
        same.ports[3].1 = "tcp/443".to_owned();
        assert!(matches!(&same.read().unwrap().edits(&present)[..], [Edit::Ports(_)]));
    }
}
