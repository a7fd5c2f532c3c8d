//! How a line is laid out: a format of Python's logging, fail2ban's own or one that the target's options give. What of a format is not
//! known is refused by name.

use dropin::LogTarget;
use event::Moment;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::line::Line;
use crate::MirrorError;

/// A format that can be used.
#[derive(Debug)]
pub struct Format(Vec<Part>);

#[derive(Debug)]
enum Part {
    Text(String),
    Field { field: Field, is_left: bool, is_zero: bool, width: usize, precision: Option<usize> },
}

#[derive(Clone, Copy, Debug)]
enum Field {
    Time,
    Created,
    Millis,
    Name,
    Module,
    Process,
    Level,
    LevelNumber,
    Message,
}

impl Format {
    /// What the target asks for.
    pub fn of(target: &LogTarget) -> Result<Self, MirrorError> {
        let option = |name: &str| {
            target.options.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
        };
        let kind = target.name.to_ascii_uppercase();
        if kind == "SYSTEMD-JOURNAL" {
            return Self::read("%(message)s");
        }
        if let Some(told) = option("format").filter(|told| !told.is_empty()) {
            return Self::read(told);
        }
        let pads = option("padding").map_or(kind != "SYSLOG", is_true);
        let tells_time = option("datetime").map_or(!matches!(kind.as_str(), "SYSLOG" | "SYSOUT"), is_true);
        let rest = if pads {
            "%(name)-24s[%(process)d]: %(levelname)-7s %(message)s"
        } else {
            "%(name)s[%(process)d]: %(levelname)s %(message)s"
        };
        Self::read(&format!("{}{rest}", if tells_time { "%(asctime)s " } else { "" }))
    }

    fn read(told: &str) -> Result<Self, MirrorError> {
        let mut parts = Vec::new();
        let mut rest = told;
        while let Some((text, field)) = rest.split_once('%') {
            parts.push(Part::Text(text.to_owned()));
            if let Some(after) = field.strip_prefix('%') {
                parts.push(Part::Text("%".to_owned()));
                rest = after;
                continue;
            }
            // `(name)`, flags, width, precision, and one letter.
            let behind_name = field.find(')').filter(|_| field.starts_with('('));
            let letter = behind_name
                .and_then(|at| Some(at + field[at..].find(|one: char| one.is_ascii_alphabetic())? + 1));
            let Some(end) = letter else { return Err(wrong(told, &format!("%{field}"))) };
            parts.push(Part::read(&field[..end]).ok_or_else(|| wrong(told, &format!("%{}", &field[..end])))?);
            rest = &field[end..];
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Self(parts))
    }

    /// A line, without its end.
    pub fn lay_out(&self, line: &Line, zone: &TimeZone) -> String {
        let mut laid = String::with_capacity(96 + line.text.len());
        for part in &self.0 {
            match part {
                Part::Text(text) => laid.push_str(text),
                Part::Field { field, is_left, is_zero, width, precision } => {
                    let value = field.of(line, zone, *precision);
                    match (is_left, is_zero) {
                        (true, _) => laid.push_str(&format!("{value:<width$}")),
                        (false, true) => laid.push_str(&format!("{value:0>width$}")),
                        (false, false) => laid.push_str(&format!("{value:>width$}")),
                    }
                }
            }
        }
        laid
    }
}

/// Columns of one field at most: a format that asks for more is refused.
const WIDTH: usize = 200;

impl Part {
    fn read(told: &str) -> Option<Self> {
        let (name, rest) = told.strip_prefix('(')?.split_once(')')?;
        let field = Field::named(name)?;
        let (rest, letter) = rest.split_at(rest.len().checked_sub(1)?);
        if !matches!(letter, "s" | "d" | "i" | "f") {
            return None;
        }
        let flags = rest.len() - rest.trim_start_matches(['-', '0', ' ', '+']).len();
        let (flags, size) = rest.split_at(flags);
        let (width, precision) =
            size.split_once('.').map_or((size, None), |(width, after)| (width, Some(after)));
        let number = |text: &str| if text.is_empty() { Some(0) } else { text.parse().ok() };
        let width = number(width).filter(|width| *width <= WIDTH)?;
        let precision = match precision {
            Some(told) => Some(number(told).filter(|told| *told <= WIDTH)?),
            // What Python does to a number with a fraction.
            None if letter == "f" => Some(6),
            None if letter != "s" => Some(0),
            None => None,
        };
        Some(Self::Field {
            field,
            is_left: flags.contains('-'),
            is_zero: flags.contains('0'),
            width,
            precision,
        })
    }
}

