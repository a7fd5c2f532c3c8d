//! Keeps the kernel's table as wanted: writes what changes, compares the whole from time to time and whenever another program
//! touched it. Errors are told once and tried again; nothing is lifted because of them.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use enforcement::{Change, Element, Enforcement, Guard, Layout, Nftables, Watch, claim, forget_flows};
use event::limit::{BOUNCER_BANS, BOUNCER_NAMED};
use event::{JailName, Moment, Scope, Subject, Whitelist};

use crate::bouncer::Options;
use crate::error::BouncerError;
use crate::memory::Memory;
use crate::never;
use crate::news::{Answer, News};
use crate::pause::Pause;
use crate::wanted::{Step, Wanted};

/// The name under which its bans stand, where a jail's name stands else.
const JAIL: &str = "bouncer";
/// How often the whole is compared.
const COMPARE_EVERY: Duration = Duration::from_secs(300);
/// How often it says how things stand.
const SAY_EVERY: Duration = Duration::from_secs(60);

/// The table and what is known about it.
pub struct Keeper<'a> {
    options: &'a Options,
    nftables: Nftables,
    watch: Watch,
    jail: JailName,
    wanted: Wanted,
    /// Whom the origin wants never to be blocked.
    told: Vec<Subject>,
    whitelist: Whitelist,
    /// Whether the origin said anything since the start, if only that it is away.
    has_heard: bool,
    /// Why the origin does not answer, as it was last told.
    silence: Option<String>,
    /// Why the kernel does not do it, as it was last told.
    trouble: Option<String>,
    pause: Pause,
    compare_at: Moment,
    say_at: Moment,
    /// Whether what is wanted has changed since it was written down.
    is_new: bool,
    /// Newly banned, whose open connections the kernel still knows.
    fresh: Vec<Subject>,
}

impl<'a> Keeper<'a> {
    /// Claims the table, and begins with what the kernel holds; where it holds nothing, as after a boot, with what was known last.
    pub fn open(options: &'a Options) -> Result<Self, BouncerError> {
        if !claim().map_err(BouncerError::Claim)? {
            tracing::warn!(
                "a process without rights sits on the name @stockade-table; a second stockade would not be noticed"
            );
        }
        let mut nftables = Nftables::open()?.with_clock(options.now);
        let watch = nftables.watch()?;
        let now = (options.now)();
        let memory = Memory::read(&options.state_dir);
        let held = nftables.held(now)?;
        let mut wanted = Wanted::new(BOUNCER_BANS);
        if held.is_empty() {
            wanted.take_over(memory.bans);
            wanted.forget_ended(now);
        } else {
            wanted.take_over(held.into_iter().map(|element| (element.subject, element.until)));
        }
        let whitelist = never::whitelist(options, &memory.whitelist);
        Ok(Self {
            options,
            nftables,
            watch,
            jail: JailName::new(JAIL),
            wanted,
            told: memory.whitelist,
            whitelist,
            has_heard: false,
            silence: None,
            trouble: None,
            pause: Pause::default(),
            compare_at: Moment::NEVER,
            say_at: now.after(SAY_EVERY),
            is_new: false,
            fresh: Vec::new(),
        })
    }

