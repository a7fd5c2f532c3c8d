//! `ignorecommand` and `ignorecache`: who is ignored, how often the command runs, what happens where it breaks, hangs or is asked too much.

mod support;

use std::fs;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use action::{ActionHealth, Actions, Held, IgnoreCommands, Said};
use dropin::Counts;
use event::limit::FAIL2BAN_IGNORE_WAITING;
use event::{Failure, JailName, Proof, Subject};
use support::{configure, jails, now};

/// A command may take as long as a loaded machine needs for a shell.
const PATIENCE: Duration = Duration::from_secs(20);

struct Place {
    folder: tempfile::TempDir,
    commands: IgnoreCommands,
    answers: Receiver<(Vec<Held>, Said)>,
    _actions: Actions,
}

impl Place {
    /// One jail with these lines; `DIR` in them is a folder of its own, where `said` has what a command says.
    fn new(lines: &str) -> Self {
        let place = Self::refused(lines);
        assert_eq!(place.1, Vec::new());
        place.0
    }

    /// The same, with what cannot be run of it.
    fn refused(lines: &str) -> (Self, Vec<(String, String)>) {
        let folder = tempfile::tempdir().unwrap();
        let actions = Actions::start(now, |_| Counts::default()).unwrap();
        let (sender, answers) = channel();
        let answer = move |held, said| _ = sender.send((held, said));
        let commands = IgnoreCommands::start(now, &actions, Box::new(answer)).unwrap();
        let place = Self { folder, commands, answers, _actions: actions };
        let remarks = place.set(lines);
        (place, remarks)
    }

    fn set(&self, lines: &str) -> Vec<(String, String)> {
        let lines = lines.replace("DIR", &self.folder.path().display().to_string());
        let etc = self.folder.path().join("etc");
        configure(&etc, &format!("[web]\nenabled = true\naction =\n{lines}"));
        self.commands.set_jails(&jails(&etc))
    }

    fn ask(&self, address: &str, line: &str) {
        assert!(self.commands.ask(held(address, line)).is_none(), "there is room");
    }

    /// The next answer: who was asked about, and whether they are ignored.
    fn answer(&self) -> (Vec<String>, bool) {
        let (held, said) = self.answers.recv_timeout(PATIENCE).expect("an answer comes");
        (held.iter().map(|one| one.failure.subject.to_string()).collect(), said != Said::Counts)
    }

