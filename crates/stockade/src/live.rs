//! What fail2ban's model asks of whoever runs its jails, answered by the desk and the engine. What changes jails is only noted: it is taken
//! up as a whole, behind the command that asked for it.

use std::sync::mpsc::SyncSender;

use control::desk::Lifted;
use control::{Actor, Desk as _};
use dropin::{ActionModel, Counts, Host, JailModel, LiveBan, LogTarget, Wrong};
use event::{Failure, Moment, Proof, Subject};
use fail2ban::Value;
use fleet::Voice;

use crate::clock;
use crate::desk::Desk;
use crate::foreign::{is_firewall, name_of, paths};
use crate::keepers::Keepers;
use crate::message::{End, Message, visit};
use crate::plan::Plan;
use crate::settings_file::SettingsFile;

/// The running jails, for the length of one command.
pub struct Live<'a> {
    desk: &'a Desk,
    engine: &'a SyncSender<Message>,
    keepers: Option<&'a Keepers>,
    is_changed: bool,
    must_quit: bool,
}

impl<'a> Live<'a> {
    /// For one command.
    pub fn new(desk: &'a Desk, engine: &'a SyncSender<Message>, keepers: Option<&'a Keepers>) -> Self {
        Self { desk, engine, keepers, is_changed: false, must_quit: false }
    }

    /// Whether a jail is another one now.
    pub fn is_changed(&self) -> bool {
        self.is_changed
    }

    /// Whether all is to end.
    pub fn must_quit(&self) -> bool {
        self.must_quit
    }

    /// Has the engine run the jails as they are now, and waits until it does.
    pub fn take_up(&self, settings: &SettingsFile) {
        let made = Plan::make(settings);
        let message = Message::read_again(made, "asked by fail2ban's client", None);
        if self.engine.send(message).is_ok()
            && let Some(done) = visit(self.engine, |_| ())
        {
            let _ = done.recv();
        }
    }

    /// Ends the program, if the command was to.
    pub fn quit_if_asked(&self) {
        if self.must_quit {
            let end =
                End::Asked("asked by fail2ban's client; the kernel keeps the bans that it has".to_owned());
            // An engine that is gone has ended.
            let _ = self.engine.send(Message::Stop(end));
        }
    }

    fn actor() -> Actor {
        Actor { name: "fail2ban-client".to_owned(), address: None }
    }
}

