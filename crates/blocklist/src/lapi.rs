//! A client of CrowdSec's local API, as bouncers are: `GET /v1/decisions/stream`, and the whitelist where there is one. It asks when it is told
//! to; how often, and what is done about an answer, is somebody else's matter.

use std::cell::Cell;
use std::fmt;
use std::path::PathBuf;

use event::limit::{FETCHED_DECISIONS_BYTES, FETCHED_WHITELIST, FETCHED_WHITELIST_BYTES};
use event::{Moment, Subject};

use crate::answer::Reading;
use crate::entry::Entry;
use crate::held::Held;
use crate::web::{self, Way};

/// Asks one LAPI.
pub struct Client {
    agent: ureq::Agent,
    /// The address before `v1/`, with a slash at its end.
    base: String,
    /// What of it may be told.
    place: String,
    key: String,
    held: Held,
    /// Where the whitelist is: how many of `WHITELISTS` are known not to be there. All of them, until everything is asked for anew.
    whitelist_at: Cell<usize>,
}

/// What an answer says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    /// Who is to be kept out, and has not been or has been until another moment. After a question for everything, everybody,
    /// in the order of their subjects.
    pub new: Vec<Entry>,
    /// Who is not, any more, by the LAPI's word or because the time is over; none of them is in `new`. None after a question for
    /// everything: who is not in `new` then, is not kept out.
    pub deleted: Vec<Subject>,
    /// Entries that were left out: scopes and types that are no ban of an address, subnets too wide, or past the bound.
    pub left_out: u64,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LapiError {
    /// What, where, what to do.
    pub text: String,
    /// Whether the key was refused, which no waiting mends.
    pub is_refused: bool,
}

impl fmt::Display for LapiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for LapiError {}

impl fmt::Debug for Client {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("place", &self.place).finish_non_exhaustive()
    }
}

/// Where the whitelist may be, behind the address: where the address leads to MikoPBX's paths, and where it leads to a Stockade.
const WHITELISTS: [&str; 2] = ["v1/whitelist", "pbxcore/api/v3/firewall-bouncer/v1/whitelist"];

impl Client {
    /// `url` as bouncers write it: `http://host:8080/`. `ca_file`: a certificate authority beside the host's own ones, for `https`.
    pub fn new(url: &str, key: &str, ca_file: Option<&PathBuf>) -> Result<Self, LapiError> {
        let wrong = |text: String| LapiError { text, is_refused: false };
        let url = url.trim();
        let place = web::place(url).filter(|_| !url.contains(['?', '#'])).ok_or_else(|| {
            wrong(format!("'{url}' is no address of a LAPI; write e.g. 'http://127.0.0.1:8080/'"))
        })?;
        let key = key.trim();
        if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(wrong(format!(
                "{place}: the key is empty or has more in it than a key; write it alone"
            )));
        }
        let agent = web::agent(Way::Straight, ca_file.map(PathBuf::as_path)).map_err(wrong)?;
        // Whoever copies the address from another bouncer's settings may have copied its version too.
        let base = url.trim_end_matches('/');
        let base = format!("{}/", base.strip_suffix("/v1").unwrap_or(base));
        Ok(Self {
            agent,
            base,
            place,
            key: key.to_owned(),
            held: Held::default(),
            whitelist_at: Cell::new(0),
        })
    }

    /// Everything (`startup`), or what has changed since the last call. At most `most` subjects are kept. After an error, ask for
    /// everything: what a lost answer said is not said again.
    pub fn pull(&mut self, startup: bool, most: usize, now: Moment) -> Result<Delta, LapiError> {
        let mut response = self.get(&format!("v1/decisions/stream?startup={startup}"))?;
        self.expect_ok(response.status().as_u16())?;
        let body = response.body_mut().with_config().limit(FETCHED_DECISIONS_BYTES).reader();
        let reading = Reading { held: (!startup).then_some(&self.held), most, now };
        let answer = reading.read(body).map_err(|cause| self.unreadable(cause))?;
        if startup {
            self.whitelist_at.set(0);
            let past_bound = self.held.replace(&answer.new, most, now);
            let left_out = answer.left_out + past_bound;
            return Ok(Delta { new: self.held.entries(), deleted: Vec::new(), left_out });
        }
        let delta = self.held.change(&answer.deleted, &answer.new, most, now);
        Ok(Delta { left_out: delta.left_out + answer.left_out, ..delta })
    }

    /// Who is kept out by all that was said so far, in the order of their subjects.
    pub fn entries(&self) -> Vec<Entry> {
        self.held.entries()
    }

    /// Who is never blocked, where the LAPI is a Stockade or a MikoPBX; `None` where it knows no such question. Whoever does not know it is not asked
    /// again until it is asked for everything.
    pub fn whitelist(&self) -> Result<Option<Vec<Subject>>, LapiError> {
        for (place, path) in WHITELISTS.iter().enumerate().skip(self.whitelist_at.get()) {
            let mut response = self.get(path)?;
            match response.status().as_u16() {
                404 | 405 => self.whitelist_at.set(place + 1),
                status => {
                    self.expect_ok(status)?;
                    let body = response.body_mut().with_config().limit(FETCHED_WHITELIST_BYTES).reader();
                    let written: Vec<String> =
                        serde_json::from_reader(body).map_err(|cause| self.unreadable(cause))?;
                    return self.subjects(&written).map(Some);
                }
            }
        }
        Ok(None)
    }

    fn subjects(&self, written: &[String]) -> Result<Vec<Subject>, LapiError> {
        if written.len() > FETCHED_WHITELIST {
            return Err(self.failed(format!("a whitelist of more than {FETCHED_WHITELIST} entries")));
        }
        let (mut subjects, mut wrong) = (Vec::with_capacity(written.len()), 0);
        for text in written {
            match text.trim().parse() {
                Ok(subject) => subjects.push(subject),
                Err(_) => wrong += 1,
            }
        }
        if wrong > 0 {
            tracing::warn!(
                "{}: {wrong} entries of the whitelist are no addresses and are left out",
                self.place
            );
        }
        Ok(subjects)
    }

    fn get(&self, path: &str) -> Result<ureq::http::Response<ureq::Body>, LapiError> {
        let request = self.agent.get(format!("{}{path}", self.base)).header("X-Api-Key", &self.key);
        request.call().map_err(|error| self.failed(web::cause(&error)))
    }

    fn expect_ok(&self, status: u16) -> Result<(), LapiError> {
        let text = match status {
            200 => return Ok(()),
            401 | 403 => {
                let text = "the key is refused; make one for this bouncer there and write it here".to_owned();
                return Err(LapiError { is_refused: true, ..self.failed(text) });
            }
            301..=308 => format!(
                "it leads elsewhere ({status}), and the key is not carried along; write the address it leads to"
            ),
            404 => "there is no LAPI (404); write the address before '/v1/', e.g. 'http://127.0.0.1:8080/'"
                .to_owned(),
            _ => format!("it answers with an error ({status}); its own log says why"),
        };
        Err(self.failed(text))
    }

    fn unreadable(&self, cause: serde_json::Error) -> LapiError {
        use serde_json::error::Category;
        let text = match cause.classify() {
            Category::Io => web::io_cause(&std::io::Error::from(cause)),
            Category::Eof => "the answer was cut off".to_owned(),
            Category::Syntax | Category::Data => {
                format!("the answer is not a LAPI's ({cause}); is the address right?")
            }
        };
        self.failed(text)
    }

    fn failed(&self, text: impl fmt::Display) -> LapiError {
        LapiError { text: format!("{}: {text}", self.place), is_refused: false }
    }
}
