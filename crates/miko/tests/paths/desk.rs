//! A desk in memory: settings, bans and a password, no engine and no file. It changes what it is told to change and refuses what
//! a test tells it to refuse.

use std::net::IpAddr;
use std::sync::{Arc, LazyLock, Mutex};

use config::{Edit, Settings};
use control::desk::{Change, Changed, Deed, Key, KeyScope, Lifted, Roster, Written};
use control::{Actor, Fault, answer};
use event::{Ban, JailName, Moment, Proof, Scope, Subject};
use quiet_desk::Answers;

pub const PASSWORD: &str = "correct horse";
pub const ADMIN_KEY: &str = "admin-key";
pub const READ_KEY: &str = "read-key";
pub const BOUNCER_KEY: &str = "bouncer-key";

static HASH: LazyLock<String> = LazyLock::new(|| gate::password::hash(PASSWORD).unwrap());

/// What stands in memory.
#[derive(Default)]
pub struct MemoryDesk {
    pub inner: Mutex<Inner>,
}

#[derive(Default)]
pub struct Inner {
    pub settings: Settings,
    /// Grows with each change; the tag is its text.
    pub version: u64,
    pub bans: Vec<Ban>,
    /// Who did what.
    pub deeds: Vec<(Deed, String)>,
    pub failed_sign_ins: Vec<String>,
    /// So many changes are overtaken by somebody else's.
    pub overtaken: u32,
    pub refuses: Option<Fault>,
    pub banned_visitor: bool,
    pub surroundings: answer::Surroundings,
}

impl MemoryDesk {
    pub fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    pub fn settings_now(&self) -> Settings {
        self.lock().settings.clone()
    }
}

/// A ban of an hour.
pub fn ban(subject: &str, jail: &str) -> Ban {
    Ban {
        subject: subject.parse().unwrap(),
        jail: JailName::new(jail),
        scope: Scope::Jail,
        since: Moment::from_seconds(1_700_000_000),
        until: Moment::from_seconds(1_700_003_600),
        failures: 10,
        proof: Proof::Proven,
        reason: "10 failures".to_owned(),
    }
}

impl Inner {
    fn make(&mut self, edit: &Edit) {
        let settings = &mut self.settings;
        match edit {
            Edit::Enabled(enabled) => settings.enabled = *enabled,
            Edit::Limits(limits) => settings.defaults = *limits,
            Edit::Whitelist(subjects) => {
                let place = |subject: &Subject| (*subject, "stockade.toml:1".to_owned());
                settings.whitelist.addresses = subjects.iter().map(place).collect();
            }
            Edit::SipLimit(limit) => settings.firewall.sip_limit = *limit,
            Edit::Networks(networks) => settings.firewall.networks.clone_from(networks),
            Edit::Ports(_) | Edit::Jail { .. } => {
                unreachable!("MikoPBX's paths change neither ports nor jails")
            }
        }
    }
}

impl Answers for MemoryDesk {
    fn bans(&self) -> Result<Arc<Roster>, Fault> {
        let mut bans = self.lock().bans.clone();
        bans.sort_by(|a, b| (a.subject, &a.jail).cmp(&(b.subject, &b.jail)));
        Ok(Arc::new(Roster { bans, ..Roster::default() }))
    }

    fn unban(&self, which: &[Lifted], actor: &Actor) -> Result<u64, Fault> {
        let mut inner = self.lock();
        let before = inner.bans.len();
        inner.bans.retain(|ban| !which.iter().any(|one| one.subject == ban.subject));
        inner.deeds.push((Deed::Unban, actor.name.clone()));
        Ok((before - inner.bans.len()) as u64)
    }

    fn settings(&self) -> Result<Written, Fault> {
        let inner = self.lock();
        Ok(Written {
            tag: inner.version.to_string(),
            settings: inner.settings.clone(),
            path: "stockade.toml".to_owned(),
            read_only: None,
            also_whitelisted: Vec::new(),
        })
    }

    fn change(&self, change: &Change, actor: &Actor) -> Result<Changed, Fault> {
        let mut inner = self.lock();
        assert!(!change.on_trial, "MikoPBX's clients cannot confirm a trial");
        if inner.overtaken > 0 {
            inner.overtaken -= 1;
            inner.version += 1;
        }
        let tag = inner.version.to_string();
        if change.expected_tag.as_ref() != Some(&tag) {
            return Err(Fault::Changed(tag));
        }
        if let Some(fault) = &inner.refuses {
            return Err(fault.clone());
        }
        for edit in &change.edits {
            inner.make(edit);
        }
        inner.version += 1;
        inner.deeds.push((Deed::Settings, actor.name.clone()));
        Ok(Changed { tag: inner.version.to_string(), trial: None })
    }

    fn key_of(&self, secret: &str, _: IpAddr) -> Option<Key> {
        let scope = match secret {
            ADMIN_KEY => KeyScope::Admin,
            READ_KEY => KeyScope::Read,
            BOUNCER_KEY => KeyScope::Bouncer,
            _ => return None,
        };
        let created = Moment::default();
        Some(Key { id: 1, name: "module".to_owned(), scope, networks: Vec::new(), created, last_used: None })
    }

    fn password(&self) -> Result<Option<String>, Fault> {
        Ok(Some(HASH.clone()))
    }

    fn sign_in_failed(&self, _: IpAddr, account: &str) {
        self.lock().failed_sign_ins.push(account.to_owned());
    }

    fn signed_in(&self, actor: &Actor) {
        self.lock().deeds.push((Deed::SignIn, actor.name.clone()));
    }

    fn is_banned(&self, _: IpAddr) -> bool {
        self.lock().banned_visitor
    }

    fn surroundings(&self) -> control::answer::Surroundings {
        self.lock().surroundings.clone()
    }
}
