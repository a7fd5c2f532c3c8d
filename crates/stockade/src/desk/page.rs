//! The desk as the page and the API see it: each question handed to whoever knows.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError};

use control::answer::{Status, Surroundings, Why};
use control::desk::{
    Activity, BanOrder, Change, Changed, Deed, FilterOutline, JournalPage, Key, KeyOrder, Lifted, NewKey,
    Part, Rehearsal, Roster, Span, Targets, Trial, Tried, Written,
};
use control::{Actor, Fault};
use event::{Failure, JailName, Origin, Proof, Subject, limit};
use jiff::tz::TimeZone;

use super::{Desk, tries};
use crate::message::{Finding, Findings, Message, Visit};
use crate::obey::{Obeyed, PASSWORD};
use crate::plan::OWN_JAIL;
use crate::{clock, plan};

impl control::Desk for Desk {
    fn status(&self) -> Result<Status, Fault> {
        Ok(self.completed(self.visit(|engine| engine.status(None))?))
    }

    fn activity(&self, span: Span) -> Result<Activity, Fault> {
        self.past.activity(span, &self.services()?, clock::now())
    }

    fn targets(&self, span: Span) -> Result<Targets, Fault> {
        let roster = self.bans()?;
        self.past.targets(span, &roster, clock::now())
    }

    fn bans(&self) -> Result<Arc<Roster>, Fault> {
        let mut roster = self.roster.lock().unwrap_or_else(PoisonError::into_inner);
        if roster.generation != self.means.board.generation() {
            *roster = Arc::new(self.visit(|engine| engine.roster())?);
        }
        Ok(Arc::clone(&roster))
    }

    fn ban(&self, order: &BanOrder, actor: &Actor) -> Result<String, Fault> {
        let (order, actor) = (order.clone(), actor.clone());
        let Obeyed { done, text } = self.visit(move |engine| engine.ban(&order, &actor))?;
        self.means.enforcer.finish();
        if done > 0 { Ok(text) } else { Err(Fault::Refused(text)) }
    }

    fn unban(&self, which: &[Lifted], actor: &Actor) -> Result<u64, Fault> {
        let (which, actor) = (which.to_vec(), actor.clone());
        let obeyed = self.visit(move |engine| engine.unban(&which, &actor))?;
        self.means.enforcer.finish();
        Ok(obeyed.done)
    }

    fn unban_all(&self, actor: &Actor) -> Result<u64, Fault> {
        let actor = actor.clone();
        let obeyed = self.visit(move |engine| engine.unban_all(&actor))?;
        self.means.enforcer.finish();
        Ok(obeyed.done)
    }

    fn why(&self, address: &str) -> Result<Why, Fault> {
        let address = address.to_owned();
        self.visit(move |engine| engine.why(&address)).flatten()
    }

    fn settings(&self) -> Result<Written, Fault> {
        self.written()
    }

    fn change(&self, change: &Change, actor: &Actor) -> Result<Changed, Fault> {
        self.make_change(change, actor)
    }

    fn rehearse(&self, edits: &[config::Edit]) -> Result<Rehearsal, Fault> {
        self.rehearsed(edits)
    }

    fn trial(&self) -> Option<Trial> {
        self.trials.trial()
    }

    fn confirm(&self, actor: &Actor) -> Result<(), Fault> {
        self.confirmed(actor)
    }

    fn roll_back(&self, actor: &Actor) -> Result<(), Fault> {
        self.rolled_back(actor)
    }

    fn filters(&self) -> Result<Vec<FilterOutline>, Fault> {
        Ok(tries::outlines(&self.catalog()?.0))
    }

    fn try_filter(&self, filter: &str, text: &str) -> Result<Vec<Tried>, Fault> {
        let (catalog, zone) = self.catalog()?;
        tries::judge(&catalog, filter, text, &zone, clock::now())
    }

