//! The table that `statistics` prints since fail2ban 1.1.0. It refuses to know what is counted.

use super::{Failed, Page, Said, each, items};
use crate::repr::str;
use crate::value::Value;

/// Columns are at least so wide, as fail2ban has them: jail, backend, and twice how many now and in all.
const LEAST: [usize; 6] = [8, 8, 3, 3, 3, 3];

impl Page<'_> {
    pub(super) fn statistics(&mut self) -> Result<(), Failed> {
        let Value::Dict(jails) = self.reply else { return Err(Failed) };
        let rows = jails.iter().map(|(name, told)| row(name, told)).collect::<Result<Vec<_>, _>>()?;
        if rows.is_empty() {
            return Err(Failed);
        }
        let wide = |at: usize| {
            let lengths = rows.iter().map(|row| row[at].chars().count());
            lengths.max().unwrap_or(0).max(LEAST[at])
        };
        let [jail, backend, found, found_all, banned, banned_all] = [0, 1, 2, 3, 4, 5].map(wide);
        let whole = [jail, backend, 3 + found + found_all, 3 + banned + banned_all];
        let rule = |between: &str| whole.map(|wide| "═".repeat(wide)).join(between) + "═";
        let line = |cells: [&str; 6]| {
            let [one, two, three, four, five, six] = cells;
            format!(
                "{one:<jail$} ║ {two:<backend$} ║ {three:>found$} │ {four:>found_all$} ║ {five:>banned$} │ {six:>banned_all$}"
            )
        };
        let [_, _, filter, actions] = whole;
        let mut lines = vec![
            format!("{:<jail$} ║ {:<backend$} ║ {:<filter$} ║ {:<actions$}", "", "", "Filter", "Actions"),
            format!(
                "{:<jail$} ║ {:<backend$} ╟─{}─╫─{}─",
                "Jail",
                "Backend",
                "─".repeat(filter),
                "─".repeat(actions)
            ),
            line(["", "", "cur", "tot", "cur", "tot"]),
            rule("═╬═"),
        ];
        lines.extend(rows.iter().map(|row| line([0, 1, 2, 3, 4, 5].map(|at| row[at].as_str()))));
        lines.push(rule("═╩═"));
        self.said = Said::Lines(lines);
        Ok(())
    }
}

/// A jail's name, its backend, and two pairs of numbers.
fn row(name: &Value, told: &Value) -> Result<[String; 6], Failed> {
    let told = each(told)?;
    let [backend, found, banned] = told.as_slice() else { return Err(Failed) };
    let mut cells = vec![str(name), str(backend)];
    for pair in [found, banned] {
        cells.extend(items(pair)?.iter().map(str));
    }
    cells.try_into().map_err(|_| Failed)
}
