//! The simple commands of a shell script: the words of each, and the files that it writes. The text is followed as the shell will read it; nothing
//! is run, and no variable is filled in. What it refuses is to be the base of a change of that text: it is good enough to tell what is there.

use std::collections::{BTreeMap, BTreeSet};

use event::limit;

/// What stands before a command without being one.
const RESERVED: [&str; 14] =
    ["if", "then", "elif", "else", "fi", "while", "until", "do", "done", "esac", "{", "}", "!", "time"];

/// All commands of a script, those in brackets, quotes and backticks too.
#[derive(Debug, Default)]
pub struct Script {
    pub commands: Vec<Simple>,
    /// What variables are set to, by their names.
    pub variables: BTreeMap<String, String>,
    pub functions: BTreeSet<String>,
}

/// A program and its arguments.
#[derive(Debug, Default)]
pub struct Simple {
    /// Without their quotes; `$` stands for what a command puts in.
    pub words: Vec<String>,
    /// The files behind `>` and `>>`.
    pub written: Vec<String>,
}

impl Script {
    /// Reads a script.
    pub fn read(text: &str) -> Self {
        let mut reader = Reader { rest: text, depth: 0, documents: Vec::new(), script: Self::default() };
        while !reader.rest.is_empty() {
            // A bracket that nothing has opened closes nothing.
            reader.commands(None);
        }
        reader.script
    }
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
    /// The ends of here-documents that begin behind this line.
    documents: Vec<String>,
    script: Script,
}

/// A command so far.
#[derive(Default)]
struct Open {
    simple: Simple,
    word: Option<String>,
    /// What comes next names a file.
    target: Option<Target>,
    /// What comes next is a pattern of `case`.
    is_pattern: bool,
}

#[derive(Clone, Copy)]
enum Target {
    Read,
    Written,
}

impl Reader<'_> {
    /// Commands up to a bracket or backtick, or to the end.
    fn commands(&mut self, until: Option<char>) {
        self.depth += 1;
        let mut open = Open::default();
        while let Some(one) = self.take() {
            if self.depth > limit::FAIL2BAN_SHELL_DEPTH {
                self.rest = "";
                break;
            }
            match one {
                ' ' | '\t' | '\r' => open.end_word(),
                ')' if open.is_in_pattern() => open.end_pattern(),
                '|' if open.is_in_pattern() => open.end_word(),
                _ if Some(one) == until => break,
                ')' => self.end_command(&mut open),
                '\n' => {
                    self.end_command(&mut open);
                    self.skip_documents();
                }
                ';' => {
                    let ends_case = self.skip(";");
                    self.end_command(&mut open);
                    open.is_pattern |= ends_case;
                }
                '|' | '&' => self.end_command(&mut open),
                '(' if open.names_function() && self.skip(")") => {
                    self.script.functions.extend(open.word.take().or_else(|| open.simple.words.pop()));
                }
                '(' => {
                    self.end_command(&mut open);
                    self.commands(Some(')'));
                }
                '#' if open.word.is_none() => {
                    self.rest = &self.rest[self.rest.find('\n').unwrap_or(self.rest.len())..];
                }
                '<' | '>' => self.redirection(one, &mut open),
                _ => self.part(one, open.word.get_or_insert_default()),
            }
        }
        self.end_command(&mut open);
        self.depth -= 1;
    }

    /// A part of a word.
    fn part(&mut self, one: char, word: &mut String) {
        match one {
            '\'' => word.push_str(self.up_to('\'')),
            '"' => {
                while let Some(one) = self.take().filter(|one| *one != '"') {
                    match one {
                        '\\' => word.extend(self.take()),
                        _ => self.expansion(one, word),
                    }
                }
            }
            '\\' => word.extend(self.take().filter(|one| *one != '\n')),
            _ => self.expansion(one, word),
        }
    }

    /// What is put in both in quotes and outside of them.
    fn expansion(&mut self, one: char, word: &mut String) {
        word.push(one);
        match one {
            '`' => {
                word.pop();
                word.push('$');
                self.commands(Some('`'));
            }
            '$' if self.skip("((") => drop(self.up_to_text("))")),
            '$' if self.skip("(") => self.commands(Some(')')),
            '$' if self.skip("{") => {
                let name = self.up_to('}');
                word.push_str(name);
            }
            _ => {}
        }
    }

    fn redirection(&mut self, one: char, open: &mut Open) {
        if one == '<' {
            if let Some(length) = tag(self.rest) {
                let word = open.word.get_or_insert_default();
                word.push('<');
                word.push_str(&self.rest[..length]);
                self.rest = &self.rest[length..];
                return;
            }
            open.end_word();
            if self.skip("<<") {
                open.target = Some(Target::Read);
            } else if self.skip("<") {
                self.announce_document();
            } else if self.skip("(") {
                self.commands(Some(')'));
            } else {
                open.target = Some(Target::Read);
            }
            return;
        }
        // In `2>` the number is no word.
        open.word.take_if(|word| word.bytes().all(|one| one.is_ascii_digit()));
        open.end_word();
        self.skip(">");
        let is_number =
            self.skip("&") && self.rest.starts_with(|one: char| one.is_ascii_digit() || one == '-');
        self.skip("|");
        open.target = Some(if is_number { Target::Read } else { Target::Written });
    }

    fn announce_document(&mut self) {
        self.skip("-");
        self.rest = self.rest.trim_start_matches([' ', '\t']);
        let end = self.rest.find(|one: char| one.is_whitespace() || ";&|()<>".contains(one));
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.documents.push(word.chars().filter(|one| !"'\"\\".contains(*one)).collect());
        self.rest = rest;
    }

    fn skip_documents(&mut self) {
        for end in std::mem::take(&mut self.documents) {
            while !self.rest.is_empty() && self.up_to('\n').trim_start_matches('\t') != end {}
        }
    }

    /// `;`, `&`, `|`, a bracket, a line's end.
    fn end_command(&mut self, open: &mut Open) {
        open.end_word();
        if open.is_in_pattern() {
            return;
        }
        let Simple { mut words, written } = std::mem::take(&mut open.simple);
        let mut begun = 0;
        for word in &words {
            if let Some((name, value)) = assignment(word) {
                self.script.variables.insert(name.to_owned(), value.to_owned());
            } else if !RESERVED.contains(&word.as_str()) {
                break;
            }
            begun += 1;
        }
        words.drain(..begun);
        // What `for` goes through are no programs.
        if words.first().is_some_and(|word| ["for", "select"].contains(&word.as_str())) {
            words.clear();
        }
        if !words.is_empty() || !written.is_empty() {
            self.script.commands.push(Simple { words, written });
        }
    }

    fn take(&mut self) -> Option<char> {
        let one = self.rest.chars().next()?;
        self.rest = &self.rest[one.len_utf8()..];
        Some(one)
    }

    fn skip(&mut self, text: &str) -> bool {
        let found = self.rest.strip_prefix(text);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }
}

