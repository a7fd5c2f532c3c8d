//! Spans of time as fail2ban's server takes them: a sum of numbers with units, which it hands to Python. What comes out is whole where Python
//! would have it whole (`600`), and has a fraction where it has not (`2629800.0` for a month). It refuses everything but arithmetic.

use fail2ban::Value;

use crate::wrong::{Class, Wrong};

/// How deep brackets and signs may nest.
const DEPTH: usize = 32;

/// The seconds that a value stands for: a number is taken as it is.
pub fn seconds(value: &Value) -> Result<Value, Wrong> {
    match value {
        Value::Text(text) => evaluate(&prepared(text)),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) => Ok(value.clone()),
        _ => Err(Wrong::kind("expected string or bytes-like object")),
    }
}

/// An expression without units.
pub fn evaluate(text: &str) -> Result<Value, Wrong> {
    let text = text.trim_start_matches([' ', '\t']);
    let mut reader = Reader { text, rest: text };
    let found = reader.sum(0)?;
    reader.skip();
    match reader.rest.chars().next() {
        None => Ok(match found {
            Number::Whole(number) => Value::Int(number),
            Number::Fraction(number) => Value::Float(number),
        }),
        Some(')') => Err(reader.syntax_at("unmatched ')'", reader.place() + 1, reader.place() + 1)),
        Some(_) => Err(reader.syntax("invalid syntax")),
    }
}

/// Units replaced by what they are worth; numbers that stand side by side are added.
fn prepared(text: &str) -> String {
    let mut apart = String::with_capacity(text.len() + 8);
    let mut before = ' ';
    for c in text.chars() {
        if c.is_ascii_digit() && before.is_ascii_alphabetic() {
            apart.push(' ');
        }
        apart.push(c);
        before = c;
    }
    let mut worth = String::with_capacity(apart.len() * 2);
    let mut rest = apart.as_str();
    while let Some(c) = rest.chars().next() {
        let behind = worth.ends_with(|c: char| c.is_ascii_digit() || c.is_whitespace());
        let word: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        match unit(&word.to_ascii_lowercase()).filter(|_| behind && c.is_ascii_alphabetic()) {
            Some(unit) => worth.push_str(unit),
            // A number, or a word that is no unit: it stays as it is, up to where a unit might follow its digits.
            None => {
                let digits = word.bytes().take_while(u8::is_ascii_digit).count();
                let length = if digits > 0 { digits } else { word.len().max(c.len_utf8()) };
                worth.push_str(&rest[..length]);
                rest = &rest[length..];
                continue;
            }
        }
        rest = &rest[word.len()..];
    }
    summed(&worth)
}

