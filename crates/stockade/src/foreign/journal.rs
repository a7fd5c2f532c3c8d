//! Which entries of which journal a jail of fail2ban's configuration reads. It refuses to read them.

use dropin::JailModel;
use fail2ban::options::Spelled;
use fail2ban::{Remark, Topic, journal};
use source::{JournalPlace, JournalWish, is_journal_match};

/// What the jail reads of a journal; none if it reads logs. What cannot be honoured is told, with what happens instead.
pub(super) fn wish(model: &JailModel, remarks: &mut Vec<Remark>) -> Option<JournalWish> {
    if !model.reads_journal() {
        return None;
    }
    let spelled = Spelled::parse(&model.backend).map(|spelled| spelled.options).unwrap_or_default();
    let options = journal::options(&spelled).unwrap_or_else(|refused| {
        let text = format!("backend '{}': {refused}: the system's journal is read", model.backend);
        remarks.push(Remark::new(Topic::jail(&model.name, "backend"), text));
        journal::options(&[]).unwrap_or_default()
    });
    let (matches, wrong): (Vec<_>, Vec<_>) = model
        .journal_matches
        .iter()
        .filter(|words| !words.is_empty())
        .cloned()
        .partition(|words| words.iter().all(|word| is_journal_match(word)));
    for words in &wrong {
        let text = format!("journalmatch '{}' is not FIELD=value and is left out", words.join(" "));
        remarks.push(Remark::new(Topic::jail(&model.name, "journalmatch"), text));
    }
    // Without any, all entries are read, but not where only wrong ones were given.
    let is_wrong = matches.is_empty() && !wrong.is_empty();
    (!is_wrong).then_some(JournalWish { place: JournalPlace { options }, matches, lines: true })
}

#[cfg(test)]
mod tests {
    use super::*;
    use dropin::{Edition, Model, Unborn};
    use fail2ban::Value;

    fn of(commands: &[&[&str]]) -> (Option<JournalWish>, Vec<String>) {
        let mut model = Model::new(Edition::default());
        for words in commands {
            let _ = model.obey(&Value::texts(words.iter().copied()), &mut Unborn);
        }
        let mut remarks = Vec::new();
        let wish = wish(&model.jails()[0], &mut remarks);
        (wish, remarks.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn matches_and_options_become_a_wish() {
        let (wish, remarks) = of(&[
            &["add", "a", "systemd[journalflags=1]"],
            &["set", "a", "addjournalmatch", "_COMM=x", "_UID=0", "+", "_COMM=y"],
            &["set", "a", "addjournalmatch", "_COMM=a b", "+"],
        ]);
        let wish = wish.unwrap();
        assert_eq!(wish.matches, [vec!["_COMM=x", "_UID=0"], vec!["_COMM=y"], vec!["_COMM=a b"]]);
        assert!(wish.place.options.is_empty() && wish.lines && remarks.is_empty());
    }

    #[test]
    fn without_a_match_all_is_read_and_of_files_nothing() {
        let (all, remarks) = of(&[&["add", "a", "SystemD"]]);
        assert_eq!((all.unwrap().matches, remarks), (Vec::<Vec<String>>::new(), Vec::new()));
        assert_eq!(of(&[&["add", "a", "polling"]]), (None, Vec::new()));
    }
}
