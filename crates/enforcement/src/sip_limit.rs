//! The SIP limit's part of the frame: how many requests a source may send in a second. Pure, as all of the frame.
//!
//! It stands at prerouting, behind the bans and before conntrack, so that what is above the limit costs as little as a banned
//! packet. It is a chain with a hook of its own, since the maps of ports that lead to the jails' chains do not come back; for the
//! same reason it looks at loopback and the whitelist again, the latter only for what counts.
//!
//! The kernel keeps a rate for each source in a dynamic set. An element carries its rate with it, so each rate has a set of its
//! own: after a change, sources begin anew.

use event::{Protocol, limit};

use crate::expression::{self as expr, Verdict};
use crate::firewall::joined;
use crate::frame::{DYNAMIC, Frame, SetDefinition, TIMEOUT, Value, key_form, whitelist_name};
use crate::inventory::Inventory;
use crate::layout::SipLimit;
use crate::plan::Kind;

/// The chain that has the hook.
pub(crate) const CHAIN: &str = "sip_limit";
/// Behind the bans at -310, before raw's -300.
pub(crate) const PRIORITY: i32 = -305;
/// The counter of what is above the limit.
pub(crate) const LIMITED: &str = "sip_limited";

const DATAGRAMS: &str = "sip_datagrams";
const SOURCES: &str = "sip_sources";
/// A source that was silent for a second may send as much as one that was never heard of; longer, because the kernel clears
/// away only now and then.
const FORGOTTEN_AFTER_MILLIS: u64 = 3_000;

impl Frame {
    /// Adds nothing at all without a limit, or without ports.
    pub(crate) fn add_sip_limit(&mut self, limit: Option<&SipLimit>, old: Option<&Inventory>) {
        let Some(limit) = limit.filter(|limit| !limit.ports.is_empty()) else { return };
        let ports = joined(&limit.ports);
        self.chains.extend([CHAIN, SOURCES].map(str::to_owned));
        self.counters.push(LIMITED);
        self.rule(CHAIN, "loopback is not outside", |wire| {
            expr::from_loopback(wire);
            expr::verdict(wire, &Verdict::Accept);
        });
        let goto = |chain: &str| Verdict::Goto(chain.to_owned());
        if let Some(set) = self.set_of_ports("signalling", &ports, Protocol::Udp, old) {
            self.chains.push(DATAGRAMS.to_owned());
            self.rule(CHAIN, "", |wire| {
                expr::destination_port(wire, Protocol::Udp);
                expr::in_set(wire, &set);
                expr::verdict(wire, &goto(DATAGRAMS));
            });
            self.rule(DATAGRAMS, "responses do not count", |wire| {
                expr::datagram_begins(wire, b"SIP/");
                expr::verdict(wire, &Verdict::Accept);
            });
            self.rule(DATAGRAMS, "", |wire| expr::verdict(wire, &goto(SOURCES)));
        }
        if let Some(set) = self.set_of_ports("signalling", &ports, Protocol::Tcp, old) {
            self.rule(CHAIN, "", |wire| {
                expr::destination_port(wire, Protocol::Tcp);
                expr::in_set(wire, &set);
                expr::begins_connection(wire);
                expr::verdict(wire, &goto(SOURCES));
            });
        }
        self.sources(limit.per_second.max(1));
    }

    fn sources(&mut self, per_second: u32) {
        for kind in [Kind::Net4, Kind::Net6] {
            self.rule(SOURCES, "", |wire| {
                expr::source(wire, kind);
                expr::in_set(wire, whitelist_name(kind));
                expr::verdict(wire, &Verdict::Accept);
            });
        }
        for (kind, family) in [(Kind::V4, "ipv4"), (Kind::V6, "ipv6")] {
            let name = format!("sip_{family}_at_{per_second}");
            let plain = SetDefinition::plain(&name, DYNAMIC | TIMEOUT, key_form(kind), Value::Nothing);
            let definition =
                SetDefinition { size: limit::SIP_SOURCES, timeout_millis: FORGOTTEN_AFTER_MILLIS, ..plain };
            self.static_sets.push((definition, Vec::new()));
            self.rule(SOURCES, "", |wire| {
                expr::source(wire, kind);
                expr::above_rate(wire, &name, per_second);
                expr::count(wire, LIMITED);
                expr::verdict(wire, &Verdict::Drop);
            });
        }
    }
}
