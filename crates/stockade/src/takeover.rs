//! A host that runs fail2ban, taken over: its configuration is read as fail2ban's client reads it, and its commands are answered on its
//! socket. Jails and settings stand in fail2ban's model; what they come to is a plan like any other.

mod remarks;
mod unheeded;

use std::collections::BTreeSet;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use control::answer::{self, ActionHealth};
use dropin::{Edition, JailModel, Model, Socket, Stop, Unborn, Wrong};
use event::limit::FAIL2BAN_LOOKUP_PATIENCE_MILLIS;
use event::{Origin, Position};
use fail2ban::stream::{self, Ask, Logs, Overrides, Stream};
use fail2ban::{Remark, Topic, Value};
use mirror::{Legacy, Offset};

use crate::chronicle::Audience;
use crate::desk::Desk;
use crate::foreign::{Directory, ForeignJail, ends, logs};
use crate::ignoring::Asker;
use crate::keepers::{self, Keepers, Sifted};
use crate::live::Live;
use crate::message::{Findings, Message};
use crate::pid_file::PidFile;
use crate::settings_file::SettingsFile;
use crate::start::{Restored, StartError};

use remarks::Remarks;

/// How long names that are new are waited for.
const NAMES_PATIENCE: Duration = Duration::from_millis(FAIL2BAN_LOOKUP_PATIENCE_MILLIS);

/// fail2ban's side of the program.
pub struct Takeover {
    /// The folder, and what the command line says in the place of its files.
    source: (PathBuf, Overrides),
    model: Mutex<Model>,
    socket: PathBuf,
    pid_file: Option<PathBuf>,
    keepers: OnceLock<Arc<Keepers>>,
    remarks: Mutex<Remarks>,
    /// Whom the names in `ignoreip` mean.
    directory: Arc<Directory>,
    /// The logs that are read.
    logs: Mutex<BTreeSet<String>>,
}

/// What came of the beginning.
pub struct Begun {
    /// What fail2ban left that was not known here.
    pub legacy: Legacy,
    /// Who is told what happens to its jails.
    pub audience: Audience,
    /// Who asks their `ignorecommand`.
    pub asker: Asker,
    /// For how many seconds a ban that is over makes the next one longer, if that is told.
    pub remembers_for: Option<i64>,
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
    /// Reads the folder and tells `settings` its jails. What cannot be honoured is told; no jail of it stops the others.
    pub fn read(source: &(PathBuf, Overrides), settings: &SettingsFile) -> Self {
        let (stream, model, unheeded) = look(source);
        let overrides = &source.1;
        let mut remarks = Remarks::read(&stream);
        remarks.add(unheeded);
        let directory = Arc::default();
        remarks.set(tell(&model, settings, &directory));
        let (socket, pid_file) = (stream.server.socket.into(), stream.server.pidfile.into());
        // Another socket is for one beside the usual: its file would be in the way.
        let is_usual = overrides.socket.is_none() || overrides.pidfile.is_some();
        let pid_file = Some(pid_file).filter(|_| is_usual);
        Self {
            source: source.clone(),
            model: Mutex::new(model),
            socket,
            pid_file,
            keepers: OnceLock::new(),
            remarks: Mutex::new(remarks),
            directory,
            logs: Mutex::default(),
        }
    }

    /// Says what cannot be honoured, as soon as there is a log to say it in.
    pub fn say(&self) {
        self.remarks().say();
    }

    /// At the start: what fail2ban left in its database, as far as it is not known here, and who is told from now on what happens. Logs are
    /// read on where fail2ban stopped, if it came further.
    pub fn begin(&self, restored: &mut Restored, engine: &SyncSender<Message>) -> Result<Begun, StartError> {
        let model = self.lock();
        let seal = keepers::seal(&model, restored)?;
        let legacy = keepers::legacy(&model, &mut restored.store)?;
        let is_run = |jail: &str| runs(&model).any(|known| known.name == jail);
        let sifted = legacy.map(|legacy| Sifted::of(legacy, restored, is_run)).transpose()?;
        let sifted = sifted.unwrap_or_default();
        for left in sifted.legacy.offsets.iter().filter(|left| left.holds()) {
            read_on(left, restored);
        }
        let unmet = read_on_from_ends(&model, restored, engine);
        *self.logs() = logs(started(&model));
        // What is read back of logs is judged with them.
        self.directory.begin();
        self.directory.settle(NAMES_PATIENCE);
        let (keepers, remarks) = Keepers::start(&model, seal, engine).map_err(StartError::Fail2ban)?;
        keepers.tidy(&sifted);
        let mut known = self.remarks();
        known.add(unmet);
        known.of_server(remarks);
        known.extend(keepers.set_jails(&model));
        known.say();
        known.forget_places();
        drop(known);
        let keepers = self.keepers.get_or_init(|| keepers);
        Ok(Begun {
            legacy: sifted.legacy,
            audience: keepers.audience(),
            asker: keepers.asker(),
            remembers_for: keepers::remembers_for(&model),
        })
    }

