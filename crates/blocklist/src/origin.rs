//! Where lists come from: by URL, from a file, from a LAPI. Each fetches when it is told to, and says whether anything is new.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use config::{Blocklist, ListOrigin};
use event::Moment;
use event::limit::{KEY_FILE_BYTES, LIST_BYTES};
use rustix::fs::OFlags;

use crate::entry::Entry;
use crate::kept::Kept;
use crate::lapi::Client;
use crate::plain::Plain;
use crate::web::{self, Way};

/// What an attempt brings.
#[derive(Debug)]
pub enum Fetched {
    /// It is as it was.
    Unchanged,
    /// A list, with nothing said about where it comes from yet.
    List(Kept),
}

/// One list's source.
#[derive(Debug)]
pub struct Source {
    list: Blocklist,
    agent: Option<ureq::Agent>,
    client: Option<Client>,
    /// Whether the LAPI is asked only for what has changed.
    is_following: bool,
    /// Decisions that were left out since it was asked for all.
    left_out: u64,
    seen: Option<Stamp>,
}

/// What tells one state of a file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
}

impl Source {
    /// Asks nobody yet.
    pub fn new(list: Blocklist) -> Self {
        Self { list, agent: None, client: None, is_following: false, left_out: 0, seen: None }
    }

    /// The file that it reads.
    pub fn file(&self) -> Option<&Path> {
        match &self.list.origin {
            ListOrigin::File(path) => Some(path),
            _ => None,
        }
    }

    /// What tells this source from others.
    pub fn name(&self) -> String {
        match &self.list.origin {
            ListOrigin::Url(url) => format!("url {url}"),
            ListOrigin::File(path) => format!("file {}", path.display()),
            ListOrigin::Lapi { url, .. } => format!("lapi {url}"),
        }
    }

    /// Asks. `known` is the list in force, if it came from here. An error is a text: what, where, what to do.
    pub fn fetch(&mut self, known: Option<&Kept>, now: Moment) -> Result<Fetched, String> {
        let fetched = match self.list.origin.clone() {
            ListOrigin::Url(url) => self.by_url(&url, known)?,
            ListOrigin::File(path) => self.by_file(&path, known.is_some())?,
            ListOrigin::Lapi { url, key_file } => return self.by_lapi(&url, &key_file, now),
        };
        Ok(match fetched {
            Some(kept) => Fetched::List(Kept { fetched: now, ..kept }),
            None => Fetched::Unchanged,
        })
    }

    fn most(&self) -> usize {
        self.list.max_entries as usize
    }

    fn by_url(&mut self, url: &str, known: Option<&Kept>) -> Result<Option<Kept>, String> {
        let place = web::place(url)
            .ok_or_else(|| "the url is none; write e.g. 'https://lists.example/drop.txt'".to_owned())?;
        let failed = |text: String| format!("{place}: {text}");
        if self.agent.is_none() {
            let way = if place.starts_with("https:") { Way::FarSecure } else { Way::Far };
            self.agent = Some(web::agent(way, self.list.ca_file.as_deref())?);
        }
        let Some(agent) = &self.agent else { return Ok(None) };
        let mut request = agent.get(url);
        // With another bound, the same answer is another list.
        if let Some(known) = known.filter(|known| known.most == self.most()) {
            let conditions = [("If-None-Match", &known.tag), ("If-Modified-Since", &known.modified)];
            for (name, value) in conditions {
                if let Some(value) = value {
                    request = request.header(name, value);
                }
            }
        }
        let mut response = request.call().map_err(|error| failed(web::cause(&error)))?;
        match response.status().as_u16() {
            200 => {}
            304 if known.is_some() => return Ok(None),
            status => return Err(failed(refusal(status))),
        }
        let header = |name: &str| {
            let value = response.headers().get(name)?.to_str().ok()?;
            (!value.is_empty()).then(|| value.to_owned())
        };
        let (tag, modified) = (header("etag"), header("last-modified"));
        let body = response.body_mut().with_config().limit(LIST_BYTES).reader();
        let plain = Plain::read(body, self.most()).map_err(|cause| failed(web::io_cause(&cause)))?;
        let is_bare = plain.subjects.is_empty() && plain.left_out.sum() == 0 && !plain.is_page;
        if is_bare && known.is_some_and(|known| !known.entries.is_empty()) {
            return Err(failed("there is no address in the answer, and there were some before".to_owned()));
        }
        Ok(Some(Kept { tag, modified, ..self.taken(plain).map_err(failed)? }))
    }

