//! Numbers that count as Python's do: whole ones stay whole until they are divided, and a quotient cut down goes towards less. Past 127 bits a
//! whole number becomes one with a fraction, and past 1023 it is endless, so that `bantime.maxtime` still cuts it. It refuses complex numbers.

use std::cmp::Ordering;
use std::fmt;

use super::Why;
use crate::repr;

/// A number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// A whole one.
    Int(i128),
    /// One with a fraction.
    Float(f64),
    /// What a comparison gives; it counts as 0 or 1.
    Bool(bool),
}

impl fmt::Display for Number {
    /// As Python prints it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(number) => write!(f, "{number}"),
            Self::Float(number) => f.write_str(&repr::float(*number)),
            Self::Bool(true) => f.write_str("True"),
            Self::Bool(false) => f.write_str("False"),
        }
    }
}

/// Two numbers of one kind.
enum Pair {
    Ints(i128, i128),
    Floats(f64, f64),
}

impl Number {
    /// What a span comes to: fail2ban keeps whole ones whole, unless they are divided or are months or years.
    pub(crate) fn of_span(text: &str, seconds: f64) -> Self {
        let lower = text.to_ascii_lowercase();
        let mut words = lower.split(|c: char| !c.is_ascii_alphabetic());
        let mean = words.any(|word| word.starts_with("mo") || word.starts_with('y'));
        let fraction = mean || lower.contains(['.', '/']);
        // Whole seconds of a span are far below what a fraction's number holds exactly.
        if fraction || seconds.fract() != 0.0 { Self::Float(seconds) } else { Self::Int(seconds as i128) }
    }

