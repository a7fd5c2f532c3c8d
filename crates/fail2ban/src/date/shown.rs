//! A template's name as fail2ban shows it: `%Y-%m-%d` is `Year-Month-Day`. It refuses to be matched with.

/// The name, its fields in words.
pub fn name(pattern: &str) -> String {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let tail = &rest[at + 1..];
        let (strict, letters) = match tail.strip_prefix("Ex") {
            Some(letters) => ("Ex", letters),
            None => ("", tail),
        };
        let Some(letter) = letters.chars().next() else {
            out.push('%');
            rest = tail;
            continue;
        };
        match word(letter) {
            Some(word) => {
                out.push_str(strict);
                out.push_str(word);
            }
            // What fail2ban has no word for stays as it is.
            None => {
                out.push('%');
                out.push_str(strict);
                out.push(letter);
            }
        }
        rest = &letters[letter.len_utf8()..];
    }
    out.push_str(rest);
    out
}

fn word(letter: char) -> Option<&'static str> {
    Some(match letter {
        'a' => "DAY",
        'A' => "DAYNAME",
        'b' => "MON",
        'B' => "MONTH",
        'd' => "Day",
        'H' => "24hour",
        'I' => "12hour",
        'j' => "Yearday",
        'm' => "Month",
        'M' => "Minute",
        'p' => "AMPM",
        'S' => "Second",
        'U' | 'W' => "Yearweek",
        'w' => "Weekday",
        'y' => "Year2",
        'Y' => "Year",
        'z' => "Zone offset",
        'f' => "Microseconds",
        'Z' => "Zone name",
        '%' => "%",
        _ => return None,
    })
}