impl Host for Live<'_> {
    fn start(&mut self, _: &JailModel) -> Result<(), Wrong> {
        self.is_changed = true;
        Ok(())
    }

    fn change(&mut self, _: &JailModel) {
        self.is_changed = true;
    }

    fn stop(&mut self, _: &str) {
        self.is_changed = true;
    }

    fn bans(&self, jail: &str) -> Vec<LiveBan> {
        let name = name_of(jail);
        let Ok(roster) = self.desk.bans() else { return Vec::new() };
        let mut bans: Vec<_> = roster.bans.iter().filter(|ban| ban.jail == name).collect();
        bans.sort_by_key(|ban| ban.since);
        let span = |until: Moment, since: Moment| (until != Moment::NEVER).then(|| until.since(since));
        bans.iter()
            .map(|ban| LiveBan {
                id: ban.subject.to_string(),
                since: ban.since,
                span: span(ban.until, ban.since),
            })
            .collect()
    }

    fn counts(&self, jail: &str) -> Counts {
        let name = name_of(jail);
        let Ok(status) = self.desk.status() else { return Counts::default() };
        let found = status.jails.iter().find(|one| one.jail == name.as_str());
        found.map_or_else(Counts::default, |one| Counts {
            failed: one.counted,
            failed_total: one.failures,
            banned_total: one.bans,
        })
    }

    fn ban(&mut self, jail: &JailModel, id: &str) -> bool {
        let name = name_of(&jail.name);
        let Ok(subject) = id.parse::<Subject>() else { return false };
        let asked = visit(self.engine, move |engine| engine.ban_as_told(&name, &subject, &Self::actor()));
        let is_new = asked.and_then(|answer| answer.recv().ok()).unwrap_or(false);
        self.desk.means().enforcer.finish();
        is_new
    }

    fn unban(&mut self, jail: &str, id: &str) -> bool {
        let Ok(subject) = id.parse() else { return false };
        // First of all: a ban of later keeps its row.
        if let Some(keepers) = self.keepers {
            keepers.let_off(jail, &subject);
        }
        let which = [Lifted { subject, jail: Some(name_of(jail)) }];
        self.desk.unban(&which, &Self::actor()).is_ok_and(|lifted| lifted > 0)
    }

    fn unban_all(&mut self, jail: &str) -> usize {
        let name = name_of(jail);
        let Ok(roster) = self.desk.bans() else { return 0 };
        let of_jail = roster.bans.iter().filter(|ban| ban.jail == name);
        let which: Vec<_> =
            of_jail.map(|ban| Lifted { subject: ban.subject, jail: Some(name.clone()) }).collect();
        let lifted = self.desk.unban(&which, &Self::actor()).unwrap_or(0);
        usize::try_from(lifted).unwrap_or(usize::MAX)
    }

    fn attempt(&mut self, jail: &JailModel, id: &str, lines: &[&str]) {
        let name = name_of(&jail.name);
        let Ok(address) = id.parse() else { return };
        let failure = |line: &str| Failure {
            jail: name.clone(),
            subject: Subject::counted(address),
            address: Some(address),
            at: clock::now(),
            account: None,
            count: 1,
            proof: Proof::Proven,
            echo: 0,
            pattern: "attempt".into(),
            line: line.into(),
        };
        let lines = if lines.is_empty() { &[""] } else { lines };
        let failures: Vec<Failure> = lines.iter().map(|line| failure(line)).collect();
        // Whoever tells an attempt means it: no `ignorecommand` is asked, as with fail2ban.
        let _ = visit(self.engine, move |engine| {
            for failure in failures {
                let at = failure.at;
                engine.observe(failure, Voice::Own, at, at);
            }
        });
    }

    fn call(
        &mut self,
        jail: &JailModel,
        action: &ActionModel,
        method: &str,
        arguments: &str,
    ) -> Result<Value, Wrong> {
        if is_firewall(action) {
            tracing::warn!(
                "'{method}' of action '{}' is not run: Stockade's own sets do its work",
                action.name
            );
            return Ok(Value::None);
        }
        let Some(keepers) = self.keepers else { return Ok(Value::None) };
        keepers.call(&jail.name, &action.name, method, arguments)
    }

    fn files(&self, log: &str) -> Vec<String> {
        let found = paths(log);
        // Without any, the pattern tells where one is waited for.
        if found.is_empty() { vec![log.to_owned()] } else { found }
    }

    fn set_log_level(&mut self, level: &str) {
        if let Some(keepers) = self.keepers {
            keepers.set_log_level(level);
        }
    }

    fn set_log_target(&mut self, target: &LogTarget) -> bool {
        self.keepers.is_none_or(|keepers| keepers.set_log_target(target))
    }

    fn flush_logs(&mut self) {
        if let Some(keepers) = self.keepers {
            keepers.flush_logs();
        }
    }

    fn set_database(&mut self, path: Option<&str>) -> Result<(), Wrong> {
        let Some(keepers) = self.keepers else { return Ok(()) };
        keepers.set_database(path).map_err(|wrong| Wrong::exception(wrong.to_string()))
    }

    fn set_database_bounds(&mut self, lines: i64, seconds: &Value) {
        if let Some(keepers) = self.keepers {
            keepers.set_database_bounds(self.engine, lines, seconds);
        }
    }

    fn allow_ipv6(&mut self, _: Option<bool>) {}

    fn config_error(&mut self, text: &str) {
        tracing::error!("{text}");
    }

    fn quit(&mut self) {
        self.must_quit = true;
    }
}
