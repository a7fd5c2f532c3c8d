//! fail2ban's database beside ours: what it held is taken over, what stands there is a view of our store, and what other programs delete
//! there is lifted here. By its seal it is known again at the next start.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use action::Merged;
use control::desk::Lifted;
use dropin::Model;
use event::Moment;
use fail2ban::{Remark, Topic};
use mirror::{Database, Deleted, Latest, Legacy, Seal, Standing};
use store::{Sqlite, Store, StoreError};

use crate::clock;
use crate::foreign::name_of;
use crate::message::{Message, visit};
use crate::start::Restored;

/// The name under which the store knows which database was taken over.
const TAKEN_OVER: &str = "fail2ban_database";

/// The name under which the store knows what that database bears if it was kept to the end.
const SEAL: &str = "fail2ban_database_seal";

/// What stands in fail2ban's database: a fail2ban may have kept it meanwhile, at the first start or at any later one.
pub fn legacy(model: &Model, store: &mut Sqlite) -> Result<Option<Legacy>, StoreError> {
    let Some(database) = &model.server().database else { return Ok(None) };
    match mirror::legacy::read(Path::new(&database.path), clock::now()) {
        Ok(legacy) => {
            if store.secret(TAKEN_OVER)?.as_ref() != Some(&database.path) {
                store.set_secret(TAKEN_OVER, Some(&database.path))?;
            }
            Ok(Some(legacy))
        }
        // What could not be read now is tried again at the next start.
        Err(wrong) => {
            tracing::warn!("fail2ban's bans are not taken over: {wrong}");
            Ok(None)
        }
    }
}

/// What the database bears that was kept to the end the last time, if nothing has happened without it since.
pub fn take_seal(store: &mut Sqlite) -> Result<Option<i32>, StoreError> {
    let seal = store.secret(SEAL)?;
    if seal.is_some() {
        store.set_secret(SEAL, None)?;
    }
    Ok(seal.and_then(|seal| seal.parse().ok()))
}

/// By what the database is known again, and is to be known the next time.
pub fn seal(model: &Model, restored: &mut Restored) -> Result<Seal, StoreError> {
    let Some(database) = &model.server().database else { return Ok(Seal::default()) };
    let is_known = restored.store.secret(TAKEN_OVER)?.as_ref() == Some(&database.path);
    let mut bytes = [0; 4];
    // Without random numbers there is no seal.
    let _ = getrandom::fill(&mut bytes);
    let next = i32::from_ne_bytes(bytes);
    restored.store.set_secret(SEAL, Some(&next.to_string()))?;
    Ok(Seal { is_known, last: restored.seal.unwrap_or(0), next })
}

/// With the database that is asked for, or with none, which is told.
pub fn open(
    path: Option<&Path>,
    seal: Seal,
    engine: &SyncSender<Message>,
    remarks: &mut Vec<Remark>,
) -> Result<Database, String> {
    let host = || Box::new(Panels { engine: engine.clone() });
    Database::open(path, seal, host()).or_else(|wrong| {
        let text = format!("fail2ban's database is not kept: {wrong}");
        remarks.push(Remark::new(Topic::server("dbfile"), text));
        Database::open(None, Seal::default(), host()).map_err(|wrong| wrong.to_string())
    })
}

/// Where it is. `:memory:` is one that no other program sees, so none is kept.
pub fn file(path: &str) -> Option<PathBuf> {
    (path != ":memory:").then(|| PathBuf::from(path))
}

/// What the database knows of earlier bans, for the tags of actions.
pub fn history(database: &Database) -> action::History {
    let history = database.history();
    Arc::new(move |question| {
        let ip = question.subject.to_string();
        let latest = Latest {
            jail: question.jail,
            ip: &ip,
            since: question.since,
            failures: question.failures,
            lines: question.lines,
        };
        let (failures, lines) = history.merged(&latest, question.is_over_all_jails)?;
        Some(Merged { failures, lines })
    })
}

/// Other programs at the database.
struct Panels {
    engine: SyncSender<Message>,
}

impl mirror::Host for Panels {
    fn now(&self) -> Moment {
        clock::now()
    }

    fn lifted(&mut self, bans: Vec<mirror::Lifted>, deleted: Deleted) {
        let when = match deleted {
            Deleted::Now => "another program deleted its row from fail2ban's database",
            Deleted::Before => "its row was deleted from fail2ban's database while Stockade did not run",
        };
        bans.iter().for_each(|ban| tracing::info!("the ban of {} in {} is lifted: {when}", ban.ip, ban.jail));
        let meant = bans
            .iter()
            .filter_map(|ban| Some(Lifted { subject: ban.ip.parse().ok()?, jail: Some(name_of(&ban.jail)) }));
        let which: Vec<Lifted> = meant.collect();
        let done = visit(&self.engine, move |engine| engine.unban_deleted(&which));
        // A program that ends lifts nothing any more.
        let _ = done.map(|done| done.recv());
    }

    fn standing(&mut self) -> Option<Vec<Standing>> {
        visit(&self.engine, |engine| engine.standing())?.recv().ok()
    }
}
