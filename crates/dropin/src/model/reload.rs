//! `reload`: jails are told anew while they run. What the stream does not tell again ends; bans stay where the jail stays.

use fail2ban::Value;

use super::Model;
use super::words::Words;
use crate::host::Host;
use crate::wrong::Wrong;

impl Model {
    /// `reload JAIL|--all OPTIONS STREAM`
    pub(super) fn reload(&mut self, words: Words<'_>, host: &mut dyn Host) -> Result<Value, Wrong> {
        let missing = match words.len() {
            1 => "2 required positional arguments: 'name' and 'opts'",
            2 => "1 required positional argument: 'opts'",
            _ => "",
        };
        if !missing.is_empty() {
            return Err(Wrong::kind(format!("Server.reloadJails() missing {missing}")));
        }
        let name = words.text(1)?;
        let options = words.at(2)?.as_items().unwrap_or_default();
        let has = |option: &str| options.iter().any(|known| known.as_text() == Some(option));
        let begun = self.begin_reload(name, &has, host);
        let told = begun.and_then(|()| self.stream(words.at(3)?, host));
        // Whatever went wrong, a reload ends.
        self.end_reload(host);
        told.map(|()| Value::text("OK"))
    }

    fn begin_reload(
        &mut self,
        name: &str,
        has: &dyn Fn(&str) -> bool,
        host: &mut dyn Host,
    ) -> Result<(), Wrong> {
        let all = name == "--all";
        if !all && self.place(name).is_err() {
            return if has("--if-exists") { Ok(()) } else { Err(Wrong::jail(name)) };
        }
        if has("--unban") {
            for jail in self.jails.iter().filter(|jail| all || jail.name == name) {
                host.unban_all(&jail.name);
            }
        }
        if has("--restart") {
            match (all, self.place(name)) {
                (true, _) => self.stop_all(host),
                (false, Ok(at)) => self.remove(at, host),
                (false, Err(_)) => {}
            }
        }
        for jail in self.jails.iter_mut().filter(|jail| all || jail.name == name) {
            self.reloading.push((jail.name.clone(), true));
            jail.begin_reload();
        }
        Ok(())
    }

    fn end_reload(&mut self, host: &mut dyn Host) {
        let untold = std::mem::take(&mut self.reloading);
        let gone = |name: &str| untold.iter().any(|(untold, _)| untold == name);
        while let Some(at) = self.jails.iter().position(|jail| gone(&jail.name)) {
            self.remove(at, host);
        }
        for jail in &mut self.jails {
            if jail.end_reload() && jail.started {
                host.change(jail);
            }
        }
    }
}
