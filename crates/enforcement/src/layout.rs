//! What is asked of enforcement: the guarded jails, the whitelist, the network firewall, the bans, and changes of them.

use event::{JailName, Moment, Port, Scope, Subject};

/// A jail and the ports that its bans close; without ports, its bans close every port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    /// The jail.
    pub jail: JailName,
    /// What its bans close.
    pub ports: Vec<Port>,
}

/// What the kernel's table is laid out for. Bans come and go without touching it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// The guarded jails.
    pub guards: Vec<Guard>,
    /// Who always passes.
    pub whitelist: Vec<Subject>,
    /// Which networks may reach what; nothing by default, and then nobody is kept from anything.
    pub firewall: Firewall,
}

/// The network firewall. Bans go before it: whom it allows may be banned all the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Firewall {
    /// In order: an address belongs to the first network that contains it. Without networks, every port is open to everybody;
    /// with at least one, whoever is in none reaches nothing.
    pub networks: Vec<NetworkRule>,
    /// A limit on SIP requests, with or without networks.
    pub sip_limit: Option<SipLimit>,
}

/// What the addresses of one network may begin. Connections that stand are not touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkRule {
    /// Whose addresses.
    pub subnet: Subject,
    /// To which ports of this host.
    pub ports: Vec<Port>,
    /// Whether it may ping this host.
    pub ping: bool,
}

/// How many SIP requests an address (in IPv6, a /64) may send in a second. What is above is dropped. The whitelist is exempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SipLimit {
    /// The signalling ports. Of UDP each datagram that is no response counts, of TCP each new connection.
    pub ports: Vec<Port>,
    /// As many at once, and as many each second. 0 is taken for 1.
    pub per_second: u32,
}

/// One ban as the kernel holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// By which jail.
    pub jail: JailName,
    /// Which ports.
    pub scope: Scope,
    /// Who.
    pub subject: Subject,
    /// Until when; `Moment::NEVER` for a ban without end.
    pub until: Moment,
}

/// One step. The last change of the same jail, scope and subject in a list wins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Ban, or give an existing ban another end.
    Add(Element),
    /// End a ban. One that is not there is no error.
    Remove {
        /// By which jail.
        jail: JailName,
        /// Which ports.
        scope: Scope,
        /// Who.
        subject: Subject,
    },
}

/// What became of a list of changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Elements written to the kernel, prolonged ones among them.
    pub added: u64,
    /// Elements deleted from the kernel.
    pub removed: u64,
    /// Bans that wait behind a wider or longer one that already keeps their subject out.
    pub covered: u64,
    /// Bans on a jail's ports by a jail that guards none: there is nothing that they could close.
    pub unguarded: u64,
}

/// What a comparison with the kernel led to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Elements that were missing or had another end.
    pub added: u64,
    /// Elements that nobody wants any more.
    pub removed: u64,
    /// Whether rules, chains or static sets were not as wanted and were laid anew.
    pub rebuilt: bool,
    /// As in [`Applied`].
    pub covered: u64,
    /// As in [`Applied`].
    pub unguarded: u64,
}

/// What a jail's bans have dropped since the table was laid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropCounter {
    /// The jail.
    pub jail: JailName,
    /// On its own ports, or on all.
    pub scope: Scope,
    /// Packets dropped.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// What the network firewall and the SIP limit have dropped since they were laid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FirewallDrops {
    /// Packets that no network allows.
    pub dropped_packets: u64,
    /// Their bytes.
    pub dropped_bytes: u64,
    /// Packets above the SIP limit.
    pub limited_packets: u64,
    /// Their bytes.
    pub limited_bytes: u64,
}
