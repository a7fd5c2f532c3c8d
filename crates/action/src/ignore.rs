//! `ignorecommand`: a jail's own command says of each failure whether it is to be ignored. Failures wait here for the answer, so that nobody
//! else does. Whoever waits for the same command with the same tags is answered with it: a flood from one address is one command.
//!
//! As with fail2ban, a command ignores if it ends with 0. Where it ends otherwise or cannot be run, the failure counts: whoever can break a command
//! is not spared by that.

mod rule;
mod cache;
mod waiting;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use dropin::JailModel;
use event::limit::{FAIL2BAN_IGNORE_COMMANDS, FAIL2BAN_IGNORE_SECONDS};
use event::{Failure, Moment};

use crate::actions::Actions;
use crate::health::ActionHealth;
use crate::run::{End, Runner};
use crate::script::Script;
use crate::worker::Shared;
use rule::{Asked, Rule};
use waiting::{Next, Waiting};

/// A failure that waits for its jail's command.
#[derive(Clone, Debug)]
pub struct Held {
    /// The jail's name, as fail2ban's configuration has it.
    pub jail: String,
    /// What its filter found.
    pub failure: Failure,
    /// When it was observed, for whoever counts it.
    pub observed: Moment,
}

/// What a command said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// The failure counts.
    Counts,
    /// It is to be ignored.
    Ignored,
    /// It is to be ignored: the answer was kept from before, and is no news.
    StillIgnored,
}

/// Told what was said of failures of one jail.
pub type Answer = Box<dyn Fn(Vec<Held>, Said) + Send + Sync>;

/// The commands of all jails that have one.
pub struct IgnoreCommands {
    asking: Arc<Asking>,
    /// There once a jail has a command.
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// What the threads share.
struct Asking {
    waiting: Waiting,
    rules: Mutex<Vec<Arc<Rule>>>,
    runner: Arc<Runner>,
    shared: Arc<Shared>,
    answer: Answer,
}

impl IgnoreCommands {
    /// With no jails yet. Commands know of earlier bans what `actions` know.
    pub fn start(now: fn() -> Moment, actions: &Actions, answer: Answer) -> io::Result<Self> {
        let asking = Arc::new(Asking {
            waiting: Waiting::default(),
            rules: Mutex::new(Vec::new()),
            runner: Runner::new(now)?,
            shared: actions.shared(),
            answer,
        });
        Ok(Self { asking, threads: Mutex::default() })
    }

    /// These are the jails from now on; what was answered before for a command that stays is kept. Says what cannot be run: the jail, and why.
    pub fn set_jails(&self, jails: &[JailModel]) -> Vec<(String, String)> {
        // Whoever asks is not kept waiting by the reading of commands: a rule may wait for a thread that waits for whoever asks.
        let before = self.asking.rules().clone();
        let (mut rules, mut remarks) = (Vec::new(), Vec::new());
        for jail in jails.iter().filter(|jail| jail.started && !jail.idle) {
            let kept = before.iter().find(|rule| rule.is_for(jail)).map(Arc::clone);
            let Some(rule) = kept.or_else(|| Rule::new(jail).map(Arc::new)) else { continue };
            let refused = rule.refused(&self.asking.shared);
            remarks.extend(refused.map(|why| (jail.name.clone(), why)));
            rules.push(rule);
        }
        if !rules.is_empty()
            && let Err(cause) = self.employ()
        {
            // Without anybody who asks, every failure counts.
            self.asking.waiting.end();
            remarks.extend(
                rules.iter().map(|rule| (rule.jail().to_owned(), format!("no thread for it: {cause}"))),
            );
        }
        *self.asking.rules() = rules;
        remarks
    }

    fn employ(&self) -> io::Result<()> {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        while threads.len() < FAIL2BAN_IGNORE_COMMANDS {
            let its = Arc::clone(&self.asking);
            threads.push(thread::Builder::new().name("ignore".to_owned()).spawn(move || its.work())?);
        }
        Ok(())
    }

    /// Asks the jail's command. Where too many wait, the failure is given back: it counts unasked, and `health` counts it.
    pub fn ask(&self, held: Held) -> Option<Held> {
        let refused = self.asking.waiting.put(held)?;
        if let Some(rule) = self.asking.rule(&refused.jail) {
            rule.missed();
        }
        Some(refused)
    }

    /// How each command does.
    pub fn health(&self) -> Vec<ActionHealth> {
        let rules = self.asking.rules().clone();
        rules.iter().map(|rule| rule.health(self.asking.waiting.of(rule.jail()))).collect()
    }

    /// Ends what runs. What still waits is given up: it was no ban yet.
    pub fn stop(&self) {
        self.asking.waiting.end();
        self.asking.runner.stop();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // A thread that broke has said so.
            let _ = thread.join();
        }
    }
}

impl Drop for IgnoreCommands {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Asking {
    fn work(&self) {
        while let Some(held) = self.waiting.next() {
            let Some(rule) = self.rule(&held.jail) else {
                // The jail has no command any more.
                self.tell(vec![held], Said::Counts);
                continue;
            };
            match rule.asked(&held, &self.shared) {
                Asked::Unable(why) => {
                    rule.failed(&why);
                    self.tell(vec![held], Said::Counts);
                }
                Asked::Known(true) => self.tell(vec![held], Said::StillIgnored),
                Asked::Known(false) => self.tell(vec![held], Said::Counts),
                Asked::Run { question, script } => match self.waiting.begin(&rule, question, held) {
                    Next::Joined => {}
                    Next::Run(question) => {
                        let is_ignored = self.run(&rule, &script);
                        if let Some(is_ignored) = is_ignored {
                            rule.remember(&question, is_ignored, self.runner.now());
                        }
                        let said = if is_ignored == Some(true) { Said::Ignored } else { Said::Counts };
                        self.tell(self.waiting.end_of(&rule, &question), said);
                    }
                },
            }
        }
    }

    /// Whether it says that the failure is to be ignored; nothing if it did not say.
    fn run(&self, rule: &Rule, script: &Script) -> Option<bool> {
        let limit = Duration::from_secs(FAIL2BAN_IGNORE_SECONDS);
        match self.runner.run(script, limit) {
            Ok((End::Exited(code @ (0 | 1)), output)) => {
                rule.ran(&output);
                Some(code == 0)
            }
            Ok((End::Stopped, _)) => None,
            Ok((end, output)) => {
                rule.ran(&output);
                rule.failed(&format!("the command {end}; 0 ignores, 1 does not"));
                // As fail2ban keeps it: a broken command is not run again for each failure while its answer is kept.
                Some(false)
            }
            Err(cause) => {
                rule.failed(&format!("the command could not be started: {cause}"));
                None
            }
        }
    }

    fn tell(&self, held: Vec<Held>, said: Said) {
        // Everything ends: whoever would count it has ended too.
        if !held.is_empty() && !self.runner.is_stopped() {
            (self.answer)(held, said);
        }
    }

    fn rule(&self, jail: &str) -> Option<Arc<Rule>> {
        self.rules().iter().find(|rule| rule.jail() == jail).map(Arc::clone)
    }

    fn rules(&self) -> MutexGuard<'_, Vec<Arc<Rule>>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
