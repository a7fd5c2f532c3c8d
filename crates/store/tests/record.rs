//! What is committed comes back, in every form that it can have, and is bounded by nothing but its limits.

mod sample;

use std::net::IpAddr;

use event::{Decision, Failure, JailName, Moment, Position, Proof, Refusal, Scope, Unban, limit};
use sample::{ban, batch, failure, open, subject};
use store::{Batch, Deed, Ending, MemoryChange, MemoryRow, Sqlite, Store};

fn at(seconds: i64) -> Moment {
    Moment::from_seconds(seconds)
}

#[test]
fn bans_memory_and_positions_come_back_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let mut forever = ban("2001:db8:1:2::/64", "asterisk", 10, 20);
    forever.until = Moment::NEVER;
    forever.scope = Scope::AllPorts;
    forever.proof = Proof::Claimed;
    let bans = [ban("192.0.2.1", "sshd", 10, 1000), ban("192.0.2.1", "asterisk", 10, 1000), forever];
    let memory = MemoryRow {
        subject: subject("192.0.2.1"),
        times: u32::MAX,
        jails: vec![JailName::new("sshd"), JailName::new("asterisk")],
        last_until: Moment::NEVER,
        last_at: at(-5),
    };
    let positions = vec![
        (
            "/var/log/auth.log".to_owned(),
            Position::File {
                device: u64::MAX,
                inode: 1 << 63,
                offset: 7,
                fingerprint: u64::MAX - 1,
                head_bytes: u32::MAX,
            },
        ),
        ("journal".to_owned(), Position::Cursor { cursor: "s=1;i=2".to_owned() }),
    ];
    let batch = Batch {
        decisions: bans.iter().cloned().map(Decision::Ban).collect(),
        memory: vec![MemoryChange::Remember(memory.clone())],
        positions: positions.clone(),
        ..Batch::default()
    };
    let mut store = open(dir.path());
    store.commit(&batch).unwrap();
    drop(store);
    let loaded = Sqlite::open(&dir.path().join("stockade.db"), at(500)).unwrap().loaded;
    for ban in &bans {
        assert!(loaded.bans.contains(ban), "{ban:?}");
    }
    assert_eq!(loaded.bans.len(), 3);
    assert_eq!(loaded.memory, [memory]);
    assert_eq!(loaded.positions, positions);
}

#[test]
fn failures_come_back_by_time_and_as_evidence() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let mut later = failure("192.0.2.1", 300);
    later.account = Some("root".into());
    later.proof = Proof::Claimed;
    let by_subnet = Failure { address: None, ..failure("198.51.100.0/24", 100) };
    let v6 = Failure { address: "2001:db8::9".parse::<IpAddr>().ok(), ..failure("2001:db8::/64", 200) };
    store
        .commit(&Batch { failures: vec![later.clone(), by_subnet.clone(), v6.clone()], ..Batch::default() })
        .unwrap();
    let mut told = Vec::new();
    store.failures_since(at(100), &mut |failure| told.push(failure)).unwrap();
    assert_eq!(told, [by_subnet, v6.clone(), later.clone()]);
    told.clear();
    store.failures_since(at(201), &mut |failure| told.push(failure)).unwrap();
    assert_eq!(told, [later]);
    store.commit(&Batch { failures: vec![failure("2001:db8::/64", 900)], ..Batch::default() }).unwrap();
    let evidence = store.evidence(&subject("2001:db8::/64"), 9).unwrap();
    assert_eq!(evidence, [failure("2001:db8::/64", 900), v6]);
    assert_eq!(store.evidence(&subject("2001:db8::/64"), 1).unwrap().len(), 1);
    assert_eq!(store.evidence(&subject("192.0.2.9"), 9).unwrap(), []);
}

