//! The value of an expression. There is no loop and no variable in it, so its value takes no more steps than its text has characters. It
//! refuses to go on where Python would raise.

use std::cmp::Ordering;

use super::expression::{Kind, Node, Wrong};
use super::number::{Number, finite};
use super::{Names, Why};

impl Node {
    pub(super) fn value(&self, names: Option<&Names>) -> Result<Number, Wrong> {
        let here = |why| (self.at, why);
        let named = |name: &str| names.ok_or_else(|| here(Why::Unknown(name.to_owned())));
        match &self.kind {
            Kind::Number(number) => Ok(*number),
            Kind::Time => named("ban.Time").map(|names| names.time),
            Kind::Count => named("ban.Count").map(|names| Number::Int(names.count.into())),
            Kind::Factor => named("banFactor").map(|names| names.factor),
            Kind::Minus(inner) => inner.value(names)?.negative().map_err(here),
            Kind::Plus(inner) => Number::Int(0).plus(inner.value(names)?).map_err(here),
            Kind::Not(inner) => Ok(Number::Bool(!inner.value(names)?.is_true())),
            Kind::Two(sign, left, right) => two(sign, left.value(names)?, right.value(names)?).map_err(here),
            Kind::Both(left, right) => {
                let left = left.value(names)?;
                if left.is_true() { right.value(names) } else { Ok(left) }
            }
            Kind::Either(left, right) => {
                let left = left.value(names)?;
                if left.is_true() { Ok(left) } else { right.value(names) }
            }
            Kind::Compared(first, further) => {
                let mut left = first.value(names)?;
                for (sign, right) in further {
                    let right = right.value(names)?;
                    if !holds(sign, left.compared(right)) {
                        return Ok(Number::Bool(false));
                    }
                    left = right;
                }
                Ok(Number::Bool(true))
            }
            Kind::Choice { when, then, otherwise } => {
                if when.value(names)?.is_true() {
                    then.value(names)
                } else {
                    otherwise.value(names)
                }
            }
            Kind::Call(function, arguments) => {
                let values: Result<Vec<Number>, Wrong> =
                    arguments.iter().map(|argument| argument.value(names)).collect();
                called(function, &values?).map_err(here)
            }
        }
    }
}

fn holds(sign: &str, order: Option<Ordering>) -> bool {
    match sign {
        "<" => order == Some(Ordering::Less),
        ">" => order == Some(Ordering::Greater),
        "<=" => order.is_some_and(Ordering::is_le),
        ">=" => order.is_some_and(Ordering::is_ge),
        "==" => order == Some(Ordering::Equal),
        _ => order != Some(Ordering::Equal),
    }
}

fn two(sign: &str, left: Number, right: Number) -> Result<Number, Why> {
    let bits = |reckon: fn(i128, i128) -> i128| Ok(Number::Int(reckon(left.whole()?, right.whole()?)));
    match sign {
        "+" => left.plus(right),
        "-" => left.minus(right),
        "*" => left.times(right),
        "/" => left.divided(right),
        "//" => left.divided_whole(right).map(|(quotient, _)| quotient),
        "%" => left.divided_whole(right).map(|(_, rest)| rest),
        "**" => left.power(right),
        "<<" => left.shifted_left(right),
        ">>" => left.shifted_right(right),
        "&" => bits(|a, b| a & b),
        "|" => bits(|a, b| a | b),
        _ => bits(|a, b| a ^ b),
    }
}

/// The number of arguments was counted when the call was parsed.
fn called(function: &str, values: &[Number]) -> Result<Number, Why> {
    let [first, further @ ..] = values else { return Err(Why::Arguments(function.to_owned())) };
    let number = first.as_f64();
    let real = |result: f64| if number.is_finite() { finite(result) } else { Ok(Number::Float(result)) };
    match function {
        "min" => Ok(further.iter().fold(*first, |held, next| held.smaller(*next))),
        "max" => Ok(further.iter().fold(*first, |held, next| held.larger(*next))),
        "int" | "math.trunc" => first.cut(f64::trunc),
        "math.floor" => first.cut(f64::floor),
        "math.ceil" => first.cut(f64::ceil),
        "float" => Ok(Number::Float(number)),
        "bool" => Ok(Number::Bool(first.is_true())),
        "abs" => {
            if number < 0.0 {
                first.negative()
            } else {
                Number::Int(0).plus(*first)
            }
        }
        "math.fabs" => Ok(Number::Float(number.abs())),
        "round" => match further {
            [] => first.cut(f64::round_ties_even),
            [digits, ..] => first.rounded(digits.whole()?),
        },
        "pow" => first.power(further[0]),
        "math.pow" => Number::Float(number).power(Number::Float(further[0].as_f64())),
        "math.exp" => real(number.exp()),
        "math.exp2" => real(number.exp2()),
        "math.expm1" => real(number.exp_m1()),
        "math.log" => match further {
            [] => real(number.ln()),
            [base, ..] => {
                let base = finite(base.as_f64().ln())?;
                finite(number.ln())?.divided(base)
            }
        },
        "math.log2" => real(number.log2()),
        "math.log10" => real(number.log10()),
        "math.log1p" => real(number.ln_1p()),
        "math.sqrt" => real(number.sqrt()),
        "math.cbrt" => real(number.cbrt()),
        _ => Err(Why::Unknown(function.to_owned())),
    }
}
