//! One program with its lists: what is written, whether the program knows of it, and how it is told. When, is the pace's business.

use std::path::PathBuf;

use config::{Asterisk, Nginx, Reload};
use event::limit::{ACL_ASTERISK_SUBJECTS, ACL_NGINX_SUBJECTS};
use event::{Category, Moment};

use crate::asterisk::{self, KINDS};
use crate::error::Error;
use crate::list::List;
use crate::manager_interface::ManagerInterface;
use crate::pace::Pace;
use crate::{Denied, Health, Host, control_socket, file, nginx};

/// See the file's head.
#[derive(Debug)]
pub struct Outlet {
    /// When it is its turn.
    pub pace: Pace,
    /// How it stands.
    pub health: Health,
    program: Program,
    papers: Vec<Paper>,
}

#[derive(Debug)]
enum Program {
    ControlSocket(PathBuf),
    ManagerInterface(ManagerInterface),
    Nginx(PathBuf),
}

/// One list and its file.
#[derive(Debug)]
struct Paper {
    path: PathBuf,
    kind: Kind,
    list: List,
    /// Whether the program has read it as it is. Nobody knows at the start: somebody may have ended between writing and telling.
    is_told: bool,
}

#[derive(Debug)]
enum Kind {
    Asterisk(asterisk::Kind),
    Nginx,
}

impl Outlet {
    /// Asterisk's three lists.
    pub fn asterisk(settings: Asterisk) -> Self {
        let papers = KINDS.map(|kind| Paper::new(settings.directory.join(kind.file), Kind::Asterisk(kind)));
        let program = match settings.reload {
            Reload::Socket(path) => Program::ControlSocket(path),
            Reload::Ami { address, user, secret_file } => {
                Program::ManagerInterface(ManagerInterface { address, user, secret_file })
            }
        };
        Self::new("asterisk", program, papers.into())
    }

    /// nginx's one.
    pub fn nginx(settings: Nginx) -> Self {
        let paper = Paper::new(settings.deny_file, Kind::Nginx);
        Self::new("nginx", Program::Nginx(settings.pid_file), vec![paper])
    }

    fn new(name: &'static str, program: Program, papers: Vec<Paper>) -> Self {
        let health = Health { outlet: name, ..Health::default() };
        Self { pace: Pace::default(), health, program, papers }
    }

    /// Writes what differs, and tells the program if it does not know all of it.
    pub fn look(&mut self, denied: &[Denied], host: &dyn Host) {
        let now = host.now();
        let may_tell = self.pace.may_tell(now);
        let unwritten = self.write(denied, now);
        let untold = if may_tell { self.tell(host) } else { Ok(()) };
        // The pause begins when the program has read, not when it was told to: it is meant for the program.
        let now = host.now();
        match unwritten.and(untold) {
            Err(error) => {
                self.say(Some(&error));
                if may_tell {
                    self.pace.fail(now);
                }
            }
            Ok(()) if may_tell => {
                self.say(None);
                self.pace.done();
            }
            Ok(()) => {}
        }
        self.pace.looked(now);
    }

    fn write(&mut self, denied: &[Denied], now: Moment) -> Result<(), Error> {
        let mut result = Ok(());
        for paper in &mut self.papers {
            if let Err(source) = paper.write(denied, now) {
                result = result.and(Err(Error::Unwritten { path: paper.path.clone(), source }));
            }
        }
        let count = |of: fn(&List) -> usize| self.papers.iter().map(|paper| of(&paper.list) as u64).sum();
        self.health.held = count(|list| list.subjects.len());
        self.health.left_out = count(|list| list.left_out);
        result
    }

    fn tell(&mut self, host: &dyn Host) -> Result<(), Error> {
        if self.papers.iter().all(|paper| paper.is_told) {
            return Ok(());
        }
        let modules: Vec<&'static str> = self.papers.iter().filter_map(Paper::module_to_tell).collect();
        match &self.program {
            Program::ControlSocket(path) => control_socket::reload(path, &modules)?,
            Program::ManagerInterface(manager) => manager.reload(&modules)?,
            Program::Nginx(pid_file) => nginx::tell(pid_file)?,
        }
        self.papers.iter_mut().for_each(|paper| paper.is_told = true);
        self.health.reloads += 1;
        self.health.written = Some(host.now());
        Ok(())
    }

