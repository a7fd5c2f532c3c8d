//! A change of the settings that is undone unless somebody confirms it in time. What stood in the file before is kept beside the
//! store while the trial lasts: a crash or a restart in its midst undoes the change too.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use control::desk::{Deed, Trial};
use control::{Actor, Fault};
use event::limit::TRIAL_SECONDS;
use serde::{Deserialize, Serialize};
use store::Action;

use crate::obey::action;
use crate::settings_file::SettingsFile;

/// How long somebody may take to confirm.
pub const PATIENCE: Duration = Duration::from_secs(TRIAL_SECONDS);

/// The one change that may be on trial.
#[derive(Debug)]
pub struct Trials {
    record: PathBuf,
    pending: Mutex<Option<Pending>>,
}

#[derive(Debug)]
struct Pending {
    trial: Trial,
    kept: Kept,
    /// Dropped when the trial is over.
    _over: Sender<()>,
}

/// What is kept on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// What stood in the settings file before.
    pub before: String,
    /// Tag of what stands there on trial: if somebody has changed it since, nothing is undone.
    pub tag: String,
    /// Who made the change.
    pub by: String,
}

impl Trials {
    /// With nothing on trial.
    pub fn new(state_dir: &Path) -> Self {
        Self { record: record(state_dir), pending: Mutex::default() }
    }

    /// What is on trial.
    pub fn trial(&self) -> Option<Trial> {
        self.pending().as_ref().map(|pending| pending.trial.clone())
    }

    /// To be called before the change is written: from now on it can be undone.
    pub fn prepare(&self, kept: &Kept) -> Result<(), Fault> {
        let text = serde_json::to_string(kept).map_err(|cause| Fault::Broken(cause.to_string()))?;
        let wrong = |cause| Fault::Broken(format!("{}: cannot be written: {cause}", self.record.display()));
        config::write_text(&self.record, &text).map_err(wrong)
    }

    /// The change stands. `undo` is called when the time is over and nobody has confirmed.
    pub fn begin(&self, trial: Trial, kept: Kept, undo: impl FnOnce() + Send + 'static) {
        let (over, wait) = channel::<()>();
        *self.pending() = Some(Pending { trial, kept, _over: over });
        thread::spawn(move || {
            if wait.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                undo();
            }
        });
    }

    /// Ends the trial; what is to be written back if the change is not kept.
    pub fn end(&self) -> Option<Kept> {
        let pending = self.pending().take()?;
        self.forget();
        Some(pending.kept)
    }

    /// Nothing can be undone any more.
    pub fn forget(&self) {
        // If it cannot be removed, the tag in it fits no later text.
        let _ = fs::remove_file(&self.record);
    }

    fn pending(&self) -> MutexGuard<'_, Option<Pending>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// At start: undoes a change that nobody had confirmed when the last run ended. What is noted for the journal.
pub fn recover(state_dir: &Path, settings: &SettingsFile) -> Option<Action> {
    let record = record(state_dir);
    let text = fs::read_to_string(&record).ok()?;
    let kept: Option<Kept> = serde_json::from_str(&text).ok();
    let stands = |kept: &Kept| settings.text().is_ok_and(|now| now.tag == kept.tag);
    let undone = kept.filter(stands).and_then(|kept| match settings.write(&kept.before) {
        Ok(()) => Some(kept),
        Err(wrong) => {
            tracing::error!("a change of the settings that nobody confirmed could not be undone: {wrong}");
            None
        }
    });
    let _ = fs::remove_file(&record);
    let kept = undone?;
    tracing::warn!("the change of the settings by {} was not confirmed and is undone", kept.by);
    let actor = Actor { name: "stockade".to_owned(), address: None };
    Some(action(&actor, Deed::RollBack, "", &format!("not confirmed before the end of the run: {}", kept.by)))
}

fn record(state_dir: &Path) -> PathBuf {
    state_dir.join("settings-before-trial.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(settings: &SettingsFile) -> Kept {
        let tag = settings.text().unwrap().tag;
        Kept { before: "enabled = true\n".to_owned(), tag, by: "admin".to_owned() }
    }

    #[test]
    fn an_unconfirmed_change_is_undone_at_the_next_start() {
        let dir = tempfile::tempdir().unwrap();
        let settings = SettingsFile::at_need(dir.path().join("stockade.toml"));
        let trials = Trials::new(dir.path());
        settings.write("enabled = false\n").unwrap();
        trials.prepare(&kept(&settings)).unwrap();
        let noted = recover(dir.path(), &settings).unwrap();
        assert_eq!(
            (noted.deed.as_str(), settings.text().unwrap().text.as_str()),
            ("roll-back", "enabled = true\n")
        );
        assert_eq!(recover(dir.path(), &settings), None, "once");
    }

    #[test]
    fn what_somebody_has_changed_since_stays() {
        let dir = tempfile::tempdir().unwrap();
        let settings = SettingsFile::at_need(dir.path().join("stockade.toml"));
        settings.write("enabled = false\n").unwrap();
        Trials::new(dir.path()).prepare(&kept(&settings)).unwrap();
        settings.write("# by hand\n").unwrap();
        assert_eq!(recover(dir.path(), &settings), None);
        assert_eq!(settings.text().unwrap().text, "# by hand\n");
    }

    #[test]
    fn a_trial_ends_once() {
        let dir = tempfile::tempdir().unwrap();
        let trials = Trials::new(dir.path());
        let trial = Trial { until: event::Moment::from_seconds(1), by: "admin".to_owned() };
        let kept = Kept { before: String::new(), tag: String::new(), by: String::new() };
        trials.begin(trial.clone(), kept.clone(), || panic!("nobody waits for so long"));
        assert_eq!(trials.trial(), Some(trial));
        assert_eq!((trials.end(), trials.end(), trials.trial()), (Some(kept), None, None));
    }
}