    /// Readable when another program changed the firewall.
    pub fn watch(&self) -> BorrowedFd<'_> {
        self.watch.as_fd()
    }

    /// Whether the origin said anything, if only that it is away.
    pub fn has_heard(&self) -> bool {
        self.has_heard
    }

    /// When there is something to do again.
    pub fn due(&self) -> Moment {
        self.compare_at.min(self.say_at)
    }

    /// Makes the kernel as wanted for the first time.
    pub fn stand(&mut self, now: Moment) -> Result<(), BouncerError> {
        if !self.has_heard {
            self.hear_silence("it has not answered yet".to_owned(), 0);
        }
        let done = self.compare(now)?;
        tracing::info!(
            "{} in force: {} put in, {} taken out, {} addresses and subnets never blocked",
            bans(self.wanted.len()),
            done.added,
            done.removed,
            self.whitelist.len()
        );
        Ok(())
    }

    /// What the asking thread tells.
    pub fn hear(&mut self, news: News, now: Moment) {
        match news {
            News::Answer(answer) => self.hear_answer(answer, now),
            News::Silence { why, again_seconds } => self.hear_silence(why, again_seconds),
        }
        self.has_heard = true;
    }

    fn hear_silence(&mut self, why: String, again_seconds: u64) {
        if self.silence.as_ref() != Some(&why) {
            tracing::error!(
                "{why}; {} in force until each ends, and it is asked again{}",
                bans(self.wanted.len()),
                if again_seconds == 0 { String::new() } else { format!(" in {again_seconds} s") }
            );
            self.silence = Some(why);
        }
    }

    fn hear_answer(&mut self, answer: Answer, now: Moment) {
        if self.silence.take().is_some() {
            tracing::info!("the origin answers again");
        }
        let done = if answer.is_whole {
            self.wanted.replace(&answer.new, now)
        } else {
            self.wanted.change(&answer.deleted, &answer.new, now)
        };
        let left_out = done.left_out + answer.left_out;
        if left_out > 0 && !done.steps.is_empty() {
            tracing::warn!(
                "{left_out} decisions were left out: no bans of addresses, too wide, over, or too many"
            );
        }
        self.say(&done.steps, now);
        self.is_new |= !done.steps.is_empty();
        let renewed = answer.whitelist.is_some_and(|told| self.renew_told(told));
        let fresh = done.steps.iter().filter(|step| matches!(step, Step::Ban(..))).map(Step::subject);
        self.fresh.extend(fresh);
        // The first comparison comes with `stand`.
        let stands = self.compare_at != Moment::NEVER;
        if stands && (renewed || self.trouble.is_some()) {
            self.compare_or_tell(now);
        } else if stands && !done.steps.is_empty() {
            self.apply(&done.steps, now);
        }
    }

    fn renew_told(&mut self, mut told: Vec<Subject>) -> bool {
        told.sort_unstable();
        told.dedup();
        if self.told == told {
            return false;
        }
        self.told = told;
        self.remember();
        true
    }

    /// What others did, and what time did.
    pub fn tend(&mut self, now: Moment) {
        match self.watch.changed() {
            Ok(false) => {}
            Ok(true) => {
                if self.compare_or_tell(now) {
                    tracing::warn!("another program changed the table 'inet stockade'; it is mended");
                }
            }
            Err(cause) => self.fail(&cause.to_string(), now),
        }
        // The clock may have been set back.
        let is_due = now >= self.compare_at || self.compare_at.since(now) > COMPARE_EVERY;
        if is_due {
            self.is_new |= self.wanted.forget_ended(now) > 0;
            self.compare_or_tell(now);
            if self.is_new {
                self.remember();
            }
        }
        if now >= self.say_at {
            self.say_at = now.after(SAY_EVERY);
            let packets: u64 = self.nftables.counters().iter().flatten().map(|drops| drops.packets).sum();
            tracing::debug!("{} in force, {packets} packets dropped", bans(self.wanted.len()));
        }
    }

    /// Writes down what is wanted, for a start on which nobody else can tell.
    pub fn remember(&mut self) {
        self.is_new = false;
        let memory = Memory { whitelist: self.told.clone(), bans: self.wanted.iter().collect() };
        if let Err(cause) = memory.write(&self.options.state_dir) {
            tracing::warn!(
                "{}: what was decided last cannot be written down: {cause}",
                self.options.state_dir.display()
            );
        }
    }

    fn compare_or_tell(&mut self, now: Moment) -> bool {
        match self.compare(now) {
            Ok(done) => done.rebuilt || done.added + done.removed > 0,
            Err(cause) => {
                self.fail(&cause.to_string(), now);
                false
            }
        }
    }

    fn compare(&mut self, now: Moment) -> Result<enforcement::Reconciled, enforcement::EnforcementError> {
        self.whitelist = never::whitelist(self.options, &self.told);
        let layout = Layout {
            guards: vec![Guard { jail: self.jail.clone(), ports: self.options.ports.clone() }],
            whitelist: self.whitelist.iter().map(|(subject, _)| *subject).collect(),
            ..Layout::default()
        };
        let wanted: Vec<Element> = self
            .wanted
            .iter()
            .filter(|(subject, until)| *until > now && !self.is_exempt(subject))
            .map(|(subject, until)| self.element(subject, until))
            .collect();
        let done = self.nftables.reconcile(&layout, &mut wanted.into_iter(), now)?;
        self.succeed();
        self.compare_at = now.after(COMPARE_EVERY);
        Ok(done)
    }

    fn apply(&mut self, steps: &[Step], now: Moment) {
        let changes: Vec<Change> = steps
            .iter()
            .filter_map(|step| match *step {
                Step::Lift(subject) => {
                    Some(Change::Remove { jail: self.jail.clone(), scope: self.scope(), subject })
                }
                Step::Ban(subject, _) | Step::Prolong(subject, _) if self.is_exempt(&subject) => None,
                Step::Ban(subject, until) | Step::Prolong(subject, until) => {
                    Some(Change::Add(self.element(subject, until)))
                }
            })
            .collect();
        match self.nftables.apply(&changes, now) {
            Ok(_) => self.succeed(),
            Err(cause) => self.fail(&cause.to_string(), now),
        }
    }

    /// Who lies wholly within the whitelist is not put into the kernel at all. A subnet around somebody on it is: the whitelist stands
    /// above it there.
    fn is_exempt(&self, subject: &Subject) -> bool {
        self.whitelist.protects(subject).is_some_and(|(entry, _)| entry.covers(subject))
    }

    fn element(&self, subject: Subject, until: Moment) -> Element {
        Element { jail: self.jail.clone(), scope: self.scope(), subject, until }
    }

    fn scope(&self) -> Scope {
        if self.options.ports.is_empty() { Scope::AllPorts } else { Scope::Jail }
    }

    /// The kernel has everything. Open connections of whoever is banned now are forgotten, so that no rule of others goes on letting
    /// them in.
    fn succeed(&mut self) {
        let mut fresh = std::mem::take(&mut self.fresh);
        fresh.retain(|subject| !self.is_exempt(subject));
        if let Err(cause) = forget_flows(&fresh) {
            tracing::warn!("connections of banned addresses could not be forgotten: {cause}");
        }
        self.pause.end();
        if self.trouble.take().is_some() {
            tracing::info!("the kernel's table stands as wanted again");
        }
    }

    fn fail(&mut self, cause: &str, now: Moment) {
        self.compare_at = now.after(self.pause.next(false));
        if self.trouble.as_deref() != Some(cause) {
            tracing::error!("{cause}; it is tried again, and what the kernel holds stays in force");
            self.trouble = Some(cause.to_owned());
        }
    }

    fn say(&self, steps: &[Step], now: Moment) {
        if steps.len() > BOUNCER_NAMED {
            let count = |wanted: fn(&Step) -> bool| steps.iter().filter(|step| wanted(step)).count();
            tracing::info!(
                "{} new, {} lifted, {} with another end",
                bans(count(|step| matches!(step, Step::Ban(..)))),
                count(|step| matches!(step, Step::Lift(_))),
                count(|step| matches!(step, Step::Prolong(..)))
            );
            return;
        }
        for step in steps {
            match step {
                Step::Lift(subject) => tracing::info!("lifted {subject}"),
                Step::Ban(subject, until) => tracing::info!("ban {subject} {}", span(*until, now)),
                Step::Prolong(subject, until) => {
                    tracing::info!("ban {subject} now {}", span(*until, now));
                }
            }
        }
    }
}

fn span(until: Moment, now: Moment) -> String {
    if until == Moment::NEVER {
        "without end".to_owned()
    } else {
        format!("for {} s", until.since(now).as_secs())
    }
}

fn bans(count: usize) -> String {
    if count == 1 { "1 ban".to_owned() } else { format!("{count} bans") }
}
