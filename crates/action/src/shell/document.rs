//! A here-document: from the line behind `<<END` to the line that is `END`. It refuses to know what is in it.

/// One that was announced or is being read.
#[derive(Debug)]
pub struct Document {
    end: String,
    /// `<<-`: tabs before the end do not count.
    is_indented: bool,
    /// Nothing is put in.
    pub is_quoted: bool,
    /// What would read it as its own language.
    pub program: Option<String>,
    is_line_start: bool,
}

impl Document {
    /// From `<<` on; and how many bytes announce it.
    pub fn announced(rest: &str) -> (Self, usize) {
        let is_indented = rest.starts_with("<<-");
        let mut taken = if is_indented { 3 } else { 2 };
        taken += rest[taken..].len() - rest[taken..].trim_start_matches([' ', '\t']).len();
        let word = rest[taken..].split(|one: char| one.is_whitespace() || ";&|()<>".contains(one)).next();
        let word = word.unwrap_or_default();
        let end: String = word.chars().filter(|one| !"'\"\\".contains(*one)).collect();
        let is_quoted = end.len() < word.len();
        let made = Self { end, is_indented, is_quoted, program: None, is_line_start: true };
        (made, taken + word.len())
    }

    /// How long the line is that ends it, if `rest` begins with that line.
    pub fn end_of_it(&self, rest: &str) -> Option<usize> {
        let line = rest.split_inclusive('\n').next()?;
        let bare = line.strip_suffix('\n').unwrap_or(line);
        let bare = if self.is_indented { bare.trim_start_matches('\t') } else { bare };
        (self.is_line_start && bare == self.end).then_some(line.len())
    }

    /// A character of it was read.
    pub fn read(&mut self, one: char) {
        self.is_line_start = one == '\n';
    }
}
