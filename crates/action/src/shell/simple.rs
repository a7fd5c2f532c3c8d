//! One simple command as it is being read: its words so far, and whether a word of it may come from a log.

use super::Unsafe;

/// What stands before a command without being one.
const RESERVED: &str = "if then elif else fi while until do done { } ! time";

/// Programs that read what follows `-c`, `-e` and the like as their own language.
const INTERPRETERS: &str = "sh bash dash ash ksh mksh zsh fish csh tcsh busybox perl python python2 python3 ruby php node lua \
    tclsh guile R julia mysql mariadb psql mongosh gdb vim ed";

/// Programs that read any of their arguments so, or run them.
const READERS: &str = "eval source . trap let alias declare typeset ssh su runuser sed awk gawk mawk nawk sqlite3 expect batch at m4 \
    make find";

/// Programs that run the command behind them.
const WRAPPERS: &str = "sudo doas env nice ionice timeout nohup exec command builtin setsid stdbuf chroot unshare nsenter ip xargs \
    parallel time flock watch systemd-run";

fn is_in(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|one| one == word)
}

/// A command so far.
#[derive(Debug, Default)]
pub struct Simple {
    words: Vec<String>,
    word: Option<String>,
    is_target: bool,
    /// It reads what the command before it writes.
    is_piped: bool,
    /// A word of this line may come from a log.
    is_told: bool,
    /// The first program of this line that reads a language.
    program: Option<String>,
}

impl Simple {
    /// Whether a word has begun.
    pub fn is_in_word(&self) -> bool {
        self.word.is_some()
    }

    /// Whether what comes next is the beginning of a word behind the first.
    pub fn begins_argument(&self) -> bool {
        !self.words.is_empty() && self.word.as_ref().is_none_or(String::is_empty)
    }

    /// A word begins, if none has.
    pub fn begin_word(&mut self) {
        self.word.get_or_insert_default();
    }

    /// A character of a word.
    pub fn push(&mut self, one: char) {
        self.word.get_or_insert_default().push(one);
    }

    /// A variable is a part of the word.
    pub fn variable(&mut self) {
        self.is_told = true;
        self.push('$');
    }

    /// What comes next names a file.
    pub fn target(&mut self) {
        // In `2>` the number is no word.
        if self.word.as_ref().is_some_and(|word| word.bytes().all(|one| one.is_ascii_digit())) {
            self.word = None;
        }
        self.end_word();
        self.is_target = true;
    }

    /// A blank.
    pub fn end_word(&mut self) {
        let Some(word) = self.word.take() else { return };
        if std::mem::take(&mut self.is_target) {
            return;
        }
        let is_before = is_in(RESERVED, &word) || is_assignment(&word);
        if !(self.words.is_empty() && is_before) {
            self.words.push(word);
        }
    }

    /// `;`, `&`, `|`, a bracket. What is behind a pipe may read a log's text as its language.
    pub fn end_command(&mut self, is_pipe: bool) -> Result<(), Unsafe> {
        self.end_word();
        let program = self.reader();
        if self.program.is_none() {
            self.program.clone_from(&program);
        }
        let reads_text = self.words.iter().skip(1).all(|word| word.starts_with('-'));
        let wrong = program.filter(|_| self.is_piped && self.is_told && reads_text);
        self.words.clear();
        self.is_target = false;
        self.is_piped = is_pipe;
        wrong.map_or(Ok(()), |name| Err(Unsafe::Program(name)))
    }

    /// The end of the line, or of everything.
    pub fn end_line(&mut self, is_last: bool) -> Result<(), Unsafe> {
        // A line that ends in a pipe goes on.
        let goes_on = self.words.is_empty() && self.word.is_none() && self.is_piped && !is_last;
        self.end_command(goes_on)?;
        self.is_told &= goes_on;
        Ok(())
    }

    /// Which program of the line that has ended reads a language.
    pub fn take_program(&mut self) -> Option<String> {
        self.program.take()
    }

    /// Whether a variable with a log's text may stand here.
    pub fn judge(&self) -> Result<(), Unsafe> {
        if self.is_target {
            return Err(Unsafe::Target);
        }
        if self.words.is_empty() {
            let is_value = self.word.as_ref().is_some_and(|word| is_assignment(word));
            return if is_value { Ok(()) } else { Err(Unsafe::Command) };
        }
        let last = self.word.as_ref().filter(|word| is_option(word)).or(self.words.last());
        let names = self.programs();
        if let Some(name) = names.iter().find(|name| is_in(READERS, name)) {
            // `awk -v name=value` takes a value.
            let is_value = name.ends_with("awk") && self.words.last().is_some_and(|word| word == "-v");
            return if is_value { Ok(()) } else { Err(Unsafe::Program(name.clone())) };
        }
        let program = names.into_iter().find(|name| is_in(INTERPRETERS, name));
        match program {
            Some(name) if last.is_some_and(|word| takes_code(word)) => Err(Unsafe::Program(name)),
            _ => Ok(()),
        }
    }

    /// The program that runs; all words that may be one where another program runs it.
    fn programs(&self) -> Vec<String> {
        let name = |word: &String| word.rsplit('/').next().unwrap_or(word).to_owned();
        let Some(first) = self.words.first().map(name) else { return Vec::new() };
        if is_in(WRAPPERS, &first) {
            return self.words.iter().map(name).collect();
        }
        vec![first]
    }

    fn reader(&self) -> Option<String> {
        self.programs().into_iter().find(|name| is_in(READERS, name) || is_in(INTERPRETERS, name))
    }
}

fn is_assignment(word: &str) -> bool {
    let Some((name, _)) = word.split_once('=') else { return false };
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|one| one.is_ascii_alphabetic() || one == b'_')
        && bytes.all(|one| one.is_ascii_alphanumeric() || one == b'_')
}

fn is_option(word: &str) -> bool {
    word.len() > 1 && word.starts_with('-')
}

/// Whether the option, or what is written to it, is code.
fn takes_code(word: &str) -> bool {
    if word.starts_with("--") {
        return ["--eval", "--execute", "--command", "--print"].iter().any(|one| word.starts_with(one));
    }
    is_option(word) && word.contains(['c', 'e', 'E', 'r', 'x'])
}