impl Field {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "asctime" => Self::Time,
            "created" => Self::Created,
            "msecs" => Self::Millis,
            "name" => Self::Name,
            "module" => Self::Module,
            "process" => Self::Process,
            "levelname" => Self::Level,
            "levelno" => Self::LevelNumber,
            "message" => Self::Message,
            _ => return None,
        })
    }

    fn of(self, line: &Line, zone: &TimeZone, precision: Option<usize>) -> String {
        let text = match self {
            Self::Time => time(line.at, zone),
            Self::Name => format!("fail2ban.{}", line.part),
            Self::Module => line.part.to_owned(),
            Self::Level => line.level.name().to_owned(),
            Self::Message => line.text.clone(),
            Self::Process => return std::process::id().to_string(),
            Self::LevelNumber => return line.level.0.to_string(),
            Self::Created => {
                return format!("{:.*}", precision.unwrap_or(3), line.at.millis() as f64 / 1000.0);
            }
            Self::Millis => {
                return format!("{:.*}", precision.unwrap_or(1), line.at.millis().rem_euclid(1000) as f64);
            }
        };
        match precision {
            Some(most) => text.chars().take(most).collect(),
            None => text,
        }
    }
}

/// Python's `asctime`: a comma before the milliseconds.
fn time(moment: Moment, zone: &TimeZone) -> String {
    let Ok(time) = Timestamp::from_millisecond(moment.millis()) else { return String::new() };
    time.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S,%3f").to_string()
}

fn is_true(told: &str) -> bool {
    matches!(told.to_ascii_lowercase().as_str(), "1" | "on" | "true" | "yes")
}

fn wrong(told: &str, part: &str) -> MirrorError {
    MirrorError::Format { told: told.to_owned(), part: part.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::super::level::Level;
    use super::*;

    fn target(name: &str, options: &[(&str, &str)]) -> LogTarget {
        LogTarget {
            name: name.to_owned(),
            options: options.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            syslog_socket: "auto".to_owned(),
        }
    }

    fn laid_out(name: &str, options: &[(&str, &str)]) -> String {
        let line = Line {
            part: "filter",
            level: Level::INFO,
            text: "[sshd] Found 192.0.2.1 - 2026-11-23 00:10:01".to_owned(),
            at: Moment::from_millis(1_795_392_601_258),
        };
        let laid = Format::of(&target(name, options)).unwrap().lay_out(&line, &TimeZone::UTC);
        laid.replace(&std::process::id().to_string(), "25696")
    }

    #[test]
    fn lines_stand_as_fail2ban_lays_them_out() {
        let message = "[sshd] Found 192.0.2.1 - 2026-11-23 00:10:01";
        let padded = format!("fail2ban.filter         [25696]: INFO    {message}");
        let plain = format!("fail2ban.filter[25696]: INFO {message}");
        let time = "2026-11-23 00:10:01,258";
        assert_eq!(laid_out("/var/log/fail2ban.log", &[]), format!("{time} {padded}"));
        assert_eq!(laid_out("stdout", &[("padding", "off")]), format!("{time} {plain}"));
        assert_eq!(laid_out("SYSOUT", &[]), padded);
        assert_eq!(laid_out("syslog", &[]), plain);
        assert_eq!(laid_out("SYSLOG", &[("padding", "yes"), ("datetime", "on")]), format!("{time} {padded}"));
        assert_eq!(laid_out("SYSTEMD-JOURNAL", &[("format", "x")]), message);
        let told = "%(levelname).2s|%(levelno)04d|%(module)8s|%(created).1f|%(msecs)03d|100%%";
        assert_eq!(laid_out("f", &[("format", told)]), "IN|0020|  filter|1795392601.3|258|100%");
    }

    #[test]
    fn what_a_format_cannot_be_is_refused_by_name() {
        for told in ["%(thread)X", "%s", "50%", "%(name)", "%(name)999999s", "%(secret)s", "%(name)", "%"] {
            let wrong = Format::of(&target("f", &[("format", told)])).unwrap_err();
            assert!(wrong.to_string().contains('%'), "{told}: {wrong}");
        }
    }
}
