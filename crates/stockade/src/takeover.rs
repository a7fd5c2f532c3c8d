//! A host that runs fail2ban, taken over: its configuration is read as fail2ban's client reads it, and its commands are answered on its
//! socket. Jails and settings stand in fail2ban's model; what they come to is a plan like any other.

use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use dropin::{Edition, Model, Socket, Stop, Unborn, Wrong};
use fail2ban::Value;
use fail2ban::stream::{self, Ask, Logs, Overrides};

use crate::desk::Desk;
use crate::foreign::ForeignJail;
use crate::live::Live;
use crate::message::Message;
use crate::pid_file::PidFile;
use crate::settings_file::SettingsFile;

/// fail2ban's side of the program.
pub struct Takeover {
    model: Mutex<Model>,
    socket: PathBuf,
    pid_file: Option<PathBuf>,
}

/// What stands for others to find us by, until it is stopped.
pub struct Presence {
    socket: Stop,
    serving: JoinHandle<()>,
    _pid_file: Option<PidFile>,
}

impl Presence {
    /// Takes it away, once whoever asked for the end has its answer.
    pub fn stop(self) {
        self.socket.stop();
        let _ = self.serving.join();
    }
}

impl Takeover {
    /// Reads `folder` and tells `settings` its jails. What cannot be honoured is told; no jail of it stops the others.
    pub fn read(folder: &Path, overrides: &Overrides, settings: &SettingsFile) -> (Self, Vec<String>) {
        let stream = stream::read(
            folder,
            &Ask { logs: Logs::AsWritten, overrides: overrides.clone(), ..Ask::default() },
        );
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
        let (socket, pid_file) = (stream.server.socket.into(), stream.server.pidfile.into());
        // Another socket is for one beside the usual: its file would be in the way.
        let is_usual = overrides.socket.is_none() || overrides.pidfile.is_some();
        let pid_file = Some(pid_file).filter(|_| is_usual);
        (Self { model: Mutex::new(model), socket, pid_file }, remarks)
    }

    /// Answers on the socket, on threads of its own, until it is stopped.
    pub fn serve(
        self: Arc<Self>,
        desk: Arc<Desk>,
        settings: Arc<SettingsFile>,
        engine: SyncSender<Message>,
    ) -> Result<Presence, String> {
        let socket = Socket::bind(&self.socket).map_err(|wrong| wrong.to_string())?;
        let pid_file = self.pid_file.as_deref().and_then(|path| {
            let told = |cause: &_| tracing::warn!("{}: cannot be written: {cause}", path.display());
            PidFile::write(path).inspect_err(told).ok()
        });
        let stop = socket.stopper();
        let serving = thread::spawn(move || {
            let served = socket.serve(move |command| self.obey(command, &desk, &settings, &engine));
            if let Err(cause) = served {
                tracing::error!("fail2ban's socket is closed: {cause}");
            }
        });
        Ok(Presence { socket: stop, serving, _pid_file: pid_file })
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
