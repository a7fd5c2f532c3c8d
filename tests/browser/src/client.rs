//! A plain HTTP client on a host: curl, which sends what it is told and nothing else, as a script or an attacker does.

use std::collections::BTreeMap;

use arena::Host;
use arena::process::run;

use crate::{Error, Result};

/// Marks where curl's own words begin, behind the body.
const MARK: &str = "\u{1}curl:";

/// A client without cookies of its own.
#[derive(Clone, Debug)]
pub struct Client {
    host: Host,
    base: String,
    arguments: Vec<String>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status; 0 if nothing came back.
    pub status: u16,
    /// The headers, names in lower case. Of several with one name, the last.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
    /// How many seconds it took.
    pub seconds: f64,
}

impl Client {
    /// On `host`, for the site at `base`.
    pub fn new(host: &Host, base: String) -> Self {
        Self { host: host.clone(), base, arguments: Vec::new() }
    }

    /// With another argument of curl's.
    pub fn with(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|&one| one.to_owned()));
        self
    }

    /// With a header.
    pub fn header(self, header: &str) -> Self {
        self.with(&["-H", header])
    }

    /// With an API key.
    pub fn key(self, key: &str) -> Self {
        self.header(&format!("Authorization: Bearer {key}"))
    }

    /// Asks for a path.
    pub fn get(&self, path: &str) -> Result<Answer> {
        self.clone().with(&[]).send(path)
    }

    /// Sends a form.
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Result<Answer> {
        let mut client = self.clone().with(&["-X", "POST"]);
        for (name, value) in fields {
            client = client.with(&["--data-urlencode", &format!("{name}={value}")]);
        }
        client.send(path)
    }

    /// Sends JSON.
    pub fn json(&self, method: &str, path: &str, body: &str) -> Result<Answer> {
        let client = self.clone().header("Content-Type: application/json");
        client.with(&["-X", method, "--data-raw", body]).send(path)
    }

    /// Signs in; the cookie as a client sends it, and the answer.
    pub fn sign_in(&self, account: &str, password: &str) -> Result<(Option<String>, Answer)> {
        let answer = self.post("/sign-in", &[("account", account), ("password", password), ("then", "/")])?;
        let cookie = answer.headers.get("set-cookie").and_then(|cookie| cookie.split(';').next());
        Ok((cookie.map(str::to_owned), answer))
    }

    fn send(&self, path: &str) -> Result<Answer> {
        let mut command = self.host.command("curl");
        // -g: what looks like a pattern is sent as it is. --path-as-is: so is `..`.
        command.args(["-k", "-s", "-g", "-i", "--path-as-is", "--max-time", "60", "--noproxy", "*"]);
        command.args(["-w", &format!("{MARK}%{{http_code}} %{{time_total}}")]).args(&self.arguments);
        let url = format!("{}{path}", self.base);
        // Curl's own failure is an answer too: a server that closes the door has said something.
        let said = match run(command.arg(&url)) {
            Ok(said) => said,
            Err(arena::Error::Failed { said, .. }) => said,
            Err(error) => return Err(error.into()),
        };
        answer(&said).ok_or(Error::Answer { what: url, said })
    }
}

impl Answer {
    /// A header's value; empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The body as JSON.
    pub fn value(&self) -> Result<serde_json::Value> {
        let unreadable = |_| Error::Answer { what: "a request".to_owned(), said: self.body.clone() };
        serde_json::from_str(&self.body).map_err(unreadable)
    }

    /// The token that the forms of this page carry.
    pub fn csrf(&self) -> &str {
        let found = self.body.split_once("name=\"csrf\" value=\"").and_then(|(_, rest)| rest.split_once('"'));
        found.map_or("", |(token, _)| token)
    }
}

fn answer(said: &str) -> Option<Answer> {
    let (message, words) = said.rsplit_once(MARK)?;
    let (status, seconds) = words.trim().split_once(' ')?;
    let seconds = seconds.split_whitespace().next()?.parse().ok()?;
    let mut rest = message;
    let mut headers = BTreeMap::new();
    // An interim answer (100) has a head of its own before the last one.
    while rest.starts_with("HTTP/") {
        let (head, body) = rest.split_once("\r\n\r\n").unwrap_or((rest, ""));
        let pairs = head.lines().skip(1).filter_map(|line| line.split_once(':'));
        headers = pairs.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
        rest = body;
    }
    Some(Answer { status: status.parse().ok()?, headers, body: rest.to_owned(), seconds })
}
