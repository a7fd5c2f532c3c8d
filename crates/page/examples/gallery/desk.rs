//! The gallery's desk: made-up data, and settings that last until the program ends.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use config::{Edit, Settings};
use control::answer::{
    Banned, Enforcement, Evidence, FirewallDrops, HistoryRow, Jail, Notice, Source, Standing, Status,
    Surroundings, Why,
};
use control::desk::{
    Activity, BanOrder, Change, Changed, Deed, FilterOutline, JournalEntry, JournalPage, Key, KeyOrder,
    KeyScope, Lifted, NewKey, Rehearsal, Roster, Series, Span, TargetAccount, TargetNetwork, TargetOffender,
    Targets, Trial, Tried, Verdict, Written,
};
use control::{Actor, Fault};
use event::{Ban, JailName, Moment, Proof, Scope, Subject};
use quiet_desk::Answers;

use crate::{container, now};

pub struct Gallery {
    pub password: String,
    pub is_contained: bool,
    pub state: Mutex<State>,
}

pub struct State {
    bans: Vec<Ban>,
    settings: Settings,
    trial: Option<Trial>,
}

impl State {
    pub fn new(count: u32) -> Self {
        let mut state = Self { bans: Vec::new(), settings: Settings::default(), trial: None };
        for number in 0..count {
            let mixed = number.wrapping_mul(2_654_435_761);
            let (jail, failures) =
                [("asterisk", 20), ("sshd", 11), ("nginx", 64), ("asterisk", 5)][mixed as usize % 4];
            let address = match number % 7 {
                6 => format!("2001:db8:{:x}:{:x}::/64", mixed >> 20, mixed & 0xfff),
                _ => format!("203.{}.{}.{}", mixed >> 24, mixed >> 16 & 255, mixed >> 8 & 255),
            };
            state.bans.push(ban(
                &address,
                jail,
                i64::from(mixed % 172_800),
                i64::from(mixed >> 12),
                failures,
            ));
        }
        state.bans.push(ban("203.0.113.7", "asterisk", 900, 2_500, 20));
        state.bans.push(ban("198.51.100.23", "nginx", 90_000, 520_000, 64));
        state.bans.push(ban("198.51.100.23", "sshd", 80_000, 520_000, 7));
        let mut by_hand = ban("192.0.2.0/24", "manual", 800_000, 0, 0);
        (by_hand.until, by_hand.reason) = (Moment::NEVER, "by admin: probes since Monday".to_owned());
        state.bans.push(by_hand);
        state.bans.sort_by(|a, b| (a.subject, &a.jail).cmp(&(b.subject, &b.jail)));
        state
    }

    pub fn put(&mut self, ban: Ban) {
        self.bans.retain(|one| (one.subject, &one.jail) != (ban.subject, &ban.jail));
        let at = self.bans.partition_point(|one| (one.subject, &one.jail) < (ban.subject, &ban.jail));
        self.bans.insert(at, ban);
    }
}

pub fn ban(address: &str, jail: &str, seconds_ago: i64, seconds_left: i64, failures: u32) -> Ban {
    Ban {
        subject: address.parse().expect("an address"),
        jail: JailName::new(jail),
        scope: Scope::Jail,
        since: ago(seconds_ago),
        until: ago(-seconds_left.max(30)),
        failures,
        proof: Proof::Proven,
        reason: format!("{failures} failures within 10 min (limit 5), ban no. 2"),
    }
}

fn ago(seconds: i64) -> Moment {
    Moment::from_millis(now().millis() - seconds * 1000)
}

pub fn written(seconds_ago: i64) -> String {
    jiff::Timestamp::from_millisecond(ago(seconds_ago).millis()).unwrap_or_default().to_string()
}