    fn say(&mut self, error: Option<&Error>) {
        let (outlet, left_out) = (self.health.outlet, self.health.left_out);
        let text = error.map(Error::to_string).or_else(|| full(&self.papers));
        match &text {
            // How many are left out changes with every ban; that there are some is told once.
            Some(text)
                if self.health.error.is_none()
                    || error.is_some() && self.health.error.as_ref() != Some(text) =>
            {
                tracing::warn!(outlet, left_out, "access list: {text}");
            }
            None if self.health.error.is_some() => {
                tracing::info!(outlet, "access list: all is as wanted again");
            }
            _ => {}
        }
        self.health.error = text;
    }
}

/// What is said of lists that are full.
fn full(papers: &[Paper]) -> Option<String> {
    let full =
        papers.iter().max_by_key(|paper| paper.list.left_out).filter(|paper| paper.list.left_out > 0)?;
    let (left_out, held) = (full.list.left_out, full.list.subjects.len());
    let path = full.path.display();
    Some(format!(
        "{path} is full: it holds the {held} bans that end last, and {left_out} are left out; ban subnets instead"
    ))
}

impl Paper {
    fn new(path: PathBuf, kind: Kind) -> Self {
        Self { path, kind, list: List::default(), is_told: false }
    }

    fn write(&mut self, denied: &[Denied], now: Moment) -> std::io::Result<()> {
        let (category, bound) = match &self.kind {
            Kind::Asterisk(kind) => (kind.category, ACL_ASTERISK_SUBJECTS),
            Kind::Nginx => (Category::Http, ACL_NGINX_SUBJECTS),
        };
        self.list = List::of(denied, category, bound);
        let is_new = match &self.kind {
            Kind::Asterisk(kind) => {
                let model = self.path.with_file_name(kind.included_by);
                file::write(&self.path, ';', &asterisk::text(kind, &self.list), now, Some(&model))?
            }
            Kind::Nginx => file::write(&self.path, '#', &nginx::text(&self.list), now, None)?,
        };
        self.is_told &= !is_new;
        Ok(())
    }

    fn module_to_tell(&self) -> Option<&'static str> {
        match &self.kind {
            Kind::Asterisk(kind) if !self.is_told => Some(kind.module),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use event::{Categories, Subject};

    use super::*;

    fn denied(count: u32) -> Vec<Denied> {
        let one = |number: u32| Denied {
            subject: Subject::exactly(Ipv4Addr::from(0x0a00_0000 + number).into()),
            categories: Categories::from(Category::Sip),
            until: Moment::from_seconds(number.into()),
        };
        (0..count).map(one).collect()
    }

    #[test]
    fn a_full_list_says_so() {
        let directory = tempfile::tempdir().unwrap();
        let mut outlet =
            Outlet::asterisk(Asterisk { directory: directory.path().to_owned(), ..Asterisk::default() });
        let most = u32::try_from(ACL_ASTERISK_SUBJECTS).unwrap();
        outlet.write(&denied(most), Moment::default()).unwrap();
        assert_eq!(full(&outlet.papers), None);
        outlet.write(&denied(most + 5), Moment::default()).unwrap();
        assert_eq!((outlet.health.held, outlet.health.left_out), (ACL_ASTERISK_SUBJECTS as u64, 5));
        assert!(
            full(&outlet.papers).unwrap().contains("holds the 10000 bans that end last, and 5 are left out")
        );
        let text = std::fs::read_to_string(directory.path().join("stockade-acl.conf")).unwrap();
        assert!(!text.contains("=10.0.0.0,") && text.contains("=10.0.0.5,"), "the first five end first");
    }

    #[test]
    fn only_the_lists_that_changed_are_told() {
        let directory = tempfile::tempdir().unwrap();
        let mut outlet =
            Outlet::asterisk(Asterisk { directory: directory.path().to_owned(), ..Asterisk::default() });
        let modules =
            |outlet: &Outlet| outlet.papers.iter().filter_map(Paper::module_to_tell).collect::<Vec<_>>();
        outlet.write(&[], Moment::default()).unwrap();
        assert_eq!(modules(&outlet), ["acl", "manager", "chan_iax2.so"], "nobody knows at the start");
        outlet.papers.iter_mut().for_each(|paper| paper.is_told = true);
        outlet.write(&[], Moment::default()).unwrap();
        assert!(modules(&outlet).is_empty());
        outlet.write(&denied(1), Moment::default()).unwrap();
        assert_eq!(modules(&outlet), ["acl"]);
    }
}
