//! Debian's `redis-server`, each on its own port and in its own directory, gone with the value.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use config::{Redis, Servers};
use redis::{Client, Connection, FromRedisValue, cmd};
use tempfile::TempDir;

use super::deadline::until;

pub struct Server {
    pub port: u16,
    pub dir: TempDir,
    arguments: Vec<String>,
    child: Option<Child>,
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Server {
    pub fn start(arguments: &[&str]) -> Self {
        let port = free_port().to_string();
        let mut all =
            vec!["--port", port.as_str(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
        all.extend_from_slice(arguments);
        Self::with(port.parse().unwrap(), &all)
    }

    /// With these arguments alone.
    pub fn with(port: u16, arguments: &[&str]) -> Self {
        Self::within(tempfile::tempdir().unwrap(), port, arguments)
    }

    /// With these arguments alone, in a directory that is there already.
    pub fn within(dir: TempDir, port: u16, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|one| (*one).to_owned()).collect();
        let mut server = Self { port, dir, arguments, child: None };
        server.run();
        server
    }

    /// Starts it, also anew.
    pub fn run(&mut self) {
        let mut child = Command::new("redis-server")
            .args(&self.arguments)
            .current_dir(self.dir.path())
            .stdin(Stdio::null())
            .stdout(std::fs::File::create(self.dir.path().join("log")).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .expect("redis-server is not there; run tests/setup.sh");
        let log = self.dir.path().join("log");
        until("redis-server listens", 20, || {
            if let Some(status) = child.try_wait().unwrap() {
                panic!("redis-server ended with {status}: {}", std::fs::read_to_string(&log).unwrap());
            }
            std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok()
        });
        self.child = Some(child);
    }

    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub fn connection(&self, database: u32) -> Connection {
        let place = self.arguments.iter().position(|one| one == "--requirepass");
        let account = place.map_or(String::new(), |place| format!(":{}@", self.arguments[place + 1]));
        let url = format!("redis://{account}127.0.0.1:{}/{database}", self.port);
        Client::open(url).unwrap().get_connection().unwrap()
    }

    /// Asks in database 1.
    pub fn ask<T: FromRedisValue>(&self, words: &[&str]) -> T {
        let mut command = cmd(words[0]);
        command.arg(&words[1..]);
        command.query(&mut self.connection(1)).unwrap()
    }

    /// How often a command was carried out since the server started.
    pub fn calls(&self, command: &str) -> u64 {
        let text: String = self.ask(&["INFO", "commandstats"]);
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
        line.map_or(0, |line| line.split(',').next().unwrap().parse().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// MikoPBX's settings.
pub fn settings(url: &str) -> Redis {
    Redis {
        servers: Servers::Single(url.to_owned()),
        database: 1,
        prefix: "_PH_REDIS_CLIENT:".to_owned(),
        user: None,
        password_file: None,
        ca_file: None,
        keys: true,
        fleet: false,
        fleet_counts: false,
    }
}

/// A file with a password in it.
pub fn password_file(dir: &Path, password: &str) -> std::path::PathBuf {
    let path = dir.join(format!("password-{password}"));
    std::fs::write(&path, format!("{password}\n")).unwrap();
    path
}
