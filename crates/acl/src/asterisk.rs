//! The texts of Asterisk's access lists, and which module of Asterisk reads which. Nothing is written here.
//!
//! In such a list the last rule that fits decides, so this machine is permitted at its end. A line may hold many addresses, and
//! should: Asterisk walks what it has to the end for every line, so that a line for each address takes it time proportional to the
//! square of their number.

use std::fmt::Write;

use event::limit::ACL_LINE_BYTES;
use event::{Category, Subject};

use crate::list::List;

/// One of the lists.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Whom it refuses.
    pub category: Category,
    /// What its file is called.
    pub file: &'static str,
    /// Asterisk's own file that includes it, whose owner and mode it takes over.
    pub included_by: &'static str,
    /// The module that is told to read it again: nothing else is reloaded for it.
    pub module: &'static str,
    /// What stands before the rules.
    section: &'static str,
}

/// All of them. The list for SIP has a name, since `pjsip.conf` refers to it by name; the others are included where they are to hold.
pub const KINDS: [Kind; 3] = [
    Kind {
        category: Category::Sip,
        file: "stockade-acl.conf",
        included_by: "acl.conf",
        module: "acl",
        section: "[stockade]\n",
    },
    Kind {
        category: Category::Ami,
        file: "stockade-manager.conf",
        included_by: "manager.conf",
        module: "manager",
        section: "",
    },
    Kind {
        category: Category::Iax,
        file: "stockade-iax.conf",
        included_by: "iax.conf",
        module: "chan_iax2.so",
        section: "",
    },
];

/// The file's text behind its first line.
pub fn text(kind: &Kind, list: &List) -> String {
    let mut text = String::from(kind.section);
    for line in lines(&list.subjects) {
        text.push_str(&line);
        text.push('\n');
    }
    text.push_str("permit=127.0.0.1\npermit=::1\n");
    text
}

fn lines(subjects: &[Subject]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for subject in subjects {
        let word = subject.to_string();
        match lines.last_mut().filter(|line| line.len() + 1 + word.len() <= ACL_LINE_BYTES) {
            Some(line) => write!(line, ",{word}").expect("a string takes any text"),
            None => lines.push(format!("deny={word}")),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(count: u32) -> List {
        let subjects =
            (0..count).map(|number| Subject::exactly(std::net::Ipv4Addr::from(number).into())).collect();
        List { subjects, left_out: 0 }
    }

    #[test]
    fn the_last_rules_permit_this_machine() {
        let subjects = ["192.0.2.1", "192.0.2.128/25", "2001:db8::/64"].map(|text| text.parse().unwrap());
        let list = List { subjects: subjects.to_vec(), left_out: 0 };
        let rules = "deny=192.0.2.1,192.0.2.128/25,2001:db8::/64\npermit=127.0.0.1\npermit=::1\n";
        assert_eq!(text(&KINDS[0], &list), format!("[stockade]\n{rules}"));
        assert_eq!(text(&KINDS[1], &list), rules);
        assert_eq!(text(&KINDS[2], &list), rules);
    }

    #[test]
    fn an_empty_list_is_still_a_list() {
        assert_eq!(text(&KINDS[0], &List::default()), "[stockade]\npermit=127.0.0.1\npermit=::1\n");
    }

    #[test]
    fn lines_are_long_and_never_too_long() {
        let text = text(&KINDS[0], &list(10_000));
        assert_eq!(text.matches(',').count() + text.matches("deny=").count(), 10_000);
        assert!(text.lines().all(|line| line.len() <= ACL_LINE_BYTES));
        assert!(text.lines().count() < 50);
    }
}
