//! Where in a shell command a tag stands: bare, in quotes, in a here-document, in the text of another program. It follows the command as
//! the shell will read it and refuses to change a character of it.
//!
//! What it says decides how a variable is written, never whether a value is: no value of a log is part of the text. So where it is mistaken, a
//! variable is split into words or not put in, and nothing of it is run.

mod simple;
mod document;

use document::Document;
use simple::Simple;

/// How a variable must be written to be one word of the place where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In quotes of its own.
    Bare,
    /// As it is: in double quotes or in a here-document.
    Quoted,
    /// The shell puts nothing in here: in single quotes, in a here-document whose end is quoted.
    Literal,
    /// In a comment.
    Comment,
}

/// Where nothing of a log may stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsafe {
    /// Whose name would be run.
    Command,
    /// Another program would read it as its own language.
    Program(String),
    /// It would name a file to read or write.
    Target,
    /// Some shells run what stands in a number.
    Arithmetic,
    /// The character before it would change what it means.
    Escaped,
}

#[derive(Debug)]
enum Frame {
    /// Commands in brackets or backticks.
    Code(Until, Simple),
    Double,
    Single,
    /// `${…}`
    Brace,
    /// `$((…))`, with the brackets open in it.
    Arithmetic(usize),
    Comment,
    Document(Document),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    Bracket,
    Backtick,
}

/// The shell's state behind what it has read so far.
#[derive(Debug)]
pub struct Shell {
    /// The command that everything stands in.
    outer: Simple,
    frames: Vec<Frame>,
    waiting: Vec<Document>,
    is_escaped: bool,
    is_dollar: bool,
}

impl Shell {
    /// Before a command.
    pub fn new() -> Self {
        Self {
            outer: Simple::default(),
            frames: Vec::new(),
            waiting: Vec::new(),
            is_escaped: false,
            is_dollar: false,
        }
    }

    /// Where a variable would stand now. It counts as a part of the word.
    pub fn variable(&mut self) -> Result<Place, Unsafe> {
        let place = match self.frames.last() {
            Some(Frame::Comment) => return Ok(Place::Comment),
            Some(Frame::Single) => Place::Literal,
            Some(Frame::Double | Frame::Brace) => Place::Quoted,
            Some(Frame::Document(document)) if document.is_quoted => Place::Literal,
            Some(Frame::Document(_)) => Place::Quoted,
            Some(Frame::Arithmetic(_)) => return Err(Unsafe::Arithmetic),
            Some(Frame::Code(..)) | None => Place::Bare,
        };
        if self.frames.iter().any(|frame| matches!(frame, Frame::Arithmetic(_))) {
            return Err(Unsafe::Arithmetic);
        }
        if place != Place::Literal && (self.is_escaped || self.is_dollar) {
            return Err(Unsafe::Escaped);
        }
        if let Some(Frame::Document(document)) = self.frames.last() {
            return document.program.clone().map_or(Ok(place), |name| Err(Unsafe::Program(name)));
        }
        // Within single quotes a value is not put in by this shell, and by an inner one only behind its reading.
        let judged = if place == Place::Literal { Ok(()) } else { self.simple().judge() };
        self.simple().variable();
        judged.map(|()| place)
    }

    /// Whether a variable here would be the beginning of an argument: a program might take it for an option.
    pub fn begins_argument(&mut self) -> bool {
        let is_in_words = matches!(self.frames.last(), None | Some(Frame::Code(..) | Frame::Double));
        is_in_words && self.simple().begins_argument()
    }

    /// Reads the next piece of the text: a character, or a line of a here-document. How many bytes it took. What was wrong with a
    /// variable may come out only now.
    pub fn step(&mut self, rest: &str) -> Result<usize, Unsafe> {
        if let Some(Frame::Document(document)) = self.frames.last_mut()
            && let Some(length) = document.end_of_it(rest)
        {
            self.frames.pop();
            self.next_document();
            return Ok(length);
        }
        let Some(one) = rest.chars().next() else { return Ok(0) };
        self.is_dollar = false;
        if std::mem::take(&mut self.is_escaped) {
            if one != '\n' {
                self.push(one);
            }
            return Ok(one.len_utf8());
        }
        let taken = match self.frames.last() {
            Some(Frame::Single) => self.in_single(one),
            Some(Frame::Comment) if one != '\n' => 1,
            Some(Frame::Comment) => {
                self.frames.pop();
                self.in_code(one, rest)?
            }
            Some(Frame::Arithmetic(_)) => self.in_arithmetic(one, rest),
            Some(Frame::Double | Frame::Document(_)) => self.in_double(one, rest),
            Some(Frame::Brace) => self.in_brace(one, rest),
            Some(Frame::Code(..)) | None => self.in_code(one, rest)?,
        };
        Ok(taken.max(one.len_utf8()))
    }

    /// The text is at its end.
    pub fn end(&mut self) -> Result<(), Unsafe> {
        self.simple().end_line(true)
    }

