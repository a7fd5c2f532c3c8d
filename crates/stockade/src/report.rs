//! What `status` says: the engine's part here, readers' and kernel's parts added by `desk`.

use std::collections::BTreeMap;

use control::answer::{Blocklist, Bound, Enforcement, FirewallDrops, Jail, Notice, Outlet, Status};
use control::desk::Roster;
use control::time::rfc3339;
use event::{JailName, limit};

use crate::engine::Engine;
use crate::explain::protected;
use crate::{clock, plan};

impl Engine {
    /// How things stand, of one jail or of all.
    pub(crate) fn status(&self, jail: Option<&str>) -> Status {
        let (outlets, blocklists) = self.outlets.health();
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            since: rfc3339(self.health.started),
            enabled: self.plan.settings.enabled,
            enforcement: Enforcement {
                mode: self.health.mode.to_owned(),
                reason: self.health.mode_reason.clone(),
                bans: self.decider.live() as u64,
                mended: self.health.mended,
                reconciled: self.health.reconciled.map(rfc3339),
                error: self.health.enforcement_error.clone(),
            },
            jails: self.jails(jail),
            sources: Vec::new(),
            bounds: self.bounds(),
            refusals: if jail.is_none() {
                self.ledger.refusals(None).into_iter().take(10).collect()
            } else {
                Vec::new()
            },
            firewall: FirewallDrops::default(),
            surroundings: self.surroundings.clone(),
            attention: self.attention(&outlets, &blocklists),
            outlets,
            blocklists,
            actions: Vec::new(),
            remarks: Vec::new(),
            whitelist: self.plan.whitelist.iter().map(|(entry, origin)| protected(entry, origin)).collect(),
        }
    }

    /// Every live ban.
    pub(crate) fn roster(&self) -> Roster {
        Roster {
            generation: self.board.generation(),
            bans: self.decider.bans().collect(),
            services: self.services(),
            told_only: self.plan.closing_nothing(),
        }
    }

    /// The service of each jail that is on.
    pub(crate) fn services(&self) -> BTreeMap<JailName, String> {
        self.plan.jails.iter().map(|jail| (jail.name.clone(), jail.finder.service().to_owned())).collect()
    }

    fn jails(&self, only: Option<&str>) -> Vec<Jail> {
        let wanted = self.plan.jails.iter().filter(|jail| only.is_none_or(|only| only == jail.name.as_str()));
        let banned = self.decider.outlines().fold(std::collections::HashMap::new(), |mut counts, ban| {
            *counts.entry(ban.jail).or_insert(0u64) += 1;
            counts
        });
        let counted = self.counter.windows_by_jail();
        let jails = wanted.map(|jail| {
            let tally = self.ledger.tally(&jail.name);
            Jail {
                jail: jail.name.to_string(),
                filter: jail.finder.name().to_owned(),
                service: jail.finder.service().to_owned(),
                sources: sources(jail),
                ports: jail.ports.iter().map(ToString::to_string).collect(),
                is_told_only: jail.closes_nothing(),
                max_retry: jail.limits.max_retry,
                find_time: jail.limits.find_time.as_secs(),
                ban_time: (jail.limits.ban_time != config::FOREVER).then_some(jail.limits.ban_time.as_secs()),
                failures: tally.failures,
                last_failure: tally.last_failure.map(rfc3339),
                counted: counted.get(&jail.name).copied().unwrap_or(0),
                banned: banned.get(&jail.name).copied().unwrap_or(0),
                bans: tally.bans,
                dropped_packets: 0,
                dropped_bytes: 0,
            }
        });
        jails.collect()
    }

    /// The bounds that were reached, and what happened there.
    fn bounds(&self) -> Vec<Bound> {
        let (offenders, friends) = self.decider.evicted();
        let overruns = self.plan.jails.iter().map(|jail| jail.finder.overruns()).sum();
        let full = u64::from(self.decider.live() >= limit::BANS);
        let bounds = [
            (
                format!("{} counted subjects: who failed longest ago is forgotten", limit::COUNTED_SUBJECTS),
                self.counter.evicted(),
            ),
            (
                format!("{} remembered offenders: the oldest is forgotten", limit::REMEMBERED_OFFENDERS),
                offenders,
            ),
            (format!("{} remembered logins: the oldest is forgotten", limit::REMEMBERED_FRIENDS), friends),
            (format!("{} bans: new ones are refused", limit::BANS), full),
            ("steps of the matcher on one line: the automaton judges it".to_owned(), overruns),
        ];
        bounds
            .into_iter()
            .filter(|(_, reached)| *reached > 0)
            .map(|(bound, reached)| Bound { bound, reached })
            .collect()
    }

    /// Changed settings that cannot take effect while it runs.
    fn waiting_for_a_restart(&self) -> Option<Notice> {
        let (then, now) = (&self.started_with, &self.plan.settings);
        let changed = [
            ("mode in [enforcement]", then.enforcement.mode != now.enforcement.mode),
            ("group in [control]", then.control.group != now.control.group),
            ("level in [log]", then.log.level != now.log.level),
            ("[http]", then.http != now.http),
        ];
        let changed: Vec<_> = changed.into_iter().filter_map(|(name, is)| is.then_some(name)).collect();
        let list = changed.join(" and ");
        let text = format!("restart stockade: the new {list} holds from the next start on");
        (!changed.is_empty()).then(|| Notice::new("restart-needed", &[("settings", &list)], text))
    }

    /// Behind a bridge, the host's firewall is out of reach.
    fn inside_a_bridge(&self) -> Option<Notice> {
        let here = &self.surroundings;
        let container = here.container.as_deref().filter(|_| here.is_bridged)?;
        let gateways = here.gateways.join(" ");
        let text = format!(
            "this is a container ({container}) behind the bridge {gateways}: bans hold inside it alone; run 'stockade bouncer' on \
             the host, with a key of 'stockade token create'"
        );
        let values = [("container", container), ("gateways", gateways.as_str())];
        Some(Notice::new("container-bridge", &values, text))
    }

    /// A blocklist that has more entries than it may have here.
    fn cut(&self, list: &Blocklist) -> Option<Notice> {
        let name = list.blocklist.as_str();
        let settings = self.plan.settings.blocklists.iter().find(|one| one.name.as_str() == name)?;
        let is_full = list.left_out > 0 && list.entries >= u64::from(settings.max_entries);
        let left_out = is_full.then(|| list.left_out.to_string())?;
        let text = format!("blocklist {name}: {left_out} entries are left out; set a larger max_entries");
        Some(Notice::new("blocklist-cut", &[("blocklist", name), ("left_out", &left_out)], text))
    }

    /// What needs somebody, with what to do.
    fn attention(&self, outlets: &[Outlet], blocklists: &[Blocklist]) -> Vec<Notice> {
        let health = &self.health;
        let mut notices: Vec<Notice> = Vec::new();
        if !self.plan.settings.enabled {
            let text = "protection is switched off; set enabled = true in stockade.toml";
            notices.push(Notice::new("switched-off", &[], text.to_owned()));
        }
        if health.mode == "observe" {
            let reason = health.mode_reason.as_deref().unwrap_or("as the settings ask");
            let text = format!("only observing, nobody is kept out: {reason}");
            notices.push(Notice::new("observing", &[("reason", reason)], text));
        }
        let rules = &self.plan.settings.firewall;
        if let Some(reason) = &health.no_firewall
            && (!rules.networks.is_empty() || rules.sip_limit.is_some())
        {
            let text = format!("the network firewall and the SIP limit are not in force: {reason}");
            notices.push(Notice::new("no-firewall", &[("reason", reason)], text));
        }
        if let Some(error) = &health.enforcement_error {
            let text = format!("enforcement fails: {error}");
            notices.push(Notice::new("enforcement-error", &[("error", error)], text));
        }
        if let Some(error) = &health.store_error {
            let text = format!("nothing can be recorded, a restart would lose it: {error}");
            notices.push(Notice::new("store-error", &[("error", error)], text));
        }
        if let Some(error) = &health.page_error {
            let text = format!("the page is not served: {error}");
            notices.push(Notice::new("page-not-served", &[("error", error)], text));
        }
        if let Some(error) = &health.reload_error {
            notices.push(Notice::new("settings-wrong", &[("error", error)], error.clone()));
        }
        notices.extend(self.waiting_for_a_restart());
        notices.extend(health.notes.iter().map(|note| Notice::new("note", &[("text", note)], note.clone())));
        notices.extend(self.ledger.ineffective());
        notices.extend(self.ledger.hiding(clock::now()));
        notices.extend(self.inside_a_bridge());
        notices.extend(outlets.iter().filter_map(away));
        notices.extend(outlets.iter().filter_map(overrun));
        notices.extend(blocklists.iter().filter_map(unfetched));
        notices.extend(blocklists.iter().filter_map(|list| self.cut(list)));
        notices
    }
}

