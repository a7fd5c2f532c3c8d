//! Debian's nginx in front, as docs/containers.md sets it up, asking for each of its clients.

use std::fs;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::net::{AddressFamily, SocketType, bind, connect, socket};

use crate::site::Site;
use crate::stopwatch::Stopwatch;

/// A real nginx. One process, so that ending it leaves nothing behind.
struct Nginx {
    address: SocketAddr,
    process: Child,
}

impl Nginx {
    /// With the configuration that the documentation shows, but for ports and directory.
    fn start(site: &Site) -> Self {
        let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/containers.md");
        let document = fs::read_to_string(document).unwrap();
        let shown = document.split("```nginx\n").nth(1).unwrap().split("```").next().unwrap();
        let home = site.directory.path().display();
        fs::write(site.directory.path().join("index.html"), "served\n").unwrap();
        // Free a moment ago; whoever takes it meanwhile makes nginx say so and end.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let shown = shown
            .replace("127.0.0.1:8765", &site.address.to_string())
            .replace("listen 80;", &format!("listen {address};"))
            .replace("/var/www/html", &home.to_string());
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {home}/{kind};\n"))
            .concat();
        let user = if rustix::process::geteuid().is_root() { "user root;\n" } else { "" };
        let conf = format!(
            "daemon off;\nmaster_process off;\n{user}pid {home}/nginx.pid;\nerror_log stderr warn;\n\
             events {{}}\nhttp {{\naccess_log off;\n{temporary}{shown}\n}}\n"
        );
        let path = site.directory.path().join("nginx.conf");
        fs::write(&path, conf).unwrap();
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "/usr/sbin/nginx", "-e", "stderr", "-c"]).arg(path);
        let process = command.stdin(Stdio::null()).spawn().expect("nginx; see tests/setup.sh");
        let mut nginx = Self { address, process };
        nginx.wait();
        nginx
    }

    fn wait(&mut self) {
        let began = Stopwatch::start();
        while TcpStream::connect(self.address).is_err() {
            assert!(self.process.try_wait().unwrap().is_none(), "nginx has ended");
            assert!(began.elapsed() < Duration::from_secs(20), "nginx does not listen");
            std::thread::yield_now();
        }
    }

    /// The status that a client at `from` gets; `head` is what follows the method.
    fn status(&self, from: [u8; 4], head: &str, body: &str) -> u16 {
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

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn nginx_refuses_whoever_is_banned_and_serves_everybody_if_stockade_is_away() {
    let (banned, other) = ([127, 0, 0, 66], [127, 0, 0, 67]);
    let mut site = Site::new();
    let nginx = Nginx::start(&site);
    let get = |from: [u8; 4]| nginx.status(from, "GET /index.html", "\r\n");
    assert_eq!((get(banned), get(other)), (200, 200));
    site.memory.state().denied.insert(IpAddr::from(banned));
    for _ in 0..3 {
        assert_eq!((get(banned), get(other)), (403, 200));
    }
    // What the client sends along does not help it, nor does it harm others.
    let forged = "X-Real-IP: 127.0.0.67\r\nX-Forwarded-For: 127.0.0.67\r\nCookie: a=b\r\n\r\n";
    assert_eq!(nginx.status(banned, "GET /index.html", forged), 403);
    let forged = "X-Real-IP: 127.0.0.66\r\nX-Forwarded-For: 127.0.0.66\r\nCookie: a=b\r\n\r\n";
    assert_eq!(nginx.status(other, "GET /index.html", forged), 200);
    // nginx itself has no POST for files: 405 says that it came that far.
    let form = "Origin: https://evil.example\r\nCookie: a=b\r\nContent-Length: 3\r\n\r\na=b";
    assert_eq!(nginx.status(other, "POST /index.html", form), 405);
    assert_eq!(nginx.status(banned, "POST /index.html", form), 403);
    for client in [banned, other] {
        assert_eq!(nginx.status(client, "GET /stockade", "\r\n"), 404, "nobody asks from outside");
    }
    site.memory.state().denied.clear();
    assert_eq!(get(banned), 200, "an unban holds at once");
    site.memory.state().denied.insert(IpAddr::from(banned));
    site.stop();
    assert_eq!((get(banned), get(other)), (200, 200), "Stockade is away");
}
