//! The trees that `status` and `status JAIL` print. The tab behind each name is part of them. It refuses to know what the branches are called.

use super::{Failed, Page, Said, each, items};
use crate::repr::str;
use crate::value::Value;

impl Page<'_> {
    pub(super) fn status(&mut self) -> Result<(), Failed> {
        let jail = self.command.get(1);
        let head = jail.map_or_else(|| "Status".to_owned(), |jail| format!("Status for the jail: {jail}"));
        self.said = Said::Lines(vec![head]);
        let branches = each(self.reply)?;
        for (index, branch) in branches.iter().enumerate() {
            let last = index + 1 == branches.len();
            let sign = if last { "`-" } else { "|-" };
            let (name, inner) = named(branch)?;
            if jail.is_none() {
                let inner = inner.ok_or(Failed)?;
                self.line(format!("{sign} {}:\t{}", str(&name), leaf(&inner)));
                continue;
            }
            self.line(format!("{sign} {}", str(&name)));
            let indent = if last { "   " } else { "|  " };
            let leaves = each(&inner.ok_or(Failed)?)?;
            for (index, branch) in leaves.iter().enumerate() {
                let sign = if index + 1 == leaves.len() { "`-" } else { "|-" };
                let (name, inner) = named(branch)?;
                self.line(format!("{indent}{sign} {}:\t{}", str(&name), leaf(&inner.ok_or(Failed)?)));
            }
        }
        Ok(())
    }

    fn line(&mut self, line: String) {
        if let Said::Lines(lines) = &mut self.said {
            lines.push(line);
        }
    }
}

/// A name and what it has, which may be missing until it is asked for.
fn named(value: &Value) -> Result<(Value, Option<Value>), Failed> {
    let mut parts = items(value)?.into_iter();
    Ok((parts.next().ok_or(Failed)?, parts.next()))
}

/// A list stands with spaces between its entries, anything else as it is.
fn leaf(value: &Value) -> String {
    match value {
        Value::List(values) => values.iter().map(str).collect::<Vec<_>>().join(" "),
        other => str(other),
    }
}
