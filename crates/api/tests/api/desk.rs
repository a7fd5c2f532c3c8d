//! A desk in memory: it keeps bans, settings, keys and a journal, and refuses where the program would. It decides nothing
//! that the program's own tests are about.

use std::collections::{BTreeMap, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use config::{Edit, Settings};
use control::answer::{
    Blocklist, Enforcement, FirewallDrops, Jail, Notice, Outlet, Remark, Source, Status, Surroundings, Why,
};
use control::desk::{
    Activity, BanOrder, Change, Changed, Deed, FilterOutline, JournalEntry, JournalPage, Key, KeyOrder,
    KeyScope, Lifted, NewKey, Part, Rehearsal, Roster, Series, Span, TargetAccount, TargetNetwork,
    TargetOffender, Targets, Trial, Tried, Verdict, Written,
};
use control::{Actor, Fault};
use event::{Ban, JailName, Moment, Proof, Scope, Subject};
use quiet_desk::Answers;

/// The desk; `Memory::default()` has a few bans and keys `admin`, `read` and `bouncer`.
#[derive(Default)]
pub struct Memory {
    state: Mutex<State>,
}

/// What a test may look at and change.
pub struct State {
    pub bans: Vec<Ban>,
    pub settings: Settings,
    pub version: u64,
    pub trial: Option<Trial>,
    pub keys: Vec<Key>,
    pub journal: Vec<JournalEntry>,
    pub cuts_off: bool,
    pub read_only: Option<String>,
    pub status: Status,
    pub broken: bool,
    /// What it says is broken.
    pub parts: Vec<Part>,
    pub last_order: Option<BanOrder>,
    /// Whom a web server should refuse.
    pub denied: HashSet<IpAddr>,
    pub surroundings: Surroundings,
}

/// A ban in the jail `sshd`.
pub fn ban(subject: &str, since: i64) -> Ban {
    Ban {
        subject: subject.parse().unwrap(),
        jail: JailName::new("sshd"),
        scope: Scope::Jail,
        since: Moment::from_seconds(since),
        until: Moment::from_seconds(since + 600),
        failures: 5,
        proof: Proof::Proven,
        reason: "5 failures within 10 min (limit 5)".to_owned(),
    }
}

fn status() -> Status {
    let jail = Jail {
        jail: "sshd".to_owned(),
        filter: "sshd".to_owned(),
        service: "SSH".to_owned(),
        sources: vec!["/var/log/auth.log".to_owned()],
        ports: vec!["tcp/22".to_owned()],
        is_told_only: false,
        max_retry: 5,
        find_time: 600,
        ban_time: Some(600),
        failures: 12,
        last_failure: Some("2026-11-22T12:00:00Z".to_owned()),
        counted: 3,
        banned: 2,
        bans: 4,
        dropped_packets: 77,
        dropped_bytes: 4096,
    };
    let source = Source {
        source: "/var/log/a \"b\"\\c.log".to_owned(),
        state: "following".to_owned(),
        jails: vec!["sshd".to_owned()],
        lines: 100,
        last_line: Some("2026-11-22T12:00:00Z".to_owned()),
        skew: Some(0.5),
        ..Source::default()
    };
    let outlet = Outlet {
        outlet: "redis".to_owned(),
        error: Some("no answer".to_owned()),
        held: 40,
        waiting: 3,
        passed_over: 2,
        nodes: vec!["pbx-2".to_owned()],
        ..Outlet::default()
    };
    let blocklist = Blocklist {
        blocklist: "drop".to_owned(),
        entries: 1_500,
        fetched: Some("2026-11-22T12:00:00Z".to_owned()),
        ..Blocklist::default()
    };
    let remark = Remark {
        place: Some("/etc/fail2ban/jail.conf:160".to_owned()),
        jails: vec!["sshd".to_owned(), "dovecot".to_owned()],
        option: Some("usedns".to_owned()),
        text: "'usedns = <warn>' is not heeded".to_owned(),
        ..Remark::default()
    };
    Status {
        version: "0.1.0".to_owned(),
        since: "2026-11-22T10:00:00Z".to_owned(),
        enabled: true,
        enforcement: Enforcement { mode: "nftables".to_owned(), bans: 2, ..Enforcement::default() },
        jails: vec![jail],
        sources: vec![source],
        firewall: FirewallDrops { dropped_packets: 9, ..FirewallDrops::default() },
        outlets: vec![outlet],
        blocklists: vec![blocklist],
        remarks: vec![remark],
        ..Status::default()
    }
}

impl Default for State {
    fn default() -> Self {
        let key = |id, name: &str, scope| Key {
            id,
            name: name.to_owned(),
            scope,
            networks: Vec::new(),
            created: Moment::from_seconds(1_795_348_800),
            last_used: None,
        };
        Self {
            bans: vec![ban("192.0.2.1", 30), ban("192.0.2.2", 20), ban("2001:db8::/64", 10)],
            settings: Settings::default(),
            version: 1,
            trial: None,
            keys: vec![
                key(1, "admin", KeyScope::Admin),
                key(2, "read", KeyScope::Read),
                key(3, "bouncer", KeyScope::Bouncer),
            ],
            journal: Vec::new(),
            cuts_off: false,
            read_only: None,
            status: status(),
            broken: false,
            parts: Vec::new(),
            last_order: None,
            denied: HashSet::new(),
            surroundings: Surroundings::default(),
        }
    }
}

impl Memory {
    /// What it holds.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl State {
    fn note(&mut self, deed: Deed, actor: &Actor) {
        let id = self.journal.len() as i64 + 1;
        self.journal.push(JournalEntry {
            id,
            at: Moment::from_seconds(1_795_348_800 + id),
            deed,
            actor: actor.name.clone(),
            origin: actor.address.map(|address| address.to_string()).unwrap_or_default(),
            subject: String::new(),
            detail: String::new(),
        });
    }

    fn tag(&self) -> String {
        format!("v{}", self.version)
    }
}

impl Answers for Memory {
    fn status(&self) -> Result<Status, Fault> {
        let state = self.state();
        if state.broken {
            Err(Fault::Broken("the engine is stuck".to_owned()))
        } else {
            Ok(state.status.clone())
        }
    }

    fn activity(&self, span: Span) -> Result<Activity, Fault> {
        let steps = span.steps();
        let series = Series { service: "SSH".to_owned(), failures: vec![1; steps], bans: vec![0; steps] };
        Ok(Activity {
            from: Moment::from_seconds(0),
            step_seconds: span.step_seconds(),
            series: vec![series],
        })
    }

    fn targets(&self, _: Span) -> Result<Targets, Fault> {
        let subject: Subject = "192.0.2.1".parse().unwrap();
        let last = Moment::from_seconds(30);
        let offender =
            TargetOffender { subject, failures: 5, last, banned: true, services: vec!["SSH".to_owned()] };
        let subnet = "192.0.2.0/24".parse().unwrap();
        let network = TargetNetwork { subnet, addresses: 2, failures: 10, banned: 2 };
        let account = TargetAccount {
            account: "root\u{0}<b>".to_owned(),
            service: "SSH".to_owned(),
            failures: 5,
            addresses: 1,
        };
        Ok(Targets { offenders: vec![offender], networks: vec![network], accounts: vec![account] })
    }

    fn bans(&self) -> Result<Arc<Roster>, Fault> {
        let mut bans = self.state().bans.clone();
        bans.sort_by_key(|ban| ban.subject);
        let services = BTreeMap::from([(JailName::new("sshd"), "SSH".to_owned())]);
        Ok(Arc::new(Roster { generation: 1, bans, services, ..Roster::default() }))
    }

    fn ban(&self, order: &BanOrder, actor: &Actor) -> Result<String, Fault> {
        let mut state = self.state();
        if order.subject.prefix_bits() < 8 && !order.force {
            return Err(Fault::Refused("it is very wide".to_owned()));
        }
        state.last_order = Some(order.clone());
        let jail = order.jail.clone().unwrap_or_else(|| JailName::new(JailName::MANUAL));
        state.bans.push(Ban { subject: order.subject, jail, ..ban("192.0.2.9", 40) });
        state.note(Deed::Ban, actor);
        Ok(format!("{} is banned", order.subject))
    }

    fn unban(&self, which: &[Lifted], actor: &Actor) -> Result<u64, Fault> {
        let mut state = self.state();
        let before = state.bans.len();
        state.bans.retain(|ban| {
            !which.iter().any(|one| {
                one.subject == ban.subject && one.jail.as_ref().is_none_or(|jail| *jail == ban.jail)
            })
        });
        state.note(Deed::Unban, actor);
        Ok((before - state.bans.len()) as u64)
    }

    fn unban_all(&self, actor: &Actor) -> Result<u64, Fault> {
        let mut state = self.state();
        state.note(Deed::UnbanAll, actor);
        Ok(std::mem::take(&mut state.bans).len() as u64)
    }

    fn why(&self, address: &str) -> Result<Why, Fault> {
        Ok(Why { address: address.to_owned(), because: "not banned".to_owned(), ..Why::default() })
    }

    fn settings(&self) -> Result<Written, Fault> {
        let state = self.state();
        Ok(Written {
            tag: state.tag(),
            settings: state.settings.clone(),
            path: "/etc/stockade/stockade.toml".to_owned(),
            read_only: state.read_only.clone(),
            also_whitelisted: vec![("127.0.0.0/8".parse().unwrap(), "this host".to_owned())],
        })
    }

    fn change(&self, change: &Change, actor: &Actor) -> Result<Changed, Fault> {
        let mut state = self.state();
        if let Some(why) = &state.read_only {
            return Err(Fault::ReadOnly(why.clone()));
        }
        if change.expected_tag.as_ref().is_some_and(|tag| *tag != state.tag()) {
            return Err(Fault::Changed(state.tag()));
        }
        if state.cuts_off && !change.on_trial {
            return Err(Fault::CutOff("it would cut you off".to_owned()));
        }
        for edit in change.edits.clone() {
            match edit {
                Edit::Enabled(enabled) => state.settings.enabled = enabled,
                Edit::Limits(limits) => state.settings.defaults = limits,
                Edit::Whitelist(list) => {
                    let entries = list.into_iter().map(|who| (who, String::new()));
                    state.settings.whitelist.addresses = entries.collect();
                }
                Edit::SipLimit(limit) => state.settings.firewall.sip_limit = limit,
                Edit::Ports(ports) => state.settings.firewall.ports = ports,
                Edit::Networks(networks) => state.settings.firewall.networks = networks,
                Edit::Jail { .. } => {}
            }
        }
        state.version += 1;
        state.note(Deed::Settings, actor);
        if change.on_trial && state.cuts_off {
            let until = Moment::from_seconds(1_795_348_860);
            state.trial = Some(Trial { until, by: actor.name.clone() });
        }
        Ok(Changed { tag: state.tag(), trial: state.trial.clone() })
    }

    fn rehearse(&self, edits: &[Edit]) -> Result<Rehearsal, Fault> {
        let added = vec!["192.0.2.7".parse().unwrap()];
        Ok(Rehearsal { after: edits.len() as u64, added, added_count: 1, ..Rehearsal::default() })
    }

    fn trial(&self) -> Option<Trial> {
        self.state().trial.clone()
    }

    fn confirm(&self, _: &Actor) -> Result<(), Fault> {
        self.state().trial.take().map(drop).ok_or_else(|| Fault::Missing("change on trial".to_owned()))
    }

    fn roll_back(&self, _: &Actor) -> Result<(), Fault> {
        self.state().trial.take().map(drop).ok_or_else(|| Fault::Missing("change on trial".to_owned()))
    }

    fn filters(&self) -> Result<Vec<FilterOutline>, Fault> {
        Ok(vec![FilterOutline {
            name: "sshd".to_owned(),
            service: "SSH".to_owned(),
            description: "OpenSSH".to_owned(),
            example: "Failed password".to_owned(),
        }])
    }

    fn try_filter(&self, filter: &str, text: &str) -> Result<Vec<Tried>, Fault> {
        if filter != "sshd" {
            return Err(Fault::Missing(format!("filter '{filter}'")));
        }
        let lines = text.lines().zip(1..).map(|(line, number)| Tried {
            number,
            line: line.to_owned(),
            verdict: Verdict::Missed,
            pattern: None,
            address: None,
            account: None,
            time: None,
            proof: None,
            why: vec![Notice::new("no-literal", &[("line", line)], "no pattern".to_owned())],
        });
        Ok(lines.collect())
    }

    fn keys(&self) -> Result<Vec<Key>, Fault> {
        Ok(self.state().keys.clone())
    }

    fn create_key(&self, order: &KeyOrder, actor: &Actor) -> Result<NewKey, Fault> {
        let mut state = self.state();
        if state.keys.iter().any(|key| key.name == order.name) {
            return Err(Fault::Refused("there is one of that name".to_owned()));
        }
        let key = Key {
            id: state.keys.len() as i64 + 1,
            name: order.name.clone(),
            scope: order.scope,
            networks: order.networks.clone(),
            created: Moment::from_seconds(1_795_348_800),
            last_used: None,
        };
        state.keys.push(key.clone());
        state.note(Deed::KeyCreated, actor);
        Ok(NewKey { key, secret: "secret".to_owned() })
    }

    fn revoke_key(&self, id: i64, actor: &Actor) -> Result<(), Fault> {
        let mut state = self.state();
        let before = state.keys.len();
        state.keys.retain(|key| key.id != id);
        if state.keys.len() == before {
            return Err(Fault::Missing(format!("key {id}")));
        }
        state.note(Deed::KeyRevoked, actor);
        Ok(())
    }

    /// Here a key's secret is its name.
    fn key_of(&self, secret: &str, _: IpAddr) -> Option<Key> {
        self.state().keys.iter().find(|key| key.name == secret).cloned()
    }

    fn journal(&self, before: Option<i64>, limit: usize) -> Result<JournalPage, Fault> {
        let state = self.state();
        let older = state.journal.iter().rev().filter(|entry| before.is_none_or(|before| entry.id < before));
        let entries: Vec<JournalEntry> = older.take(limit).cloned().collect();
        let next = entries.last().filter(|entry| entry.id > 1).map(|entry| entry.id);
        Ok(JournalPage { entries, next })
    }

    fn is_denied(&self, address: IpAddr) -> bool {
        self.state().denied.contains(&address)
    }

    fn surroundings(&self) -> Surroundings {
        self.state().surroundings.clone()
    }

    fn broken(&self) -> Vec<Part> {
        self.state().parts.clone()
    }
}