#[test]
fn a_ban_ends_by_time_or_by_hand_and_the_history_says_which() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let (short, long) = (ban("192.0.2.1", "sshd", 10, 100), ban("192.0.2.2", "sshd", 10, 1000));
    store.commit(&batch([Decision::Ban(short.clone()), Decision::Ban(long.clone())])).unwrap();
    let jail = JailName::new("sshd");
    let unban =
        Unban { subject: long.subject, jail: jail.clone(), at: at(50), actor: "root by socket".to_owned() };
    // Both told as expired: the one whose time is not over stays.
    let keys = vec![(short.subject, jail.clone()), (long.subject, jail)];
    store.commit(&Batch { expired: keys, at: at(100), ..Batch::default() }).unwrap();
    assert_eq!(store.load(at(100)).unwrap().bans, std::slice::from_ref(&long));
    store.commit(&batch([Decision::Unban(unban)])).unwrap();
    assert_eq!(store.load(at(100)).unwrap().bans, []);
    let all = store.history(None, 9).unwrap();
    assert_eq!((all[0].ban.clone(), all[0].ended, all[0].ending), (long, at(50), Ending::Unbanned));
    assert_eq!((all[1].ban.clone(), all[1].ended, all[1].ending), (short.clone(), at(100), Ending::Expired));
    assert_eq!(store.history(Some(&short.subject), 9).unwrap().len(), 1);
    assert_eq!(store.history(None, 1).unwrap().len(), 1);
    // Whom somebody lets off by another jail only, or is another, keeps what was.
    let let_off = |subject, jail: &str| Batch {
        let_off: vec![(subject, JailName::new(jail))],
        at: at(200),
        ..Batch::default()
    };
    store.commit(&let_off(short.subject, "other")).unwrap();
    store.commit(&let_off(subject("192.0.2.9"), "sshd")).unwrap();
    assert_eq!(store.history(Some(&short.subject), 9).unwrap()[0].ending, Ending::Expired);
    store.commit(&let_off(short.subject, "sshd")).unwrap();
    let after = store.history(Some(&short.subject), 9).unwrap();
    assert_eq!((after[0].ended, after[0].ending), (at(100), Ending::Unbanned));
}

#[test]
fn a_new_ban_over_an_ended_one_keeps_the_ended_one_in_the_history() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let (first, prolonged, second) = (
        ban("192.0.2.1", "sshd", 10, 100),
        ban("192.0.2.1", "sshd", 10, 200),
        ban("192.0.2.1", "sshd", 300, 400),
    );
    store.commit(&batch([first, prolonged.clone(), second.clone()].map(Decision::Ban))).unwrap();
    assert_eq!(store.load(at(350)).unwrap().bans, [second]);
    let past = store.history(None, 9).unwrap();
    assert_eq!(past.len(), 1);
    assert_eq!((past[0].ban.clone(), past[0].ended), (prolonged, at(200)));
}

#[test]
fn what_ended_while_the_daemon_was_down_is_history_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    store.commit(&batch([Decision::Ban(ban("192.0.2.1", "sshd", 10, 100))])).unwrap();
    drop(store);
    let opened = Sqlite::open(&dir.path().join("stockade.db"), at(100)).unwrap();
    assert_eq!(opened.loaded.bans, []);
    assert_eq!(opened.store.history(None, 9).unwrap()[0].ending, Ending::Expired);
}

#[test]
fn every_decision_is_in_the_audit_newest_first() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let (who, jail) = (subject("192.0.2.1"), JailName::new("sshd"));
    let refused = Refusal { subject: who, jail: jail.clone(), at: at(1), reason: "whitelisted".to_owned() };
    let unban = Unban { subject: who, jail, at: at(3), actor: "admin".to_owned() };
    store
        .commit(&batch([
            Decision::Refused(refused),
            Decision::Ban(ban("192.0.2.1", "sshd", 2, 9)),
            Decision::Unban(unban),
        ]))
        .unwrap();
    let audit = store.audit(9).unwrap();
    let told: Vec<_> = audit.iter().map(|entry| (entry.at, entry.deed, entry.text.as_str())).collect();
    assert_eq!(
        told,
        [
            (at(3), Deed::Unban, "admin"),
            (at(2), Deed::Ban, "3 failures within 1 h"),
            (at(1), Deed::Refused, "whitelisted"),
        ]
    );
    assert_eq!(store.unbans(9).unwrap(), audit[..1]);
}

