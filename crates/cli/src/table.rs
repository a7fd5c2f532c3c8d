//! Text for people: columns that line up, spans that read well, and nothing an attacker could smuggle into a terminal.

use std::fmt::Write;

/// Rows under a heading, columns as wide as their widest cell.
pub fn table(heading: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = heading.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut out = String::new();
    let mut line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut text = String::new();
        for (cell, width) in cells.zip(&widths) {
            let _ = write!(text, "{cell:width$}  ");
        }
        out.push_str(text.trim_end());
        out.push('\n');
    };
    line(&mut heading.iter().copied());
    for row in rows {
        line(&mut row.iter().map(String::as_str));
    }
    out
}

/// `text` with every control character shown instead of sent: log lines are written by attackers, and a terminal obeys
/// escape sequences.
pub fn harmless(text: &str) -> String {
    text.chars()
        .flat_map(|c| if c.is_control() { c.escape_default().collect::<Vec<_>>() } else { vec![c] })
        .collect()
}

/// `90` seconds as `1m30s`, nothing as `forever`.
pub fn span(seconds: Option<u64>) -> String {
    let Some(mut rest) = seconds else { return "forever".to_owned() };
    if rest == 0 {
        return "0s".to_owned();
    }
    let mut out = String::new();
    for (unit, length) in [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)] {
        if rest >= length {
            let _ = write!(out, "{}{unit}", rest / length);
            rest %= length;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let rows = vec![vec!["192.0.2.1".to_owned(), "x".to_owned()], vec!["a".to_owned(), "y".to_owned()]];
        assert_eq!(table(&["who", "what"], &rows), "who        what\n192.0.2.1  x\na          y\n");
    }

    #[test]
    fn spans_and_escapes() {
        assert_eq!(
            (span(Some(90)), span(Some(86_400)), span(None)),
            ("1m30s".into(), "1d".into(), "forever".into())
        );
        assert_eq!(harmless("a\x1b[31mb"), "a\\u{1b}[31mb");
    }
}
