//! What `fail2ban-server`, and `fail2ban-client start`, make of this process: `stockade run --fail2ban-dir`, in the foreground or behind
//! whoever started it. What was typed is the crate `cli`'s matter.

use std::ffi::{CString, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use cli::called_as::{Name, Outcome, Service, carry_out, log_file};
use event::limit::{FAIL2BAN_BACKGROUND_LOG_BYTES, FAIL2BAN_BACKGROUND_LOG_SECONDS};

use crate::{clock, pipeline};

/// Names the settings file, since fail2ban's programs have no option for it.
const CONFIG_VARIABLE: &str = "STOCKADE_CONFIG";

/// Does what one of fail2ban's programs is asked for.
pub fn carry_out_as(name: Name, arguments: &[OsString]) -> ExitCode {
    match carry_out(name, arguments, clock::now) {
        Outcome::Ended(code) => ExitCode::from(code),
        Outcome::Serve(service) => serve(service),
    }
}

fn serve(service: Service) -> ExitCode {
    // Scripts look for the server by this name, which the kernel cuts at 15 bytes.
    if let Ok(name) = CString::new(service.process_name.bytes().take(15).collect::<Vec<u8>>()) {
        let _ = rustix::thread::set_name(&name);
    }
    let (ending, ended) = channel::<()>();
    if service.is_detached {
        // Only the leader of a group has no session to begin, and then it has one.
        let _ = rustix::process::setsid();
        let log = log_file(&service.state_dir);
        thread::spawn(move || keep_short(&log, &ended));
    }
    let options = pipeline::Options {
        config: crate::config_file(std::env::var_os(CONFIG_VARIABLE).as_deref().map(Path::new)),
        fail2ban: Some((service.folder, service.overrides)),
        socket: service.state_dir.join("stockade.sock"),
        state_dir: service.state_dir,
        ready: if service.is_detached { || say("ready") } else { || say("Server ready") },
    };
    let exit = crate::run(&options);
    drop(ending);
    ExitCode::from(if exit == cli::Exit::Done { 0 } else { 255 })
}

fn say(text: &str) {
    let mut out = io::stdout().lock();
    // Whoever started us may have given up.
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Puts what standard error has written aside when it has become long. Writing goes on in the same file, at its end, which is its beginning then.
fn keep_short(log: &Path, ended: &Receiver<()>) {
    let pause = Duration::from_secs(FAIL2BAN_BACKGROUND_LOG_SECONDS);
    while ended.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
        if let Err(cause) = shorten(log, FAIL2BAN_BACKGROUND_LOG_BYTES) {
            tracing::warn!("{}: it cannot be kept short: {cause}", log.display());
        }
    }
}

fn shorten(log: &Path, most: u64) -> io::Result<()> {
    let file = match OpenOptions::new().write(true).open(log) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(()),
        opened => opened?,
    };
    if file.metadata()?.len() > most {
        fs::copy(log, aside(log))?;
        File::set_len(&file, 0)?;
    }
    Ok(())
}

fn aside(log: &Path) -> PathBuf {
    let mut name = log.as_os_str().to_owned();
    name.push(".1");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_log_is_put_aside_under_its_writer() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("stockade.log");
        shorten(&log, 3).unwrap();
        let mut writer = OpenOptions::new().create(true).append(true).open(&log).unwrap();
        writer.write_all(b"abc").unwrap();
        shorten(&log, 3).unwrap();
        assert_eq!(fs::read(&log).unwrap(), b"abc");
        writer.write_all(b"d").unwrap();
        shorten(&log, 3).unwrap();
        writer.write_all(b"e").unwrap();
        assert_eq!(
            (fs::read(&log).unwrap(), fs::read(aside(&log)).unwrap()),
            (b"e".to_vec(), b"abcd".to_vec())
        );
    }
}
