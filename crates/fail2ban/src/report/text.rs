//! The report itself, line for line as fail2ban prints it: other programs read it too. It refuses to count.

use event::Moment;

use super::{Kept, Trial, Tried};

impl Trial {
    /// The report. `seconds` is how long it took; None leaves the line out. What has no date is shown with `now`.
    pub fn report(&self, seconds: Option<f64>, now: Moment) -> String {
        if self.ask.out.is_some() {
            return String::new();
        }
        let mut out = "\nResults\n=======\n".to_owned();
        if let Some(regex) = &self.prefregex {
            out += &format!("\nPrefregex: {} total\n", self.prefix_hits);
            let mut lines = vec![regex.clone()];
            lines.extend(self.prefix_shown.iter().map(|groups| format!("    {groups}")));
            out += &listed(None, &lines);
        }
        out += &self.regexes("Failregex", &self.failregex, now);
        out += &self.regexes("Ignoreregex", &self.ignoreregex, now);
        if self.dated {
            out += &self.dates();
        }
        let (ignored, matched, missed) = (self.ignored.count, self.matched.count, self.missed.count);
        out += &format!(
            "\nLines: {} lines, {ignored} ignored, {matched} matched, {missed} missed\n",
            self.tested
        );
        if let Some(seconds) = seconds {
            out += &format!("[processed in {seconds:.2} sec]\n");
        }
        out.push('\n');
        if self.ask.all_matched {
            out += &self.lines_of("matched", &self.matched, true);
        }
        if !self.ask.no_ignored {
            out += &self.lines_of("ignored", &self.ignored, self.ask.all_ignored);
        }
        if !self.ask.no_missed {
            out += &self.lines_of("missed", &self.missed, self.ask.all_missed);
        }
        out
    }

    fn dates(&self) -> String {
        let hits = self.judge.dates().hits().filter(|(hits, _)| self.ask.verbose > 0 || *hits > 0);
        let hits: Vec<String> = hits.map(|(hits, name)| format!("[{hits}] {name}")).collect();
        format!("\nDate template hits:\n{}", listed(Some("[# of hits] date format"), &hits))
    }

    fn regexes(&self, title: &str, regexes: &[Tried], now: Moment) -> String {
        let total: u64 = regexes.iter().map(|tried| tried.hits).sum();
        let mut lines = Vec::new();
        for (index, tried) in regexes.iter().enumerate() {
            if tried.hits == 0 && self.ask.verbose == 0 {
                continue;
            }
            lines.push(format!("{:2}) [{}] {}", index + 1, tried.hits, tried.regex));
            for (found, several) in &tried.shown {
                let who = found.who.as_deref().unwrap_or("None");
                let several = if *several { " (multiple regex matched)" } else { "" };
                lines.push(format!("    {who}  {}{several}", self.time(found.at.unwrap_or(now))));
            }
        }
        format!("\n{title}: {total} total\n{}", listed(Some(" #) [# of hits] regular expression"), &lines))
    }

    fn time(&self, at: Moment) -> String {
        // A moment comes from a date with a year of four digits, so it is within what can be shown.
        let at = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default();
        at.to_zoned(self.zone.clone()).strftime("%a %b %d %H:%M:%S %Y").to_string()
    }

    fn lines_of(&self, kind: &str, kept: &Kept, all: bool) -> String {
        if kept.count == 0 {
            return String::new();
        }
        let name = kind[..1].to_uppercase() + &kind[1..];
        if kept.count < self.printed || all {
            let lines: Vec<String> = kept.lines.iter().map(|line| line.trim_end().to_owned()).collect();
            return listed(Some(&format!("{name} line(s):")), &lines);
        }
        format!(
            "{name} line(s): too many to print.  Use --print-all-{kind} to print all {} lines\n",
            kept.count
        )
    }
}

/// A list in fail2ban's frame; nothing for an empty one.
fn listed(header: Option<&str>, lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let header = header.map_or_else(String::new, |header| format!("|- {header}\n"));
    format!("{header}|  {}\n`-\n", lines.join("\n|  "))
}
