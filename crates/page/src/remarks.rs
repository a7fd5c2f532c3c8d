//! What of fail2ban's configuration is not done as it is written: a part of the page of jails, which is empty where all of it is. It tells
//! calmly what will stay so; what needs attention stands elsewhere.

use askama::Template;
use askama::filters::HtmlSafe;
use control::answer::Remark;
use event::limit;

use crate::text::{Sentence, Text, Value};

/// The remarks.
#[derive(Template)]
#[template(path = "remarks.html")]
pub struct Remarks {
    text: Text,
    rows: Vec<Row>,
    more: usize,
}

// The template escapes what it holds.
impl HtmlSafe for Remarks {}

struct Row {
    place: Option<String>,
    /// Whose: names as they are written, in no language.
    jails: String,
    named_jails: usize,
    more_jails: usize,
    action: Option<String>,
    text: String,
}

impl Remarks {
    /// As the program says.
    pub fn new(text: Text, remarks: &[Remark]) -> Self {
        let rows: Vec<Row> = remarks.iter().take(limit::FAIL2BAN_REMARKS_SHOWN).map(row).collect();
        let more = remarks.len() - rows.len();
        Self { text, rows, more }
    }

    fn say(&self, id: &str) -> String {
        self.text.say(id)
    }

    fn with(&self, name: &'static str, value: impl Into<Value>) -> Sentence {
        self.text.with(name, value)
    }
}

fn row(remark: &Remark) -> Row {
    let (jails, more_jails) = remark.named_jails();
    Row {
        place: remark.place.clone(),
        jails: jails.join(", "),
        named_jails: jails.len(),
        more_jails,
        action: remark.action.clone(),
        text: remark.text.clone(),
    }
}
