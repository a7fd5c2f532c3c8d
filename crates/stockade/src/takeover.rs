//! A host that runs fail2ban, taken over: its configuration is read as fail2ban's client reads it, and its commands are answered on its
//! socket. Jails and settings stand in fail2ban's model; what they come to is a plan like any other.

use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use dropin::{Edition, Host, JailModel, LogTarget, Model, Socket, Stop, Wrong};
use fail2ban::Value;
use fail2ban::stream::{self, Ask, Logs};

use crate::desk::Desk;
use crate::foreign::ForeignJail;
use crate::live::Live;
use crate::message::Message;
use crate::settings_file::SettingsFile;

/// fail2ban's side of the program.
pub struct Takeover {
    model: Mutex<Model>,
    socket: PathBuf,
}

impl Takeover {
    /// Reads `folder` and tells `settings` its jails. What cannot be honoured is told; no jail of it stops the others.
    pub fn read(folder: &Path, socket: Option<PathBuf>, settings: &SettingsFile) -> (Self, Vec<String>) {
        let stream = stream::read(folder, &Ask { logs: Logs::AsWritten, ..Ask::default() });
        let mut remarks: Vec<String> = stream.complaints.iter().map(ToString::to_string).collect();
        for (jail, complaints) in &stream.broken {
            remarks.extend(complaints.iter().map(|complaint| format!("jail {jail} is not run: {complaint}")));
        }
        let mut model = Model::new(Edition::default());
        for command in &stream.commands {
            if let Err(wrong) = model.obey(command, &mut Unborn) {
                remarks.push(format!("{}: {wrong}", fail2ban::repr::repr(command)));
            }
        }
        remarks.extend(tell(&model, settings));
        let socket = socket.unwrap_or_else(|| PathBuf::from(&stream.server.socket));
        (Self { model: Mutex::new(model), socket }, remarks)
    }

    /// Answers on the socket, on threads of its own, until it is stopped.
    pub fn serve(
        self: Arc<Self>,
        desk: Arc<Desk>,
        settings: Arc<SettingsFile>,
        engine: SyncSender<Message>,
    ) -> Result<Stop, String> {
        let socket = Socket::bind(&self.socket).map_err(|wrong| wrong.to_string())?;
        let stop = socket.stopper();
        thread::spawn(move || {
            let served = socket.serve(move |command| self.obey(command, &desk, &settings, &engine));
            if let Err(cause) = served {
                tracing::error!("fail2ban's socket is closed: {cause}");
            }
        });
        Ok(stop)
    }

    /// One command. What it changes is in force when it is answered.
    fn obey(
        &self,
        command: &Value,
        desk: &Desk,
        settings: &SettingsFile,
        engine: &SyncSender<Message>,
    ) -> Result<Value, Wrong> {
        let mut model = self.lock();
        let mut live = Live::new(desk, engine);
        let answer = model.obey(command, &mut live);
        // At the end of all, the jails stop too; their bans stay in the kernel, as at any other end.
        if live.is_changed() && !live.must_quit() {
            tell(&model, settings).iter().for_each(|remark| tracing::warn!("{remark}"));
            live.take_up(settings);
        }
        live.quit_if_asked();
        answer
    }

    fn lock(&self) -> MutexGuard<'_, Model> {
        self.model.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The model's jails that run become jails of ours; says what of them cannot be honoured.
fn tell(model: &Model, settings: &SettingsFile) -> Vec<String> {
    let mut remarks = Vec::new();
    let mut jails: Vec<Arc<ForeignJail>> = Vec::new();
    for jail in model.jails().iter().filter(|jail| jail.started && !jail.idle) {
        match ForeignJail::new(jail) {
            Ok((made, more)) if jails.iter().all(|known| known.name != made.name) => {
                remarks.extend(more);
                jails.push(Arc::new(made));
            }
            Ok((made, _)) => remarks
                .push(format!("jail '{}' is not run: another one is called {} here", jail.name, made.name)),
            Err(wrong) => remarks.push(format!("{wrong}; it is not run")),
        }
    }
    settings.tell_jails(jails);
    remarks
}

/// Before anything runs: what is read is only kept.
struct Unborn;

impl Host for Unborn {
    fn start(&mut self, _: &JailModel) -> Result<(), Wrong> {
        Ok(())
    }

    fn change(&mut self, _: &JailModel) {}

    fn stop(&mut self, _: &str) {}

    fn bans(&self, _: &str) -> Vec<dropin::LiveBan> {
        Vec::new()
    }

    fn counts(&self, _: &str) -> dropin::Counts {
        dropin::Counts::default()
    }

    fn ban(&mut self, _: &JailModel, _: &str) -> bool {
        false
    }

    fn unban(&mut self, _: &str, _: &str) -> bool {
        false
    }

    fn unban_all(&mut self, _: &str) -> usize {
        0
    }

    fn attempt(&mut self, _: &JailModel, _: &str, _: &[&str]) {}

    fn call(&mut self, _: &JailModel, _: &dropin::ActionModel, _: &str, _: &str) -> Result<Value, Wrong> {
        Ok(Value::None)
    }

    // A log that is not there yet is waited for.
    fn look_at(&mut self, _: &str) -> std::io::Result<()> {
        Ok(())
    }

    fn set_log_level(&mut self, _: &str) {}

    fn set_log_target(&mut self, _: &LogTarget) -> bool {
        true
    }

    fn flush_logs(&mut self) {}

    fn set_database(&mut self, _: Option<&str>) -> Result<(), Wrong> {
        Ok(())
    }

    fn set_database_bounds(&mut self, _: i64, _: &Value) {}

    fn allow_ipv6(&mut self, _: Option<bool>) {}

    fn config_error(&mut self, _: &str) {}

    fn quit(&mut self) {}
}
