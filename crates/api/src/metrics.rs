//! `/metrics`: the same figures as `/status`, for Prometheus. They are made anew for each scrape out of what the program
//! counts; nothing is counted here. Labels are jails, services, sources and bounds: all bounded by the settings.

use axum::extract::{FromRequestParts, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE, FORWARDED};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use axum::response::{IntoResponse, Response};
use control::answer::Status;
use gate::{Gate, Reader, Visitor, Wrong};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

/// Who may read the metrics: whoever may read everything, and a program on this host. An extractor.
pub(crate) struct Scraper;

impl FromRequestParts<Gate> for Scraper {
    type Rejection = Wrong;

    async fn from_request_parts(parts: &mut Parts, gate: &Gate) -> Result<Self, Wrong> {
        let Ok(visitor) = Visitor::from_request_parts(parts, gate).await;
        // A proxy on this host that is not trusted speaks for anybody: whoever comes through one needs a key.
        let forwarded =
            [FORWARDED, HeaderName::from_static("x-forwarded-for"), HeaderName::from_static("x-real-ip")];
        let is_forwarded = forwarded.iter().any(|name| parts.headers.contains_key(name));
        if visitor.address.is_loopback() && !is_forwarded {
            return Ok(Self);
        }
        Reader::from_request_parts(parts, gate).await.map(|_| Self)
    }
}

/// The figures for Prometheus
///
/// From this host without a key; else a key of scope read. OpenMetrics for whoever asks for it, else Prometheus' text format.
#[utoipa::path(get, path = "/metrics", tag = "status", security((), ("bearer" = []), ("session" = [])),
    responses((status = 200, description = "The figures.", content_type = "text/plain", body = String)))]
pub(crate) async fn metrics(
    _: Scraper,
    State(gate): State<Gate>,
    headers: HeaderMap,
) -> Result<Response, Wrong> {
    let status = gate.ask(|desk| desk.status()).await?;
    let text = open_metrics(&status);
    let wants_open = headers
        .get_all(ACCEPT)
        .iter()
        .any(|accept| accept.to_str().is_ok_and(|accept| accept.contains("application/openmetrics-text")));
    Ok(if wants_open {
        ([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text).into_response()
    } else {
        ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], plain(&text)).into_response()
    })
}

