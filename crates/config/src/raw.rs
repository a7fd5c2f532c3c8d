//! `stockade.toml` key by key, as it was written: every value still with its line, and none of them judged. Which keys there
//! are is said here and nowhere else.

use toml_edit::Document;

use crate::complaint::Complaints;
use crate::written::{Section, Text, Written};

/// A key's value, if the file has it.
pub(crate) type Field = Option<Written>;

pub(crate) struct Raw {
    pub(crate) enabled: Field,
    pub(crate) defaults: RawLimits,
    pub(crate) whitelist: RawWhitelist,
    pub(crate) jails: Vec<RawJail>,
    pub(crate) escalation: RawEscalation,
    pub(crate) evidence: RawEvidence,
    pub(crate) enforcement: RawEnforcement,
    pub(crate) group: Field,
    pub(crate) filter_dir: Field,
    pub(crate) log: RawLog,
    pub(crate) firewall: RawFirewall,
    pub(crate) http: RawHttp,
    pub(crate) lapi: RawLapi,
    pub(crate) redis: RawRedis,
    pub(crate) asterisk: RawAsterisk,
    pub(crate) nginx: RawNginx,
    pub(crate) blocklists: Vec<RawBlocklist>,
}

pub(crate) struct RawLimits {
    pub(crate) max_retry: Field,
    pub(crate) find_time: Field,
    pub(crate) ban_time: Field,
}

pub(crate) struct RawWhitelist {
    pub(crate) addresses: Field,
    pub(crate) own_addresses: Field,
}

pub(crate) struct RawJail {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) enabled: Field,
    pub(crate) filter: Field,
    pub(crate) logs: Field,
    pub(crate) journal: Field,
    pub(crate) ports: Field,
    pub(crate) limits: RawLimits,
}

pub(crate) struct RawEscalation {
    pub(crate) factor: Field,
    pub(crate) max: Field,
    pub(crate) quiet: Field,
    pub(crate) all_ports_after: Field,
}

pub(crate) struct RawEvidence {
    pub(crate) claimed_ban_time: Field,
    pub(crate) friend_time: Field,
}

pub(crate) struct RawEnforcement {
    pub(crate) mode: Field,
    pub(crate) reconcile_every: Field,
}

pub(crate) struct RawLog {
    pub(crate) level: Field,
    pub(crate) timezone: Field,
}

pub(crate) struct RawFirewall {
    pub(crate) sip_limit: Field,
    pub(crate) ports: RawServicePorts,
    pub(crate) networks: Vec<RawNetwork>,
}

pub(crate) struct RawServicePorts {
    pub(crate) sip: Field,
    pub(crate) rtp: Field,
    pub(crate) iax: Field,
    pub(crate) web: Field,
    pub(crate) ssh: Field,
    pub(crate) ami: Field,
    pub(crate) ajam: Field,
    pub(crate) cti: Field,
}

pub(crate) struct RawNetwork {
    pub(crate) line: usize,
    pub(crate) name: Field,
    pub(crate) subnet: Field,
    pub(crate) services: Field,
    pub(crate) local: Field,
    pub(crate) never_block: Field,
}

pub(crate) struct RawHttp {
    pub(crate) listen: Field,
    pub(crate) tls: Field,
    pub(crate) certificate: Field,
    pub(crate) key: Field,
    pub(crate) trusted_proxies: Field,
    pub(crate) country_database: Field,
}

pub(crate) struct RawLapi {
    pub(crate) origin: Field,
    pub(crate) scenario: Field,
}

/// A section that does something by being there has the line where it stands.
pub(crate) struct RawRedis {
    pub(crate) line: Option<usize>,
    pub(crate) url: Field,
    pub(crate) sentinels: Field,
    pub(crate) master: Field,
    pub(crate) cluster: Field,
    pub(crate) database: Field,
    pub(crate) prefix: Field,
    pub(crate) user: Field,
    pub(crate) password_file: Field,
    pub(crate) ca_file: Field,
    pub(crate) keys: Field,
    pub(crate) fleet: Field,
    pub(crate) fleet_counts: Field,
}

pub(crate) struct RawAsterisk {
    pub(crate) line: Option<usize>,
    pub(crate) directory: Field,
    pub(crate) socket: Field,
    pub(crate) ami: Field,
    pub(crate) user: Field,
    pub(crate) secret_file: Field,
}

pub(crate) struct RawNginx {
    pub(crate) line: Option<usize>,
    pub(crate) deny_file: Field,
    pub(crate) pid_file: Field,
}

pub(crate) struct RawBlocklist {
    pub(crate) line: usize,
    pub(crate) name: Field,
    pub(crate) url: Field,
    pub(crate) file: Field,
    pub(crate) lapi: Field,
    pub(crate) key_file: Field,
    pub(crate) ca_file: Field,
    pub(crate) refresh: Field,
    pub(crate) max_entries: Field,
}

