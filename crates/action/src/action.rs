//! One action of a jail: which of its commands is run when, what is done when one fails. The order of everything here is fail2ban's.

mod operation;

use std::sync::Arc;

use dropin::ActionModel;

use crate::fault::Fault;
use crate::health::Record;
use crate::info::{Info, Told};
use crate::properties::Properties;
use crate::run::{End, Runner};
use crate::script::Script;
use operation::Executed;

/// It was started for a family.
const STARTED: u8 = 1;
/// It has bans of a family.
const HOLDS: u8 = 2;

/// An action.
pub struct Action {
    /// Its name in the jail.
    pub name: String,
    /// As it was told.
    pub model: ActionModel,
    /// How it does.
    pub health: Record,
    /// How often the jail's actions had been mended when this one was mended last.
    pub epoch: u64,
    properties: Properties,
    /// By family, in the order in which they came.
    started: Vec<(String, u8)>,
    executed: Executed,
    runner: Arc<Runner>,
}

/// What an action needs of its jail while it works.
pub struct Scene<'a> {
    /// The tags of the ban at hand; of the jail, where there is none, for a family.
    pub ban: &'a dyn Info,
    /// The tags of the jail alone, for a family.
    pub bare: &'a dyn Fn(&str, &str) -> Option<Told>,
    /// How often the jail's actions have been mended.
    pub epoch: &'a std::cell::Cell<u64>,
}

struct Bare<'a>(&'a Scene<'a>, &'a str);

impl Info for Bare<'_> {
    fn get(&self, tag: &str) -> Option<Told> {
        (self.0.bare)(self.1, tag)
    }
}

struct FamilyOnly<'a>(&'a str);

impl Info for FamilyOnly<'_> {
    fn get(&self, tag: &str) -> Option<Told> {
        (tag == "family").then(|| Told::Plain(self.0.to_owned()))
    }
}

impl Action {
    /// As it was told.
    pub fn new(jail: &str, model: &ActionModel, host_name: &str, runner: Arc<Runner>) -> Self {
        Self {
            name: model.name.clone(),
            model: model.clone(),
            health: Record::new(jail, &model.name),
            epoch: 0,
            properties: Properties::new(model, host_name),
            started: Vec::new(),
            executed: Executed::default(),
            runner,
        }
    }

    /// It was told something else. What was started stays so.
    pub fn tell(&mut self, model: &ActionModel, host_name: &str) {
        self.model = model.clone();
        self.properties = Properties::new(model, host_name);
        self.executed = Executed::default();
    }

    /// Whether bans from before the program's start are not told to it.
    pub fn skips_restored(&self) -> bool {
        self.properties.is_true("norestored").unwrap_or(false)
    }

    /// Whether it can prolong a ban.
    pub fn prolongs(&self) -> bool {
        !self.properties.text("actionprolong").trim().is_empty()
    }

    /// Whether it lets everybody in at once.
    pub fn flushes(&self) -> bool {
        !self.properties.text("actionflush").is_empty()
    }

    /// Whether it keeps nothing of a ban that would have to be taken away.
    pub fn keeps_nothing(&self) -> bool {
        self.properties.text("actionunban").trim().is_empty()
    }

    /// Begins, unless the first ban does that.
    pub fn start(&mut self, scene: &Scene<'_>) -> Result<(), Fault> {
        self.start_for(None, false, scene)
    }

    fn start_for(&mut self, family: Option<&str>, is_forced: bool, scene: &Scene<'_>) -> Result<(), Fault> {
        if !is_forced && self.properties.is_started_on_demand() {
            return Ok(());
        }
        let families = family.map_or_else(|| self.properties.families(), |one| vec![one.to_owned()]);
        self.operate("<actionstart>", &families, scene, |action, family, done| {
            if done {
                action.executed.note("<actionstop>", family, None);
                action.mark(family, STARTED);
            }
        })
    }

    /// Bans.
    pub fn ban(&mut self, family: &str, scene: &Scene<'_>) -> Result<(), Fault> {
        self.ban_by("<actionban>", family, scene)
    }

    /// Bans again, after what was there was mended.
    pub fn reban(&mut self, family: &str, scene: &Scene<'_>) -> Result<(), Fault> {
        let has_own = !self.properties.text("actionreban").is_empty();
        self.ban_by(if has_own { "<actionreban>" } else { "<actionban>" }, family, scene)
    }

