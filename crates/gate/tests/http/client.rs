//! A client that sends exactly the bytes it is told, over one connection for each request.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::site::{PASSWORD, Site};

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut pairs = self.head.lines().filter_map(|line| line.split_once(": "));
        pairs.find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// `name=value` of the cookie that is set.
    pub fn cookie(&self) -> String {
        self.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
    }
}

pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

/// Reads to the end of the connection.
pub fn answer(stream: &mut impl Read) -> Answer {
    let mut bytes = Vec::new();
    // A server that closes without having read everything resets the connection; what it said is there.
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

/// Sends a request; `headers` are whole lines.
pub fn send(site: &Site, method: &str, path: &str, headers: &[&str], body: &str) -> Answer {
    let mut stream = connect(site.address);
    stream.write_all(request(site, method, path, headers, body).as_bytes()).unwrap();
    answer(&mut stream)
}

pub fn request(site: &Site, method: &str, path: &str, headers: &[&str], body: &str) -> String {
    let lines: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {length}\r\n{lines}\r\n{body}",
        site.address
    )
}

pub fn get(site: &Site, path: &str, headers: &[&str]) -> Answer {
    send(site, "GET", path, headers, "")
}

pub fn post(site: &Site, path: &str, headers: &[&str], form: &str) -> Answer {
    let mut all = vec!["Content-Type: application/x-www-form-urlencoded"];
    all.extend(headers);
    send(site, "POST", path, &all, form)
}

pub fn try_password(site: &Site, account: &str, password: &str) -> Answer {
    post(site, "/sign-in", &[], &format!("account={account}&password={}", password.replace(' ', "+")))
}

/// Signs in: the header that carries the session, and the token of its forms.
pub fn signed_in(site: &Site) -> (String, String) {
    let answer = try_password(site, "admin", PASSWORD);
    assert_eq!(answer.status, 303, "{answer:?}");
    let cookie = format!("Cookie: {}", answer.cookie());
    let csrf = get(site, "/", &[&cookie]).body;
    assert_eq!(csrf.len(), 64);
    (cookie, csrf)
}