    /// How the actions do.
    pub fn actions(&self) -> Vec<ActionHealth> {
        self.keepers.get().map(|keepers| keepers.health()).unwrap_or_default()
    }

    /// What of the configuration is not done as it is written.
    pub fn told(&self) -> Vec<answer::Remark> {
        self.remarks().told()
    }

    /// Ends what is kept for others; up to where logs are read is written down before.
    pub fn stop(&self, read: Vec<Offset>) {
        if let Some(keepers) = self.keepers.get() {
            read.into_iter().for_each(|offset| keepers.tell_offset(offset));
            keepers.stop();
        }
    }

    /// Answers on the socket, on threads of its own, until it is stopped.
    pub fn serve(self: Arc<Self>, desk: Arc<Desk>) -> Result<Presence, String> {
        let socket = Socket::bind(&self.socket).map_err(|wrong| wrong.to_string())?;
        let pid_file = self.pid_file.as_deref().and_then(|path| {
            let told = |cause: &_| tracing::warn!("{}: cannot be written: {cause}", path.display());
            PidFile::write(path).inspect_err(told).ok()
        });
        let stop = socket.stopper();
        let serving = thread::spawn(move || {
            let served = socket.serve(move |command| self.obey(command, &desk));
            if let Err(cause) = served {
                tracing::error!("fail2ban's socket is closed: {cause}");
            }
        });
        Ok(Presence { socket: stop, serving, _pid_file: pid_file })
    }

    /// One command. What it changes is in force when it is answered.
    fn obey(&self, command: &Value, desk: &Desk) -> Result<Value, Wrong> {
        let (settings, engine) = (&*desk.means().settings, &desk.means().engine);
        let mut model = self.lock();
        let mut live = Live::new(desk, engine, self.keepers.get().map(Arc::as_ref));
        let answer = model.obey(command, &mut live);
        // At the end of all, the jails stop too; their bans stay in the kernel, as at any other end.
        if live.is_changed() && !live.must_quit() {
            let mut remarks = tell(&model, settings, &self.directory);
            let is_reload = command.as_items().and_then(|words| words.first()?.as_text()) == Some("reload");
            if is_reload {
                self.directory.refresh();
            }
            self.directory.settle(NAMES_PATIENCE);
            if let Some(keepers) = self.keepers.get() {
                remarks.extend(keepers.renew(&model, engine));
            }
            remarks.extend(self.begin_at_ends(&model, desk));
            let mut known = self.remarks();
            if is_reload {
                let (stream, files, unheeded) = look(&self.source);
                known.reread(&stream, |jail| is_told_by(&files, &model, jail));
                known.add(unheeded);
            }
            known.set(remarks);
            known.say();
            known.forget_places();
            drop(known);
            live.take_up(settings);
        }
        live.quit_if_asked();
        answer
    }

    /// Logs with `tail` that have come by a command are read from where they end now.
    fn begin_at_ends(&self, model: &Model, desk: &Desk) -> Vec<Remark> {
        let mut read = self.logs();
        let (begun, remarks) = ends(runs(model), &read);
        *read = logs(started(model));
        let begun: Vec<_> = begun.into_iter().collect();
        if !begun.is_empty() {
            desk.means().files.begin_at(begun.clone());
            note(begun, &desk.means().engine);
        }
        remarks
    }