impl<'a> Reader<'a> {
    fn up_to(&mut self, end: char) -> &'a str {
        self.up_to_text(end.encode_utf8(&mut [0; 4]))
    }

    fn up_to_text(&mut self, end: &str) -> &'a str {
        let (text, rest) = self.rest.split_once(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        text
    }
}

impl Open {
    fn end_word(&mut self) {
        let Some(word) = self.word.take() else { return };
        match self.target.take() {
            Some(Target::Written) => self.simple.written.push(word),
            Some(Target::Read) => {}
            None => {
                self.is_pattern &= word != "esac";
                self.simple.words.push(word);
            }
        }
    }

    /// Behind `case WORD in`, or behind `;;`.
    fn is_in_pattern(&self) -> bool {
        let begun = self.simple.words.iter().find(|word| !RESERVED.contains(&word.as_str()));
        self.is_pattern && self.word.as_deref() != Some("esac") || begun.is_some_and(|word| word == "case")
    }

    fn end_pattern(&mut self) {
        *self = Self::default();
    }

    /// `name()`
    fn names_function(&self) -> bool {
        self.simple.words.len() + usize::from(self.word.is_some()) == 1
    }
}

/// How long a tag is, behind its `<`.
fn tag(rest: &str) -> Option<usize> {
    let mut open = 1;
    if !rest.starts_with(|one: char| one.is_ascii_alphabetic() || one == '_' || one == '<') {
        return None;
    }
    for (at, one) in rest.char_indices().take(limit::FAIL2BAN_TAG_CHARS) {
        match one {
            '<' => open += 1,
            '>' if open == 1 => return Some(at + 1),
            '>' => open -= 1,
            _ if one.is_ascii_alphanumeric() || "_-./?=".contains(one) => {}
            _ => return None,
        }
    }
    None
}

/// `NAME=value`
fn assignment(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let is_name = name.starts_with(|one: char| one.is_ascii_alphabetic() || one == '_')
        && name.bytes().all(|one| one.is_ascii_alphanumeric() || one == b'_');
    is_name.then_some((name, value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_stands_there_is_read_to_its_end(pieces in prop::collection::vec(
            prop::sample::select(vec![
                "case", "esac", "in", "for", " ", "\n", ";", ";;", "|", "&", "(", ")", "{", "}", "'", "\"", "`", "$(", "$((", "))", "${", "\\", "#",
                "<", "<<", "<<<", "<a>", ">", ">>", ">&", "1", "END", "x=y", "mail", "é",
            ]),
            0..60,
        )) {
            let script = Script::read(&pieces.concat());
            prop_assert!(script.commands.iter().all(|one| !one.words.is_empty() || !one.written.is_empty()));
        }
    }

    #[test]
    fn words_are_those_that_a_shell_makes() {
        let of = |text: &str| {
            let words = Script::read(text).commands.into_iter().map(|one| one.words.join("|"));
            words.collect::<Vec<_>>().join(" / ")
        };
        assert_eq!(of("a 'b c' \"d \\\" e\"f\\ g"), "a|b c|d \" ef g");
        assert_eq!(of("a <ip> <F-<x>> <in >out 2>&1 b"), "a|<ip>|<F-<x>>|b");
        assert_eq!(of("x=1 y=2 a; ! b && { c; }"), "a / b / c");
        assert_eq!(of("a $(b \"`c`\") d"), "c / b|$ / a|$|d");
        assert_eq!(of("case $x in a|b) c;; *) d;; esac; e"), "c / d / e");
        assert_eq!(of("a <<-E\nb\n\tE\nc"), "a / c");
    }
}
