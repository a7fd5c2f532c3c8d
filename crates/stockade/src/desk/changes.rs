//! Changes of the settings by the page and the API: checked, kept from locking out whoever makes them, written, taken up, and
//! undone if they were on trial and nobody confirmed.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use config::{Service, Settings};
use control::desk::{Change, Changed, Deed, Rehearsal, Trial, Written};
use control::{Actor, Event, Fault};
use enforcement::forget_flows;
use event::limit::RECORDED_FAILURE_DAYS;
use event::{Port, Subject, Whitelist};

use super::Desk;
use crate::clock;
use crate::message::Message;
use crate::obey::action;
use crate::plan::Plan;
use crate::rehearsal::Stage;
use crate::settings_file::{SettingsFile, Text};
use crate::trial::{Kept, PATIENCE};

/// One change after the other.
#[derive(Debug, Default)]
pub struct Changing(Mutex<()>);

impl Desk {
    pub(super) fn written(&self) -> Result<Written, Fault> {
        let file = &self.means.settings;
        let text = read(file)?;
        let settings = file.judge(&text.text)?;
        let whitelist = self.visit(|engine| engine.plan.whitelist.clone())?;
        Ok(Written {
            tag: text.tag,
            also_whitelisted: beside(&whitelist, &settings),
            settings,
            path: file.path().display().to_string(),
            read_only: file.read_only(),
        })
    }

    pub(super) fn make_change(&self, change: &Change, actor: &Actor) -> Result<Changed, Fault> {
        let _one = self.changing.0.lock().unwrap_or_else(PoisonError::into_inner);
        if self.trials.trial().is_some() {
            let text = "a change waits to be confirmed; confirm it or take it back first";
            return Err(Fault::Refused(text.to_owned()));
        }
        let file = &self.means.settings;
        let old = read(file)?;
        if change.expected_tag.as_ref().is_some_and(|tag| *tag != old.tag) {
            return Err(Fault::Changed(old.tag));
        }
        let text = edited(&old.text, change)?;
        let plan = plan(file, file.judge(&text)?)?;
        if text == old.text {
            return Ok(Changed { tag: old.tag, trial: None });
        }
        let cut_off = actor.address.and_then(|address| {
            // Whoever comes by a proxy may look cut off already; what makes it no worse is no matter.
            let before = file.judge(&old.text).ok().and_then(|old| cut_off(&old, address));
            cut_off(&plan.settings, address).filter(|_| before.is_none())
        });
        if let Some(why) = cut_off.as_ref().filter(|_| !change.on_trial) {
            return Err(Fault::CutOff(why.clone()));
        }
        let tag = config::tag(text.as_bytes());
        let kept = Kept { before: old.text.clone(), tag: tag.clone(), by: actor.name.clone() };
        if cut_off.is_some() {
            self.trials.prepare(&kept)?;
        }
        if let Err(wrong) = file.write(&text) {
            self.trials.forget();
            return Err(wrong);
        }
        self.take_up(plan, actor, Deed::Settings, &config::difference(&old.text, &text))?;
        let trial = cut_off.is_some().then(|| self.begin_trial(kept, actor));
        Ok(Changed { tag, trial })
    }

    pub(super) fn rehearsed(&self, edits: &[config::Edit]) -> Result<Rehearsal, Fault> {
        let file = &self.means.settings;
        let old = read(file)?;
        let change = Change { edits: edits.to_vec(), expected_tag: None, on_trial: false };
        let text = edited(&old.text, &change)?;
        let (before, after) = (plan(file, file.judge(&old.text)?)?, plan(file, file.judge(&text)?)?);
        let day = std::time::Duration::from_secs(24 * 60 * 60);
        let mut stage = Stage::new(&before, &after, clock::now().before(day * RECORDED_FAILURE_DAYS));
        self.past.failures_since(stage.since(), &mut |failure| stage.play(&failure))?;
        Ok(stage.outcome())
    }

    pub(super) fn confirmed(&self, actor: &Actor) -> Result<(), Fault> {
        self.trials.end().ok_or_else(|| Fault::Missing("change that waits to be confirmed".to_owned()))?;
        self.means.board.tell(Event::Trial(None));
        let actor = actor.clone();
        self.visit(move |engine| engine.journal(&actor, Deed::Confirm, "", ""))
    }

    /// Undoes the change on trial.
    pub(super) fn rolled_back(&self, actor: &Actor) -> Result<(), Fault> {
        let _one = self.changing.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = self
            .trials
            .end()
            .ok_or_else(|| Fault::Missing("change that waits to be confirmed".to_owned()))?;
        self.means.board.tell(Event::Trial(None));
        let file = &self.means.settings;
        let now = read(file)?;
        if now.tag != kept.tag {
            let text = "somebody has changed the settings since; nothing is taken back";
            return Err(Fault::Refused(text.to_owned()));
        }
        let plan = plan(file, file.judge(&kept.before)?)?;
        file.write(&kept.before)?;
        self.take_up(plan, actor, Deed::RollBack, &config::difference(&now.text, &kept.before))
    }

    /// Tells the engine, and waits until the kernel holds it.
    fn take_up(&self, plan: Plan, actor: &Actor, deed: Deed, difference: &str) -> Result<(), Fault> {
        let action = action(actor, deed, "", difference);
        let message = Message::read_again(Ok(plan), &format!("changed by {}", actor.name), Some(action));
        let stopping = |_| Fault::Broken("stockade is stopping".to_owned());
        self.means.engine.send(message).map_err(stopping)?;
        self.visit(|_| ())?;
        self.means.enforcer.finish();
        Ok(())
    }