    fn ban_by(&mut self, command: &str, family: &str, scene: &Scene<'_>) -> Result<(), Fault> {
        if self.properties.is_started_on_demand() && self.state(family) == 0 {
            self.start_for(Some(family), true, scene)?;
        }
        self.process(command, family, scene)?;
        let state = self.state(family);
        self.mark(family, state | STARTED | HOLDS);
        Ok(())
    }

    /// Prolongs a ban.
    pub fn prolong(&mut self, family: &str, scene: &Scene<'_>) -> Result<(), Fault> {
        self.process("<actionprolong>", family, scene)
    }

    /// Lets somebody in.
    pub fn unban(&mut self, family: &str, scene: &Scene<'_>) -> Result<(), Fault> {
        if self.state(family) & HOLDS == 0 {
            return Ok(());
        }
        self.process("<actionunban>", family, scene)
    }

    /// Lets everybody in at once.
    pub fn flush(&mut self, scene: &Scene<'_>) -> Result<(), Fault> {
        let holding = self.families_with(|state| state & (STARTED | HOLDS) == STARTED | HOLDS);
        self.operate("<actionflush>", &holding, scene, |action, family, done| {
            let state = action.state(family);
            if done && state != 0 {
                action.mark(family, state & !HOLDS);
            }
        })
    }

    /// Ends.
    pub fn stop(&mut self, scene: &Scene<'_>) -> Result<(), Fault> {
        let families = self.families_with(|state| state != 0);
        self.started.clear();
        self.stop_for(&families, scene)
    }

    fn stop_for(&mut self, families: &[String], scene: &Scene<'_>) -> Result<(), Fault> {
        self.operate("<actionstop>", families, scene, |action, family, done| {
            if done {
                action.executed.note("<actionstart>", family, None);
            }
        })
    }

    /// Takes up what was told anew.
    pub fn reload(&mut self, scene: &Scene<'_>) -> Result<(), Fault> {
        let families = self.families_with(|state| state != 0);
        self.operate("<actionreload>", &families, scene, |_, _, _| {})
    }

    /// Checks that what it set up is there, and mends it. Whether all is well.
    pub fn check(&mut self, may_repair: bool, scene: &Scene<'_>) -> bool {
        if self.properties.text("actioncheck").is_empty() {
            return true;
        }
        let mut is_well = true;
        for family in self.families_with(|state| state != 0) {
            if !self.invariant(&family, may_repair, true, scene) {
                self.mark(&family, 0);
                self.executed.note("<actionstart>", &family, None);
                is_well = false;
            }
        }
        is_well
    }

    /// What of it cannot be run as it is written, by the option that says so.
    pub fn remarks(&mut self, info: &dyn Info) -> Vec<(&'static str, String)> {
        let commands = "actionstart actionstop actionflush actioncheck actionrepair actionban actionprolong \
            actionreban actionunban actionreload";
        let mut remarks = Vec::new();
        for command in commands.split_whitespace() {
            if self.properties.text(command).is_empty() {
                continue;
            }
            for remark in self.remarks_of(command, info) {
                if !remarks.contains(&(command, remark.clone())) {
                    remarks.push((command, remark));
                }
            }
        }
        remarks
    }

    fn remarks_of(&mut self, command: &str, info: &dyn Info) -> Vec<String> {
        let mut remarks = Vec::new();
        for family in ["inet4", "inet6"] {
            let filled = self.properties.fill(&format!("<{command}>"), family);
            let script = filled.and_then(|text| {
                if crate::script::mail_reads_tildes(&text) {
                    remarks.push(format!(
                        "{command} runs mail, and some of them take lines beginning with '~' for commands: \
                         '~' and '\\' in a log's text become '_'; write mail -E 'set escape'"
                    ));
                }
                Script::new(&text, info, |tag| self.properties.of_the_host(tag))
            });
            match filled_remark(script) {
                Ok(unread) => remarks.extend(unread.iter().map(|tag| {
                    format!(
                        "{command}: <{tag}> stands where the shell puts nothing in, within single quotes for \
                         instance: the name of its variable stays there; write double quotes"
                    )
                })),
                Err(fault) => remarks.push(format!("{command}: {fault}")),
            }
        }
        remarks
    }

