//! The settings file: where it is, what stood in it when we last looked, and who may change it. Every reading and writing of it
//! goes through here, so that a change by our own hand is told apart from an editor's.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use config::{Complaint, Settings};
use control::Fault;

use crate::foreign::ForeignJail;

/// One file. Without it, the defaults hold.
#[derive(Debug)]
pub struct SettingsFile {
    path: PathBuf,
    /// It was named by somebody: that it is gone is a mistake, and the defaults in its place would be a surprise.
    must_exist: bool,
    /// The text that is in force, or was when it was last wrong.
    known: Mutex<String>,
    /// Jails that fail2ban's configuration tells, in place of those that every filter of ours has; `None` if it is not read.
    told: Mutex<Option<Vec<Arc<ForeignJail>>>>,
}

/// What stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// All of it.
    pub text: String,
    /// Its tag.
    pub tag: String,
}

impl SettingsFile {
    /// The file that was named.
    pub fn named(path: PathBuf) -> Self {
        Self { path, must_exist: true, known: Mutex::default(), told: Mutex::default() }
    }

    /// A file that comes to be when the page first changes something.
    pub fn at_need(path: PathBuf) -> Self {
        Self { path, must_exist: false, known: Mutex::default(), told: Mutex::default() }
    }

    /// fail2ban's jails are these now.
    pub fn tell_jails(&self, jails: Vec<Arc<ForeignJail>>) {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = Some(jails);
    }

    /// fail2ban's jails.
    pub fn told_jails(&self) -> Option<Vec<Arc<ForeignJail>>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The settings that it leads to, or every complaint.
    pub fn settings(&self) -> Result<Settings, Vec<String>> {
        if !self.path.exists() {
            return if self.must_exist {
                let path = self.path.display();
                Err(vec![format!("{path}: there is no such file; name another with --config")])
            } else {
                Ok(Settings::default())
            };
        }
        *self.known() = self.text().map(|text| text.text).unwrap_or_default();
        match config::load(&self.path) {
            (Some(settings), complaints) if complaints.is_empty() => Ok(settings),
            (_, complaints) => Err(complaints.iter().map(Complaint::to_string).collect()),
        }
    }

    /// What stands in it now; nothing if it is not there.
    pub fn text(&self) -> io::Result<Text> {
        let text = match config::read_text(&self.path) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => String::new(),
            read => read?,
        };
        Ok(Text { tag: config::tag(text.as_bytes()), text })
    }

    /// Judges a text as if it stood in the file.
    pub fn judge(&self, text: &str) -> Result<Settings, Fault> {
        let file = self.path.display().to_string();
        let zone_exists = |name: &str| jiff::tz::TimeZone::get(name).is_ok();
        let (settings, complaints) = config::check(&file, text, zone_exists);
        settings.ok_or_else(|| {
            let complaint = |one: Complaint| control::desk::Complaint {
                place: format!("{}:{}", one.file, one.line),
                text: one.text,
            };
            Fault::Wrong(complaints.into_iter().map(complaint).collect())
        })
    }

    /// Writes it anew.
    pub fn write(&self, text: &str) -> Result<(), Fault> {
        // Known first: the watch over the file may be faster than we are.
        *self.known() = text.to_owned();
        config::write_text(&self.path, text)
            .map_err(|cause| Fault::ReadOnly(format!("{}: cannot be written: {cause}", self.path.display())))
    }

    /// Why it cannot be written, if it cannot.
    pub fn read_only(&self) -> Option<String> {
        config::why_read_only(&self.path)
    }

    /// What stood there before and what stands there now, if somebody else has changed it since we looked.
    pub fn changed_by_others(&self) -> Option<(String, String)> {
        let now = self.text().ok()?.text;
        let mut known = self.known();
        (*known != now).then(|| (std::mem::replace(&mut *known, now.clone()), now))
    }

    fn known(&self) -> MutexGuard<'_, String> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
