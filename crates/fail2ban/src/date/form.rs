//! The three ways in which most logs write their dates, read by hand: `Nov 22 10:00:00`, `2026-11-22 10:00:00`, `22/Nov/2026:10:00:00`.
//! It only answers where it is certain that the template's regular expression finds the very same; it refuses everything else.

use std::ops::Range;

use super::default::PATTERNS;

/// A template that can be read by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    shape: Shape,
    begin: Begin,
}

/// Where a date was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// What the regular expression takes.
    pub whole: Range<usize>,
    /// The date alone.
    pub cut: Range<usize>,
    /// Where its two digits of the second are.
    pub second: usize,
    /// Where what follows the second and its fraction begins.
    pub behind: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Iso,
    Syslog,
    Web,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Begin {
    /// `{^LN-BEG}`: the line's beginning, up to two characters that belong to no word before it.
    Line,
    /// `^`
    Exactly,
    /// Anywhere, but not within a word.
    Word,
}

const MONTHS: [&[u8; 3]; 12] =
    [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];

impl Form {
    /// The form of a template, by its pattern.
    pub fn of(pattern: &str) -> Option<Self> {
        let (begin, plain) = match (pattern.strip_prefix("{^LN-BEG}"), pattern.strip_prefix('^')) {
            (Some(plain), _) => (Begin::Line, plain),
            (None, Some(plain)) => (Begin::Exactly, plain),
            (None, None) => (Begin::Word, pattern),
        };
        let shapes = [(PATTERNS[0], Shape::Iso), (PATTERNS[1], Shape::Syslog), (PATTERNS[4], Shape::Web)];
        let (_, shape) = shapes.into_iter().find(|(known, _)| *known == plain)?;
        Some(Self { shape, begin })
    }

    /// The date at the beginning of this part of the line. None: there is none, or the regular expression has to say.
    pub fn read(self, line: &str, part: Range<usize>) -> Option<Spot> {
        let text = line.as_bytes().get(..part.end)?;
        let from = match self.begin {
            Begin::Word if part.start == 0 || is_apart(text[part.start - 1]) => part.start,
            Begin::Exactly | Begin::Line if part.start != 0 => return None,
            Begin::Exactly => 0,
            Begin::Line => text.iter().take(3).position(|byte| !is_apart(*byte))?,
            Begin::Word => return None,
        };
        let (second, behind, end) = self.shape.read(text, from)?;
        let start = if self.begin == Begin::Line { 0 } else { from };
        Some(Spot { whole: start..end, cut: from..end, second, behind })
    }
}

impl Shape {
    /// Where the second is, what follows it, and the end.
    fn read(self, text: &[u8], from: usize) -> Option<(usize, usize, usize)> {
        let date = text.get(from..)?;
        // A date begins with a letter or a digit, so that what stands before it cannot be a part of it.
        let time = match self {
            Self::Iso => {
                let &[b'2', b'0', b'0'..=b'3', b'0'..=b'9', one, m1, m2, two, d1, d2, b'T' | b' ', ..] = date
                else {
                    return None;
                };
                let separated = one == two && matches!(one, b'-' | b'/' | b'.');
                let month = matches!((m1, m2), (b'0', b'1'..=b'9') | (b'1', b'0'..=b'2'));
                (separated && month && is_day(d1, d2) && d1 != b' ').then_some(11)?
            }
            Self::Syslog => {
                let &[a, b, c, b' ', d1, d2, b' ', ..] = date else { return None };
                (is_month([a, b, c]) && is_day(d1, d2)).then_some(7)?
            }
            Self::Web => {
                let &[d1, d2, one, a, b, c, two, b'2', b'0', b'0'..=b'3', b'0'..=b'9', b' ' | b':', ..] =
                    date
                else {
                    return None;
                };
                let separated = one == two && matches!(one, b'-' | b'/');
                (separated && is_month([a, b, c]) && is_day(d1, d2) && d1 != b' ').then_some(12)?
            }
        };
        let &[h1, h2, b':', b'0'..=b'5', b'0'..=b'9', b':', b'0'..=b'5', b'0'..=b'9', ..] =
            date.get(time..)?
        else {
            return None;
        };
        if !matches!((h1, h2), (b'0' | b'1', b'0'..=b'9') | (b'2', b'0'..=b'3')) {
            return None;
        }
        let behind = self.fraction(text, from + time + 8)?;
        let end = self.end(text, behind)?;
        Some((from + time + 6, behind, end))
    }

    /// Where the fraction of the second ends that may stand here.
    fn fraction(self, text: &[u8], at: usize) -> Option<usize> {
        let point = text.get(at).is_some_and(|byte| *byte == b'.' || *byte == b',' && self == Self::Iso);
        if !point {
            return Some(at);
        }
        let digits = text[at + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        (1..=6).contains(&digits).then_some(at + 1 + digits)
    }

    /// Where the date ends, of which all but a zone ends here.
    fn end(self, text: &[u8], at: usize) -> Option<usize> {
        match self {
            Self::Iso => {
                let blanks = text[at..].iter().take_while(|byte| **byte == b' ').count();
                self.zone(text, at, at + blanks)
            }
            Self::Web if text.get(at) == Some(&b' ') => self.zone(text, at, at + 1),
            // A year may follow.
            Self::Syslog if text.get(at) == Some(&b' ') && text.get(at + 1) == Some(&b'2') => None,
            Self::Web | Self::Syslog => is_end(text, at).then_some(at),
        }
    }

    /// The end with the zone that may stand at `zone`, or without one at `at`.
    fn zone(self, text: &[u8], at: usize, zone: usize) -> Option<usize> {
        let end = match text.get(zone..).unwrap_or_default() {
            [b'+' | b'-', b'0' | b'1', b'0'..=b'9', b':', b'0'..=b'9', b'0'..=b'9', ..] => zone + 6,
            [b'+' | b'-', b'0' | b'1', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', ..] => zone + 5,
            [b'Z', ..] => zone + 1,
            // Zones with a name, and white space of other kinds before one.
            [b'+' | b'-' | b'U' | b'G' | b'u' | b'g' | b'z' | b'\t'..=b'\r' | 0x1c..=0x1f, ..] => {
                return None;
            }
            _ => at,
        };
        is_end(text, end).then_some(end)
    }
}

fn is_month([a, b, c]: [u8; 3]) -> bool {
    let lower = [a | 0x20, b | 0x20, c | 0x20];
    [a, b, c].iter().all(u8::is_ascii_alphabetic) && MONTHS.contains(&&lower)
}

fn is_day(tens: u8, ones: u8) -> bool {
    matches!((tens, ones), (b'0' | b' ', b'1'..=b'9') | (b'1' | b'2', b'0'..=b'9') | (b'3', b'0' | b'1'))
}

/// A character of ASCII that belongs to no word.
fn is_apart(byte: u8) -> bool {
    byte.is_ascii() && !byte.is_ascii_alphanumeric() && byte != b'_'
}

/// Whether the word that the last character belongs to ends here.
fn is_end(text: &[u8], at: usize) -> bool {
    text.get(at).is_none_or(|byte| is_apart(*byte))
}