    fn said(&self) -> Vec<String> {
        let text = fs::read_to_string(self.folder.path().join("said")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn health(&self) -> ActionHealth {
        self.commands.health().remove(0)
    }

    fn touch(&self, name: &str) {
        fs::write(self.folder.path().join(name), "").unwrap();
    }
}

fn held(address: &str, line: &str) -> Held {
    let ip: std::net::IpAddr = address.parse().unwrap();
    let failure = Failure {
        jail: JailName::new("web"),
        subject: Subject::counted(ip),
        address: Some(ip),
        at: now(),
        account: None,
        count: 1,
        proof: Proof::Proven,
        echo: 0,
        pattern: "failregex 1".into(),
        line: line.into(),
    };
    Held { jail: "web".to_owned(), failure, observed: now() }
}

/// A command that waits until a file is there.
fn waits_for(name: &str) -> String {
    format!("until [ -e DIR/{name} ]; do sleep 0.02; done")
}

#[test]
fn a_command_says_who_is_ignored_and_any_other_end_counts() {
    let place = Place::new("ignorecommand = echo <ip> >>DIR/said; test <ip> = 192.0.2.1 || exit 1\n");
    place.ask("192.0.2.1", "");
    assert_eq!(place.answer(), (vec!["192.0.2.1".to_owned()], true));
    place.ask("192.0.2.2", "");
    assert_eq!(place.answer(), (vec!["192.0.2.2".to_owned()], false));
    assert_eq!(place.said(), ["192.0.2.1", "192.0.2.2"]);
    assert_eq!((place.health().runs, place.health().failures), (2, 0), "1 is an answer too");

    for broken in ["exit 3", "/nowhere/at/all <ip>", "kill -9 $$"] {
        place.set(&format!("ignorecommand = {broken}\n"));
        place.ask("192.0.2.1", "");
        assert_eq!(place.answer(), (vec!["192.0.2.1".to_owned()], false), "{broken}");
        let health = place.health();
        assert_eq!((health.runs, health.failures), (1, 1), "{broken}: {health:?}");
    }
}

#[test]
fn the_exact_address_of_an_ipv6_client_is_asked_about() {
    let place = Place::new("ignorecommand = test <ip> = 2001:db8:1:2::beef && test <family> = inet6\n");
    place.ask("2001:db8:1:2::beef", "");
    assert_eq!(place.answer(), (vec!["2001:db8:1:2::/64".to_owned()], true));
}

#[test]
fn what_a_line_brought_goes_by_environment() {
    let place = Place::new("ignorecommand = printf '%%s\\n' \"<matches>\" >>DIR/said; false\n");
    let wild = "$(touch DIR/owned) `id` \"; touch DIR/owned; #"
        .replace("DIR", &place.folder.path().display().to_string());
    place.ask("192.0.2.1", &wild);
    assert!(!place.answer().1);
    assert_eq!(place.said(), [wild]);
    assert!(!place.folder.path().join("owned").exists());

    let (place, remarks) = Place::refused("ignorecommand = sh -c \"test <matches>\"\n");
    assert_eq!(remarks.len(), 1, "{remarks:?}");
    assert_eq!(remarks[0].0, "web");
    assert!(remarks[0].1.contains("<matches> is text of a log"), "{remarks:?}");
    place.ask("192.0.2.1", "x");
    assert!(!place.answer().1, "a command that may not be run ignores nobody");
}

#[test]
fn whoever_waits_for_the_same_command_is_answered_with_it() {
    let place = Place::new(&format!("ignorecommand = echo <ip> >>DIR/said; {}\n", waits_for("go")));
    place.ask("192.0.2.1", "");
    until(|| place.said().len() == 1);
    for _ in 0..99 {
        place.ask("192.0.2.1", "");
    }
    place.ask("192.0.2.2", "");
    // The other address stands behind all of them, so they have been looked at when its command runs.
    until(|| place.said().len() == 2);
    place.touch("go");
    let (mut first, mut second) = (place.answer(), place.answer());
    if first.0.len() == 1 {
        std::mem::swap(&mut first, &mut second);
    }
    assert!(first.1 && second.1);
    assert_eq!((first.0.len(), second.0.len()), (100, 1));
    assert_eq!(place.said().len(), 2, "a hundred failures were one command");
}

#[test]
fn an_answer_is_kept_as_ignorecache_says() {
    let place = Place::new(
        "ignorecommand = echo <ip> >>DIR/said; test <ip> = 192.0.2.1\nignorecache = key=\"<ip>\", max-count=10, max-time=1h\n",
    );
    for _ in 0..3 {
        place.ask("192.0.2.1", "");
        assert!(place.answer().1);
        place.ask("192.0.2.2", "");
        assert!(!place.answer().1);
    }
    assert_eq!(place.said(), ["192.0.2.1", "192.0.2.2"], "each was asked about once");

    // A reload that changes nothing forgets nothing, one that changes the jail does.
    place.set("ignorecommand = echo <ip> >>DIR/said; test <ip> = 192.0.2.1\nignorecache = key=\"<ip>\", max-count=10, max-time=1h\n");
    place.ask("192.0.2.1", "");
    assert!(place.answer().1);
    assert_eq!(place.said().len(), 2);
    place.set("ignorecommand = echo <ip> >>DIR/said; false\nignorecache = key=\"<ip>\", max-count=10, max-time=1h\n");
    place.ask("192.0.2.1", "");
    assert!(!place.answer().1);
    assert_eq!(place.said().len(), 3);
}

#[test]
fn a_key_may_be_an_account() {
    let place = Place::new("");
    support::put(
        &place.folder.path().join("etc/filter.d/users.conf"),
        "[Definition]\nfailregex = ^failure of <HOST> as <F-USER>\\S+</F-USER>$\ndatepattern = {NONE}\n",
    );
    let command = "ignorecommand = echo <F-USER> >>DIR/said; test \"<F-USER>\" = monitor\n";
    place.set(&format!("filter = users\n{command}ignorecache = key=\"<F-USER>\"\n"));
    let is_ignored = |address: &str, account: &str| {
        place.ask(address, &format!("failure of {address} as {account}"));
        place.answer().1
    };
    assert!(is_ignored("192.0.2.1", "monitor"));
    assert!(is_ignored("192.0.2.2", "monitor"));
    assert!(!is_ignored("192.0.2.2", "root"));
    assert_eq!(place.said(), ["monitor", "root"]);
}

#[test]
fn what_finds_no_room_is_given_back_and_counted() {
    let place = Place::new(&format!("ignorecommand = {}\n", waits_for("go")));
    let given_back = |count: usize| {
        let asked = (0..count).filter(|n| {
            let address = format!("10.{}.{}.{}", n >> 16, (n >> 8) & 255, n & 255);
            place.commands.ask(held(&address, "")).is_some()
        });
        asked.count()
    };
    let refused = given_back(FAIL2BAN_IGNORE_WAITING + 50);
    // Those whose command is built in this moment are between the two places that are counted.
    assert!((40..=50).contains(&refused), "{refused}");
    assert_eq!(place.health().missed, refused as u64);
    // It ends although its commands would not.
    place.commands.stop();
    assert!(place.commands.ask(held("192.0.2.1", "")).is_some(), "nothing is asked any more");
}

#[test]
fn a_reload_keeps_nobody_waiting_who_asks() {
    // Numbers of the jail come from the engine, which is the one who asks: it must be able to go on while a reload waits for them.
    let (asking, asked) = channel();
    let (release, released) = channel::<()>();
    let released = Mutex::new(released);
    let counts = move |_: &str| {
        let _ = asking.send(());
        let _ = released.lock().unwrap().recv_timeout(PATIENCE);
        Counts::default()
    };
    let actions = Actions::start(now, counts).unwrap();
    let commands = IgnoreCommands::start(now, &actions, Box::new(|_, _| {})).unwrap();
    let folder = tempfile::tempdir().unwrap();
    configure(folder.path(), "[web]\nenabled = true\naction =\nignorecommand = test <jail.found> = 0\n");
    let jails = jails(folder.path());
    assert_eq!(commands.set_jails(&jails), Vec::new());
    while commands.ask(held("192.0.2.1", "")).is_none() {}
    asked.recv_timeout(PATIENCE).expect("the number is asked for");
    let (done, is_done) = channel();
    std::thread::scope(|scope| {
        scope.spawn(|| commands.set_jails(&jails));
        scope.spawn(|| {
            for _ in 0..1000 {
                commands.ask(held("192.0.2.2", ""));
                std::thread::yield_now();
            }
            let _ = done.send(());
        });
        let is_free = is_done.recv_timeout(PATIENCE / 4).is_ok();
        drop(release);
        assert!(is_free, "who asks waits for the reload");
    });
}

#[test]
fn a_jail_without_a_command_any_more_ignores_nobody() {
    let place = Place::new(&format!("ignorecommand = echo <ip> >>DIR/said; {}\n", waits_for("go")));
    for last in 1..=5 {
        place.ask(&format!("192.0.2.{last}"), "");
    }
    until(|| place.said().len() == 4);
    assert_eq!(place.set(""), Vec::new());
    place.touch("go");
    let mut answers: Vec<_> = (0..5).map(|_| place.answer()).collect();
    answers.sort();
    // Four commands ran, the fifth failure waited behind them.
    assert_eq!(answers.iter().filter(|(_, is_ignored)| *is_ignored).count(), 4, "{answers:?}");
    assert!(place.commands.health().is_empty());
}

fn until(mut is_so: impl FnMut() -> bool) {
    let end = now().after(PATIENCE);
    while !is_so() {
        assert!(now() < end, "it does not come");
        std::thread::yield_now();
    }
}