/// A place that is not as it should be.
fn away(outlet: &Outlet) -> Option<Notice> {
    let error = outlet.error.as_deref()?;
    if outlet.outlet == "redis" {
        let text = format!("redis does not answer; bans hold here and are told when it is back: {error}");
        return Some(Notice::new("redis-away", &[("error", error)], text));
    }
    let text = format!("{} is not told of bans: {error}", outlet.outlet);
    Some(Notice::new("outlet-error", &[("outlet", &outlet.outlet), ("error", error)], text))
}

/// More changed than could wait to be told.
fn overrun(outlet: &Outlet) -> Option<Notice> {
    let is_behind = outlet.outlet == "redis" && outlet.overrun > 0 && !outlet.is_current;
    let count = is_behind.then(|| outlet.overrun.to_string())?;
    let text =
        format!("more changes than could wait for redis, {count} times; all is compared when it is back");
    Some(Notice::new("redis-overrun", &[("count", &count)], text))
}

/// A blocklist that cannot be fetched.
fn unfetched(list: &Blocklist) -> Option<Notice> {
    let (name, error) = (list.blocklist.as_str(), list.error.as_deref()?);
    let text = format!("blocklist {name}: the last good list stays in force: {error}");
    Some(Notice::new("blocklist-error", &[("blocklist", name), ("error", error)], text))
}

/// What a jail hears: files, the journal, or the page, which tells of its sign-ins itself.
fn sources(jail: &plan::Jail) -> Vec<String> {
    if jail.name.as_str() == plan::OWN_JAIL {
        return vec!["page".to_owned()];
    }
    let journal = jail.journal.as_ref().map(|wish| match wish.shown() {
        all if all.is_empty() => vec![wish.place.name()],
        matches => matches,
    });
    jail.logs.iter().cloned().chain(journal.into_iter().flatten()).collect()
}
