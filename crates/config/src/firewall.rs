//! The network firewall as the settings have it: which networks may reach which services, and the limit on SIP requests.
//! Pure values and the questions about them; how they become rules of the kernel is enforcement's business.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

use event::{Port, Subject};

/// `[firewall]`. Without networks, nobody is kept from any service: only bans hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Firewall {
    /// SIP requests a second that one address may send; `None` for no limit.
    pub sip_limit: Option<u32>,
    /// The ports of each service.
    pub ports: ServicePorts,
    /// In order: the first network that an address lies in says what it may reach. Catch-alls (/0) come last, wherever the
    /// file has them.
    pub networks: Vec<Network>,
}

/// `[[firewall.networks]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// For people.
    pub name: String,
    /// Whose addresses.
    pub subnet: Subject,
    /// What they may reach.
    pub services: BTreeSet<Service>,
    /// A local network: what telephones and colleagues sit in. Said to other programs, no rule hangs on it.
    pub local: bool,
    /// Its addresses are on the whitelist: never blocked, whatever they do.
    pub never_block: bool,
}

/// What a network may reach, as the page has it in columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
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
    /// AJAM, WebRTC and ARI: Asterisk's own web server.
    Ajam,
    /// Telephony clients on desktops.
    Cti,
    /// Ping. What IP needs to work at all is never blocked.
    Icmp,
}

impl Service {
    /// All, in the order of the page's columns.
    pub const ALL: [Self; 8] =
        [Self::Sip, Self::Iax, Self::Web, Self::Ssh, Self::Ami, Self::Ajam, Self::Cti, Self::Icmp];

    /// The word for it in the file and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sip => "sip",
            Self::Iax => "iax",
            Self::Web => "web",
            Self::Ssh => "ssh",
            Self::Ami => "ami",
            Self::Ajam => "ajam",
            Self::Cti => "cti",
            Self::Icmp => "icmp",
        }
    }

    /// The service of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.as_str() == word)
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// `[firewall.ports]`: the ports of each service. ICMP has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServicePorts {
    /// SIP signalling; the limit on requests is on these.
    pub sip: Vec<Port>,
    /// RTP; opened with SIP.
    pub rtp: Vec<Port>,
    /// IAX2.
    pub iax: Vec<Port>,
    /// Web.
    pub web: Vec<Port>,
    /// SSH.
    pub ssh: Vec<Port>,
    /// AMI.
    pub ami: Vec<Port>,
    /// AJAM, WebRTC, ARI.
    pub ajam: Vec<Port>,
    /// CTI.
    pub cti: Vec<Port>,
}

impl ServicePorts {
    /// The ports that belong to a column of the page.
    pub fn of(&self, service: Service) -> Vec<Port> {
        match service {
            Service::Sip => self.sip.iter().chain(&self.rtp).copied().collect(),
            Service::Iax => self.iax.clone(),
            Service::Web => self.web.clone(),
            Service::Ssh => self.ssh.clone(),
            Service::Ami => self.ami.clone(),
            Service::Ajam => self.ajam.clone(),
            Service::Cti => self.cti.clone(),
            Service::Icmp => Vec::new(),
        }
    }
}

impl Default for ServicePorts {
    /// Those of Asterisk and MikoPBX: RTP as in Asterisk's sample `rtp.conf`, AMI with its TLS port, CTI as in MikoPBX's
    /// ModuleCTIClient (NATS, its monitor, call records).
    fn default() -> Self {
        let ports =
            |texts: &[&str]| texts.iter().map(|text| text.parse().expect("the defaults are ports")).collect();
        Self {
            sip: ports(&["udp/5060", "tcp/5060-5061"]),
            rtp: ports(&["udp/10000-20000"]),
            iax: ports(&["udp/4569"]),
            web: ports(&["tcp/80", "tcp/443", "tcp/8765"]),
            ssh: ports(&["tcp/22"]),
            ami: ports(&["tcp/5038-5039"]),
            ajam: ports(&["tcp/8088-8089"]),
            cti: ports(&["tcp/4222", "tcp/8000", "tcp/8222"]),
        }
    }
}

impl Firewall {
    /// The network whose row counts for `address`: the first that it lies in.
    pub fn network_of(&self, address: IpAddr) -> Option<&Network> {
        let address = Subject::exactly(address);
        self.networks.iter().find(|network| network.subnet.covers(&address))
    }

    /// Whether `address` may open a connection to `port`. Loopback always may; without networks everybody may.
    pub fn allows(&self, address: IpAddr, port: Port) -> bool {
        if self.networks.is_empty() || address.to_canonical().is_loopback() {
            return true;
        }
        let holds = |open: &Port| {
            open.protocol == port.protocol && open.first <= port.first && port.last <= open.last
        };
        self.network_of(address).is_some_and(|network| {
            network.services.iter().any(|service| self.ports.of(*service).iter().any(holds))
        })
    }
}