    fn keys(&self) -> Result<Vec<Key>, Fault> {
        Ok(self.keys.all())
    }

    fn create_key(&self, order: &KeyOrder, actor: &Actor) -> Result<NewKey, Fault> {
        self.make_key(order, actor)
    }

    fn revoke_key(&self, id: i64, actor: &Actor) -> Result<(), Fault> {
        self.take_key_back(id, actor)
    }

    fn key_of(&self, secret: &str, address: IpAddr) -> Option<Key> {
        self.known_key(secret, address)
    }

    fn journal(&self, before: Option<i64>, limit: usize) -> Result<JournalPage, Fault> {
        self.past.journal(before, limit)
    }

    fn lifted_early(&self, limit: usize) -> Result<Vec<Subject>, Fault> {
        self.past.lifted_early(clock::now(), limit)
    }

    fn password(&self) -> Result<Option<String>, Fault> {
        self.visit(|engine| engine.store.secret(PASSWORD))?.map_err(|cause| Fault::Broken(cause.to_string()))
    }

    fn set_password(&self, hash: &str, actor: &Actor) -> Result<(), Fault> {
        let (hash, actor) = (hash.to_owned(), actor.clone());
        self.visit(move |engine| engine.set_password(&hash, &actor)).flatten()
    }

    fn sign_in_failed(&self, address: IpAddr, account: &str) {
        let account: String =
            account.chars().filter(|one| !one.is_control()).take(limit::ACCOUNT_BYTES / 4).collect();
        // This line is what filters/stockade.toml reads on another host.
        tracing::warn!("sign-in refused for \"{account}\" from {address}");
        let now = clock::now();
        let failure = Failure {
            jail: JailName::new(OWN_JAIL),
            subject: Subject::counted(address),
            address: Some(address),
            at: now,
            line: format!("sign-in refused for \"{account}\" from {address}").into(),
            account: Some(account.into()),
            count: 1,
            proof: Proof::Proven,
            echo: 0,
            pattern: "sign-in".into(),
        };
        let found = vec![Finding::Failure(failure)];
        let findings = Findings { origin: Origin::Live, found, positions: Vec::new() };
        // An engine that is gone counts no more.
        let _ = self.means.engine.send(Message::Found(findings));
    }

    fn signed_in(&self, actor: &Actor) {
        let actor = actor.clone();
        self.order(move |engine| engine.journal(&actor, Deed::SignIn, "", ""));
    }

    fn protect(&self, signed_in: &[(IpAddr, String)]) {
        let protected = |(address, name): &(IpAddr, String)| {
            (Subject::exactly(*address), format!("{name} is signed in from there"))
        };
        let signed_in = signed_in.iter().map(protected).collect();
        self.order(move |engine| engine.protect(signed_in));
    }

    fn is_banned(&self, address: IpAddr) -> bool {
        self.means.board.is_barred(address)
    }

    fn is_denied(&self, address: IpAddr) -> bool {
        self.means.board.is_denied(address, clock::now())
    }

    fn surroundings(&self) -> Surroundings {
        self.means.surroundings.clone()
    }

    fn broken(&self) -> Vec<Part> {
        self.means.board.broken(clock::now())
    }
}

impl Desk {
    /// Has the engine do something for which nobody waits.
    fn order(&self, order: impl FnOnce(&mut crate::engine::Engine) + Send + 'static) {
        let visit = Visit(Box::new(move |engine| {
            order(engine);
            Box::new(|| ())
        }));
        // An engine that is gone does nothing any more.
        let _ = self.means.engine.send(Message::Visit(visit));
    }

    fn catalog(&self) -> Result<(filter::Catalog, TimeZone), Fault> {
        let settings = self.visit(|engine| engine.plan.settings.clone())?;
        let catalog = plan::catalog(&settings).map_err(|complaints| Fault::Broken(complaints.join("; ")))?;
        Ok((catalog, plan::zone(&settings)))
    }
}
