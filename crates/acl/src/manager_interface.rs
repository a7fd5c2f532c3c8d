//! Asterisk's manager interface (AMI) as far as it is needed: log in, reload, log off. A connection for each time: it is wanted at most
//! once in two seconds, and an idle one would have to be watched.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use event::limit::{ACL_ANSWER_BYTES, ACL_ANSWER_SECONDS};

use crate::error::Error;

const PATIENCE: Duration = Duration::from_secs(ACL_ANSWER_SECONDS);
const SECRET_BYTES: u64 = 1024;
const SAID_CHARACTERS: usize = 200;
const END: &str = "\r\n\r\n";

/// Where it is, and as whom we log in.
#[derive(Clone, Debug)]
pub struct ManagerInterface {
    /// `127.0.0.1:5038`.
    pub address: String,
    /// The account.
    pub user: String,
    /// Holds its secret alone. It is read anew each time, so that a new secret needs no restart.
    pub secret_file: PathBuf,
}

impl ManagerInterface {
    /// Tells each of `modules` to read its configuration again.
    pub fn reload(&self, modules: &[&'static str]) -> Result<(), Error> {
        let address: SocketAddr =
            self.address.parse().map_err(|_| Error::NoAddress { text: self.address.clone() })?;
        let secret = secret(&self.secret_file)?;
        let away = |source| Error::Away { at: self.address.clone(), source };
        let mut session = Session::open(address).map_err(away)?;
        let login =
            format!("Action: Login\r\nUsername: {}\r\nSecret: {secret}\r\nEvents: off", word(&self.user));
        let answer = session.ask("login", &login).map_err(away)?;
        if !is_success(&answer) {
            let said = said(&answer);
            return Err(Error::LoginRefused { user: self.user.clone(), at: self.address.clone(), said });
        }
        for module in modules {
            let answer = session.ask(module, &format!("Action: Reload\r\nModule: {module}")).map_err(away)?;
            // A module that is not loaded reads its list when it is.
            if !is_success(&answer) && field(&answer, "Message") != Some("No such module") {
                return Err(Error::NotReloaded { module, said: said(&answer) });
            }
        }
        // All is done; whether the farewell is heard does not matter.
        let _ = session.ask("logoff", "Action: Logoff");
        Ok(())
    }
}

#[derive(Debug)]
struct Session {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Session {
    fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream, unread: Vec::new() })
    }

    /// One action and its response; events in between are read over.
    fn ask(&mut self, id: &str, action: &str) -> io::Result<String> {
        self.stream.write_all(format!("{action}\r\nActionID: {id}{END}").as_bytes())?;
        let mut read = 0;
        while read <= ACL_ANSWER_BYTES {
            let message = self.message()?;
            read += message.len();
            // The greeting is a line of its own in front of the first message.
            if field(&message, "Response").is_some()
                && field(&message, "ActionID").is_none_or(|its| its == id)
            {
                return Ok(message);
            }
        }
        Err(io::Error::other("it says much, and does not answer"))
    }

    fn message(&mut self) -> io::Result<String> {
        let mut piece = [0; 4096];
        loop {
            let end = self.unread.windows(END.len()).position(|bytes| bytes == END.as_bytes());
            if let Some(end) = end {
                let message = self.unread.drain(..end + END.len()).collect::<Vec<u8>>();
                return Ok(String::from_utf8_lossy(&message).into_owned());
            }
            if self.unread.len() > ACL_ANSWER_BYTES {
                return Err(io::Error::other("its answer does not end"));
            }
            match self.stream.read(&mut piece)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => self.unread.extend_from_slice(&piece[..count]),
            }
        }
    }
}

fn secret(path: &Path) -> Result<String, Error> {
    let wrong = |reason: String| Error::NoSecret { path: path.to_owned(), reason };
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(SECRET_BYTES).read_to_string(&mut text))
        .map_err(|error| wrong(error.to_string()))?;
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() || secret.contains(char::is_control) {
        return Err(wrong("it is not one line of text".to_owned()));
    }
    Ok(secret.to_owned())
}

/// What goes into a message as a value: a line break in it would begin another header.
fn word(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).collect()
}

fn is_success(message: &str) -> bool {
    field(message, "Response") == Some("Success")
}

fn said(message: &str) -> String {
    field(message, "Message").unwrap_or("nothing").chars().take(SAID_CHARACTERS).collect()
}

fn field<'a>(message: &'a str, name: &str) -> Option<&'a str> {
    message.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_one_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            secret(&path)
        };
        assert_eq!(read("quite right\n").unwrap(), "quite right");
        assert!(read("a\r\nAction: Originate\n").is_err());
        assert!(read("\n").unwrap_err().to_string().contains("not one line"));
        assert!(secret(&directory.path().join("none")).is_err());
    }

    #[test]
    fn a_message_is_taken_apart() {
        let message =
            "Asterisk Call Manager/5.0.4\r\nResponse: Error\r\nMessage: Authentication failed\r\n\r\n";
        assert!(!is_success(message));
        assert_eq!(said(message), "Authentication failed");
        assert_eq!(word("a\r\nb"), "ab");
    }
}
