//! Reads `NAME.samples`: lines that a filter must and must not match. Its shape stands in `docs/filters.md`.

/// A line and what it must give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample<'t> {
    /// Line number in the file.
    pub number: usize,
    /// What the line must give.
    pub wanted: Wanted<'t>,
    /// The log line.
    pub line: &'t str,
}

/// What a line must give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted<'t> {
    /// `failure`, `success`, `ignored` or `missed`.
    pub verdict: &'t str,
    /// The address.
    pub host: Option<&'t str>,
    /// The account.
    pub user: Option<&'t str>,
    /// `proven` or `claimed`.
    pub proof: Option<&'t str>,
    /// Name of the pattern.
    pub pattern: Option<&'t str>,
    /// RFC 3339.
    pub time: Option<&'t str>,
    /// How many the line stands for.
    pub count: Option<&'t str>,
}

/// A samples file, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Samples<'t> {
    /// The samples in order.
    pub samples: Vec<Sample<'t>>,
    /// Texts of the peer's lines that we judge differently, on purpose.
    pub differs: Vec<&'t str>,
}

/// Reads a samples file; an error names the line and what was expected there.
pub fn parse(text: &str) -> Result<Samples<'_>, String> {
    let mut file = Samples::default();
    let mut wanted = None;
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        if let Some(differs) = line.strip_prefix("> differs ") {
            file.differs.push(differs);
        } else if let Some(header) = line.strip_prefix("> ") {
            wanted = Some(read_wanted(header).map_err(|wrong| format!("line {number}: {wrong}"))?);
        } else if !line.trim().is_empty() && !line.starts_with('#') {
            let wanted = wanted
                .ok_or(format!("line {number}: a log line before any '> failure ADDRESS' or '> missed'"))?;
            file.samples.push(Sample { number, wanted, line });
        }
    }
    Ok(file)
}

const KEYS: [&str; 5] = ["user", "proof", "pattern", "time", "count"];

fn read_wanted(header: &str) -> Result<Wanted<'_>, String> {
    let (verdict, rest) = header.split_once(' ').unwrap_or((header, ""));
    if !["failure", "success", "ignored", "missed"].contains(&verdict) {
        return Err(format!(
            "'{verdict}' is not a verdict; write failure, success, ignored, missed or differs"
        ));
    }
    let names_host = !rest.is_empty() && !KEYS.iter().any(|key| rest.starts_with(&format!("{key}=")));
    let (host, rest) = match rest.split_once(' ') {
        Some((host, rest)) if names_host => (Some(host), rest),
        None if names_host => (Some(rest), ""),
        _ => (None, rest),
    };
    if host.is_none() && matches!(verdict, "failure" | "success") {
        return Err(format!("'> {verdict}' needs an address"));
    }
    let value = |key: &str| value_of(rest, key);
    Ok(Wanted {
        verdict,
        host,
        user: value("user"),
        proof: value("proof"),
        pattern: value("pattern"),
        time: value("time"),
        count: value("count"),
    })
}

/// The text behind `key=`, up to the next key.
fn value_of<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let start = find_key(text, key)?;
    let rest = &text[start..];
    let end = KEYS.iter().filter_map(|key| rest.find(&format!(" {key}="))).min().unwrap_or(rest.len());
    Some(&rest[..end])
}

fn find_key(text: &str, key: &str) -> Option<usize> {
    let key = format!("{key}=");
    if text.starts_with(&key) {
        return Some(key.len());
    }
    text.find(&format!(" {key}")).map(|at| at + 1 + key.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read() {
        let file = parse(
            "# c\n> failure 192.0.2.1 user=a b proof=claimed\nline\n\n> missed\nother\n> differs x y\n",
        )
        .unwrap();
        assert_eq!(file.samples.len(), 2);
        let wanted = file.samples[0].wanted;
        assert_eq!(
            (wanted.host, wanted.user, wanted.proof),
            (Some("192.0.2.1"), Some("a b"), Some("claimed"))
        );
        assert_eq!(file.samples[1].wanted.verdict, "missed");
        assert_eq!(file.differs, ["x y"]);
        assert!(parse("x").is_err());
        assert!(parse("> failure\nx").is_err());
        assert!(parse("> maybe\nx").is_err());
    }
}
