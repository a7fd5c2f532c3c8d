//! Reads the settings again on SIGHUP and when their file changes, and stops on SIGTERM and SIGINT. Two threads that only
//! wait; what they find goes to the engine as messages.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;
use std::thread;

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::message::{End, Message};
use crate::plan::Plan;

/// Waits for signals.
pub fn on_signals(config: Option<PathBuf>, engine: SyncSender<Message>) -> io::Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGTERM, SIGINT])?;
    thread::spawn(move || {
        for signal in signals.forever() {
            let message = match signal {
                SIGHUP => read_again(config.as_deref(), "SIGHUP"),
                SIGINT => {
                    Message::Stop(End::Asked("SIGINT; the kernel keeps the bans that it has".to_owned()))
                }
                _ => Message::Stop(End::Asked("SIGTERM; the kernel keeps the bans that it has".to_owned())),
            };
            if engine.send(message).is_err() {
                return;
            }
        }
    });
    Ok(())
}

/// Waits for changes of the settings file, by whatever way an editor makes them: written in place or renamed over.
pub fn on_change(config: &Path, engine: SyncSender<Message>) -> io::Result<()> {
    let (Some(dir), Some(name)) = (config.parent(), config.file_name()) else { return Ok(()) };
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    let watcher = inotify::init(CreateFlags::CLOEXEC)?;
    inotify::add_watch(&watcher, dir, WatchFlags::CLOSE_WRITE | WatchFlags::MOVED_TO | WatchFlags::ONLYDIR)?;
    let (config, name) = (config.to_owned(), name.to_owned());
    thread::spawn(move || {
        let mut buffer = [std::mem::MaybeUninit::uninit(); 8192];
        let mut reader = inotify::Reader::new(&watcher, &mut buffer);
        let cause = format!("{} changed", config.display());
        while let Ok(event) = reader.next() {
            let concerned = event.events().contains(ReadFlags::QUEUE_OVERFLOW)
                || event.file_name().is_some_and(|changed| OsStr::from_bytes(changed.to_bytes()) == name);
            if concerned && engine.send(read_again(Some(&config), &cause)).is_err() {
                return;
            }
        }
    });
    Ok(())
}

fn read_again(config: Option<&Path>, cause: &str) -> Message {
    Message::read_again(Plan::make(config), cause)
}
