//! What goes into the store and what comes out. Plain values; how they lie on disk is for `schema` and `row` to know.

use event::{Ban, Decision, Failure, JailName, Moment, Position, Subject, Success};

/// What one turn of the engine changed. It is recorded in one transaction, in the order of the fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Bans that others made and that were over before: they go into the history.
    pub past: Vec<PastBan>,
    /// Failures that were counted.
    pub failures: Vec<Failure>,
    /// Logins that clear the recorded failures up to then of their own account, subject and jail: they count no more, also
    /// not after a restart.
    pub cleared: Vec<Success>,
    /// Bans, unbans and refusals, in the order in which they were decided; all of them go into the audit.
    pub decisions: Vec<Decision>,
    /// Bans whose time is over by `at`: they move to the history. One that was prolonged past `at` stays.
    pub expired: Vec<(Subject, JailName)>,
    /// Whom somebody lets off: their bans by that jail that are over count as ended by somebody.
    pub let_off: Vec<(Subject, JailName)>,
    /// Changes of the escalation memory, in the order in which they happened.
    pub memory: Vec<MemoryChange>,
    /// Up to where each source was read; the failures before these positions are in this batch or an earlier one.
    pub positions: Vec<(String, Position)>,
    /// What people did, for the journal of actions.
    pub actions: Vec<Action>,
    /// When the turn was taken.
    pub at: Moment,
}

impl Batch {
    /// Whether there is nothing to record.
    pub fn is_empty(&self) -> bool {
        self.past.is_empty()
            && self.failures.is_empty()
            && self.cleared.is_empty()
            && self.decisions.is_empty()
            && self.expired.is_empty()
            && self.let_off.is_empty()
            && self.memory.is_empty()
            && self.positions.is_empty()
            && self.actions.is_empty()
    }
}

/// What is remembered about a subject that was banned before, so that the next ban can be longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryRow {
    /// Who.
    pub subject: Subject,
    /// How often it was banned.
    pub times: u32,
    /// By which jails.
    pub jails: Vec<JailName>,
    /// When its last ban ends or ended.
    pub last_until: Moment,
    /// When it last gave cause.
    pub last_at: Moment,
}

/// A change of the escalation memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemoryChange {
    /// This is what is remembered about its subject from now on.
    Remember(MemoryRow),
    /// Nothing is remembered about this subject any more.
    Forget(Subject),
}

/// What the daemon starts from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// The live bans.
    pub bans: Vec<Ban>,
    /// The escalation memory.
    pub memory: Vec<MemoryRow>,
    /// Where each source goes on.
    pub positions: Vec<(String, Position)>,
}

/// How a ban ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Its time was over.
    Expired,
    /// Someone ended it, as the audit says, or let off whom it had held, as the journal of actions says.
    Unbanned,
}

/// A ban that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastBan {
    /// The ban as it was.
    pub ban: Ban,
    /// When it ended.
    pub ended: Moment,
    /// How it ended.
    pub ending: Ending,
}

/// What was decided, as the audit names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Somebody was banned, or a ban was prolonged.
    Ban,
    /// A ban was ended before its time.
    Unban,
    /// A ban was not made.
    Refused,
}

/// One line of the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Moment,
    /// What.
    pub deed: Deed,
    /// Whom it concerns.
    pub subject: Subject,
    /// In which jail.
    pub jail: JailName,
    /// The reason of a ban or a refusal; who asked for an unban.
    pub text: String,
}

/// Something that somebody did: one line of the journal of actions. Texts past their bounds are cut when it is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// When.
    pub at: Moment,
    /// What, as a word that the caller knows.
    pub deed: String,
    /// Who.
    pub actor: String,
    /// From where.
    pub origin: String,
    /// Whom or what it concerns; empty if nothing.
    pub subject: String,
    /// More, such as the difference of the settings; empty if nothing.
    pub detail: String,
}

/// An action as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionRow {
    /// Its number: later actions have greater ones.
    pub id: i64,
    /// What was done.
    pub action: Action,
}

/// What a pruning deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Recorded failures.
    pub failures: u64,
    /// Ended bans.
    pub history: u64,
    /// Lines of the audit.
    pub audit: u64,
    /// Lines of the journal of actions.
    pub actions: u64,
    /// Sums of failures and of bans over a quarter of an hour.
    pub tallies: u64,
    /// Positions of sources that were not read for long.
    pub positions: u64,
    /// Escalation memory past its bound, that which gave cause longest ago.
    pub memory: u64,
    /// Whether there is more to delete than one call deletes.
    pub more: bool,
}
