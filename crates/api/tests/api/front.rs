//! A web server in front, set up as docs/containers.md shows it, and what its clients get.

use std::fs;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::net::{AddressFamily, SocketType, bind, connect, socket};

use crate::stopwatch::Stopwatch;

/// One process of a real web server. Dropping it ends it.
pub struct Front {
    address: SocketAddr,
    process: Child,
}

/// The first configuration in this language that the documentation shows.
pub fn shown(language: &str) -> String {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/containers.md");
    let document = fs::read_to_string(document).unwrap();
    let block = document.split(&format!("```{language}\n")).nth(1).unwrap();
    block.split("```").next().unwrap().to_owned()
}

/// Free a moment ago; whoever takes it meanwhile makes the web server say so and end.
pub fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

impl Front {
    /// Starts the web server, which is to listen on `address`, and waits until it does.
    pub fn start(address: SocketAddr, program: &[&str], home: &Path) -> Self {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).args(program).env("HOME", home).current_dir(home);
        command.env("XDG_CONFIG_HOME", home).env("XDG_DATA_HOME", home);
        let process = command.stdin(Stdio::null()).spawn().expect("see tests/setup.sh");
        let mut front = Self { address, process };
        front.wait();
        front
    }

    fn wait(&mut self) {
        let began = Stopwatch::start();
        while TcpStream::connect(self.address).is_err() {
            assert!(self.process.try_wait().unwrap().is_none(), "the web server has ended");
            assert!(began.elapsed() < Duration::from_secs(20), "the web server does not listen");
            std::thread::yield_now();
        }
    }

    /// The status that a client at `from` gets; `head` is what follows the method.
    pub fn status(&self, from: [u8; 4], head: &str, body: &str) -> u16 {
        let stream = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        bind(&stream, &SocketAddr::new(IpAddr::V4(Ipv4Addr::from(from)), 0)).unwrap();
        connect(&stream, &self.address).unwrap();
        let mut stream = TcpStream::from(stream);
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let request = format!("{head} HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n{body}");
        stream.write_all(request.as_bytes()).unwrap();
        let mut text = String::new();
        let _ = stream.read_to_string(&mut text);
        text.split(' ').nth(1).unwrap_or_default().parse().unwrap_or_else(|_| panic!("{text}"))
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
