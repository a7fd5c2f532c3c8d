//! A filter of fail2ban's written in our form, where that says the same: patterns that an automaton runs, behind the prefix of syslog. Anything
//! else is refused with its reason. Where the date stands in lines without that prefix, fail2ban finds out line by line; our form has to know.

use std::path::Path;

use filter::Filter;
use regex_syntax::hir::literal::Extractor;

use super::written::{literal, quoted};
use crate::complaint::Place;
use crate::filter_file::{self, FilterText};
use crate::jail::Jail;
use crate::lint::origin::Origin;
use crate::options::Spelled;
use crate::pattern::python;
use crate::pattern::render::{Target, needs_backtracking, render_ascii};
use crate::pattern::syntax::{Node, Place as At};
use crate::pattern::tags::{self, Names};

/// Stands for `%(__prefix_line)s`, and for an address: characters that nobody writes.
const PREFIX: char = '\u{e000}';
const HOST: char = '\u{e001}';

/// How an automaton's text says a character that it does not have.
const NO_BYTE: &str = r"[^\x00-\xff]";

/// Why a filter cannot be written in our form: where, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The line, if it is about one.
    pub place: Option<Place>,
    /// Why.
    pub why: String,
}

/// The text of the filter file `name`.
pub fn translate(folder: &Path, jail: &Jail, name: &str, service: &str) -> Result<String, Refused> {
    let of_file = |why: &str| Refused { place: None, why: why.to_owned() };
    let own = jail.filter.as_ref().ok_or_else(|| of_file("it has no filter"))?;
    let spelled = jail.options.get("filter").and_then(|text| Spelled::parse(text).ok());
    let mut spelled = spelled.ok_or_else(|| of_file("its patterns stand in the jail"))?;
    if ["failregex", "ignoreregex", "prefregex"].iter().any(|option| jail.options.contains_key(*option)) {
        return Err(of_file("patterns that stand in the jail are put over those of the filter"));
    }
    if own.maxlines > 1 {
        return Err(of_file("its patterns span several lines"));
    }
    spelled.options.push(("__prefix_line".to_owned(), PREFIX.to_string()));
    let base = format!("filter.d/{}", spelled.name);
    let (filter, _) = filter_file::read_base(folder, &base, &spelled, false)
        .map_err(|_| of_file("its files cannot be read"))?;
    let (conf, _) =
        filter_file::open(folder, &spelled, &jail.place).map_err(|_| of_file("its files cannot be read"))?;
    let programs = crate::lint::jails::service(&conf).and_then(|daemon| names_of(&daemon));
    let programs =
        programs.ok_or_else(|| of_file("it does not say by name whose lines of syslog it reads"))?;
    let origin = Origin::of(&[&conf]);
    let patterns = Patterns { filter: &filter, own, origin: &origin };
    let mut text = format!(
        "# Made of fail2ban's filter.d/{}.conf.\ntitle = {}\nservice = {}\nprefix = \"syslog\"\nprograms = [{}]\n",
        spelled.name,
        quoted(&format!("{} (from fail2ban)", spelled.name)),
        quoted(service),
        programs.iter().map(|program| quoted(program)).collect::<Vec<_>>().join(", ")
    );
    text.push_str(&patterns.all()?);
    Filter::parse(name, &text).map_err(|wrong| Refused { place: None, why: wrong.to_string() })?;
    Ok(text)
}

/// The names that a `_daemon` may be. None: they are no list.
fn names_of(daemon: &str) -> Option<Vec<String>> {
    let hir = regex_syntax::ParserBuilder::new().build().parse(daemon).ok()?;
    let sequence = Extractor::new().extract(&hir);
    let literals = sequence.literals().filter(|_| sequence.is_exact())?;
    let names: Vec<String> =
        literals.iter().filter_map(|one| String::from_utf8(one.as_bytes().to_vec()).ok()).collect();
    let plain = |name: &String| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
    };
    (!names.is_empty() && names.iter().all(plain)).then_some(names)
}

struct Patterns<'a> {
    /// With `PREFIX` in the place of the prefix.
    filter: &'a FilterText,
    /// As it is.
    own: &'a FilterText,
    origin: &'a Origin,
}

