//! Prints who is banned.

use control::answer::Banned;

use crate::table::table;
use crate::{out, say};

/// All bans, as one JSON array or as a table.
pub fn print(rows: &[Banned], json: bool) {
    if json {
        out::json(&rows);
    } else if rows.is_empty() {
        say!("nobody is banned");
    } else {
        out::text(&render(rows));
    }
}

/// The table.
pub fn render(rows: &[Banned]) -> String {
    let cells = rows.iter().map(|row| {
        vec![
            row.address.clone(),
            row.jail.clone(),
            row.since.clone(),
            row.until.clone().unwrap_or_else(|| "forever".to_owned()),
            row.failures.to_string(),
            row.scope.clone(),
            row.reason.clone(),
        ]
    });
    table(&["ADDRESS", "JAIL", "SINCE", "UNTIL", "FAILURES", "SCOPE", "REASON"], &cells.collect::<Vec<_>>())
}