    fn logs(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remarks(&self) -> MutexGuard<'_, Remarks> {
        self.remarks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Model> {
        self.model.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the files say, what becomes of it, and what of it has no effect or is refused.
fn look((folder, overrides): &(PathBuf, Overrides)) -> (Stream, Model, Vec<Remark>) {
    // The client that will ask is that of the package on the host.
    let edition = Edition::installed(Path::new("/"));
    let ask = Ask {
        logs: Logs::AsWritten,
        overrides: overrides.clone(),
        journal_without_logs: edition >= Edition::V1_1_1,
        ..Ask::default()
    };
    let stream = stream::read(folder, &ask);
    let mut model = Model::new(edition);
    let mut remarks = Vec::new();
    for command in &stream.commands {
        if let Err(wrong) = model.obey(command, &mut Unborn) {
            let text = format!("{} is refused, and left out: {wrong}", fail2ban::repr::repr(command));
            remarks.push(Remark::new(Topic::of_command(command), text));
        }
    }
    remarks.extend(unheeded::of(&model, &stream));
    (stream, model, remarks)
}

/// Whether a jail is as the files tell it, but for its logs, of which clients send those that are there.
fn is_told_by(files: &Model, told: &Model, jail: &str) -> bool {
    let find = |model: &Model| model.jails().iter().find(|one| one.name == jail).cloned();
    let (Some(mut files), Some(told)) = (find(files), find(told)) else { return false };
    files.logs.clone_from(&told.logs);
    files == told
}

/// The log is read on where fail2ban stopped, unless it was read further here. Of a log that was rotated since it was read here, our own mark
/// would be that of the old one.
fn read_on(left: &Offset, restored: &mut Restored) {
    let Ok(theirs) = source::position_at(Path::new(&left.path), left.offset) else { return };
    let place = |position: &Position| match position {
        Position::File { device, inode, offset, .. } => Some(((*device, *inode), *offset)),
        Position::Cursor { .. } => None,
    };
    match restored.files.entry(left.path.clone()) {
        Entry::Vacant(vacant) => drop(vacant.insert(theirs)),
        Entry::Occupied(mut ours) => {
            let (Some((file, offset)), Some((their_file, _))) = (place(ours.get()), place(&theirs)) else {
                return;
            };
            let is_further = if file == their_file { offset < left.offset } else { offset != left.offset };
            if is_further {
                ours.insert(theirs);
            }
        }
    }
}

/// A log that is to be read from its end on is so at first sight. That is noted at once: a crash before its first line loses none.
fn read_on_from_ends(model: &Model, restored: &mut Restored, engine: &SyncSender<Message>) -> Vec<Remark> {
    let mut positions = Vec::new();
    let (ends, remarks) = ends(runs(model), &BTreeSet::new());
    for (path, position) in ends {
        if let Entry::Vacant(vacant) = restored.files.entry(path) {
            positions.push((vacant.key().clone(), position.clone()));
            vacant.insert(position);
        }
    }
    note(positions, engine);
    remarks
}

/// Positions at which nothing was read yet.
fn note(positions: Vec<(String, Position)>, engine: &SyncSender<Message>) {
    if !positions.is_empty() {
        // An engine that has ended notes nothing more.
        let _ = engine.send(Message::Found(Findings { origin: Origin::Live, found: Vec::new(), positions }));
    }
}

/// The model's jails that were started; some may be idle.
fn started(model: &Model) -> impl Iterator<Item = &JailModel> {
    model.jails().iter().filter(|jail| jail.started)
}

/// The model's jails that run.
fn runs(model: &Model) -> impl Iterator<Item = &JailModel> {
    model.jails().iter().filter(|jail| jail.started && !jail.idle)
}

/// The model's jails that run become jails of ours; says what of them cannot be honoured.
fn tell(model: &Model, settings: &SettingsFile, directory: &Arc<Directory>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let mut jails: Vec<Arc<ForeignJail>> = Vec::new();
    for jail in runs(model) {
        let (made, more) = ForeignJail::new(jail, directory);
        // Names of ours are made of theirs. Two that came to the same would be one jail in the kernel.
        if let Some(same) = jails.iter().find(|known| known.name == made.name) {
            let text = format!(
                "it is not run: jail {} is called {} here too; rename it",
                same.model.name, made.name
            );
            remarks.push(Remark::new(Topic::jail(&jail.name, ""), text));
            continue;
        }
        remarks.extend(more);
        jails.push(Arc::new(made));
    }
    settings.tell_jails(jails);
    remarks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_jails_with_one_name_here_the_first_runs() {
        let mut model = Model::new(Edition::default());
        for name in ["3proxy", "jail-3proxy-be773e", "other"] {
            for words in [["add", name, "polling"].as_slice(), &["start", name]] {
                model.obey(&Value::texts(words.iter().copied()), &mut Unborn).expect("a command");
            }
        }
        let settings = SettingsFile::named("/nowhere".into());
        let remarks = tell(&model, &settings, &Arc::default());
        let jails = settings.told_jails().expect("jails");
        let names: Vec<&str> = jails.iter().map(|jail| jail.model.name.as_str()).collect();
        assert_eq!(names, ["3proxy", "other"]);
        let of_second = |remark: &&Remark| remark.topic.jail.as_deref() == Some("jail-3proxy-be773e");
        let said: Vec<&str> = remarks.iter().filter(of_second).map(|remark| remark.text.as_str()).collect();
        assert_eq!(said, ["it is not run: jail 3proxy is called jail-3proxy-be773e here too; rename it"]);
    }
}