/// `1 2` becomes `1+2`. A digit between two gaps serves one of them: fail2ban's replacement goes on behind it.
fn summed(text: &str) -> String {
    let digit = |c: char| c.is_ascii_digit();
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    // How much of `out` no gap may lean on any more.
    let mut used = 0;
    while let Some(c) = rest.chars().next() {
        let gap = rest.len() - rest.trim_start().len();
        if gap > 0 && out[used..].ends_with(digit) && rest[gap..].starts_with(digit) {
            out.push('+');
            out.push_str(&rest[gap..=gap]);
            rest = &rest[gap + 1..];
            used = out.len();
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

fn unit(word: &str) -> Option<&'static str> {
    Some(match word {
        "s" | "ss" | "se" | "sec" | "second" | "seconds" => "*1",
        "m" | "mm" | "mi" | "min" | "minute" | "minutes" => "*60",
        "h" | "hh" | "ho" | "hou" | "hour" | "hours" => "*3600",
        "d" | "dd" | "da" | "day" | "days" => "*86400",
        "w" | "ww" | "we" | "wee" | "week" | "weeks" => "*604800",
        "mo" | "mon" | "month" | "months" => "*2629800.0",
        "y" | "yy" | "ye" | "yea" | "year" | "years" => "*31557600.0",
        _ => return None,
    })
}

#[derive(Clone, Copy)]
enum Number {
    Whole(i64),
    Fraction(f64),
}

impl Number {
    fn fraction(self) -> f64 {
        match self {
            Self::Whole(number) => number as f64,
            Self::Fraction(number) => number,
        }
    }

    /// Whole if both are and the result fits, else with a fraction.
    fn with(self, other: Self, whole: fn(i64, i64) -> Option<i64>, fraction: fn(f64, f64) -> f64) -> Self {
        match (self, other) {
            (Self::Whole(one), Self::Whole(two)) => match whole(one, two) {
                Some(number) => Self::Whole(number),
                None => Self::Fraction(fraction(one as f64, two as f64)),
            },
            _ => Self::Fraction(fraction(self.fraction(), other.fraction())),
        }
    }
}

struct Reader<'t> {
    text: &'t str,
    rest: &'t str,
}

impl Reader<'_> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, sign: &str) -> bool {
        self.skip();
        let found = self.rest.strip_prefix(sign);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    fn sum(&mut self, depth: usize) -> Result<Number, Wrong> {
        let mut total = self.product(depth)?;
        loop {
            if self.take("+") {
                total = total.with(self.product(depth)?, i64::checked_add, |one, two| one + two);
            } else if self.take("-") {
                total = total.with(self.product(depth)?, i64::checked_sub, |one, two| one - two);
            } else {
                return Ok(total);
            }
        }
    }

    fn product(&mut self, depth: usize) -> Result<Number, Wrong> {
        let mut total = self.term(depth)?;
        loop {
            self.skip();
            if !self.rest.starts_with("**") && self.take("*") {
                total = total.with(self.term(depth)?, i64::checked_mul, |one, two| one * two);
            } else if !self.rest.starts_with("//") && self.take("/") {
                let divisor = self.term(depth)?;
                if divisor.fraction() == 0.0 {
                    let text = match (total, divisor) {
                        (Number::Whole(_), Number::Whole(_)) => "division by zero",
                        _ => "float division by zero",
                    };
                    return Err(Wrong::new(Class::Division, text));
                }
                total = Number::Fraction(total.fraction() / divisor.fraction());
            } else {
                return Ok(total);
            }
        }
    }

    fn term(&mut self, depth: usize) -> Result<Number, Wrong> {
        if depth > DEPTH {
            return Err(self.syntax("too many nested parentheses"));
        }
        if self.take("-") {
            let zero = Number::Whole(0);
            return Ok(zero.with(self.term(depth + 1)?, i64::checked_sub, |one, two| one - two));
        }
        if self.take("+") {
            return self.term(depth + 1);
        }
        if self.take("(") {
            let place = self.place();
            let inner = self.sum(depth + 1)?;
            return if self.take(")") {
                Ok(inner)
            } else {
                Err(self.syntax_at("'(' was never closed", place, 0))
            };
        }
        self.literal()
    }

    fn literal(&mut self) -> Result<Number, Wrong> {
        let word = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        if self.rest.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            let (name, rest) = self.rest.split_at(word);
            self.rest = rest;
            self.skip();
            // A name alone is read to the end before Python looks for what it stands for.
            return Err(if self.rest.is_empty() || self.rest.starts_with(['+', '-', '*', '/', ')']) {
                Wrong::new(Class::Name, format!("name '{name}' is not defined"))
            } else {
                self.syntax("invalid syntax")
            });
        }
        let digits = self.rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_');
        let (number, rest) = self.rest.split_at(digits.unwrap_or(self.rest.len()));
        if number.is_empty() {
            return Err(self.syntax("invalid syntax"));
        }
        self.rest = rest;
        if rest.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
            return Err(self.syntax_at("invalid decimal literal", self.place(), self.place()));
        }
        let zeros = number.len() > 1 && number.starts_with('0') && !number.contains('.');
        if zeros && number.bytes().any(|digit| digit != b'0') {
            return Err(self.syntax(
                "leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers",
            ));
        }
        // A `_` may stand between two digits.
        let lonely = number.starts_with('_') || number.ends_with('_') || number.contains("__");
        if lonely || number.contains("_.") || number.contains("._") {
            return Err(self.syntax_at("invalid decimal literal", self.place(), self.place()));
        }
        let number = number.replace('_', "");
        match number.parse() {
            Ok(whole) => Ok(Number::Whole(whole)),
            Err(_) => number.parse().map(Number::Fraction).map_err(|_| self.syntax("invalid syntax")),
        }
    }

    /// How many characters were read.
    fn place(&self) -> i64 {
        self.text.chars().count() as i64 - self.rest.chars().count() as i64
    }

    /// Wrong at the word that comes next.
    fn syntax(&self, text: &str) -> Wrong {
        let word = self.rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').count() as i64;
        if self.rest.is_empty() {
            return self.syntax_at(text, 0, 0);
        }
        self.syntax_at(text, self.place() + 1, self.place() + 1 + word.max(1))
    }

    /// As Python tells of it: the line is 0 where there is nothing at all.
    fn syntax_at(&self, text: &str, start: i64, end: i64) -> Wrong {
        let line = i64::from(!self.text.is_empty());
        let place = Value::Tuple(vec![
            Value::text("<string>"),
            Value::Int(line),
            Value::Int(start),
            Value::text(self.text),
            Value::Int(line),
            Value::Int(end),
        ]);
        Wrong { class: Class::Syntax, arguments: vec![Value::text(text), place] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_what_python_makes_of_them() {
        let whole = [
            ("600", 600),
            ("-1", -1),
            ("10m", 600),
            ("1w2d", 777_600),
            ("1h 30min", 5400),
            ("1hour+30min", 5400),
            ("10m10", 610),
            ("1 2", 3),
            ("24 * (60 * 60)", 86_400),
            ("1H", 3600),
        ];
        for (text, wanted) in whole {
            assert_eq!(seconds(&Value::text(text)), Ok(Value::Int(wanted)), "{text}");
        }
        for (text, wanted) in
            [("1.5h", 5400.0), ("1mo", 2_629_800.0), ("1year-6mo", 15_778_800.0), ("1/2", 0.5)]
        {
            assert_eq!(seconds(&Value::text(text)), Ok(Value::Float(wanted)), "{text}");
        }
        let wrong = [
            ("abc", Class::Name, "name 'abc' is not defined"),
            ("10x", Class::Syntax, "invalid decimal literal"),
            ("10 x", Class::Syntax, "invalid syntax"),
            ("", Class::Syntax, "invalid syntax"),
            ("1/0", Class::Division, "division by zero"),
            ("(1", Class::Syntax, "'(' was never closed"),
            ("10)", Class::Syntax, "unmatched ')'"),
            ("import os", Class::Syntax, "invalid syntax"),
        ];
        for (text, class, message) in wrong {
            let found = seconds(&Value::text(text)).unwrap_err();
            assert_eq!((found.class, found.arguments[0].as_text()), (class, Some(message)), "{text}");
        }
        assert!(seconds(&Value::text("(".repeat(100_000))).is_err());
        assert!(seconds(&Value::text("-".repeat(100_000))).is_err());
    }
}