impl Patterns<'_> {
    fn all(&self) -> Result<String, Refused> {
        let behind_prefix = match self.filter.prefregex.as_deref() {
            None => false,
            Some(prefix) if prefix == format!("^{PREFIX}<F-CONTENT>.+</F-CONTENT>$") => true,
            Some(_) => {
                return Err(self.refused(
                    self.own.prefregex.as_ref(),
                    "its prefregex says more than the prefix of syslog",
                ));
            }
        };
        let mut text = String::new();
        for (index, source) in self.filter.failregex.iter().enumerate() {
            let refused = |why: &str| self.refused(self.own.failregex.get(index), why);
            let rest = match source.strip_prefix(&format!("^{PREFIX}")) {
                Some(rest) => format!("^{rest}"),
                None if behind_prefix => source.clone(),
                None => return Err(refused("it does not begin with the prefix of syslog")),
            };
            let pattern = pattern(&rest).map_err(refused)?;
            if pattern.matches("<HOST>").count() != 1 {
                return Err(refused("it does not name exactly one address"));
            }
            text.push_str(&format!(
                "\n[[failure]]\nname = \"failregex-{}\"\npattern = {}\n",
                index + 1,
                literal(&pattern)
            ));
        }
        for (index, source) in self.filter.ignoreregex.iter().enumerate() {
            let rest = source
                .strip_prefix(&format!("^{PREFIX}"))
                .map_or_else(|| source.clone(), |rest| format!("^{rest}"));
            let pattern = pattern(&rest).map_err(|why| self.refused(self.own.ignoreregex.get(index), why))?;
            text.push_str(&format!(
                "\n[[ignore]]\nname = \"ignoreregex-{}\"\npattern = {}\n",
                index + 1,
                literal(&pattern)
            ));
        }
        Ok(text)
    }

    fn refused(&self, pattern: Option<&String>, why: &str) -> Refused {
        Refused { place: pattern.and_then(|pattern| self.origin.place(pattern, false)), why: why.to_owned() }
    }
}

/// A pattern of Python's as one of ours: what it may leave open at its ends is written out, and only the address is taken.
fn pattern(source: &str) -> Result<String, &'static str> {
    let marked =
        ["<HOST>", "<ADDR>"].iter().fold(source.to_owned(), |text, tag| text.replace(tag, &HOST.to_string()));
    if marked.chars().any(|c| !c.is_ascii() && c != HOST) {
        return Err("it has other characters than those of ASCII, or its prefix is not at its start");
    }
    let resolved = tags::localise_flags(&tags::resolve(&marked, Names::Skip));
    let parsed = python::parse(&resolved, false).map_err(|_| "it cannot be read")?;
    if needs_backtracking(&parsed.root, true) {
        return Err("it looks around or back, which no automaton can do");
    }
    let told = ["ip4", "ip6", "dns", "fid", "mlfid", "nofail", "mlfforget", "mlfgained"];
    if parsed.names.iter().flatten().any(|name| told.contains(&name.as_str()) || name.starts_with("mlf")) {
        return Err("it puts several lines together, or names somebody otherwise than by <HOST>");
    }
    let mut nodes = crate::lint::flat_parts(parsed.root);
    let starts = nodes.first() == Some(&Node::At(At::Start));
    let ends = matches!(nodes.last(), Some(Node::At(At::End | At::Finish)));
    if starts {
        nodes.remove(0);
    }
    if ends {
        nodes.pop();
    }
    let body = render_ascii(&Node::Concat(nodes), Target::Loose, true);
    let (before, behind) = (if starts { "^" } else { "^.*?" }, if ends { "$" } else { ".*$" });
    Ok(format!("{before}{}{behind}", readable(&body.replace(NO_BYTE, "<HOST>"))))
}

/// `\x{3a}` as `:`, `\x{2e}` as `\.`: where a character needs no number.
fn readable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(r"\x{") {
        out.push_str(&rest[..at]);
        let Some(end) = rest[at..].find('}') else { break };
        let number = u32::from_str_radix(&rest[at + 3..at + end], 16).ok().and_then(char::from_u32);
        match number {
            Some(c) if ":;,=/@!%_'\"".contains(c) || c.is_ascii_alphanumeric() => out.push(c),
            Some(c) if c.is_ascii_punctuation() && !"<>".contains(c) => out.extend(['\\', c]),
            _ => out.push_str(&rest[at..=at + end]),
        }
        rest = &rest[at + end + 1..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_say_the_same_in_our_form() {
        let made = pattern(r"^bad user <F-USER>\S+</F-USER>, from '<HOST>'\.$").unwrap();
        assert!(made.starts_with("^(?:bad user ") && made.ends_with(r", from '<HOST>'\.)$"), "{made}");
        assert!(
            pattern("bad <HOST>").unwrap().starts_with("^.*?")
                && pattern("bad <HOST>").unwrap().ends_with(".*$")
        );
        assert!(pattern(r"^(?!x)bad <HOST>$").is_err());
        assert!(pattern(r"^<F-MLFID>\d+</F-MLFID> bad <HOST>$").is_err());
        assert_eq!(names_of("sshd(?:-session)?").unwrap(), ["sshd-session", "sshd"]);
        assert_eq!(names_of("(?:a|b)"), Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(names_of(r"\S*"), None);
    }
}
