//! What the decision answers to an offence, and what must be stored along with it.

use event::{Decision, JailName, Moment, Subject};

/// What became of an offence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There is something to record: a ban or a refusal.
    Decided(Decided),
    /// A live ban does already what this offence asks for.
    AlreadyBanned {
        /// Who is banned: the offender, or a subnet around it.
        subject: Subject,
        /// By which jail.
        jail: JailName,
        /// Until when.
        until: Moment,
    },
    /// This offence was decided before: its lines were read a second time.
    Replayed,
    /// The offence is so old that its ban would be over by now.
    Over {
        /// When the ban would have ended.
        until: Moment,
    },
}

/// A decision, and what is remembered from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// To be recorded and carried out.
    pub decision: Decision,
    /// The changed row of the memory, for the store: it replaces the subject's earlier row.
    pub memory: Option<Remembered>,
}

/// What is remembered about a subject that was banned before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// Who.
    pub subject: Subject,
    /// How often it was banned; 0 if an operator has forgiven it.
    pub times: u32,
    /// By which jails, the last one last. Not more than two: whether there was another one is all that matters.
    pub jails: Vec<JailName>,
    /// When it last gave cause; what happened up to then is settled.
    pub last_at: Moment,
    /// When its last ban ends or ended.
    pub last_until: Moment,
}
