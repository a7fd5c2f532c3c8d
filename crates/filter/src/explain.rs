//! Why a line is missed: what a filter looked for in it and did not find. For people who try a filter, off the hot path.

use crate::definition::Prefix;
use crate::filter::{Filter, Kind};
use crate::prefix;

/// One thing that stands between a line and a match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The filter reads syslog lines, and this does not begin like one.
    NoSyslogPrefix,
    /// The line is another program's.
    OtherProgram {
        /// Whose.
        program: String,
        /// Whose lines are read.
        reads: String,
    },
    /// None of the texts that a failure's pattern must contain is in it.
    NoLiteral,
    /// A pattern's text is there, and the rest of the pattern does not fit.
    Near {
        /// The pattern.
        pattern: String,
        /// The text that is there.
        literal: String,
    },
}

/// Everything that stands between `line` and a match, from the outside in. Only of use for a line that is missed.
pub fn obstacles(filter: &Filter, line: &[u8]) -> Vec<Obstacle> {
    let mut obstacles = Vec::new();
    if filter.prefix != Prefix::None {
        let reads = || filter.programs.join(" ");
        match prefix::syslog(line) {
            Some(syslog) if !filter.reads_program(syslog.program) => {
                let program = String::from_utf8_lossy(syslog.program).into_owned();
                obstacles.push(Obstacle::OtherProgram { program, reads: reads() });
            }
            None if filter.prefix == Prefix::Syslog => obstacles.push(Obstacle::NoSyslogPrefix),
            _ => {}
        }
    }
    let failures = filter.rules().iter().filter(|rule| rule.kind == Kind::Failure);
    let near = failures.filter_map(|rule| {
        let literal = rule.literals().iter().find(|literal| memchr::memmem::find(line, literal).is_some())?;
        let literal = String::from_utf8_lossy(literal).into_owned();
        Some(Obstacle::Near { pattern: rule.name.clone(), literal })
    });
    let before = obstacles.len();
    obstacles.extend(near);
    if obstacles.len() == before {
        obstacles.push(Obstacle::NoLiteral);
    }
    obstacles
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalog;

    #[test]
    fn what_is_in_the_way_is_named() {
        let sshd = Catalog::shipped().filter("sshd").unwrap();
        let seen = |line: &str| obstacles(&sshd, line.as_bytes());
        assert!(seen("nothing of the kind").contains(&Obstacle::NoLiteral));
        let other = "Nov  1 00:00:00 host cron[1]: session opened";
        assert!(matches!(&seen(other)[0], Obstacle::OtherProgram { program, .. } if program == "cron"));
        let near = "Nov  1 00:00:00 host sshd[1]: Failed password for root from nowhere port 1 ssh2";
        assert!(seen(near).iter().any(|one| matches!(one, Obstacle::Near { .. })), "{:?}", seen(near));
    }
}
