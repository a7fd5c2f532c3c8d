//! The whole program on one screen: source -> filter -> counter -> decision -> store -> enforcement.
//!
//! Each part is put together here and nowhere else; no logic lives here. Threads: one reads files, one reads the journal
//! (both judge what they read), this one is the engine (counter, decision, store), one changes the kernel, one
//! answers the control socket, two wait for signals and for a changed settings file.

use std::path::PathBuf;
use std::sync::mpsc::sync_channel;
use std::thread;

use event::limit::ENGINE_QUEUE;

use crate::desk::Desk;
use crate::enforcer::Enforcer;
use crate::engine::{Engine, Health, Parts};
use crate::message::End;
use crate::plan::Plan;
use crate::start::{self, StartError};
use crate::{clock, reader, reload};

/// Where things are.
#[derive(Clone, Debug)]
pub struct Options {
    /// The settings file; without one, the defaults.
    pub config: Option<PathBuf>,
    /// Directory of the store.
    pub state_dir: PathBuf,
    /// The control socket.
    pub socket: PathBuf,
}

/// Runs until it is told to stop; says why it stopped.
pub fn run(options: &Options) -> Result<End, StartError> {
    let probe = start::probe_kernel();
    let plan = Plan::make(options.config.as_deref()).map_err(StartError::Settings)?;
    start::log(plan.settings.log.level);
    start::raise_file_limit();
    plan.notes.iter().for_each(|note| tracing::info!("{note}"));
    start::state_dir(&options.state_dir, plan.settings.control.group.as_deref())?;
    let _lock = start::lock(&options.state_dir)?;
    let control = control::Server::bind(&options.socket, plan.settings.control.group.as_deref())?;
    let opened = start::store(&options.state_dir)?;
    let (engine, inbox) = sync_channel(ENGINE_QUEUE);
    // From here on a SIGHUP is a wish, and no end.
    reload::on_signals(options.config.clone(), engine.clone())?;

    // enforcement
    let mut kernel = start::enforcement(plan.settings.enforcement.mode, probe)?;
    let restored = start::restored(opened, &mut kernel);
    let health = Health {
        started: clock::now(),
        mode: kernel.mode,
        mode_reason: kernel.reason.clone(),
        ..Health::default()
    };
    let enforcer = Enforcer::start(kernel.enforcement, kernel.watch, engine.clone())?;

    // source -> filter
    let lookback = clock::now().before(start::lookback(&plan));
    let files = reader::files(plan.files(), restored.files.clone(), engine.clone())?;
    let journal = reader::journal(plan.journal(), restored.journal.clone(), lookback, engine.clone())?;

    // counter -> decision -> store
    let parts = Parts {
        plan,
        store: Box::new(restored.store),
        health,
        enforcer: enforcer.clone(),
        files: files.clone(),
        journal: journal.clone(),
    };
    let mut core = Engine::new(parts);
    core.restore(restored.bans, restored.memory, restored.notes);
    if let Some(end) = core.enforce_at_start(&inbox) {
        return Ok(end);
    }

    // operator
    let clients = control.clients();
    let desk = Desk { engine: engine.clone(), enforcer, files, journal, config: options.config.clone() };
    thread::spawn(move || {
        let cause = control.serve(move |request, peer| desk.answer(request, peer));
        tracing::error!("the control socket is closed: {cause}");
    });
    if let Some(config) = &options.config {
        reload::on_change(config, engine)?;
    }

    start::say_ready();
    let end = core.run(&inbox);
    clients.wait(start::LAST_ANSWERS);
    Ok(end)
}
