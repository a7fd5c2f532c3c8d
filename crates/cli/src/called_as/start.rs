//! Starts a server in the background, and waits until it is ready. What it says goes to `stockade.log` in the state directory; if it does not
//! get ready, that is shown.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use event::limit::FAIL2BAN_START_LOG_BYTES;
use fail2ban::Value;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::client::Call;
use super::{Name, log_file, state_dir, talk};

/// Starts a server, and says that it is ready, or why it is not.
pub fn in_background(call: &Call) -> bool {
    if !call.may_start() {
        return false;
    }
    // One that was told to stop answers no more, but may still be at its last work.
    if let Some(server) = talk::Server::numbered(&call.server.pidfile) {
        server.ends_within(call.patience());
    }
    let path = log_file(&state_dir());
    let started = open(&path).and_then(|log| {
        let length = log.metadata()?.len();
        command(call, log)?.spawn().map(|child| (child, length))
    });
    let (child, length) = match started {
        Ok(started) => started,
        Err(cause) => {
            call.log("ERROR", &format!("the server cannot be started: {}: {cause}", path.display()));
            return false;
        }
    };
    match wait(call, child) {
        Ok(true) => {
            let word = "server-status".to_owned();
            call.process(&Value::texts([word.clone()]), &[word], Some(call.patience()))
        }
        Ok(false) => {
            eprint!("{}", said_since(&path, length).unwrap_or_default());
            call.log("ERROR", &format!("Failed to start server; what it said stands in {}", path.display()));
            false
        }
        Err(cause) => {
            call.log("ERROR", &format!("Failed to start server ({cause}); look into {}", path.display()));
            false
        }
    }
}

fn open(log: &Path) -> io::Result<File> {
    if let Some(folder) = log.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    OpenOptions::new().create(true).append(true).mode(0o600).open(log)
}

/// The same words that fail2ban's client starts its server with, and the configuration's folder: ours reads it by itself.
fn command(call: &Call, log: File) -> io::Result<Command> {
    let whole = |path: &str| std::path::absolute(path);
    let name = call.server_beside().unwrap_or_else(|| PathBuf::from(Name::Server.text()));
    let mut command = Command::new(std::env::current_exe()?);
    command.arg0(name).args(["--async", "-b", "-s"]).arg(whole(&call.server.socket)?);
    command.arg("-p").arg(whole(&call.server.pidfile)?).arg("-c").arg(whole(&call.line.conf)?);
    let given = &call.line.overrides;
    let options = [
        ("--loglevel", &given.loglevel),
        ("--logtarget", &given.logtarget),
        ("--syslogsocket", &given.syslogsocket),
        ("--pname", &call.line.pname),
    ];
    for (option, value) in options {
        if let Some(value) = value {
            command.args([option, value]);
        }
    }
    // Whatever directory it was started from can go away.
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
    Ok(command)
}

/// Waits for the line that says it is ready; `false` if it ends before.
fn wait(call: &Call, mut child: Child) -> io::Result<bool> {
    let mut output = child.stdout.take().ok_or_else(|| io::Error::other("it has no output"))?;
    let until = call.now().after(call.patience());
    let mut said = Vec::new();
    loop {
        if !readable(&output, until.since(call.now()))? {
            return Err(io::Error::other(format!("it is not ready after {} seconds", call.line.timeout)));
        }
        let mut buffer = [0; 64];
        match output.read(&mut buffer)? {
            0 => {
                child.wait()?;
                return Ok(false);
            }
            length => said.extend_from_slice(&buffer[..length]),
        }
        if said.ends_with(b"ready\n") {
            return Ok(true);
        }
    }
}

fn readable(output: &ChildStdout, patience: Duration) -> io::Result<bool> {
    let patience = Timespec::try_from(patience).map_err(io::Error::other)?;
    Ok(poll(&mut [PollFd::new(output, PollFlags::IN)], Some(&patience))? > 0)
}

/// What it said last, of this start alone.
fn said_since(path: &Path, length: u64) -> io::Result<String> {
    let mut file = File::open(path)?;
    let end = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.max(end.saturating_sub(FAIL2BAN_START_LOG_BYTES))))?;
    let mut text = Vec::new();
    file.take(FAIL2BAN_START_LOG_BYTES).read_to_end(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