    fn begin_trial(&self, kept: Kept, actor: &Actor) -> Trial {
        let trial = Trial { until: clock::now().after(PATIENCE), by: actor.name.clone() };
        let own = self.own.clone();
        self.trials.begin(trial.clone(), kept, move || {
            let stockade = Actor { name: "stockade".to_owned(), address: None };
            if let Some(desk) = own.upgrade()
                && let Err(wrong) = desk.rolled_back(&stockade)
            {
                tracing::error!("the change that nobody confirmed could not be undone: {wrong}");
            }
        });
        self.means.board.tell(Event::Trial(Some(trial.clone())));
        // The open connection would go on and prove nothing: the confirmation has to come in by the new rules.
        if let Some(address) = actor.address
            && let Err(cause) = forget_flows(&[Subject::exactly(address)])
        {
            tracing::warn!("open connections of {address} could not be forgotten: {cause}");
        }
        trial
    }
}

/// What stands in the file now.
fn read(file: &SettingsFile) -> Result<Text, Fault> {
    file.text().map_err(|cause| Fault::Broken(format!("{}: {cause}", file.path().display())))
}

fn edited(text: &str, change: &Change) -> Result<String, Fault> {
    config::edit(text, &change.edits).map_err(|wrong| Fault::Refused(wrong.to_string()))
}

/// What the settings lead to; complaints that only the filters and the host can have.
fn plan(file: &SettingsFile, settings: Settings) -> Result<Plan, Fault> {
    Plan::of(settings, file.told_jails().as_deref()).map_err(|complaints| {
        let complaint = |text| control::desk::Complaint { place: "settings".to_owned(), text };
        Fault::Wrong(complaints.into_iter().map(complaint).collect())
    })
}

/// Why `address` could not reach the page under these settings, if it could not.
fn cut_off(settings: &Settings, address: IpAddr) -> Option<String> {
    let firewall = &settings.firewall;
    if !settings.enabled || firewall.networks.is_empty() || address.to_canonical().is_loopback() {
        return None;
    }
    match firewall.network_of(address) {
        Some(network) if network.services.contains(&Service::Web) => own_port(settings, address),
        Some(network) => Some(format!(
            "you are connected from {address}, which \"{}\" ({}) does not let reach WEB",
            network.name, network.subnet
        )),
        None => Some(format!("you are connected from {address}, which is in none of the networks")),
    }
}

/// Why WEB is not enough for `address`, if it is not: its ports may have been changed. Behind a proxy its port counts, which nobody
/// here knows.
fn own_port(settings: &Settings, address: IpAddr) -> Option<String> {
    let listen = settings.http.listen.filter(|listen| !listen.ip().is_loopback())?;
    let port: Port = format!("tcp/{}", listen.port()).parse().ok()?;
    let is_behind_proxy = !settings.http.trusted_proxies.is_empty();
    (!is_behind_proxy && !settings.firewall.allows(address, port))
        .then(|| format!("this page is at {port}, which is none of the ports of WEB"))
}

/// Who is on the whitelist without standing in its list.
fn beside(whitelist: &Whitelist, settings: &Settings) -> Vec<(Subject, String)> {
    let is_listed = |subject: &Subject, origin: &str| {
        settings.whitelist.addresses.iter().any(|(s, o)| s == subject && o == origin)
    };
    whitelist
        .iter()
        .filter(|(subject, origin)| !is_listed(subject, origin))
        .map(|(subject, origin)| (*subject, origin.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_would_be_cut_off_is_known() {
        let text = "[[firewall.networks]]\nname = 'Office'\nsubnet = '192.0.2.0/24'\nservices = ['web']\n\
                    [[firewall.networks]]\nname = 'Phones'\nsubnet = '198.51.100.0/24'\nservices = ['sip']\n";
        let (settings, complaints) = config::check("test", text, |_| true);
        assert_eq!(complaints, []);
        let settings = settings.unwrap();
        let why = |address: &str| cut_off(&settings, address.parse().unwrap());
        assert_eq!(why("192.0.2.7"), None);
        assert_eq!(why("127.0.0.1"), None);
        assert!(why("198.51.100.7").unwrap().contains("Phones"));
        assert!(why("203.0.113.7").unwrap().contains("none of the networks"));
        assert_eq!(cut_off(&Settings::default(), "203.0.113.7".parse().unwrap()), None);
    }

    #[test]
    fn web_without_the_pages_own_port_cuts_off_too() {
        let text = |more: &str| {
            format!(
                "[http]\nlisten = '0.0.0.0:8765'\n{more}[firewall.ports]\nweb = ['tcp/443']\n\
                 [[firewall.networks]]\nname = 'Office'\nsubnet = '192.0.2.0/24'\nservices = ['web']\n"
            )
        };
        let why = |more: &str| {
            let (settings, complaints) = config::check("test", &text(more), |_| true);
            assert_eq!(complaints, []);
            cut_off(&settings.unwrap(), "192.0.2.7".parse().unwrap())
        };
        assert!(why("").unwrap().contains("tcp/8765"));
        assert_eq!(why("trusted_proxies = ['192.0.2.9']\n"), None);
    }
}
