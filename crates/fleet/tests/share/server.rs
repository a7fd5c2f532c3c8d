//! A redis-server of the test's own: a free port, a directory that goes with it, ended on drop.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use redis::{Commands, Connection, FromRedisValue};
use tempfile::TempDir;

use crate::node::until;

pub(crate) struct Server {
    port: u16,
    directory: TempDir,
    child: Option<Child>,
    arguments: Vec<String>,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// With further arguments.
    pub(crate) fn start_with(arguments: &[&str]) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let mut server = Self { port, directory: tempfile::tempdir().unwrap(), child: None, arguments };
        server.revive();
        server
    }

    /// Starts it with nothing in it.
    pub(crate) fn revive(&mut self) {
        let child = Command::new("redis-server")
            .args([
                "--port",
                &self.port.to_string(),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no",
            ])
            .arg("--dir")
            .arg(self.directory.path())
            .args(&self.arguments)
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is installed (tests/setup.sh)");
        self.child = Some(child);
        until("redis-server answers", Duration::from_secs(10), || self.try_connection().is_some());
    }

    /// Ends it at once; what was in it is gone.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn connection(&self) -> Connection {
        self.try_connection().expect("redis-server answers")
    }

    fn try_connection(&self) -> Option<Connection> {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}", self.port)).ok()?;
        let mut connection = client.get_connection().ok()?;
        redis::cmd("PING").query::<String>(&mut connection).ok()?;
        Some(connection)
    }

    /// How many entries the stream has.
    pub(crate) fn entries(&self, stream: &str) -> usize {
        self.connection().xlen(key(stream)).unwrap()
    }

    /// One command with a key of the fleet behind its name.
    pub(crate) fn command<T: FromRedisValue>(&self, name: &str, on: &str, arguments: &[&str]) -> T {
        let mut command = redis::cmd(name);
        command.arg(key(on));
        arguments.iter().for_each(|argument| {
            command.arg(*argument);
        });
        command.query(&mut self.connection()).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

pub(crate) fn key(name: &str) -> String {
    format!("test:stockade:{{fleet}}:{name}")
}