    /// Runs a command of a ban. If it fails, what it needs is checked and mended, and it is run once more.
    fn process(&mut self, command: &str, family: &str, scene: &Scene<'_>) -> Result<(), Fault> {
        let mut is_second = false;
        loop {
            if is_second && !self.properties.text("actioncheck").is_empty() {
                let is_unban = command == "<actionunban>";
                let may_repair = !is_unban || self.properties.is_true("actionrepair_on_unban") == Some(true);
                if !self.invariant(family, may_repair, !is_unban, scene) {
                    return Err(Fault::Broken);
                }
            }
            let filled = self.properties.fill(command, family)?;
            match self.run(&filled, scene.ban) {
                Ok(()) => return Ok(()),
                // A second try would be refused too.
                Err(fault @ (Fault::Unsafe { .. } | Fault::TooLong | Fault::Stopping)) => return Err(fault),
                Err(fault) if is_second => return Err(fault),
                Err(_) => is_second = true,
            }
        }
    }

    /// Whether what the action set up for a family is there, if need be after mending it.
    fn invariant(&mut self, family: &str, may_repair: bool, is_forced: bool, scene: &Scene<'_>) -> bool {
        if !is_forced && !self.started.iter().any(|(known, _)| known == family) {
            return true;
        }
        let Ok(check) = self.operation("<actioncheck>", family) else { return false };
        let nothing = FamilyOnly(family);
        if check.is_empty() || self.run(&check, &nothing).is_ok() {
            return true;
        }
        if !may_repair {
            return false;
        }
        tracing::warn!("action {}: actioncheck failed; what it set up is mended", self.name);
        scene.epoch.set(scene.epoch.get() + 1);
        self.epoch = scene.epoch.get();
        let repair = self.operation("<actionrepair>", family).unwrap_or_default();
        if repair.is_empty() {
            self.restart(family, is_forced, scene);
        } else {
            let done = self.run(&repair, &nothing).is_ok();
            self.mark(family, if done { STARTED } else { 0 });
            if !done {
                return false;
            }
        }
        self.state(family) == 0 || self.run(&check, &nothing).is_ok()
    }

    fn restart(&mut self, family: &str, is_forced: bool, scene: &Scene<'_>) {
        if self.started.iter().any(|(known, _)| known == family) {
            self.mark(family, 0);
            // What cannot be stopped is told already; it is started all the same.
            let _ = self.stop_for(&[family.to_owned()], scene);
        }
        let is_forced = is_forced || !self.properties.is_started_on_demand();
        let _ = self.start_for(Some(family), is_forced, scene);
    }

    /// Puts the tags of a ban in, and runs.
    fn run(&mut self, command: &str, info: &dyn Info) -> Result<(), Fault> {
        if command.is_empty() {
            return Ok(());
        }
        let script = Script::new(command, info, |tag| self.properties.of_the_host(tag));
        let ran = script.and_then(|script| self.execute(&script));
        if let Err(fault) = &ran {
            self.health.failed(fault.to_string());
        }
        ran
    }

    fn execute(&self, script: &Script) -> Result<(), Fault> {
        let (end, printed) =
            self.runner.run(script, self.properties.time_limit()).map_err(Fault::NotStarted)?;
        let mut health = self.health.lock();
        health.runs += 1;
        health.last_output = printed;
        match end {
            End::Exited(0) => Ok(()),
            End::Stopped => Err(Fault::Stopping),
            end => Err(Fault::Ended(end)),
        }
    }

    fn state(&self, family: &str) -> u8 {
        self.started.iter().find(|(known, _)| known == family).map_or(0, |(_, state)| *state)
    }

    fn mark(&mut self, family: &str, state: u8) {
        match self.started.iter_mut().find(|(known, _)| known == family) {
            Some((_, held)) => *held = state,
            None => self.started.push((family.to_owned(), state)),
        }
    }

    fn families_with(&self, wanted: impl Fn(u8) -> bool) -> Vec<String> {
        self.started.iter().filter(|(_, state)| wanted(*state)).map(|(family, _)| family.clone()).collect()
    }
}

fn filled_remark(script: Result<Script, Fault>) -> Result<Vec<String>, Fault> {
    script.map(|script| script.unread)
}