#[test]
fn a_store_in_memory_does_the_same_but_leaves_nothing() {
    let mut store = Sqlite::in_memory().unwrap();
    let ban = ban("192.0.2.1", "sshd", 10, 100);
    store.commit(&batch([Decision::Ban(ban.clone())])).unwrap();
    assert_eq!(store.mend(at(20)).unwrap(), None);
    assert_eq!(store.prune(at(20)).unwrap(), store::Pruned::default());
    assert_eq!(store.load(at(20)).unwrap().bans, [ban]);
    assert!(!store.path().exists());
}

#[test]
fn memory_is_changed_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let row = |times| MemoryRow {
        subject: subject("192.0.2.1"),
        times,
        jails: vec![],
        last_until: at(1),
        last_at: at(1),
    };
    let memory = vec![
        MemoryChange::Remember(row(1)),
        MemoryChange::Forget(subject("192.0.2.1")),
        MemoryChange::Remember(row(2)),
    ];
    store.commit(&Batch { memory, ..Batch::default() }).unwrap();
    assert_eq!(store.load(at(0)).unwrap().memory, [row(2)]);
    store
        .commit(&Batch { memory: vec![MemoryChange::Forget(subject("192.0.2.1"))], ..Batch::default() })
        .unwrap();
    assert_eq!(store.load(at(0)).unwrap().memory, []);
}

#[test]
fn secrets_are_set_replaced_and_forgotten_and_the_file_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    assert_eq!(store.secret("password").unwrap(), None);
    store.set_secret("password", Some("one")).unwrap();
    store.set_secret("password", Some("two")).unwrap();
    assert_eq!(store.secret("password").unwrap().as_deref(), Some("two"));
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        assert_eq!(entry.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    store.set_secret("password", None).unwrap();
    assert_eq!(store.secret("password").unwrap(), None);
}

#[test]
fn pruning_keeps_the_newest_within_the_bounds_and_every_live_ban() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let now = at(100 * 24 * 3600);
    let old = i64::from(limit::RECORDED_FAILURE_DAYS) * 24 * 3600 + 1;
    let mut failures = vec![failure("192.0.2.1", now.seconds() - old); 10];
    failures.push(failure("192.0.2.1", now.seconds()));
    let too_many = limit::AUDIT_ROWS + limit::PRUNE_ROWS + 7;
    let ban = ban("192.0.2.1", "sshd", 0, now.seconds() + 1);
    let decisions = vec![Decision::Ban(ban.clone()); usize::try_from(too_many).unwrap()];
    store.commit(&Batch { failures, decisions, ..Batch::default() }).unwrap();
    let first = store.prune(now).unwrap();
    assert_eq!((first.failures, first.audit, first.more), (10, limit::PRUNE_ROWS, true));
    let second = store.prune(now).unwrap();
    assert_eq!((second.failures, second.audit, second.more), (0, 7, false));
    assert_eq!(store.evidence(&ban.subject, 99).unwrap().len(), 1);
    assert_eq!(store.load(now).unwrap().bans, [ban]);
}

#[test]
fn recorded_failures_are_bounded_in_number_too() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let bound = usize::try_from(limit::RECORDED_FAILURES).unwrap();
    store.commit(&Batch { failures: vec![failure("192.0.2.1", 50); bound], ..Batch::default() }).unwrap();
    store.commit(&Batch { failures: vec![failure("192.0.2.2", 40); 3], ..Batch::default() }).unwrap();
    assert_eq!(store.prune(at(60)).unwrap().failures, 3);
    assert_eq!(
        store.evidence(&subject("192.0.2.2"), 9).unwrap(),
        [],
        "the oldest go, not the first recorded"
    );
}
