//! The whole program on one screen: source -> filter -> counter -> decision -> store -> enforcement.
//!
//! Each part is put together here and nowhere else; no logic lives here. Threads: one reads files, one reads the journal
//! (both judge what they read), this one is the engine (counter, decision, store), one changes the kernel, one
//! answers the control socket, two wait for signals and for a changed settings file, a few serve the page.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;

use event::limit::ENGINE_QUEUE;
use fail2ban::stream::Overrides;
use tokio::sync::Notify;

use crate::board::Board;
use crate::desk::keys::Keys;
use crate::desk::{Desk, Means};
use crate::enforcer::Enforcer;
use crate::engine::{Engine, Health, Parts};
use crate::message::End;
use crate::outlets::Outlets;
use crate::plan::Plan;
use crate::settings_file::SettingsFile;
use crate::start::{self, StartError};
use crate::takeover::{Presence, Takeover};
use crate::{clock, reader, reload, surroundings, trial, web};

/// Where things are.
#[derive(Clone, Debug)]
pub struct Options {
    /// The settings file that was named; without one, `stockade.toml` of the state directory, which need not be there.
    pub config: Option<PathBuf>,
    /// fail2ban's configuration, whose jails are run, and what counts in its place.
    pub fail2ban: Option<(PathBuf, Overrides)>,
    /// Directory of the store.
    pub state_dir: PathBuf,
    /// The control socket.
    pub socket: PathBuf,
    /// Says that all stands.
    pub ready: fn(),
}

/// Runs until it is told to stop; says why it stopped.
pub fn run(options: &Options) -> Result<End, StartError> {
    let probe = start::probe_kernel();
    let settings = Arc::new(settings_file(options));
    let takeover = options.fail2ban.as_ref().map(|told| Arc::new(Takeover::read(told, &settings)));
    let mut plan = Plan::make(&settings).map_err(StartError::Settings)?;
    start::log(plan.settings.log.level);
    start::raise_file_limit();
    plan.notes.iter().for_each(|note| tracing::info!("{note}"));
    takeover.iter().for_each(|takeover| takeover.say());
    start::state_dir(&options.state_dir, plan.settings.control.group.as_deref())?;
    let _lock = start::lock(&options.state_dir)?;
    let undone = trial::recover(&options.state_dir, &settings);
    if undone.is_some() {
        plan = Plan::make(&settings).map_err(StartError::Settings)?;
    }
    let control = control::Server::bind(&options.socket, plan.settings.control.group.as_deref())?;
    let opened = start::store(&options.state_dir)?;
    let (engine, inbox) = sync_channel(ENGINE_QUEUE);
    // From here on a SIGHUP is a wish, and no end.
    reload::on_signals(Arc::clone(&settings), engine.clone())?;

    // enforcement
    let surroundings = surroundings::look();
    start::say_where(&surroundings);
    let mut kernel = start::enforcement(plan.settings.enforcement.mode, probe)?;
    let mut restored = start::restored(opened, &mut kernel)?;
    let identity = start::identity(&mut restored.store)?;
    let begun = takeover.as_ref().map(|takeover| takeover.begin(&mut restored, &engine)).transpose()?;
    let keys = Keys::new(store::Store::keys(&restored.store)?);
    let mut health = Health::of(&kernel);
    let enforcer = Enforcer::start(kernel.enforcement, kernel.watch, engine.clone())?;

    // source -> filter
    let lookback = clock::now().before(start::lookback(&plan));
    let files = reader::files(plan.files(), restored.files.clone(), engine.clone())?;
    let journal = reader::journal(plan.journal(), restored.journals.clone(), lookback, engine.clone())?;

    // counter -> decision -> store
    let events = web::Events::new();
    let board = Arc::new(Board::new(events.audience()));
    let new_password = Arc::new(Notify::new());
    let web = web::prepare(&plan.settings.http, &options.state_dir, events, &new_password);
    let web = web.map_err(|problem| health.page_error = Some(problem)).ok().flatten();
    let outlets =
        Arc::new(Outlets::new(engine.clone(), identity, options.state_dir.clone(), restored.fleet.clone()));
    let parts = Parts {
        plan,
        store: Box::new(restored.store),
        health,
        surroundings: surroundings.clone(),
        enforcer: enforcer.clone(),
        files: files.clone(),
        journal: journal.clone(),
        board: Arc::clone(&board),
        outlets: Arc::clone(&outlets),
        chronicle: begun.as_ref().map(|begun| Arc::clone(&begun.audience)),
        asker: begun.as_ref().map(|begun| Arc::clone(&begun.asker)),
    };
    let mut core = Engine::new(parts);
    core.remember_for(begun.as_ref().and_then(|begun| begun.remembers_for));
    let legacy = begun.as_ref().map(|begun| &begun.legacy);
    core.restore(restored.bans, restored.memory, restored.notes, undone, legacy);
    core.remember_lists(&outlets.lists_directory());
    if let Some(end) = core.enforce_at_start(&inbox) {
        return Ok(end);
    }

    // beside the kernel: Redis, lists of other programs, blocklists
    outlets.renew(core.plan());

    // operator
    let clients = control.clients();
    let state_dir = options.state_dir.clone();
    let means = Means {
        takeover: takeover.clone(),
        engine: engine.clone(),
        enforcer,
        files,
        journal,
        settings,
        board,
        new_password,
        surroundings,
        state_dir,
    };
    reload::on_change(Arc::clone(&means.settings), engine)?;
    let desk = Desk::new(means, keys);
    let socket_desk = Arc::clone(&desk);
    thread::spawn(move || {
        let cause = control.serve(move |request, peer| socket_desk.answer(request, &peer));
        tracing::error!("the control socket is closed: {cause}");
    });
    let fail2ban = takeover.as_ref().map(|takeover| Arc::clone(takeover).serve(Arc::clone(&desk)));
    let fail2ban = fail2ban.transpose().map_err(StartError::Fail2ban)?;
    // In a thread of its own, because it asks the engine before it begins.
    let web = web.map(|web| thread::spawn(move || web.serve(&desk)));

    (options.ready)();
    let end = core.run(&inbox);
    let read = core.into_offsets();
    drop(inbox);
    if let Some(Ok(Some(running))) = web.map(thread::JoinHandle::join) {
        running.stop();
    }
    outlets.stop();
    fail2ban.into_iter().for_each(Presence::stop);
    if let Some(takeover) = takeover {
        takeover.stop(read);
    }
    clients.wait(start::LAST_ANSWERS);
    Ok(end)
}

fn settings_file(options: &Options) -> SettingsFile {
    match &options.config {
        Some(path) => SettingsFile::named(path.clone()),
        None => SettingsFile::at_need(options.state_dir.join("stockade.toml")),
    }
}
