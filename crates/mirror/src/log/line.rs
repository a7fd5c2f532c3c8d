//! A line before it is laid out: who of fail2ban says it, how much it matters, and what it says. What comes from outside is jails'
//! names, without what could break a line, and addresses as parsed.

use std::time::Duration;

use dropin::{Happening, Ignorer};
use event::{Moment, Subject};
use fail2ban::repr;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::level::Level;

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The part of fail2ban that says it, `actions` of `fail2ban.actions`; empty in a line that only wakes the writer.
    pub part: &'static str,
    pub level: Level,
    pub text: String,
    pub at: Moment,
}

impl Line {
    /// What fail2ban writes when this happens. A failure's time is the log's, in `zone`.
    pub fn of(happening: &Happening, at: Moment, zone: &TimeZone) -> Self {
        let line = |part, level, text| Self { part, level, text, at };
        match happening {
            Happening::Started { jail } => {
                line("jail", Level::INFO, format!("Jail {} started", repr::text(&plain(jail))))
            }
            Happening::Stopped { jail } => {
                line("jail", Level::INFO, format!("Jail {} stopped", repr::text(&plain(jail))))
            }
            Happening::Ignored { jail, subject, address, by } => {
                let who = address.map_or_else(|| name(subject), |address| address.to_string());
                line("filter", Level::INFO, format!("[{}] Ignore {who} by {}", plain(jail), rule(*by)))
            }
            Happening::Found { jail, failure } => {
                let who =
                    failure.address.map_or_else(|| name(&failure.subject), |address| address.to_string());
                let text = format!("[{}] Found {who} - {}", plain(jail), time(failure.at, zone));
                line("filter", Level::INFO, text)
            }
            Happening::Banned { jail, ban, earlier, prolonged: true, .. } => {
                let (span, end) = if ban.until == Moment::NEVER {
                    ("permanent".to_owned(), "infinite".to_owned())
                } else {
                    (span(ban.until.since(ban.since)), time(ban.until, zone))
                };
                let text = format!(
                    "[{}] Increase Ban {} ({} # {span} -> {end})",
                    plain(jail),
                    name(&ban.subject),
                    earlier.saturating_add(1)
                );
                line("observer", Level::NOTICE, text)
            }
            Happening::Banned { jail, ban, restored, .. } => {
                let restored = if *restored { "Restore " } else { "" };
                let text = format!("[{}] {restored}Ban {}", plain(jail), name(&ban.subject));
                line("actions", Level::NOTICE, text)
            }
            Happening::AlreadyBanned { jail, subject, since, at: failed } => {
                let level = match failed.since(*since).as_secs() {
                    0..3 => Level::DEBUG,
                    3..60 => Level::NOTICE,
                    _ => Level::WARNING,
                };
                line("actions", level, format!("[{}] {} already banned", plain(jail), name(subject)))
            }
            Happening::Unbanned { jail, subject, .. } => {
                line("actions", Level::NOTICE, format!("[{}] Unban {}", plain(jail), name(subject)))
            }
        }
    }

    pub fn server(level: Level, text: String, at: Moment) -> Self {
        Self { part: "server", level, text, at }
    }

    /// Only wakes the writer.
    pub fn nothing() -> Self {
        Self { part: "", level: Level(0), text: String::new(), at: Moment::default() }
    }
}

/// Readers of the log know addresses, and no prefixes: a client of IPv6 stands there as the first address of its /64.
fn name(subject: &Subject) -> String {
    if subject.is_single_client() { subject.address().to_string() } else { subject.to_string() }
}

/// A jail's name in which no line can end.
pub fn plain(text: &str) -> String {
    text.chars().map(|one| if one.is_control() { '?' } else { one }).collect()
}

/// To the second.
fn time(moment: Moment, zone: &TimeZone) -> String {
    let Ok(time) = Timestamp::from_millisecond(moment.millis()) else {
        return "9999-12-31 23:59:59".to_owned();
    };
    time.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// In fail2ban's units, three of them at most, rounded the more the longer it is.
fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let round = |unit: u64| (seconds + unit / 2) / unit;
    let (total, units): (u64, [(u64, char); 3]) = match seconds {
        31_536_000.. => (round(86400), [(365, 'y'), (7, 'w'), (1, 'd')]),
        604_800.. => (round(3600), [(168, 'w'), (24, 'd'), (1, 'h')]),
        86_400.. => (round(60), [(1440, 'd'), (60, 'h'), (1, 'm')]),
        3_595.. => (round(10), [(360, 'h'), (6, 'm'), (0, 's')]),
        _ => (seconds, [(60, 'm'), (1, 's'), (0, 's')]),
    };
    let mut left = total;
    let mut parts = Vec::new();
    for (size, unit) in units.into_iter().filter(|(size, _)| *size > 0) {
        if left >= size {
            parts.push(format!("{}{unit}", left / size));
            left %= size;
        }
    }
    if parts.is_empty() { "0".to_owned() } else { parts.join(" ") }
}

/// What fail2ban calls it.
fn rule(by: Ignorer) -> &'static str {
    match by {
        Ignorer::Address => "ip",
        Ignorer::Name => "dns",
        Ignorer::Own => "ignoreself rule",
        Ignorer::Command => "command",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_as_fail2ban_tells_them() {
        let told = [
            (86400 * 390, "1y 3w 4d"),
            (86400 * 368, "1y 3d"),
            (86400 * 365, "1y"),
            (86400 * 2 + 3600 * 7 + 60 * 15, "2d 7h 15m"),
            (86400 * 2 + 3599, "2d 1h"),
            (86400 * 8, "1w 1d"),
            (3600 - 5, "1h"),
            (3600 - 10, "59m 50s"),
            (59, "59s"),
            (0, "0"),
        ];
        for (seconds, text) in told {
            assert_eq!(span(Duration::from_secs(seconds)), text, "{seconds}");
        }
    }

    #[test]
    fn a_jail_cannot_begin_a_line_and_no_log_text_is_written() {
        let happening = Happening::Unbanned {
            jail: "a\n2026-11-23 00:00:00,000 fail2ban.actions [1]: NOTICE [sshd] Ban 192.0.2.1".to_owned(),
            subject: "2001:db8::/64".parse().unwrap(),
            at: Moment::default(),
            expired: true,
        };
        let line = Line::of(&happening, Moment::default(), &TimeZone::UTC);
        assert!(!line.text.contains('\n') && line.text.ends_with("Unban 2001:db8::"), "{}", line.text);
    }
}
