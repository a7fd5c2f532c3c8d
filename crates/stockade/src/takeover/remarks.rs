//! What of fail2ban's configuration is not honoured at present, each with its file and line as far as they are known, and which of it was
//! said. It refuses to judge what can be honoured.

use std::collections::{HashMap, HashSet};

use control::answer;
use event::limit;
use fail2ban::remark::Said;
use fail2ban::stream::Stream;
use fail2ban::{Origins, Place, Remark, Topic};

/// What is not honoured.
#[derive(Debug, Default)]
pub struct Remarks {
    /// What the reading and the files' commands came to.
    lasting: Vec<Said>,
    /// What the server's own settings came to when it started.
    server: Vec<Said>,
    /// What the jails come to, as they are now.
    jails: Vec<Said>,
    origins: Origins,
    /// What was said and still goes.
    said: HashSet<Remark>,
}

impl Remarks {
    /// What was found wrong when the files were read.
    pub fn read(stream: &Stream) -> Self {
        let mut lasting: Vec<Said> = stream.complaints.iter().map(|one| Said::complaint(one, None)).collect();
        for (jail, complaints) in &stream.broken {
            lasting.extend(complaints.iter().map(|one| Said::complaint(one, Some(jail))));
        }
        Self { lasting, origins: stream.origins.clone(), ..Self::default() }
    }

    /// A client has read the files anew and told them: what is wrong in them and where all stands is as they are now. Of a jail that was told
    /// otherwise than the files say, no place is known.
    pub fn reread(&mut self, stream: &Stream, is_theirs: impl Fn(&str) -> bool) {
        let Self { lasting, mut origins, .. } = Self::read(stream);
        origins.retain(is_theirs);
        (self.lasting, self.origins) = (lasting, origins);
        for said in &mut self.jails {
            said.place = self.origins.place(&said.remark.topic).cloned();
        }
    }

    /// More, found while the files' commands were obeyed, that no later command takes back.
    pub fn add(&mut self, remarks: Vec<Remark>) {
        for remark in remarks {
            let said = self.placed(remark);
            self.lasting.push(said);
        }
    }

    /// What the server's own settings came to: files that are read anew do not take it back.
    pub fn of_server(&mut self, remarks: Vec<Remark>) {
        let said = remarks.into_iter().map(|remark| self.placed(remark)).collect();
        self.server = said;
    }

    /// This is what the jails come to now.
    pub fn set(&mut self, mut remarks: Vec<Remark>) {
        let more = remarks.len().saturating_sub(limit::FAIL2BAN_COMPLAINTS);
        remarks.truncate(limit::FAIL2BAN_COMPLAINTS);
        if more > 0 {
            remarks.push(Remark::new(
                Topic::default(),
                format!("{more} more remarks on the jails are left out"),
            ));
        }
        let mut now: Vec<Said> = Vec::new();
        for remark in remarks {
            // Two entries of one list can say the same.
            if now.iter().any(|said| said.remark == remark) {
                continue;
            }
            let held = self.jails.iter().find(|said| said.remark == remark).cloned();
            now.push(held.unwrap_or_else(|| self.placed(remark)));
        }
        self.jails = now;
    }

    /// The jails come to this too.
    pub fn extend(&mut self, remarks: Vec<Remark>) {
        let held = self.jails.iter().map(|said| said.remark.clone());
        let both = held.chain(remarks).collect();
        self.set(both);
    }

    /// From now on, commands come over the socket: no file is known that says so.
    pub fn forget_places(&mut self) {
        self.origins = Origins::default();
    }

    /// Says in the log what was not said before.
    pub fn say(&mut self) {
        let unsaid = self.all().filter(|said| !self.said.contains(&said.remark));
        grouped(unsaid).iter().for_each(|remark| tracing::warn!("{remark}"));
        self.said = self.all().map(|said| said.remark.clone()).collect();
    }

    /// All of it, for whoever asks later.
    pub fn told(&self) -> Vec<answer::Remark> {
        grouped(self.all())
    }

    fn all(&self) -> impl Iterator<Item = &Said> {
        self.lasting.iter().chain(&self.server).chain(&self.jails)
    }

    fn placed(&self, remark: Remark) -> Said {
        Said { place: self.origins.place(&remark.topic).cloned(), remark }
    }
}

/// What is the same of several jails, since they have it from the same line, is told once.
fn grouped<'a>(all: impl Iterator<Item = &'a Said>) -> Vec<answer::Remark> {
    let mut told: Vec<answer::Remark> = Vec::new();
    let mut known: HashMap<(&Place, &Option<String>, &str), usize> = HashMap::new();
    for Said { place, remark: Remark { topic, text } } in all {
        let key = place.as_ref().map(|place| (place, &topic.action, text.as_str()));
        if let Some(at) = key.and_then(|key| known.get(&key)) {
            told[*at].jails.extend(topic.jail.clone());
            continue;
        }
        known.extend(key.map(|key| (key, told.len())));
        told.push(answer::Remark {
            place: place.as_ref().map(ToString::to_string),
            jails: topic.jail.iter().cloned().collect(),
            action: topic.action.clone(),
            option: topic.option.clone().filter(|option| !option.is_empty()),
            text: text.clone(),
        });
    }
    told
}