    /// As a number with a fraction.
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Int(number) => number as f64,
            Self::Float(number) => number,
            Self::Bool(truth) => f64::from(u8::from(truth)),
        }
    }

    pub(super) fn is_true(self) -> bool {
        self.as_f64() != 0.0
    }

    /// The whole number that it is.
    pub(super) fn whole(self) -> Result<i128, Why> {
        match self {
            Self::Int(number) => Ok(number),
            Self::Bool(truth) => Ok(i128::from(truth)),
            Self::Float(_) => Err(Why::NotWhole),
        }
    }

    fn with(self, other: Self) -> Pair {
        match (self.whole(), other.whole()) {
            (Ok(a), Ok(b)) => Pair::Ints(a, b),
            _ => Pair::Floats(self.as_f64(), other.as_f64()),
        }
    }

    pub(super) fn plus(self, other: Self) -> Result<Self, Why> {
        self.reckon(other, i128::checked_add, |a, b| a + b)
    }

    pub(super) fn minus(self, other: Self) -> Result<Self, Why> {
        self.reckon(other, i128::checked_sub, |a, b| a - b)
    }

    pub(super) fn times(self, other: Self) -> Result<Self, Why> {
        self.reckon(other, i128::checked_mul, |a, b| a * b)
    }

    fn reckon(
        self,
        other: Self,
        whole: fn(i128, i128) -> Option<i128>,
        fraction: fn(f64, f64) -> f64,
    ) -> Result<Self, Why> {
        match self.with(other) {
            Pair::Floats(a, b) => Ok(Self::Float(fraction(a, b))),
            Pair::Ints(a, b) => match whole(a, b) {
                Some(number) => Ok(Self::Int(number)),
                None => Ok(Self::Float(fraction(a as f64, b as f64))),
            },
        }
    }

    pub(super) fn divided(self, other: Self) -> Result<Self, Why> {
        if !other.is_true() {
            return Err(Why::DividedByZero);
        }
        Ok(Self::Float(self.as_f64() / other.as_f64()))
    }

    /// `//` and `%`.
    pub(super) fn divided_whole(self, other: Self) -> Result<(Self, Self), Why> {
        if !other.is_true() {
            return Err(Why::DividedByZero);
        }
        match self.with(other) {
            Pair::Floats(a, b) => {
                let (quotient, rest) = floored(a, b);
                Ok((Self::Float(quotient), Self::Float(rest)))
            }
            Pair::Ints(a, b) => {
                let (quotient, rest) = (a.checked_div(b).ok_or(Why::OutOfRange)?, a.wrapping_rem(b));
                let down = rest != 0 && (rest < 0) != (b < 0);
                Ok((Self::Int(quotient - i128::from(down)), Self::Int(if down { rest + b } else { rest })))
            }
        }
    }

    /// `**`.
    pub(super) fn power(self, other: Self) -> Result<Self, Why> {
        if let Pair::Ints(base, exponent) = self.with(other)
            && exponent >= 0
        {
            let whole = u32::try_from(exponent).ok().and_then(|exponent| base.checked_pow(exponent));
            return match whole {
                Some(number) => Ok(Self::Int(number)),
                None => Ok(Self::Float((base as f64).powf(exponent as f64))),
            };
        }
        let (base, exponent) = (self.as_f64(), other.as_f64());
        if base == 0.0 && exponent < 0.0 {
            return Err(Why::DividedByZero);
        }
        let power = base.powf(exponent);
        if base.is_finite() && exponent.is_finite() { finite(power) } else { Ok(Self::Float(power)) }
    }

    /// `<<`.
    pub(super) fn shifted_left(self, by: Self) -> Result<Self, Why> {
        let (number, by) = (self.whole()?, u32::try_from(by.whole()?).map_err(|_| Why::NotWhole)?);
        if number == 0 {
            return Ok(Self::Int(0));
        }
        let factor = if by < 127 { 1i128.checked_shl(by) } else { None };
        match factor.and_then(|factor| number.checked_mul(factor)) {
            Some(number) => Ok(Self::Int(number)),
            None => Ok(Self::Float((number as f64) * 2f64.powi(i32::try_from(by).unwrap_or(i32::MAX)))),
        }
    }

    /// `>>`.
    pub(super) fn shifted_right(self, by: Self) -> Result<Self, Why> {
        let (number, by) = (self.whole()?, u32::try_from(by.whole()?).map_err(|_| Why::NotWhole)?);
        Ok(Self::Int(number >> by.min(127)))
    }

    pub(super) fn negative(self) -> Result<Self, Why> {
        match self {
            Self::Float(number) => Ok(Self::Float(-number)),
            other => Self::Int(0).minus(other),
        }
    }

    /// None: one of them is no number at all.
    pub(super) fn compared(self, other: Self) -> Option<Ordering> {
        match self.with(other) {
            Pair::Ints(a, b) => Some(a.cmp(&b)),
            Pair::Floats(a, b) => a.partial_cmp(&b),
        }
    }

    /// As Python's `max` of two: of equal ones the first.
    pub(super) fn larger(self, other: Self) -> Self {
        if other.compared(self) == Some(Ordering::Greater) { other } else { self }
    }

    /// As Python's `min` of two.
    pub(super) fn smaller(self, other: Self) -> Self {
        if other.compared(self) == Some(Ordering::Less) { other } else { self }
    }

    /// Without its fraction, after `cut` has seen to it.
    pub(super) fn cut(self, cut: fn(f64) -> f64) -> Result<Self, Why> {
        match self {
            Self::Float(number) => {
                let number = cut(number);
                // The bound is 2 to the power of 126, whose neighbours are whole.
                match number.abs() < 8.5e37 {
                    true => Ok(Self::Int(number as i128)),
                    false if number.is_nan() => Err(Why::OutOfRange),
                    false => Ok(Self::Float(number)),
                }
            }
            other => other.whole().map(Self::Int),
        }
    }

    /// `round(number, digits)`: to the even one in the middle.
    pub(super) fn rounded(self, digits: i128) -> Result<Self, Why> {
        let digits = usize::try_from(digits).ok().filter(|&digits| digits <= 300).ok_or(Why::OutOfRange)?;
        match self {
            Self::Float(number) if number.is_finite() => {
                format!("{number:.digits$}").parse().map(Self::Float).map_err(|_| Why::OutOfRange)
            }
            Self::Float(number) => Ok(Self::Float(number)),
            other => other.whole().map(Self::Int),
        }
    }
}

/// Python refuses what grows past all bounds here.
pub(super) fn finite(number: f64) -> Result<Number, Why> {
    if number.is_finite() { Ok(Number::Float(number)) } else { Err(Why::OutOfRange) }
}

/// The quotient cut towards less, and the rest with the divisor's sign.
fn floored(a: f64, b: f64) -> (f64, f64) {
    let mut rest = a % b;
    let mut quotient = (a - rest) / b;
    if rest == 0.0 {
        rest = 0f64.copysign(b);
    } else if (b < 0.0) != (rest < 0.0) {
        rest += b;
        quotient -= 1.0;
    }
    if quotient == 0.0 {
        return (0f64.copysign(a / b), rest);
    }
    let floor = quotient.floor();
    (if quotient - floor > 0.5 { floor + 1.0 } else { floor }, rest)
}
