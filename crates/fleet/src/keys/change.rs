//! A change of one key, as it is said on the channel: `ban sip 192.0.2.1 3600000` or `lift sip 192.0.2.1`, one a line. The number
//! is how long it lasts, in milliseconds: a duration, so that clocks need not agree.

use std::fmt;
use std::time::Duration;

use event::{Category, Subject};

/// A change of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It stands from now on, or has another end now.
    Ban {
        /// Who is banned.
        subject: Subject,
        /// From what.
        category: Category,
        /// For how long, from when it was said.
        lasts: Duration,
    },
    /// It is gone before its end.
    Lift {
        /// Who is let in.
        subject: Subject,
        /// To what.
        category: Category,
    },
}

impl Change {
    /// Reads one line of a message. `None`: it is none.
    pub fn read(line: &str) -> Option<Self> {
        let mut words = line.split_ascii_whitespace();
        let verb = words.next()?;
        let category = Category::named(words.next()?)?;
        let subject = words.next()?.parse().ok()?;
        let change = match verb {
            "ban" => {
                Self::Ban { subject, category, lasts: Duration::from_millis(words.next()?.parse().ok()?) }
            }
            "lift" => Self::Lift { subject, category },
            _ => return None,
        };
        words.next().is_none().then_some(change)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ban { subject, category, lasts } => {
                write!(f, "ban {category} {subject} {}", lasts.as_millis())
            }
            Self::Lift { subject, category } => write!(f, "lift {category} {subject}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_come_back_and_nothing_else_does() {
        for line in ["ban sip 192.0.2.1 3600000", "lift http 2001:db8::/64"] {
            assert_eq!(Change::read(line).unwrap().to_string(), line);
        }
        for line in
            ["", "ban", "ban sip 192.0.2.1", "ban sip 192.0.2.1 -1", "lift sip host", "lift sip ::1 x"]
        {
            assert_eq!(Change::read(line), None, "{line}");
        }
    }
}
