//! The trees that `status`, `status JAIL` and `status --all` print. The tab behind each name is part of them. It refuses to know what the branches are called.

use super::{Failed, Page, Said, each, items};
use crate::repr::str;
use crate::value::Value;

impl Page<'_> {
    pub(super) fn status(&mut self) -> Result<(), Failed> {
        let jail = self.command.get(1);
        // An answer of another shape leaves the head.
        let head = jail.map_or_else(|| "Status".to_owned(), |jail| format!("Status for the jail: {jail}"));
        self.said = Said::Lines(vec![head]);
        let answer = each(self.reply)?;
        match (jail, answer.split_last()) {
            (None, _) => self.overview(&answer, &[]),
            (Some(&"--all"), Some((Value::Dict(jails), server))) => {
                self.said = Said::Lines(vec!["Status".to_owned()]);
                self.overview(server, jails)
            }
            (Some(_), _) => self.tree(self.reply, ""),
        }
    }

    /// The server, and since 1.1.0 all of its jails if they are asked for.
    fn overview(&mut self, branches: &[Value], jails: &[(Value, Value)]) -> Result<(), Failed> {
        for (index, branch) in branches.iter().enumerate() {
            let last = jails.is_empty() && index + 1 == branches.len();
            let (name, inner) = named(branch)?;
            self.line(format!("{} {}:\t{}", sign(last), str(&name), leaf(&inner.ok_or(Failed)?)));
        }
        if !jails.is_empty() {
            self.line("`- Status for the jails:".to_owned());
        }
        for (index, (name, jail)) in jails.iter().enumerate() {
            let last = index + 1 == jails.len();
            self.line(format!("   {} Jail: {}", sign(last), str(name)));
            self.tree(jail, if last { "      " } else { "   |  " })?;
        }
        Ok(())
    }

    /// A jail, behind `indent`.
    fn tree(&mut self, jail: &Value, indent: &str) -> Result<(), Failed> {
        let branches = each(jail)?;
        for (index, branch) in branches.iter().enumerate() {
            let last = index + 1 == branches.len();
            let (name, inner) = named(branch)?;
            self.line(format!("{indent}{} {}", sign(last), str(&name)));
            let further = if last { "   " } else { "|  " };
            let leaves = each(&inner.ok_or(Failed)?)?;
            for (index, branch) in leaves.iter().enumerate() {
                let sign = sign(index + 1 == leaves.len());
                let (name, inner) = named(branch)?;
                self.line(format!(
                    "{indent}{further}{sign} {}:\t{}",
                    str(&name),
                    leaf(&inner.ok_or(Failed)?)
                ));
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

fn sign(is_last: bool) -> &'static str {
    if is_last { "`-" } else { "|-" }
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
