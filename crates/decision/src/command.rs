//! What an operator asks for, and the answer. A ban by hand is decided here, the end of one in `unban`.

use event::{Ban, Decision, JailName, Moment, Proof, Refusal, Scope, Subject, Whitelist};

use crate::{BanTime, Decided, Decider, reason};

/// The widest subnets that are banned without force. A /8 is the most that one registry ever gave to one holder;
/// wider ones in IPv6 than /19 were never given to anybody.
const WIDEST_IPV4: u8 = 8;
const WIDEST_IPV6: u8 = 19;

/// What an operator asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Ban a subject, exactly as given.
    Ban {
        /// Whom.
        subject: Subject,
        /// In which jail, closing that jail's ports; without one, in `manual`, closing all.
        jail: Option<JailName>,
        /// How long; without it, as long as the jail bans, or `Settings::by_hand`.
        length: Option<BanTime>,
        /// Who asks: "root on the command line".
        actor: String,
        /// Whether a very wide subnet is meant. The whitelist holds all the same.
        force: bool,
    },
    /// Lift the bans of a subject and forgive it: no repeat is counted from before. A single IPv6 address means its
    /// /64 too, because that is what jails ban.
    Unban {
        /// Whose.
        subject: Subject,
        /// In which jail only.
        jail: Option<JailName>,
        /// Who asks.
        actor: String,
    },
    /// Lift all bans and forgive everybody who was banned.
    UnbanAll {
        /// Who asks.
        actor: String,
    },
}

/// What became of a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// To be recorded and carried out; empty if there was nothing to do.
    pub decided: Vec<Decided>,
    /// What the operator should know besides.
    pub notes: Vec<String>,
}

impl Decider {
    /// Carries out an operator's command.
    pub fn obey(&mut self, command: &Command, whitelist: &Whitelist, now: Moment) -> Answer {
        match command {
            Command::Ban { subject, jail, length, actor, force } => {
                let name = jail.clone().unwrap_or_else(|| JailName::new(JailName::MANUAL));
                let decision = match self.ban_by_hand(subject, &name, *length, *force, whitelist, now) {
                    Ok(ban) => {
                        let ban = Ban { reason: reason::by_hand(actor), ..ban };
                        self.bans.insert(&ban);
                        Decision::Ban(ban)
                    }
                    Err(reason) => {
                        Decision::Refused(Refusal { subject: *subject, jail: name, at: now, reason })
                    }
                };
                Answer { decided: vec![Decided { decision, memory: None }], notes: Vec::new() }
            }
            Command::Unban { subject, jail, actor } => self.unban(subject, jail.as_ref(), actor, now),
            Command::UnbanAll { actor } => {
                let all: Vec<_> = self.bans.outlines().map(|ban| (ban.subject, ban.jail)).collect();
                let decided = all.iter().filter_map(|(subject, jail)| self.lift(subject, jail, actor, now));
                Answer { decided: decided.collect(), notes: Vec::new() }
            }
        }
    }

    /// The ban that was asked for, without its reason; or why there is none.
    fn ban_by_hand(
        &self,
        subject: &Subject,
        jail: &JailName,
        length: Option<BanTime>,
        force: bool,
        whitelist: &Whitelist,
        now: Moment,
    ) -> Result<Ban, String> {
        let is_manual = jail.as_str() == JailName::MANUAL;
        let usual = self.jails.get(jail).copied().or(is_manual.then_some(self.settings.by_hand));
        let usual = usual.ok_or_else(|| reason::unknown_jail(jail))?;
        if let Some((entry, origin)) = whitelist.protects(subject) {
            return Err(reason::whitelisted(subject, entry, origin));
        }
        let widest = if subject.is_ipv4() { WIDEST_IPV4 } else { WIDEST_IPV6 };
        if subject.prefix_bits() == 0 {
            return Err(reason::everybody(subject));
        }
        if subject.prefix_bits() < widest && !force {
            return Err(reason::too_wide(subject, widest));
        }
        let until = length.unwrap_or(usual).end(now);
        if until <= now {
            return Err(reason::no_time(subject));
        }
        let live = self.bans.get(subject, jail);
        if live.is_none() && self.bans.len() >= self.bounds.bans {
            return Err(reason::full(self.bounds.bans));
        }
        let wanted = if is_manual { Scope::AllPorts } else { Scope::Jail };
        let scope = live.map_or(wanted, |live| live.scope.max(wanted));
        let (subject, jail) = (*subject, jail.clone());
        Ok(Ban {
            subject,
            jail,
            scope,
            since: now,
            until,
            failures: 0,
            proof: Proof::Proven,
            reason: String::new(),
        })
    }
}
