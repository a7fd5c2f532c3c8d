//! A command with everything put in: a text for the shell and the variables beside it. What comes from a log stands in the variables only.

use event::limit::FAIL2BAN_ACTION_BYTES;

use crate::fault::Fault;
use crate::info::{Info, Told, group};
use crate::shell::{Place, Shell};
use crate::tag;

/// What is run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// The shell's text.
    pub text: String,
    /// What goes to it by environment.
    pub variables: Vec<(String, String)>,
    /// Tags that stand where the shell puts nothing in.
    pub unread: Vec<String>,
}

impl Script {
    /// Puts the tags of a ban into a command that has its properties. `further` knows tags that every command may have.
    pub fn new<'a>(
        command: &str,
        info: &dyn Info,
        further: impl Fn(&str) -> Option<&'a str>,
    ) -> Result<Self, Fault> {
        let mut made = Self::default();
        let mut shell = Shell::new();
        let guards_mail = mail_reads_tildes(command);
        let mut at = 0;
        let mut next = tag::next(command, 0);
        while at < command.len() {
            if let Some((_, end)) = next.filter(|(start, _)| *start == at) {
                let name = tag::name(command, (at, end));
                let told = info.get(name).or_else(|| further(name).map(|text| Told::Plain(text.to_owned())));
                next = tag::next(command, end);
                if let Some(told) = told {
                    made.put(name, told, &mut shell, guards_mail)?;
                    at = end;
                    continue;
                }
            }
            // A tag that nobody knows is the shell's: `<file>` reads one.
            let taken = step(&mut shell, &command[at..], name_of(next, command))?;
            made.text.push_str(&command[at..at + taken]);
            at += taken;
            // What ends or announces a here-document may have gone past a tag in it.
            if next.is_some_and(|(start, _)| start < at) {
                next = tag::next(command, at);
            }
        }
        shell.end().map_err(|place| Fault::Unsafe { tag: "matches".to_owned(), place })?;
        if made.text.len() > FAIL2BAN_ACTION_BYTES {
            return Err(Fault::TooLong);
        }
        Ok(made)
    }

    fn put(&mut self, tag: &str, told: Told, shell: &mut Shell, guards_mail: bool) -> Result<(), Fault> {
        let value = match told {
            Told::Plain(text) => {
                let mut at = 0;
                while at < text.len() {
                    at += step(shell, &text[at..], tag.to_owned())?;
                }
                self.text.push_str(&text);
                return Ok(());
            }
            Told::Foreign(value) => value,
        };
        let begins_argument = shell.begins_argument();
        let place = shell.variable().map_err(|place| Fault::Unsafe { tag: tag.to_owned(), place })?;
        let name = variable(tag);
        match place {
            Place::Bare => self.text.push_str(&format!("\"${{{name}}}\"")),
            Place::Quoted => self.text.push_str(&format!("${{{name}}}")),
            Place::Literal => {
                self.text.push_str(&format!("${name}"));
                self.unread.push(tag.to_owned());
            }
            Place::Comment => self.text.push_str(&name),
        }
        let at = self.variables.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
            self.variables.push((name, clean(value, guards_mail)));
            self.variables.len() - 1
        });
        let held = &mut self.variables[at].1;
        if begins_argument && held.starts_with('-') {
            held.replace_range(..1, "_");
        }
        Ok(())
    }
}

fn step(shell: &mut Shell, rest: &str, tag: String) -> Result<usize, Fault> {
    shell.step(rest).map_err(|place| Fault::Unsafe { tag, place })
}

fn name_of(tag: Option<(usize, usize)>, command: &str) -> String {
    tag.map_or("matches", |tag| tag::name(command, tag)).to_owned()
}

/// The variable of a tag, named as fail2ban names it.
fn variable(tag: &str) -> String {
    let lower = tag.strip_prefix("F-").map(|name| format!("F_{}", group(name)));
    let plain: String = lower
        .as_deref()
        .unwrap_or(tag)
        .chars()
        .map(|one| if one.is_ascii_alphanumeric() || one == '_' { one } else { '_' })
        .collect();
    format!("f2bV_{plain}")
}

/// An environment takes no NUL and no text of any length.
fn clean(mut value: String, guards_mail: bool) -> String {
    if value.contains('\0') {
        value = value.replace('\0', "\u{fffd}");
    }
    if guards_mail {
        // A `\` could become a `~` or a new line on the way, by printf.
        value = value.replace(['~', '\\'], "_");
    }
    value.truncate(value.floor_char_boundary(FAIL2BAN_ACTION_BYTES));
    value
}

/// Whether the command runs a `mail` that takes lines beginning with `~` for commands of its own (CVE-2021-32749).
pub fn mail_reads_tildes(command: &str) -> bool {
    const MAIL: [&str; 7] = ["mail", "mailx", "Mail", "nail", "s-nail", "heirloom-mailx", "mail.mailutils"];
    let mut words =
        command.split(|one: char| one.is_whitespace() || "|;&()'\"`".contains(one)).filter(|w| !w.is_empty());
    let runs = words.any(|word| MAIL.contains(&word.rsplit('/').next().unwrap_or(word)));
    runs && !command.contains("set escape")
}

#[cfg(test)]
mod tests;
