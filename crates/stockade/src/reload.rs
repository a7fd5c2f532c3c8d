//! Reads the settings again on SIGHUP and when their file changes, and stops on SIGTERM and SIGINT. Two threads that only
//! wait; what they find goes to the engine as messages.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::thread;

use control::Actor;
use control::desk::Deed;
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::message::{End, Message};
use crate::obey::action;
use crate::plan::Plan;
use crate::settings_file::SettingsFile;

/// Waits for signals.
pub fn on_signals(settings: Arc<SettingsFile>, engine: SyncSender<Message>) -> io::Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGTERM, SIGINT])?;
    thread::spawn(move || {
        for signal in signals.forever() {
            let message = match signal {
                SIGHUP => Message::read_again(Plan::make(&settings), "SIGHUP", None),
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
pub fn on_change(settings: Arc<SettingsFile>, engine: SyncSender<Message>) -> io::Result<()> {
    let config = settings.path();
    let (Some(dir), Some(name)) = (config.parent(), config.file_name()) else { return Ok(()) };
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    let watcher = inotify::init(CreateFlags::CLOEXEC)?;
    inotify::add_watch(&watcher, dir, WatchFlags::CLOSE_WRITE | WatchFlags::MOVED_TO | WatchFlags::ONLYDIR)?;
    let name = name.to_owned();
    let cause = format!("{} changed", config.display());
    let editor = Actor { name: "the settings file".to_owned(), address: None };
    thread::spawn(move || {
        let mut buffer = [std::mem::MaybeUninit::uninit(); 8192];
        let mut reader = inotify::Reader::new(&watcher, &mut buffer);
        while let Ok(event) = reader.next() {
            let concerned = event.events().contains(ReadFlags::QUEUE_OVERFLOW)
                || event.file_name().is_some_and(|changed| OsStr::from_bytes(changed.to_bytes()) == name);
            // What the page writes is taken up by whoever wrote it.
            if !concerned {
                continue;
            }
            let Some((before, now)) = settings.changed_by_others() else { continue };
            let action = action(&editor, Deed::Settings, "", &config::difference(&before, &now));
            let message = Message::read_again(Plan::make(&settings), &cause, Some(action));
            if engine.send(message).is_err() {
                return;
            }
        }
    });
    Ok(())
}
