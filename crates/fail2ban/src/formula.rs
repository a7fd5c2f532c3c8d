//! How long a ban lasts that is not the first: `bantime.formula`, `bantime.multipliers`, `bantime.factor`, `bantime.maxtime` and
//! `bantime.rndtime`, worked out as fail2ban works them out. fail2ban lets Python evaluate the formula, whatever it says; here it is
//! arithmetic and nothing else. This module refuses to know how often an address was banned, and to draw a random number: both are arguments.

mod token;
mod expression;
mod number;
mod value;

use std::fmt;

use crate::duration;

pub use expression::Expression;
pub use number::Number;

/// What fail2ban takes where `bantime.formula` says nothing.
pub const DEFAULT: &str = "ban.Time * (1<<(ban.Count if ban.Count<20 else 20)) * banFactor";

/// The options as they are written. An empty one counts as one that is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options<'a> {
    /// `bantime.formula`.
    pub formula: Option<&'a str>,
    /// `bantime.multipliers`: they count before the formula.
    pub multipliers: Option<&'a str>,
    /// `bantime.factor`: an expression of its own, without names.
    pub factor: Option<&'a str>,
    /// `bantime.maxtime`: a span.
    pub maxtime: Option<&'a str>,
    /// `bantime.rndtime`: a span.
    pub rndtime: Option<&'a str>,
}

/// The options, understood.
#[derive(Clone, Debug)]
pub struct BanTime {
    formula: Expression,
    multipliers: Vec<Number>,
    factor: Number,
    maxtime: Option<Number>,
    rndtime: Option<Number>,
}

/// What an expression may name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Names {
    /// `ban.Time`: the jail's own ban time, in seconds.
    pub time: Number,
    /// `ban.Count`: how often the address was banned before.
    pub count: u32,
    /// `banFactor`.
    pub factor: Number,
}

impl BanTime {
    /// Takes the options, or says what is wrong with which.
    pub fn new(options: &Options) -> Result<Self, Refused> {
        let factor = match filled(options.factor) {
            None => Number::Int(1),
            Some(text) => Expression::parse(text)
                .and_then(|factor| factor.constant())
                .map_err(|refused| refused.of("bantime.factor"))?,
        };
        let formula = Expression::parse(filled(options.formula).unwrap_or(DEFAULT));
        Ok(Self {
            formula: formula.map_err(|refused| refused.of("bantime.formula"))?,
            multipliers: multipliers(filled(options.multipliers).unwrap_or_default())?,
            factor,
            maxtime: span("bantime.maxtime", options.maxtime)?,
            rndtime: span("bantime.rndtime", options.rndtime)?,
        })
    }

    /// The ban time for an address that was banned `count` times before, in seconds. `time` is the jail's own; `random` is at least 0 and
    /// less than 1. Where it is refused, fail2ban leaves the ban time as it is.
    pub fn seconds(&self, time: Number, count: u32, random: f64) -> Result<Number, Refused> {
        let calculated = if let Some(last) = self.multipliers.last() {
            let index = usize::try_from(count).unwrap_or(usize::MAX);
            let multiplier = self.multipliers.get(index).unwrap_or(last);
            time.times(self.factor).and_then(|product| product.times(*multiplier))
        } else {
            let names = Names { time, count, factor: self.factor };
            let calculated =
                self.formula.evaluate(&names).map_err(|refused| refused.of("bantime.formula"))?;
            if calculated.as_f64().is_nan() { Err(Why::OutOfRange) } else { Ok(time.larger(calculated)) }
        };
        let seconds = calculated.and_then(|seconds| {
            let seconds = self.maxtime.map_or(seconds, |maxtime| seconds.smaller(maxtime));
            match self.rndtime {
                None => Ok(seconds),
                Some(rndtime) => Number::Float(random).times(rndtime).and_then(|more| seconds.plus(more)),
            }
        });
        let finite = |seconds: Number| number::finite(seconds.as_f64()).map(|_| seconds);
        seconds.and_then(finite).map_err(|why| Refused {
            option: "bantime.formula",
            text: String::new(),
            at: 0,
            why,
        })
    }
}

fn filled(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

fn multipliers(text: &str) -> Result<Vec<Number>, Refused> {
    let mut found = Vec::new();
    for word in text.split_whitespace() {
        let number = word.parse().map_err(|_| Refused {
            option: "bantime.multipliers",
            text: text.to_owned(),
            at: 0,
            why: Why::Unexpected {
                found: word.to_owned(),
                expected: "whole numbers with spaces between them",
            },
        })?;
        found.push(Number::Int(number));
    }
    Ok(found)
}

fn span(option: &'static str, text: Option<&str>) -> Result<Option<Number>, Refused> {
    let Some(text) = filled(text) else { return Ok(None) };
    let expected = "a span of time such as 600, 10m or 1w2d";
    let seconds = duration::seconds(text).ok_or_else(|| Refused {
        option,
        text: text.to_owned(),
        at: 0,
        why: Why::Unexpected { found: text.to_owned(), expected },
    })?;
    Ok(Some(Number::of_span(text, seconds)))
}

/// Why an expression is not taken, or comes to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The option.
    pub option: &'static str,
    /// Its text.
    pub text: String,
    /// The character from which on it is wrong, counted from 1; 0: it is so as a whole.
    pub at: usize,
    /// What is wrong.
    pub why: Why,
}

/// The kinds of refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The text is past `limit::FAIL2BAN_FORMULA_BYTES`.
    TooLong,
    /// Brackets stand deeper than `limit::FAIL2BAN_FORMULA_DEPTH`.
    TooDeep,
    /// Something stands there that should not.
    Unexpected {
        /// What.
        found: String,
        /// What should.
        expected: &'static str,
    },
    /// A name or a function that is not one of those that are known.
    Unknown(String),
    /// A function has too few arguments or too many.
    Arguments(String),
    /// Division by nothing.
    DividedByZero,
    /// A number grows past what can be counted with, or has no value there (`math.log(0)`).
    OutOfRange,
    /// Something wants a whole number and has another.
    NotWhole,
}

impl Refused {
    fn of(self, option: &'static str) -> Self {
        Self { option, ..self }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} '{}'", self.option, self.text)?;
        if self.at > 0 {
            write!(f, ", character {}", self.at)?;
        }
        write!(f, ": {}", self.why)
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "longer than {} bytes", event::limit::FAIL2BAN_FORMULA_BYTES),
            Self::TooDeep => write!(f, "nested deeper than {}", event::limit::FAIL2BAN_FORMULA_DEPTH),
            Self::Unexpected { found, expected } => write!(f, "'{found}' stands where {expected} should"),
            Self::Unknown(name) => write!(
                f,
                "'{name}' is not known; a formula may name ban.Time, ban.Count, banFactor, min, max, int, float, abs, round, pow and math's \
                 exp, log, sqrt, pow, floor, ceil, e"
            ),
            Self::Arguments(function) => write!(f, "'{function}' has too few arguments or too many"),
            Self::DividedByZero => write!(f, "divides by zero"),
            Self::OutOfRange => write!(f, "a number grows out of all bounds or has no value"),
            Self::NotWhole => write!(f, "a whole number is needed, 0 or above for a shift"),
        }
    }
}

impl std::error::Error for Refused {}