impl Gallery {
    pub fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Answers for Gallery {
    fn status(&self) -> Result<Status, Fault> {
        let jail = |name: &str, service: &str, failures, banned| Jail {
            jail: name.to_owned(),
            filter: name.to_owned(),
            service: service.to_owned(),
            sources: vec![format!("/var/log/{name}.log")],
            ports: vec!["5060/udp".to_owned()],
            max_retry: 5,
            find_time: 600,
            ban_time: Some(3600),
            failures,
            last_failure: Some(written(40)),
            banned,
            dropped_packets: failures * 300,
            ..Jail::default()
        };
        let silent =
            [("source", "/var/log/nginx/access.log"), ("since", &written(11_000)), ("usual", "2400")];
        let mut status = Status {
            version: "0.1.0".to_owned(),
            since: written(400_000),
            enabled: self.state().settings.enabled,
            enforcement: Enforcement { mode: "nftables".to_owned(), ..Enforcement::default() },
            jails: vec![
                jail("asterisk", "SIP", 1061, 97),
                jail("sshd", "SSH", 55, 31),
                jail("nginx", "NGINX", 88, 9),
            ],
            sources: vec![
                source("/var/log/asterisk/security_log", "following", 42, Some(-0.2), "asterisk"),
                source("journal", "following", 7, None, "sshd stockade"),
                source("/var/log/nginx/access.log", "missing", 0, Some(7200.0), "nginx"),
            ],
            attention: vec![Notice::new("source-silent", &silent, "silent".to_owned())],
            firewall: FirewallDrops { dropped_packets: 418_220, ..FirewallDrops::default() },
            ..Status::default()
        };
        if self.is_contained {
            container::add(&mut status);
        }
        Ok(status)
    }

    fn activity(&self, span: Span) -> Result<Activity, Fault> {
        let scale = span.step_seconds() / 3600;
        let series = |service: &str, base: u64, peak: usize| {
            let shape =
                |step: usize| scale * base * 8 / (2 + step.abs_diff(peak) as u64) + (step as u64 * 7) % 4;
            let failures: Vec<u64> = (0..span.steps()).map(shape).collect();
            let bans = failures.iter().map(|failures| failures / 14).collect();
            Series { service: service.to_owned(), failures, bans }
        };
        let series = vec![
            series("SIP", 24, 3),
            series("SSH", 5, 9),
            series("NGINX", 3, 15),
            series("AMI", 1, 20),
            series("IAX", 1, 5),
        ];
        let from = now().seconds() / 3600 * 3600
            - i64::try_from(span.step_seconds() * (span.steps() as u64 - 1)).unwrap_or(0);
        Ok(Activity { from: Moment::from_seconds(from), step_seconds: span.step_seconds(), series })
    }

    fn targets(&self, _: Span) -> Result<Targets, Fault> {
        let account = |account: &str, service: &str, failures, addresses| TargetAccount {
            account: account.to_owned(),
            service: service.to_owned(),
            failures,
            addresses,
        };
        let offender = |address: &str, failures, banned, services: &[&str]| TargetOffender {
            subject: address.parse().expect("an address"),
            failures,
            last: ago(i64::try_from(failures).unwrap_or(0) * 7),
            banned,
            services: services.iter().map(|one| (*one).to_owned()).collect(),
        };
        let network = |subnet: &str, addresses, failures, banned| TargetNetwork {
            subnet: subnet.parse().expect("a subnet"),
            addresses,
            failures,
            banned,
        };
        Ok(Targets {
            offenders: vec![
                offender("203.0.113.7", 412, true, &["SIP"]),
                offender("198.51.100.23", 64, true, &["NGINX", "SSH"]),
                offender("2001:db8:4:17::/64", 11, false, &["SSH"]),
            ],
            networks: vec![network("198.51.100.0/24", 31, 240, 29), network("203.0.113.0/24", 4, 419, 1)],
            accounts: vec![
                account("100", "SIP", 412, 96),
                account("root", "SSH", 55, 9),
                account("<script>alert(1)</script>", "SIP", 1, 1),
            ],
        })
    }

    fn bans(&self) -> Result<Arc<Roster>, Fault> {
        let services = [("asterisk", "SIP"), ("sshd", "SSH"), ("nginx", "SCAN")];
        let services = services.map(|(jail, service)| (JailName::new(jail), service.to_owned()));
        Ok(Arc::new(Roster {
            generation: 1,
            bans: self.state().bans.clone(),
            services: BTreeMap::from(services),
            ..Roster::default()
        }))
    }

    fn ban(&self, order: &BanOrder, _: &Actor) -> Result<String, Fault> {
        let subject = order.subject;
        if subject.covers(&Subject::exactly(IpAddr::from([127, 0, 0, 1]))) {
            return Err(Fault::Refused(format!("{subject} is where you are signed in from")));
        }
        if subject.is_ipv4() && subject.prefix_bits() < 16 && !order.force {
            return Err(Fault::Refused(format!("{subject} is wider than /16; use --force if it is meant")));
        }
        let mut ban =
            ban(&subject.to_string(), order.jail.as_ref().map_or("manual", JailName::as_str), 0, 86_400, 0);
        ban.reason = format!("by admin: {}", order.note);
        self.state().put(ban);
        Ok(String::new())
    }

    fn unban(&self, which: &[Lifted], _: &Actor) -> Result<u64, Fault> {
        let mut state = self.state();
        let before = state.bans.len();
        state.bans.retain(|ban| which.iter().all(|one| one.subject != ban.subject));
        Ok((before - state.bans.len()) as u64)
    }

    fn unban_all(&self, _: &Actor) -> Result<u64, Fault> {
        Ok(std::mem::take(&mut self.state().bans).len() as u64)
    }

    fn why(&self, address: &str) -> Result<Why, Fault> {
        let bans: Vec<Ban> =
            self.state().bans.iter().filter(|ban| ban.subject.to_string() == address).cloned().collect();
        let evidence = |seconds: i64, line: &str| Evidence {
            at: written(seconds),
            jail: "asterisk".to_owned(),
            pattern: "wrong-password".to_owned(),
            proof: "proven".to_owned(),
            line: line.to_owned(),
        };
        let rows = bans.iter().map(|ban| Banned {
            address: address.to_owned(),
            jail: ban.jail.to_string(),
            since: written((now().millis() - ban.since.millis()) / 1000),
            until: Some(written((now().millis() - ban.until.millis()) / 1000)),
            failures: ban.failures,
            reason: ban.reason.clone(),
            scope: ban.scope.to_string(),
            proof: ban.proof.to_string(),
        });
        Ok(Why {
            address: address.to_owned(),
            subject: address.to_owned(),
            banned: !bans.is_empty(),
            because: "it has not failed of late".to_owned(),
            bans: rows.collect(),
            standings: vec![Standing {
                jail: "asterisk".to_owned(),
                failures: 3,
                max_retry: 5,
                find_time: 600,
            }],
            earlier_bans: 1,
            lines: vec![
                evidence(
                    900,
                    r#"SecurityEvent="ChallengeResponseFailed",AccountID="100",RemoteAddress="IPV4/UDP/203.0.113.7/5070""#,
                ),
                evidence(
                    912,
                    r#"SecurityEvent="InvalidAccountID",AccountID="<script>alert(1)</script>",RemoteAddress="IPV4/UDP/203.0.113.7/5070""#,
                ),
            ],
            history: vec![HistoryRow {
                at: written(900),
                what: "ban".to_owned(),
                jail: "asterisk".to_owned(),
                reason: "20 failures within 10 min (limit 20), ban no. 2".to_owned(),
            }],
            ..Why::default()
        })
    }

    fn settings(&self) -> Result<Written, Fault> {
        let settings = self.state().settings.clone();
        let also_whitelisted = vec![("127.0.0.1".parse().expect("an address"), "this host".to_owned())];
        let path = "/etc/stockade/stockade.toml".to_owned();
        Ok(Written { tag: "1".to_owned(), settings, path, read_only: None, also_whitelisted })
    }

    fn change(&self, change: &Change, actor: &Actor) -> Result<Changed, Fault> {
        let mut state = self.state();
        for edit in change.edits.clone() {
            match edit {
                Edit::Enabled(enabled) => state.settings.enabled = enabled,
                Edit::Limits(limits) => state.settings.defaults = limits,
                Edit::SipLimit(limit) => state.settings.firewall.sip_limit = limit,
                Edit::Ports(ports) => state.settings.firewall.ports = ports,
                Edit::Networks(networks) => state.settings.firewall.networks = networks,
                Edit::Whitelist(_) | Edit::Jail { .. } => {}
            }
        }
        state.trial = change.on_trial.then(|| Trial { until: ago(-60), by: actor.name.clone() });
        Ok(Changed { tag: "1".to_owned(), trial: state.trial.clone() })
    }

    fn rehearse(&self, _: &[Edit]) -> Result<Rehearsal, Fault> {
        let added = vec!["10.20.7.14".parse().expect("an address")];
        let (before, after) = (96, 137);
        Ok(Rehearsal {
            since: ago(600_000),
            failures: 8_412,
            before,
            after,
            added,
            added_count: 41,
            ..Rehearsal::default()
        })
    }

    fn trial(&self) -> Option<Trial> {
        self.state().trial.clone()
    }

    fn confirm(&self, _: &Actor) -> Result<(), Fault> {
        self.state().trial.take().map(|_| ()).ok_or(Fault::Missing("change that waits".to_owned()))
    }

    fn roll_back(&self, actor: &Actor) -> Result<(), Fault> {
        self.confirm(actor)
    }

    fn filters(&self) -> Result<Vec<FilterOutline>, Fault> {
        Ok(vec![FilterOutline {
            name: "sshd".to_owned(),
            service: "SSH".to_owned(),
            description: "OpenSSH".to_owned(),
            example: "Nov 22 10:00:00 pbx sshd[7]: Failed password for root from 192.0.2.1 port 22 ssh2"
                .to_owned(),
        }])
    }

    fn try_filter(&self, _: &str, text: &str) -> Result<Vec<Tried>, Fault> {
        let tried = text.lines().zip(1..).map(|(line, number)| Tried {
            number,
            line: line.to_owned(),
            verdict: if line.contains("Failed") { Verdict::Failure } else { Verdict::Missed },
            pattern: None,
            address: None,
            account: None,
            time: None,
            proof: None,
            why: Vec::new(),
        });
        Ok(tried.collect())
    }

    fn keys(&self) -> Result<Vec<Key>, Fault> {
        let (name, scope) = ("edge-bouncer".to_owned(), KeyScope::Bouncer);
        Ok(vec![Key {
            id: 1,
            name,
            scope,
            networks: Vec::new(),
            created: ago(900_000),
            last_used: Some(ago(20)),
        }])
    }

    fn create_key(&self, order: &KeyOrder, _: &Actor) -> Result<NewKey, Fault> {
        let KeyOrder { name, scope, networks } = order.clone();
        let key = Key { id: 2, name, scope, networks, created: now(), last_used: None };
        Ok(NewKey { key, secret: "st_0123456789abcdef0123456789abcdef".to_owned() })
    }

    fn revoke_key(&self, _: i64, _: &Actor) -> Result<(), Fault> {
        Ok(())
    }

    fn journal(&self, _: Option<i64>, _: usize) -> Result<JournalPage, Fault> {
        let entry = |id, deed, subject: &str, detail: &str| JournalEntry {
            id,
            at: ago(900 * id),
            deed,
            actor: "admin".to_owned(),
            origin: "192.0.2.9".to_owned(),
            subject: subject.to_owned(),
            detail: detail.to_owned(),
        };
        let difference = "@@ -1,3 +1,3 @@\n [defaults]\n-max_retry = 10\n+max_retry = 5\n";
        let entries = vec![
            entry(3, Deed::Unban, "203.0.113.7", ""),
            entry(2, Deed::Settings, "", difference),
            entry(1, Deed::SignIn, "", ""),
        ];
        Ok(JournalPage { entries, next: None })
    }

    fn password(&self) -> Result<Option<String>, Fault> {
        Ok(Some(self.password.clone()))
    }

    fn set_password(&self, _: &str, _: &Actor) -> Result<(), Fault> {
        Ok(())
    }

    fn surroundings(&self) -> Surroundings {
        if self.is_contained { container::surroundings() } else { Surroundings::default() }
    }
}

fn source(name: &str, state: &str, lines_per_minute: u64, skew: Option<f64>, jails: &str) -> Source {
    Source {
        source: name.to_owned(),
        state: state.to_owned(),
        reason: (state == "missing").then(|| format!("since {}; waiting for it", written(11_000))),
        jails: jails.split(' ').map(str::to_owned).collect(),
        lines: 120_000,
        last_line: Some(written(2)),
        last_match: Some(written(95)),
        skew,
        lines_per_minute,
        ..Source::default()
    }
}