    fn by_file(&mut self, path: &Path, is_known: bool) -> Result<Option<Kept>, String> {
        let failed = |cause: &dyn std::fmt::Display| format!("{}: {cause}", path.display());
        let file = open(path).map_err(|cause| failed(&cause))?;
        let data = file.metadata().map_err(|cause| failed(&cause))?;
        let stamp = Stamp {
            device: data.dev(),
            inode: data.ino(),
            bytes: data.size(),
            modified: (data.mtime(), data.mtime_nsec()),
        };
        if is_known && self.seen == Some(stamp) {
            return Ok(None);
        }
        if stamp.bytes > LIST_BYTES {
            return Err(failed(&format!("larger than {LIST_BYTES} bytes; make several lists of it")));
        }
        let plain = Plain::read(file.take(LIST_BYTES), self.most()).map_err(|cause| failed(&cause))?;
        if !plain.has_text {
            let text = "the file is empty; if nobody is to be on the list, leave a comment in it";
            return Err(failed(&text));
        }
        let kept = self.taken(plain).map_err(|cause| failed(&cause))?;
        self.seen = Some(stamp);
        Ok(Some(kept))
    }

    /// What a plain list comes to.
    fn taken(&self, plain: Plain) -> Result<Kept, String> {
        let left_out = plain.left_out;
        if plain.is_page {
            return Err("what is there is a page and no list; is the address right?".to_owned());
        }
        if plain.subjects.is_empty() && left_out.sum() > 0 {
            return Err(format!("there is no address that can be taken: {left_out}"));
        }
        if left_out.sum() > 0 {
            tracing::info!("blocklist {}: left out: {left_out}", self.list.name);
        }
        let entries = plain.subjects.into_iter().map(|subject| Entry { subject, until: Moment::NEVER });
        Ok(Kept {
            most: self.most(),
            left_out: left_out.sum(),
            entries: entries.collect(),
            ..Kept::default()
        })
    }

    fn by_lapi(&mut self, url: &str, key_file: &Path, now: Moment) -> Result<Fetched, String> {
        if self.client.is_none() {
            let key = key(key_file)?;
            self.client =
                Some(Client::new(url, &key, self.list.ca_file.as_ref()).map_err(|error| error.text)?);
            self.is_following = false;
        }
        let (most, startup) = (self.most(), !self.is_following);
        let Some(client) = &mut self.client else { return Ok(Fetched::Unchanged) };
        self.is_following = false;
        let delta = match client.pull(startup, most, now) {
            Ok(delta) => delta,
            Err(error) => {
                // The file may have another key in it next time.
                if error.is_refused {
                    self.client = None;
                }
                return Err(error.text);
            }
        };
        self.is_following = true;
        self.left_out = if startup { delta.left_out } else { self.left_out + delta.left_out };
        if !startup && delta.new.is_empty() && delta.deleted.is_empty() {
            return Ok(Fetched::Unchanged);
        }
        let entries = client.entries();
        let left_out = self.left_out;
        Ok(Fetched::List(Kept { most, left_out, entries, fetched: now, ..Kept::default() }))
    }
}

fn open(path: &Path) -> std::io::Result<File> {
    // A pipe would keep the thread waiting for ever.
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(std::io::Error::other("this is no file")) }
}

fn key(path: &Path) -> Result<String, String> {
    let mut key = String::new();
    let read = open(path).and_then(|file| file.take(KEY_FILE_BYTES + 1).read_to_string(&mut key));
    match read {
        Ok(bytes) if bytes as u64 <= KEY_FILE_BYTES => Ok(key),
        Ok(_) => Err(format!("{}: too large for a key; write the key alone into it", path.display())),
        Err(cause) => Err(format!("{}: {cause}; write the bouncer's key into it", path.display())),
    }
}

fn refusal(status: u16) -> String {
    match status {
        401 | 403 => {
            format!("it refuses ({status}); is the address right, with the key in it if it needs one?")
        }
        404 | 410 => format!("there is no list ({status}); is the address right?"),
        429 => "it was asked too often (429); make refresh longer".to_owned(),
        _ => format!("it answers with {status} and no list"),
    }
}
