//! API keys and the journal of actions: what goes in comes back, within its bounds.

mod sample;

use event::{Decision, Moment, limit};
use sample::{batch, open, subject};
use store::{Action, Archive, Batch, KeyRow, NewKey, Store, StoreError};

fn at(seconds: i64) -> Moment {
    Moment::from_seconds(seconds)
}

fn new_key(name: &str) -> NewKey {
    NewKey {
        name: name.to_owned(),
        scope: "read".to_owned(),
        hash: "0a1b".to_owned(),
        networks: vec![subject("192.0.2.0/24"), subject("2001:db8::1")],
        created: at(7),
    }
}

fn action(n: i64) -> Action {
    Action {
        at: at(n),
        deed: "settings".to_owned(),
        actor: "admin".to_owned(),
        origin: "192.0.2.9".to_owned(),
        subject: String::new(),
        detail: "-max_retry = 3\n+max_retry = 5\n".to_owned(),
    }
}

#[test]
fn keys_come_back_after_a_restart_with_their_last_use() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let backup = store.add_key(&new_key("backup")).unwrap();
    let anywhere = store.add_key(&NewKey { networks: vec![], ..new_key("anywhere") }).unwrap();
    store.touch_keys(&[(backup, at(50)), (backup, at(40)), (12345, at(60))]).unwrap();
    drop(store);
    let store = open(dir.path());
    let row = |id, key: NewKey, last_used| {
        let NewKey { name, scope, hash, networks, created } = key;
        KeyRow { id, name, scope, hash, networks, created, last_used }
    };
    let expected = [
        row(backup, new_key("backup"), Some(at(50))),
        row(anywhere, NewKey { networks: vec![], ..new_key("anywhere") }, None),
    ];
    assert_eq!(store.keys().unwrap(), expected);
}

#[test]
fn a_name_is_taken_once_and_a_number_is_never_given_twice() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let first = store.add_key(&new_key("backup")).unwrap();
    let error = store.add_key(&new_key("backup")).unwrap_err();
    assert!(matches!(&error, StoreError::KeyNameTaken { name } if name == "backup"), "{error}");
    assert!(store.remove_key(first).unwrap());
    assert!(!store.remove_key(first).unwrap());
    assert!(store.add_key(&new_key("backup")).unwrap() > first);
}

#[test]
fn keys_are_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    for n in 0..limit::KEYS {
        store.add_key(&new_key(&format!("key-{n}"))).unwrap();
    }
    assert!(matches!(store.add_key(&new_key("more")), Err(StoreError::TooManyKeys { bound: limit::KEYS })));
    assert_eq!(store.keys().unwrap().len(), limit::KEYS);
}

#[test]
fn actions_are_told_page_by_page_newest_first() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let batch = Batch { actions: (1..=5).map(action).collect(), ..Batch::default() };
    assert!(!batch.is_empty());
    store.commit(&batch).unwrap();
    let mut archive = Archive::open(store.path()).unwrap();
    let first = archive.actions(None, 2).unwrap();
    assert_eq!(first.iter().map(|row| row.action.clone()).collect::<Vec<_>>(), [action(5), action(4)]);
    let second = archive.actions(Some(first[1].id), 9).unwrap();
    assert_eq!(
        second.iter().map(|row| row.action.clone()).collect::<Vec<_>>(),
        [action(3), action(2), action(1)]
    );
    assert_eq!(archive.actions(Some(second[2].id), 9).unwrap(), []);
}

#[test]
fn long_texts_of_an_action_are_cut_between_characters() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let long =
        Action { subject: "é".repeat(500), detail: "я".repeat(limit::ACTION_DETAIL_BYTES), ..action(1) };
    store.commit(&Batch { actions: vec![long], ..Batch::default() }).unwrap();
    let told = Archive::open(store.path()).unwrap().actions(None, 1).unwrap().remove(0).action;
    for (text, bound) in [(told.subject, limit::ACTION_TEXT_BYTES), (told.detail, limit::ACTION_DETAIL_BYTES)]
    {
        assert!(text.len() <= bound && text.len() > bound - 4 && text.ends_with('…'), "{}", text.len());
    }
}

#[test]
fn the_journal_of_actions_is_pruned_and_keys_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    store.add_key(&new_key("backup")).unwrap();
    let bound = i64::try_from(limit::ACTION_ROWS).unwrap();
    let actions = (0..bound + 3).map(action).collect();
    store
        .commit(&Batch { actions, ..batch([Decision::Ban(sample::ban("192.0.2.1", "sshd", 1, 9))]) })
        .unwrap();
    let pruned = store.prune(at(500)).unwrap();
    assert_eq!((pruned.actions, pruned.more), (3, false));
    let oldest = Archive::open(store.path()).unwrap().actions(Some(5), 9).unwrap();
    assert_eq!(oldest.iter().map(|row| row.action.at).collect::<Vec<_>>(), [at(3)]);
    assert_eq!(store.keys().unwrap().len(), 1);
}
