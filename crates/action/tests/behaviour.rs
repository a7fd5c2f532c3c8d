//! Actions as a whole, with commands that write down what happens: order, time limits, bounds, what comes and goes, what is refused.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use action::{ActionHealth, Actions};
use dropin::{ActionModel, Counts, Happening, JailModel};
use event::limit::{FAIL2BAN_ACTION_OUTPUT_BYTES, FAIL2BAN_ACTION_QUEUE};
use event::{Failure, JailName, Moment, Proof, Subject};
use fail2ban::Value;
use support::{ban, now, of_actions};

struct Place {
    folder: tempfile::TempDir,
    actions: Actions,
}

impl Place {
    /// `DIR` in the actions is a folder of their own, `SAY` writes a line there.
    fn new(actions: &[(&str, &str)]) -> (Self, Vec<JailModel>) {
        let folder = tempfile::tempdir().unwrap();
        let told: Vec<(&str, String)> =
            actions.iter().map(|(name, text)| (*name, written(text, folder.path()))).collect();
        let told: Vec<(&str, &str)> = told.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let jails = of_actions(&folder.path().join("etc"), &told);
        let counts = |_: &str| Counts { failed: 2, failed_total: 30, banned_total: 4 };
        (Self { folder, actions: Actions::start(now, counts).unwrap() }, jails)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn said(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("said")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn set(&self, jails: &[JailModel]) {
        assert_eq!(self.actions.set_jails(jails, |_| false), []);
    }

    fn ban(&self, jail: &str, subject: &str) {
        self.tell_ban(jail, subject, &[], false);
    }

    fn tell_ban(&self, jail: &str, subject: &str, lines: &[&str], prolonged: bool) {
        self.actions.tell(&Happening::Banned {
            jail: jail.to_owned(),
            ban: ban(jail, subject, now(), 3),
            earlier: 0,
            lines: lines.iter().map(|line| (*line).to_owned()).collect(),
            prolonged,
            restored: false,
        });
    }

    fn unban(&self, jail: &str, subject: &str) {
        let subject: Subject = subject.parse().unwrap();
        self.actions.tell(&Happening::Unbanned { jail: jail.to_owned(), subject, at: now(), expired: true });
    }

    /// Until the jail's actions have done what they were told.
    fn wait(&self, jail: &str) {
        self.actions.call(jail, jail, "escapeTag", r#"{"value": "x"}"#).unwrap();
    }

    fn health(&self, jail: &str) -> ActionHealth {
        self.actions.health().into_iter().find(|one| one.jail == jail).unwrap()
    }
}

fn written(text: &str, folder: &Path) -> String {
    let folder = folder.display().to_string();
    format!("[Definition]\n{}", text.replace("SAY", "echo >>DIR/said").replace("DIR", &folder))
}

fn is_alive(pid: &str) -> bool {
    // A zombie that waits for whoever adopts it is dead.
    fs::read_to_string(format!("/proc/{}/stat", pid.trim())).is_ok_and(|stat| !stat.contains(") Z "))
}

fn change(jails: &[JailModel], work: impl Fn(&mut ActionModel)) -> Vec<JailModel> {
    let mut jails = jails.to_vec();
    jails.iter_mut().flat_map(|jail| &mut jail.actions).for_each(work);
    jails
}

/// Descriptors from 3 on that this process was given and that its children have too.
fn inherited() -> BTreeSet<String> {
    let listed = fs::read_dir("/proc/self/fdinfo").unwrap().flatten();
    let is_handed_on = |path: &Path| {
        let text = fs::read_to_string(path).unwrap_or_default();
        let flags = text.lines().find_map(|line| line.strip_prefix("flags:")).unwrap_or("0");
        u32::from_str_radix(flags.trim(), 8).is_ok_and(|flags| flags & 0o2_000_000 == 0)
    };
    let paths = listed.map(|entry| entry.path()).filter(|path| is_handed_on(path));
    let names = paths.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()));
    names.filter(|name| !["0", "1", "2"].contains(&name.as_str())).collect()
}

#[test]
fn a_jail_s_actions_work_in_order_and_end_in_order() {
    let (place, mut jails) = Place::new(&[
        (
            "one",
            "actionstart = SAY start 1\nactionban = sleep 0.1; SAY ban 1 <ip>\nactionunban = SAY unban 1 <ip>\nactionstop = SAY stop 1\n",
        ),
        (
            "two",
            "actionstart = SAY start 2\nactionban = SAY ban 2 <ip>\nactionunban = SAY unban 2 <ip>\nactionstop = SAY stop 2\n",
        ),
    ]);
    let second = jails.remove(1).actions.remove(0);
    jails[0].actions.push(second);
    place.set(&jails);
    place.ban("one", "192.0.2.1");
    place.ban("one", "192.0.2.2");
    place.unban("one", "192.0.2.1");
    place.unban("one", "192.0.2.77");
    place.wait("one");
    place.actions.stop();
    assert_eq!(
        place.said(),
        "start 1/start 2/ban 1 192.0.2.1/ban 2 192.0.2.1/ban 1 192.0.2.2/ban 2 192.0.2.2/unban 1 192.0.2.1/unban 2 192.0.2.1/\
         unban 1 192.0.2.2/unban 2 192.0.2.2/stop 2/stop 1"
            .split('/')
            .collect::<Vec<_>>()
    );
}

#[test]
fn a_command_that_takes_too_long_is_ended_with_all_that_it_started() {
    let (place, jails) = Place::new(&[
        (
            "slow",
            "actionban = trap '' TERM; sleep 300 & echo $! >DIR/pid; echo $$ >DIR/group; wait; sleep 300\n[Init]\ntimeout = 1\n",
        ),
        ("quick", "actionban = SAY ban <ip>\n"),
    ]);
    place.set(&jails);
    place.ban("slow", "192.0.2.1");
    let begun = now();
    place.ban("quick", "192.0.2.2");
    place.wait("quick");
    // The other jail waited for nothing.
    assert!(now().since(begun) < Duration::from_millis(900), "{:?}", now().since(begun));
    assert_eq!(place.said(), ["ban 192.0.2.2"]);
    place.wait("slow");
    let health = place.health("slow");
    // It is tried twice, as with fail2ban.
    assert_eq!((health.runs, health.failures), (2, 2));
    assert_eq!(health.last_error.as_deref(), Some("the command took longer than 1 s and was ended"));
    let read = |name: &str| fs::read_to_string(place.path(name)).unwrap();
    assert!(!is_alive(&read("pid")));
    // Our own child is no zombie either.
    assert!(!Path::new("/proc").join(read("group").trim()).exists());
}

#[test]
fn what_a_command_leaves_behind_keeps_nobody_waiting() {
    let (place, jails) = Place::new(&[(
        "daemon",
        "actionban = echo begun; sleep 300 & echo $! >DIR/pid\nactionunban = kill $(cat DIR/pid)\n",
    )]);
    place.set(&jails);
    let begun = now();
    place.ban("daemon", "192.0.2.1");
    place.wait("daemon");
    assert!(now().since(begun) < Duration::from_secs(30));
    let health = place.health("daemon");
    assert_eq!((health.runs, health.failures, health.last_output.as_str()), (1, 0, "begun\n"));
    assert!(is_alive(&fs::read_to_string(place.path("pid")).unwrap()));
    place.unban("daemon", "192.0.2.1");
    place.wait("daemon");
}

#[test]
fn output_is_bounded_and_the_child_has_nothing_of_ours() {
    let (place, jails) = Place::new(&[
        ("loud", "actionban = yes 0123456789 | head -c 3300000; echo last; exit 3\n"),
        (
            "child",
            "actionban = umask >DIR/umask; ls /proc/self/fd >DIR/fds; cat >DIR/stdin; cut -d ' ' -f 1,5 /proc/$$/stat >DIR/group; \
             SAY \"<jail.found> <jail.found_total> <jail.banned> <jail.banned_total> <fq-hostname> <bantime>\"\n",
        ),
    ]);
    place.set(&jails);
    place.ban("loud", "192.0.2.1");
    place.ban("child", "192.0.2.1");
    place.wait("loud");
    place.wait("child");
    let health = place.health("loud");
    assert_eq!(health.last_output.len(), FAIL2BAN_ACTION_OUTPUT_BYTES);
    assert!(health.last_output.ends_with("0123456789\nlast\n"), "{}", health.last_output);
    assert_eq!(health.last_error.as_deref(), Some("the command ended with 3"));
    let read = |name: &str| fs::read_to_string(place.path(name)).unwrap();
    assert_eq!(read("umask"), "0077\n");
    // `ls` opens one itself; what whoever started the tests handed on is not ours.
    let others = inherited();
    let fds: Vec<String> =
        read("fds").lines().filter(|fd| !others.contains(*fd)).map(str::to_owned).collect();
    assert_eq!(fds.len(), 4 - usize::from(others.contains("3")), "{fds:?} {others:?}");
    assert_eq!(read("stdin"), "");
    let group = read("group");
    let ids: Vec<&str> = group.split_whitespace().collect();
    assert_eq!(ids[0], ids[1]);
    assert!(place.said()[0].starts_with("2 30 0 4 "), "{:?}", place.said());
    assert!(place.said()[0].ends_with(" 600"), "{:?}", place.said());
}

#[test]
fn too_much_is_counted_and_the_end_comes_in_time() {
    let (place, jails) = Place::new(&[("stuck", "actionban = sleep 300\nactionstop = SAY stop\n")]);
    place.set(&jails);
    let begun = now();
    for number in 0..FAIL2BAN_ACTION_QUEUE + 50 {
        place.ban("stuck", &format!("10.0.{}.{}", number / 256, number % 256));
    }
    assert!(now().since(begun) < Duration::from_secs(10), "{:?}", now().since(begun));
    let health = place.health("stuck");
    assert!(health.missed >= 49 && health.missed <= 50, "{health:?}");
    assert!(health.waiting >= FAIL2BAN_ACTION_QUEUE - 1, "{health:?}");
    let begun = now();
    place.actions.stop_within(Duration::from_millis(300));
    assert!(now().since(begun) < Duration::from_secs(10), "{:?}", now().since(begun));
    // Told to a program that has ended.
    place.ban("stuck", "192.0.2.1");
    place.actions.stop();
}

#[test]
fn actions_come_and_go() {
    let (place, jails) = Place::new(&[
        (
            "kept",
            "actionstart = SAY start a\nactionban = SAY ban a <ip> :x:\nactionunban = SAY unban a <ip>\nactionstop = SAY stop a\n\
                  actionreload = SAY reload a\nactionprolong = SAY prolong a <ip> <bantime>\n",
        ),
        (
            "gone",
            "actionstart = SAY start b\nactionban = SAY ban b <ip>\nactionflush = SAY flush b\nactionstop = SAY stop b\n",
        ),
    ]);
    let mut both = vec![jails[0].clone()];
    both[0].actions.push(jails[1].actions[0].clone());
    place.set(&both);
    // The same again is no change, and neither is a jail that rests while it is told anew.
    place.set(&both);
    let mut resting = both.clone();
    resting[0].idle = true;
    resting[0].actions.clear();
    place.set(&resting);
    place.ban("kept", "192.0.2.1");
    place.wait("kept");
    assert_eq!(place.said(), ["start a", "start b", "ban a 192.0.2.1 :x:", "ban b 192.0.2.1"]);
    place.set(&change(&jails[..1], |action| {
        let command = action.command("actionban").replace(":x:", ":y:");
        action.set("actionban", &Value::text(command)).unwrap();
    }));
    place.ban("kept", "192.0.2.2");
    place.tell_ban("kept", "192.0.2.1", &[], true);
    place.wait("kept");
    let since = ["flush b", "stop b", "reload a", "ban a 192.0.2.2 :y:", "prolong a 192.0.2.1 600"];
    assert_eq!(place.said()[4..], since);
    place.set(&[]);
    place.set(&jails[..1]);
    place.wait("kept");
    assert_eq!(place.said()[9..], ["unban a 192.0.2.1", "unban a 192.0.2.2", "stop a", "start a"]);
}

#[test]
fn an_action_that_comes_is_told_who_is_banned() {
    let (place, jails) = Place::new(&[
        ("first", "actionban = SAY ban 1 <ip>\nactionunban = SAY unban 1 <ip>\n"),
        (
            "second",
            "actionstart = SAY start 2\nactionban = SAY ban 2 <ip> <restored>\nactionunban = SAY unban 2 <ip>\n",
        ),
        ("third", "norestored = 1\nactionstart = SAY start 3\nactionban = SAY ban 3 <ip>\n"),
    ]);
    place.set(&jails[..1]);
    place.ban("first", "192.0.2.1");
    let mut all = vec![jails[0].clone()];
    all[0].actions.extend([jails[1].actions[0].clone(), jails[2].actions[0].clone()]);
    place.set(&all);
    place.unban("first", "192.0.2.1");
    place.wait("first");
    let expected = [
        "ban 1 192.0.2.1",
        "start 2",
        "start 3",
        "ban 2 192.0.2.1 1",
        "unban 1 192.0.2.1",
        "unban 2 192.0.2.1",
    ];
    assert_eq!(place.said(), expected);
}

#[test]
fn an_action_added_by_hand_begins_with_the_next_ban() {
    let (place, jails) = Place::new(&[("act", "actionban = SAY ban 1 <ip>\n")]);
    place.set(&jails);
    place.ban("act", "192.0.2.1");
    // A client adds an action with nothing in it, and tells it what it is one word after another.
    let mut told = jails.clone();
    told[0].actions.push(ActionModel::new("added", None));
    place.set(&told);
    let said = place.path("said").display().to_string();
    for (name, text) in [
        ("actionstart", "start"),
        ("actionban", "ban 2 <ip>"),
        ("actionunban", "unban 2 <ip>"),
        ("actionstop", "stop"),
    ] {
        told[0].actions[1].set(name, &Value::text(format!("echo >>{said} {text}"))).unwrap();
        place.set(&told);
    }
    // It was told of no such ban.
    place.unban("act", "192.0.2.1");
    place.wait("act");
    assert_eq!(place.said(), ["ban 1 192.0.2.1"]);
    place.ban("act", "192.0.2.2");
    place.unban("act", "192.0.2.2");
    place.wait("act");
    assert_eq!(place.said()[1..], ["ban 1 192.0.2.2", "ban 2 192.0.2.2", "unban 2 192.0.2.2"]);
}

#[test]
fn what_cannot_run_is_said_by_name() {
    let (place, mut jails) = Place::new(&[
        ("eval", "actionban = eval \"echo <matches>\" >DIR/said\n"),
        ("literal", "actionban = SAY '<matches>'\n"),
        ("tilde", "actionban = whois <ip> | mail -s x root\n"),
        ("circle", "actionban = echo <a>\n"),
    ]);
    let circle = &mut jails[3].actions[0];
    circle.set("a", &Value::text("<b>")).unwrap();
    circle.set("b", &Value::text("<a>")).unwrap();
    jails[0]
        .actions
        .push(ActionModel::new("smtp", Some(("/etc/fail2ban/action.d/smtp.py".into(), "{}".into()))));
    let remarks = place.actions.set_jails(&jails, |_| false);
    let expected = [
        "jail eval: action 'smtp': is a program in Python (/etc/fail2ban/action.d/smtp.py) and cannot run here",
        "jail eval: action 'eval': actionban: <matches> is text of a log and stands in what eval reads as its own language",
        "jail literal: action 'literal': actionban: <matches> stands where the shell puts nothing in",
        "jail tilde: action 'tilde': actionban runs mail",
        "jail circle: action 'circle': actionban: its properties name one another in a circle",
    ];
    assert_eq!(remarks.len(), expected.len(), "{remarks:#?}");
    for (remark, expected) in remarks.iter().zip(expected) {
        assert!(remark.to_string().starts_with(expected), "{remark}");
    }
    let owned = place.path("owned").display().to_string();
    place.tell_ban("eval", "192.0.2.1", &[&format!("$(touch {owned})")], false);
    place.tell_ban("literal", "192.0.2.1", &[&format!("$(touch {owned})")], false);
    place.wait("eval");
    place.wait("literal");
    assert!(!Path::new(&owned).exists());
    assert_eq!(place.said(), ["$f2bV_matches"]);
    let health = place.health("eval");
    assert_eq!((health.runs, health.failures), (0, 1));
}

#[test]
fn who_reports_is_told_the_address_and_who_blocks_the_network() {
    let (place, jails) = Place::new(&[
        ("report", "actionban = SAY report <ip> <F-USER>\n"),
        ("block", "actionban = SAY block <ip> <fid>\nactionunban = SAY unblock <ip>\n"),
    ]);
    place.set(&jails);
    let address: std::net::IpAddr = "2001:db8::1:2:3:4".parse().unwrap();
    for jail in ["report", "block"] {
        let failure = Failure {
            jail: JailName::new(jail),
            subject: Subject::counted(address),
            address: Some(address),
            at: Moment::from_seconds(1),
            account: Some("root".into()),
            count: 1,
            proof: Proof::Proven,
            echo: 0,
            pattern: "".into(),
            line: "".into(),
        };
        place.actions.tell(&Happening::Found { jail: jail.to_owned(), failure });
        place.ban(jail, "2001:db8:0:0::/64");
        place.unban(jail, "2001:db8::/64");
        place.wait(jail);
    }
    assert_eq!(
        place.said(),
        ["report 2001:db8::1:2:3:4 root", "block 2001:db8::/64 2001:db8::/64", "unblock 2001:db8::/64"]
    );
}

#[test]
fn a_filter_s_groups_are_told_as_a_log_s_text() {
    let (place, _) = Place::new(&[]);
    let etc = place.path("etc");
    let text = "actionban = SAY \"<F-USER>|<F-PORT>|<F-SERVICE>|<F-IP4>|<F-NONE>|<failures>\"\n";
    support::put(&etc.join("action.d/act.conf"), &written(text, place.folder.path()));
    support::configure(&etc, "[act]\nenabled = true\naction = act\nfilter = groups\n");
    let filter = "[Definition]\nfailregex = ^\\s*<F-SERVICE>\\w+</F-SERVICE>: failure of <F-USER>.*</F-USER> from <HOST> port <F-PORT>\\d+</F-PORT>$\n";
    support::put(&etc.join("filter.d/groups.conf"), filter);
    place.set(&support::jails(&etc));
    let lines =
        ["Nov 23 01:00:00 sshd: failure of $(id) `id` from 192.0.2.1 port 22", "Nov 23 01:00:01 other"];
    place.tell_ban("act", "192.0.2.1", &lines, false);
    place.tell_ban("act", "192.0.2.2", &["no failure"], false);
    place.wait("act");
    assert_eq!(place.said(), ["$(id) `id`|22|sshd|192.0.2.1||3", "|||||3"]);
}

#[test]
fn methods_are_called_as_fail2ban_answers_them() {
    let (place, jails) = Place::new(&[(
        "act",
        "actionstart = SAY start\nactionban = SAY ban <ip> \"<matches>\"\nactionunban = false\nactionstop = SAY stop\nactionflush = false\n",
    )]);
    place.set(&jails);
    let call = |method: &str, arguments: &str| place.actions.call("act", "act", method, arguments);
    let text =
        |answer: Result<Value, dropin::Wrong>| format!("{:?}", answer.map_err(|wrong| wrong.to_string()));
    assert_eq!(text(call("start", "{}")), "Ok(Bool(true))");
    let hostile = r#"{"aInfo": {"ip": "192.0.2.1", "family": "inet4", "matches": "$(touch x) `y`"}}"#;
    assert_eq!(text(call("ban", hostile)), "Ok(None)");
    assert_eq!(text(call("unban", hostile)), "Err(\"RuntimeError: Error unbanning 192.0.2.1\")");
    assert_eq!(
        text(call("flush", "{}")),
        "Err(\"RuntimeError: Error flushing action Jail('act')/act: 'Script error'\")"
    );
    assert_eq!(text(call("consistencyCheck", "{}")), "Ok(Bool(true))");
    assert!(text(call("ban", "{}")).contains("TypeError: CommandAction.ban() missing 1 required"));
    assert!(text(call("ban", "[1]")).starts_with("Err"));
    let unknown = place.actions.call("act", "none", "start", "{}");
    assert_eq!(text(unknown), "Err(\"KeyError: Invalid Action name: none\")");
    assert_eq!(text(call("escapeTag", r#"{"value": "a$b\n"}"#)), r#"Ok(Text("a\\$b\\n"))"#);
    assert_eq!(place.said(), ["start", "start", "ban 192.0.2.1 $(touch x) `y`"]);
}