type Labels = Vec<(&'static str, String)>;

/// Where the figures are gathered for one scrape.
struct Sheet {
    registry: Registry,
}

impl Sheet {
    fn counters(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<Unit>,
        values: impl IntoIterator<Item = (Labels, u64)>,
    ) {
        let family = Family::<Labels, Counter>::default();
        for (labels, value) in values {
            family.get_or_create(&labels).inc_by(value);
        }
        match unit {
            Some(unit) => self.registry.register_with_unit(name, help, unit, family),
            None => self.registry.register(name, help, family),
        }
    }

    fn gauges(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<Unit>,
        values: impl IntoIterator<Item = (Labels, i64)>,
    ) {
        let family = Family::<Labels, Gauge>::default();
        for (labels, value) in values {
            family.get_or_create(&labels).set(value);
        }
        match unit {
            Some(unit) => self.registry.register_with_unit(name, help, unit, family),
            None => self.registry.register(name, help, family),
        }
    }

    fn gauge(&mut self, name: &str, help: &str, value: i64) {
        let gauge: Gauge = Gauge::default();
        gauge.set(value);
        self.registry.register(name, help, gauge);
    }

    /// A moment, where there is one.
    fn moment(&mut self, name: &str, help: &str, text: Option<&String>) {
        let Some(seconds) = epoch(text) else { return };
        let gauge: Gauge = Gauge::default();
        gauge.set(seconds);
        self.registry.register_with_unit(name, help, Unit::Seconds, gauge);
    }

    fn counter(&mut self, name: &str, help: &str, unit: Option<Unit>, value: u64) {
        let counter: Counter = Counter::default();
        counter.inc_by(value);
        match unit {
            Some(unit) => self.registry.register_with_unit(name, help, unit, counter),
            None => self.registry.register(name, help, counter),
        }
    }
}

/// Everything, as OpenMetrics.
fn open_metrics(status: &Status) -> String {
    let mut sheet = Sheet { registry: Registry::with_prefix("stockade") };
    program(&mut sheet, status);
    jails(&mut sheet, status);
    sources(&mut sheet, status);
    firewall(&mut sheet, status);
    outlets(&mut sheet, status);
    blocklists(&mut sheet, status);
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = encode(&mut text, &sheet.registry);
    text
}

fn program(sheet: &mut Sheet, status: &Status) {
    let version = vec![("version", status.version.clone())];
    sheet.registry.register("build", "The running program", Info::new(version));
    sheet.moment("start_time", "When the program started, since the epoch", Some(&status.since));
    sheet.gauge("enabled", "Whether protection is switched on", status.enabled.into());
    let enforcing = status.enforcement.mode == "nftables";
    sheet.gauge(
        "enforcing",
        "Whether bans are carried out in the kernel, and not only observed",
        enforcing.into(),
    );
    let is = |code: &str| i64::from(status.attention.iter().any(|notice| notice.code == code));
    sheet.gauge(
        "enforcement_failing",
        "Whether the last change of the kernel failed",
        is("enforcement-error"),
    );
    sheet.gauge("store_failing", "Whether nothing can be recorded", is("store-error"));
    sheet.gauge("bans", "Bans in force", gauge(status.enforcement.bans));
    let mended = status.enforcement.mended;
    sheet.counter(
        "enforcement_mended",
        "Changes of the kernel by other programs that were undone",
        None,
        mended,
    );
    let help = "When the kernel was last compared with what it should hold, since the epoch";
    sheet.moment("enforcement_reconciled_timestamp", help, status.enforcement.reconciled.as_ref());
    sheet.gauge("attention", "Notices that need somebody", gauge(status.attention.len() as u64));
    sheet.gauge(
        "whitelist_entries",
        "Addresses and subnets that are never blocked",
        gauge(status.whitelist.len() as u64),
    );
    let bounds = status.bounds.iter().map(|bound| {
        // What happens at the bound is for people; what is bounded tells one from the other.
        let name = bound.bound.split(':').next().unwrap_or_default();
        (vec![("bound", name.to_owned())], bound.reached)
    });
    sheet.counters("bound_reached", "How often a bound of the program was reached", None, bounds);
}

fn jails(sheet: &mut Sheet, status: &Status) {
    let labels =
        |jail: &control::answer::Jail| vec![("jail", jail.jail.clone()), ("service", jail.service.clone())];
    let jails = &status.jails;
    let live = jails.iter().map(|jail| (labels(jail), gauge(jail.banned)));
    sheet.gauges("jail_bans_live", "Bans in force of the jail", None, live);
    let counted = jails.iter().map(|jail| (labels(jail), gauge(jail.counted)));
    sheet.gauges(
        "jail_counted_addresses",
        "Addresses that have failed and are not blocked yet",
        None,
        counted,
    );
    let bans = jails.iter().map(|jail| (labels(jail), jail.bans));
    sheet.counters("jail_bans", "Bans made", None, bans);
    let failures = jails.iter().map(|jail| (labels(jail), jail.failures));
    sheet.counters("jail_failures", "Failures found", None, failures);
    let packets = jails.iter().map(|jail| (labels(jail), jail.dropped_packets));
    sheet.counters(
        "jail_dropped_packets",
        "Packets of blocked addresses that the kernel dropped",
        None,
        packets,
    );
    let bytes = jails.iter().map(|jail| (labels(jail), jail.dropped_bytes));
    sheet.counters(
        "jail_dropped",
        "Bytes of blocked addresses that the kernel dropped",
        Some(Unit::Bytes),
        bytes,
    );
    let last = jails.iter().filter_map(|jail| Some((labels(jail), epoch(jail.last_failure.as_ref())?)));
    let help = "When the last failure was found, since the epoch";
    sheet.gauges("jail_last_failure_timestamp", help, Some(Unit::Seconds), last);
}

fn sources(sheet: &mut Sheet, status: &Status) {
    let labels = |source: &control::answer::Source| vec![("source", source.source.clone())];
    let sources = &status.sources;
    let up = sources
        .iter()
        .map(|source| (labels(source), i64::from(matches!(source.state.as_str(), "following" | "idle"))));
    sheet.gauges("source_up", "Whether the source is read", None, up);
    let lines = sources.iter().map(|source| (labels(source), source.lines));
    sheet.counters("source_lines", "Lines read", None, lines);
    let cut = sources.iter().map(|source| (labels(source), source.cut_lines));
    sheet.counters("source_cut_lines", "Lines that were longer than the bound and were skipped", None, cut);
    let last = sources.iter().filter_map(|source| Some((labels(source), epoch(source.last_line.as_ref())?)));
    let help = "When the last line was read, since the epoch";
    sheet.gauges("source_last_line_timestamp", help, Some(Unit::Seconds), last);
    let matched =
        sources.iter().filter_map(|source| Some((labels(source), epoch(source.last_match.as_ref())?)));
    let help = "When the last failure was found in it, since the epoch";
    sheet.gauges("source_last_match_timestamp", help, Some(Unit::Seconds), matched);
}

fn firewall(sheet: &mut Sheet, status: &Status) {
    let drops = &status.firewall;
    let help = "Packets that the network firewall dropped";
    sheet.counter("firewall_dropped_packets", help, None, drops.dropped_packets);
    let help = "Bytes that the network firewall dropped";
    sheet.counter("firewall_dropped", help, Some(Unit::Bytes), drops.dropped_bytes);
    sheet.counter(
        "sip_limited_packets",
        "SIP requests above the limit that were dropped",
        None,
        drops.limited_packets,
    );
    let help = "Bytes of SIP requests above the limit that were dropped";
    sheet.counter("sip_limited", help, Some(Unit::Bytes), drops.limited_bytes);
}

fn outlets(sheet: &mut Sheet, status: &Status) {
    let labels = |outlet: &control::answer::Outlet| vec![("outlet", outlet.outlet.clone())];
    let outlets = &status.outlets;
    let current = outlets.iter().map(|outlet| (labels(outlet), i64::from(outlet.is_current)));
    sheet.gauges("outlet_current", "Whether it holds what it should, as far as is known", None, current);
    let held = outlets.iter().map(|outlet| (labels(outlet), gauge(outlet.held)));
    sheet.gauges("outlet_held", "Keys or addresses that it holds", None, held);
    let waiting = outlets.iter().map(|outlet| (labels(outlet), gauge(outlet.waiting)));
    sheet.gauges("outlet_waiting", "Changes that wait to be told", None, waiting);
    let overrun = outlets.iter().map(|outlet| (labels(outlet), outlet.overrun));
    let help = "How often more changed than could wait, so that the whole was compared";
    sheet.counters("outlet_overrun", help, None, overrun);
    let passed_over = outlets.iter().map(|outlet| (labels(outlet), outlet.passed_over));
    let help = "Records of other nodes that cannot be, or are past the bound";
    sheet.counters("outlet_passed_over", help, None, passed_over);
    let nodes = outlets.iter().map(|outlet| (labels(outlet), gauge(outlet.nodes.len() as u64)));
    sheet.gauges("outlet_nodes", "Other nodes of the fleet that were heard of lately", None, nodes);
}

fn blocklists(sheet: &mut Sheet, status: &Status) {
    let labels = |list: &control::answer::Blocklist| vec![("blocklist", list.blocklist.clone())];
    let lists = &status.blocklists;
    let entries = lists.iter().map(|list| (labels(list), gauge(list.entries)));
    sheet.gauges("blocklist_entries", "Addresses and subnets in force", None, entries);
    let left_out = lists.iter().map(|list| (labels(list), gauge(list.left_out)));
    let help = "Entries that were left out: no address, too wide, past the bound";
    sheet.gauges("blocklist_left_out", help, None, left_out);
    let failing = lists.iter().map(|list| (labels(list), i64::from(list.error.is_some())));
    sheet.gauges("blocklist_failing", "Whether the last attempt to fetch it failed", None, failing);
    let fetched = lists.iter().filter_map(|list| Some((labels(list), epoch(list.fetched.as_ref())?)));
    let help = "When it was last fetched or found unchanged, since the epoch";
    sheet.gauges("blocklist_fetched_timestamp", help, Some(Unit::Seconds), fetched);
    let dropped = lists.iter().map(|list| (labels(list), list.dropped_packets));
    let help = "Packets of listed addresses that the kernel dropped";
    sheet.counters("blocklist_dropped_packets", help, None, dropped);
}

/// A gauge is signed; no figure of ours comes near its end.
fn gauge(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Seconds since the epoch of an RFC 3339 text.
fn epoch(text: Option<&String>) -> Option<i64> {
    text?.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second)
}

/// Prometheus' own text format, for whoever does not ask for OpenMetrics: there a counter is described by the name that its
/// samples have, and units and the end are no lines.
fn plain(open: &str) -> String {
    let counters: Vec<&str> =
        open.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter")).collect();
    let mut text = String::with_capacity(open.len());
    for line in open.lines() {
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("#"), Some("UNIT" | "EOF"), ..) => continue,
            (Some("#"), Some(kind), Some(name), Some(rest)) => {
                let (name, rest) = match rest {
                    "info" => (format!("{name}_info"), "gauge"),
                    _ if counters.contains(&name) => (format!("{name}_total"), rest),
                    _ if name == "stockade_build" => (format!("{name}_info"), rest),
                    _ => (name.to_owned(), rest),
                };
                text.push_str(&format!("# {kind} {name} {rest}"));
            }
            _ => text.push_str(line),
        }
        text.push('\n');
    }
    text
}
