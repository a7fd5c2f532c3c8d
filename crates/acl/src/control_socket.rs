//! Asterisk's control socket: commands go in, each ended by a NUL; what `asterisk -rx` would print comes out, behind a line that says
//! who answers. No process is started for it.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use event::limit::{ACL_ANSWER_BYTES, ACL_ANSWER_SECONDS};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};

use crate::error::Error;

const PATIENCE: Duration = Duration::from_secs(ACL_ANSWER_SECONDS);
/// With this in front, Asterisk closes the connection behind its answer, so that the answer's end is known.
const ONCE: &str = "cli quit after ";
/// Otherwise what Asterisk logs to its console would come in between.
const QUIET: &str = "logger mute silent";
const SAID_CHARACTERS: usize = 200;

/// Tells each of `modules` to read its configuration again.
pub fn reload(socket: &Path, modules: &[&'static str]) -> Result<(), Error> {
    let away = |source| Error::Away { at: socket.display().to_string(), source };
    let answer = talk(socket, modules).map_err(away)?;
    for module in modules {
        judge(&answer, module)?;
    }
    Ok(())
}

fn talk(path: &Path, modules: &[&str]) -> io::Result<String> {
    let mut stream = open(path)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // In one piece: the words in front count only at the beginning of what Asterisk reads at once.
    let mut request = format!("{ONCE}{QUIET}\0");
    for module in modules {
        request.push_str(&format!("module reload {module}\0"));
    }
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    let limit = u64::try_from(ACL_ANSWER_BYTES).unwrap_or(u64::MAX);
    stream.take(limit).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Connecting to a local socket waits for as long as its queue is full; this does not.
fn open(path: &Path) -> io::Result<UnixStream> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    connect(&socket, &SocketAddrUnix::new(path)?)?;
    let stream = UnixStream::from(socket);
    stream.set_nonblocking(false)?;
    Ok(stream)
}

fn judge(answer: &str, module: &'static str) -> Result<(), Error> {
    let quoted = format!("'{module}'");
    let is_done = answer.lines().any(|line| {
        let is_ours = line.contains(&quoted);
        // A module that is not loaded reads its list when it is; and one that is just being loaded will.
        is_ours && (line.contains("reloaded successfully") || line.starts_with("No such module"))
            || line.contains("request queued")
    });
    if is_done {
        return Ok(());
    }
    let lines: Vec<&str> = answer.lines().skip(1).map(str::trim).filter(|line| !line.is_empty()).collect();
    let said = lines.iter().find(|line| line.contains(&quoted)).or(lines.last()).unwrap_or(&"nothing");
    Err(Error::NotReloaded { module, said: said.chars().take(SAID_CHARACTERS).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    // What Asterisk 16 says.
    #[test]
    fn answers_of_asterisk() {
        let answer = "vm/1/16.28.0\nModule 'acl' reloaded successfully.\nNo such module 'chan_iax2.so'\n\
                      Module 'manager' reported a reload failure.\n";
        assert!(judge(answer, "acl").is_ok());
        assert!(judge(answer, "chan_iax2.so").is_ok());
        assert!(judge(answer, "manager").unwrap_err().to_string().contains("reported a reload failure"));
        assert!(judge("vm/1/16\nAsterisk cannot reload a module yet; request queued\n", "acl").is_ok());
        let busy = "vm/1/16\nA module reload request is already in progress; please be patient\n";
        assert!(judge(busy, "acl").unwrap_err().to_string().contains("please be patient"));
        assert!(judge("", "acl").unwrap_err().to_string().contains("said: nothing"));
    }

    #[test]
    fn a_socket_that_is_not_there_is_said() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("asterisk.ctl");
        assert!(matches!(reload(&path, &["acl"]), Err(Error::Away { .. })));
    }
}
