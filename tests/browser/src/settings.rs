//! The settings file that a test begins with, with comments that must survive whatever the page does.

use std::fmt::Write as _;
use std::path::Path;

use crate::{Log, Result};

/// A comment behind a value.
pub const COMMENT_BESIDE: &str = "# chosen by hand: our telephones are patient";
/// A comment of its own.
pub const COMMENT_ABOVE: &str = "# The settings of the test house. Written by hand, and these words stay.";

/// What a test needs to be different.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    whitelist: Vec<String>,
    has_no_tls: bool,
    more: String,
    fail2ban: Vec<(String, String)>,
}

impl Settings {
    /// Somebody who is never banned.
    pub fn whitelist(mut self, address: &str) -> Self {
        self.whitelist.push(address.to_owned());
        self
    }

    /// Plain HTTP, as behind a proxy, for a test that writes single bytes.
    pub fn without_tls(mut self) -> Self {
        self.has_no_tls = true;
        self
    }

    /// More of the file, at its end.
    pub fn more(mut self, text: &str) -> Self {
        self.more.push_str(text);
        self
    }

    /// A file of fail2ban's configuration, in whose place the daemon then runs. `HOME` in it is the folder of that configuration.
    pub fn fail2ban(mut self, name: &str, text: &str) -> Self {
        self.fail2ban.push((name.to_owned(), text.to_owned()));
        self
    }

    /// Writes fail2ban's configuration, if there is any, into this folder.
    pub fn write_fail2ban(&self, folder: &Path) -> Result<()> {
        for (name, text) in &self.fail2ban {
            let text = text.replace("HOME", &folder.display().to_string());
            arena::scene::write(&folder.join(name), &text)?;
        }
        Ok(())
    }

    /// Jails for SSH and SIP read `ssh` and `sip`; the page's own jail is on by itself; every other one is off, else the daemon
    /// would read the machine's own logs as well.
    pub fn toml(&self, ssh: &Log, sip: &Log) -> Result<String> {
        let mut text = format!(
            "{COMMENT_ABOVE}\n\n[defaults]\nmax_retry = 5 {COMMENT_BESIDE}\nfind_time = \"10m\"\nban_time = \"1h\"\n\n\
             [whitelist]\naddresses = {:?}\n\n[log]\ntimezone = \"UTC\"\n\n[http]\nlisten = \"0.0.0.0:8765\"\ntls = {}\n",
            self.whitelist, !self.has_no_tls
        );
        for name in arena::stockade::shipped_filters()? {
            let log = match name.as_str() {
                "sshd" => Some(ssh),
                "asterisk" => Some(sip),
                "stockade" => continue,
                _ => None,
            };
            let jail = match log {
                Some(log) => format!("enabled = true\nlogs = [{:?}]\njournal = []\n", log.place()),
                None => "enabled = false\n".to_owned(),
            };
            write!(text, "\n[jails.{name}]\n{jail}").expect("a string takes everything");
        }
        text.push_str(&self.more);
        Ok(text)
    }
}