    fn in_single(&mut self, one: char) -> usize {
        if one == '\'' {
            self.frames.pop();
        } else {
            self.simple().push(one);
        }
        1
    }

    fn in_arithmetic(&mut self, one: char, rest: &str) -> usize {
        let Some(Frame::Arithmetic(open)) = self.frames.last_mut() else { return 1 };
        match one {
            '(' => *open += 1,
            ')' if *open > 0 => *open -= 1,
            ')' => {
                self.frames.pop();
                return if rest.starts_with("))") { 2 } else { 1 };
            }
            _ => return self.expansion(one, rest),
        }
        1
    }

    fn in_double(&mut self, one: char, rest: &str) -> usize {
        let is_document = matches!(self.frames.last(), Some(Frame::Document(_)));
        if let Some(Frame::Document(document)) = self.frames.last_mut() {
            document.read(one);
            if document.is_quoted {
                return 1;
            }
        }
        match one {
            '"' if !is_document => drop(self.frames.pop()),
            '\\' => self.is_escaped = true,
            _ => return self.expansion(one, rest),
        }
        1
    }

    fn in_brace(&mut self, one: char, rest: &str) -> usize {
        match one {
            '}' => drop(self.frames.pop()),
            '"' => self.frames.push(Frame::Double),
            '\\' => self.is_escaped = true,
            '\'' if !self.frames.iter().any(|frame| matches!(frame, Frame::Double)) => {
                self.frames.push(Frame::Single);
            }
            _ => return self.expansion(one, rest),
        }
        1
    }

    /// What is put in both in quotes and outside of them.
    fn expansion(&mut self, one: char, rest: &str) -> usize {
        let (frame, taken) = if rest.starts_with("$((") {
            (Frame::Arithmetic(0), 3)
        } else if rest.starts_with("$(") {
            (Frame::Code(Until::Bracket, Simple::default()), 2)
        } else if rest.starts_with("${") {
            (Frame::Brace, 2)
        } else if one == '`' {
            (Frame::Code(Until::Backtick, Simple::default()), 1)
        } else {
            // `$$` and its like are whole; a `$` before a tag would take the tag's first character for its own.
            self.is_dollar = one == '$';
            self.push(one);
            return one.len_utf8();
        };
        self.push('$');
        self.frames.push(frame);
        taken
    }

    fn in_code(&mut self, one: char, rest: &str) -> Result<usize, Unsafe> {
        let until = self.until();
        let is_word = self.simple().is_in_word();
        match one {
            '\'' | '"' => {
                self.simple().begin_word();
                self.frames.push(if one == '"' { Frame::Double } else { Frame::Single });
            }
            '\\' => self.is_escaped = true,
            '#' if !is_word => self.frames.push(Frame::Comment),
            ' ' | '\t' | '\r' => self.simple().end_word(),
            '\n' => {
                self.simple().end_line(false)?;
                let program = self.simple().take_program();
                for document in &mut self.waiting {
                    document.program = document.program.take().or_else(|| program.clone());
                }
                self.next_document();
            }
            '`' if until == Some(Until::Backtick) => return self.leave(),
            ')' if until == Some(Until::Bracket) => return self.leave(),
            '(' if rest.starts_with("((") && !is_word => {
                self.frames.push(Frame::Arithmetic(0));
                return Ok(2);
            }
            '(' => {
                self.simple().end_command(false)?;
                self.frames.push(Frame::Code(Until::Bracket, Simple::default()));
            }
            ';' | '&' | ')' => self.simple().end_command(false)?,
            '|' => self.simple().end_command(!rest.starts_with("||"))?,
            '<' if rest.starts_with("<<") && !rest.starts_with("<<<") => return Ok(self.document(rest)),
            '<' | '>' => self.simple().target(),
            _ => return Ok(self.expansion(one, rest)),
        }
        Ok(1)
    }

    /// A bracket or a backtick closes.
    fn leave(&mut self) -> Result<usize, Unsafe> {
        self.simple().end_line(true)?;
        self.frames.pop();
        Ok(1)
    }

    fn until(&self) -> Option<Until> {
        match self.frames.last() {
            Some(Frame::Code(until, _)) => Some(*until),
            _ => None,
        }
    }

    /// A character of a word; those of a here-document are of none.
    fn push(&mut self, one: char) {
        if !matches!(self.frames.last(), Some(Frame::Document(_))) {
            self.simple().push(one);
        }
    }

    /// The innermost command.
    fn simple(&mut self) -> &mut Simple {
        let inner = self.frames.iter_mut().rev().find_map(|frame| match frame {
            Frame::Code(_, simple) => Some(simple),
            _ => None,
        });
        inner.unwrap_or(&mut self.outer)
    }

    fn document(&mut self, rest: &str) -> usize {
        let (document, taken) = Document::announced(rest);
        self.waiting.push(document);
        taken
    }

    fn next_document(&mut self) {
        if !self.waiting.is_empty() {
            let document = self.waiting.remove(0);
            self.frames.push(Frame::Document(document));
        }
    }
}
