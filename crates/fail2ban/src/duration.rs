//! Spans of time as fail2ban writes them: `600`, `10m`, `1w2d`, `1h 30m`, `2*60`, `-1`. It refuses to call a negative one anything: for
//! `bantime` it is for ever, elsewhere it is wrong.

/// How deep brackets may nest.
const DEPTH: usize = 16;

/// The seconds of a span, a month and a year being the mean ones. None: it is no span.
pub fn seconds(text: &str) -> Option<f64> {
    let mut reader = Reader { rest: text.trim() };
    let found = reader.sum(0)?;
    (reader.rest.is_empty() && found.is_finite()).then_some(found)
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, sign: char) -> bool {
        self.skip();
        let found = self.rest.strip_prefix(sign);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    /// Terms with a sign between them, or with nothing, which adds.
    fn sum(&mut self, depth: usize) -> Option<f64> {
        let mut total = self.product(depth)?;
        loop {
            if self.take('-') {
                total -= self.product(depth)?;
            } else if self.take('+') || self.rest.starts_with(|c: char| c.is_ascii_digit()) {
                total += self.product(depth)?;
            } else {
                return Some(total);
            }
        }
    }

    fn product(&mut self, depth: usize) -> Option<f64> {
        let mut total = self.term(depth)?;
        loop {
            if self.take('*') {
                total *= self.term(depth)?;
            } else if self.take('/') {
                total /= self.term(depth)?;
            } else {
                return Some(total);
            }
        }
    }

    fn term(&mut self, depth: usize) -> Option<f64> {
        if depth > DEPTH {
            return None;
        }
        if self.take('-') {
            return Some(-self.term(depth + 1)?);
        }
        if self.take('+') {
            return self.term(depth + 1);
        }
        if self.take('(') {
            let inner = self.sum(depth + 1)?;
            return self.take(')').then_some(inner);
        }
        let digits = self.rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(self.rest.len());
        let (number, behind) = self.rest.split_at(digits);
        let number: f64 = number.parse().ok()?;
        self.rest = behind;
        self.skip();
        let letters = self.rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(self.rest.len());
        let (word, behind) = self.rest.split_at(letters);
        self.rest = behind;
        Some(number * unit(&word.to_ascii_lowercase())?)
    }
}

fn unit(word: &str) -> Option<f64> {
    Some(match word {
        "" | "s" | "ss" | "se" | "sec" | "second" | "seconds" => 1.0,
        "m" | "mm" | "mi" | "min" | "minute" | "minutes" => 60.0,
        "h" | "hh" | "ho" | "hou" | "hour" | "hours" => 3600.0,
        "d" | "dd" | "da" | "day" | "days" => 86_400.0,
        "w" | "ww" | "we" | "wee" | "week" | "weeks" => 604_800.0,
        "mo" | "mon" | "month" | "months" => 2_629_800.0,
        "y" | "yy" | "ye" | "yea" | "year" | "years" => 31_557_600.0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn spans_are_sums_of_units() {
        let cases = [
            ("600", 600.0),
            ("-1", -1.0),
            ("10m", 600.0),
            ("1w2d", 777_600.0),
            ("1h 30min", 5400.0),
            ("1hour+30min", 5400.0),
            ("1year-6mo", 15_778_800.0),
            ("6 months", 15_778_800.0),
            ("2*60*60", 7200.0),
            ("24 * (60 * 60)", 86_400.0),
            ("1d12h 1.5", 129_601.5),
        ];
        for (text, wanted) in cases {
            assert_eq!(seconds(text), Some(wanted), "{text}");
        }
        for text in
            ["", "x", "10 fortnights", "1/0", "(1", "__import__('os')", &"(".repeat(1000), &"-".repeat(1000)]
        {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