/// Reads the file's text. `None` if it is no TOML at all: then there is one complaint, because nothing behind the first
/// mistake can be trusted.
pub(crate) fn read(text: &str, complaints: &mut Complaints) -> Option<Raw> {
    let lines = Text::new(text);
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(cause) => {
            let line = cause.span().map_or(0, |span| lines.line(span.start));
            let what = cause.message().lines().collect::<Vec<_>>().join(", ");
            complaints.add(
                line,
                format!("this is not TOML: {what}; a line is e.g. 'max_retry = 10' or '[jails.sshd]'"),
            );
            return None;
        }
    };
    let mut root = Section::root(document.as_table(), &lines);
    let raw = Raw {
        enabled: root.take("enabled"),
        defaults: part(&mut root, "defaults", complaints, limits),
        whitelist: part(&mut root, "whitelist", complaints, |section| RawWhitelist {
            addresses: section.take("addresses"),
            own_addresses: section.take("own_addresses"),
        }),
        jails: jails(&root.section("jails", complaints), complaints),
        escalation: part(&mut root, "escalation", complaints, |section| RawEscalation {
            factor: section.take("factor"),
            max: section.take("max"),
            quiet: section.take("quiet"),
            all_ports_after: section.take("all_ports_after"),
        }),
        evidence: part(&mut root, "evidence", complaints, |section| RawEvidence {
            claimed_ban_time: section.take("claimed_ban_time"),
            friend_time: section.take("friend_time"),
        }),
        enforcement: part(&mut root, "enforcement", complaints, |section| RawEnforcement {
            mode: section.take("mode"),
            reconcile_every: section.take("reconcile_every"),
        }),
        group: part(&mut root, "control", complaints, |section| section.take("group")),
        filter_dir: part(&mut root, "filters", complaints, |section| section.take("dir")),
        log: part(&mut root, "log", complaints, |section| RawLog {
            level: section.take("level"),
            timezone: section.take("timezone"),
        }),
        firewall: firewall(&mut root, complaints),
        http: part(&mut root, "http", complaints, |section| RawHttp {
            listen: section.take("listen"),
            tls: section.take("tls"),
            certificate: section.take("certificate"),
            key: section.take("key"),
            trusted_proxies: section.take("trusted_proxies"),
            country_database: section.take("country_database"),
        }),
        lapi: part(&mut root, "lapi", complaints, |section| RawLapi {
            origin: section.take("origin"),
            scenario: section.take("scenario"),
        }),
        redis: redis(&mut root, complaints),
        asterisk: part(&mut root, "asterisk", complaints, |section| RawAsterisk {
            line: section.line(),
            directory: section.take("directory"),
            socket: section.take("socket"),
            ami: section.take("ami"),
            user: section.take("user"),
            secret_file: section.take("secret_file"),
        }),
        nginx: part(&mut root, "nginx", complaints, |section| RawNginx {
            line: section.line(),
            deny_file: section.take("deny_file"),
            pid_file: section.take("pid_file"),
        }),
        blocklists: blocklists(root.list("blocklist", complaints), complaints),
    };
    root.finish(complaints);
    Some(raw)
}

fn firewall(root: &mut Section<'_>, complaints: &mut Complaints) -> RawFirewall {
    let mut section = root.section("firewall", complaints);
    let raw = RawFirewall {
        sip_limit: section.take("sip_limit"),
        ports: part(&mut section, "ports", complaints, |section| RawServicePorts {
            sip: section.take("sip"),
            rtp: section.take("rtp"),
            iax: section.take("iax"),
            web: section.take("web"),
            ssh: section.take("ssh"),
            ami: section.take("ami"),
            ajam: section.take("ajam"),
            cti: section.take("cti"),
        }),
        networks: networks(section.list("networks", complaints), complaints),
    };
    section.finish(complaints);
    raw
}

fn networks(sections: Vec<(usize, Section<'_>)>, complaints: &mut Complaints) -> Vec<RawNetwork> {
    let networks = sections.into_iter().map(|(line, mut section)| {
        let network = RawNetwork {
            line,
            name: section.take("name"),
            subnet: section.take("subnet"),
            services: section.take("services"),
            local: section.take("local"),
            never_block: section.take("never_block"),
        };
        section.finish(complaints);
        network
    });
    networks.collect()
}

fn redis(root: &mut Section<'_>, complaints: &mut Complaints) -> RawRedis {
    part(root, "redis", complaints, |section| RawRedis {
        line: section.line(),
        url: section.take("url"),
        sentinels: section.take("sentinels"),
        master: section.take("master"),
        cluster: section.take("cluster"),
        database: section.take("database"),
        prefix: section.take("prefix"),
        user: section.take("user"),
        password_file: section.take("password_file"),
        ca_file: section.take("ca_file"),
        keys: section.take("keys"),
        fleet: section.take("fleet"),
        fleet_counts: section.take("fleet_counts"),
    })
}

fn blocklists(sections: Vec<(usize, Section<'_>)>, complaints: &mut Complaints) -> Vec<RawBlocklist> {
    let lists = sections.into_iter().map(|(line, mut section)| {
        let list = RawBlocklist {
            line,
            name: section.take("name"),
            url: section.take("url"),
            file: section.take("file"),
            lapi: section.take("lapi"),
            key_file: section.take("key_file"),
            ca_file: section.take("ca_file"),
            refresh: section.take("refresh"),
            max_entries: section.take("max_entries"),
        };
        section.finish(complaints);
        list
    });
    lists.collect()
}

fn jails(section: &Section<'_>, complaints: &mut Complaints) -> Vec<RawJail> {
    let sections = section.sections(complaints);
    let jails = sections.into_iter().map(|(name, line, mut section)| {
        let jail = RawJail {
            name,
            line,
            enabled: section.take("enabled"),
            filter: section.take("filter"),
            logs: section.take("logs"),
            journal: section.take("journal"),
            ports: section.take("ports"),
            limits: limits(&mut section),
        };
        section.finish(complaints);
        jail
    });
    jails.collect()
}

fn limits(section: &mut Section<'_>) -> RawLimits {
    RawLimits {
        max_retry: section.take("max_retry"),
        find_time: section.take("find_time"),
        ban_time: section.take("ban_time"),
    }
}

/// Reads one section and refuses what is left of it.
fn part<T>(
    root: &mut Section<'_>,
    name: &'static str,
    complaints: &mut Complaints,
    read: impl FnOnce(&mut Section<'_>) -> T,
) -> T {
    let mut section = root.section(name, complaints);
    let raw = read(&mut section);
    section.finish(complaints);
    raw
}
