//! What our client says before it has reached a server must be what Debian's says.

use std::process::{Command, Output};

use fail2ban::client::{Asked, Task, Unreachable, command_line, log_line, task};

fn theirs(arguments: &[&str]) -> Output {
    let mut command = Command::new("/usr/bin/fail2ban-client");
    command.args(arguments).env("LC_ALL", "C.UTF-8").output().expect("tests/setup.sh installs fail2ban")
}

fn words(text: &[&str]) -> Vec<String> {
    text.iter().map(|&word| word.to_owned()).collect()
}

#[test]
fn spans_in_seconds() {
    for span in [
        "600",
        "1d12h",
        "1h 30m",
        "2*60*60",
        "1mo",
        "1year-6mo",
        "1 day",
        "0.5h",
        "10/4",
        "-1",
        "3weeks",
        "1y2w",
    ] {
        let Asked::Seconds(seconds) = command_line(&words(&["--str2sec", span])) else { panic!("{span}") };
        assert_eq!(format!("{seconds}\n").as_bytes(), theirs(&["--str2sec", span]).stdout, "{span}");
    }
}

#[test]
fn what_is_understood_and_what_is_not() {
    let cases: &[(&[&str], i32)] = &[
        (&["-V"], 0),
        (&["--vers"], 0),
        (&["-h"], 0),
        (&["--hel", "x"], 0),
        (&["-z"], 255),
        (&["--lo", "x"], 255),
        (&["-c"], 255),
        (&["--test=1"], 255),
        (&["--pname"], 255),
        (&["--logl=DEBUG", "-V"], 0),
        (&["-vc/nowhere", "-V", "x"], 0),
        (&["x", "-V", "--", "-z"], 255),
    ];
    for (arguments, code) in cases {
        let ours = match command_line(&words(arguments)) {
            Asked::Help | Asked::Version { .. } | Asked::Seconds(_) => 0,
            // There is no server: every command fails.
            Asked::Wrong(_) | Asked::Run(_) => 255,
        };
        let theirs = theirs(&[&["-s", "/nowhere/sock"], *arguments].concat());
        assert_eq!((ours, theirs.status.code()), (*code, Some(*code)), "{arguments:?}");
    }
}

#[test]
fn a_server_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let dead = folder.path().join("dead.sock");
    drop(std::os::unix::net::UnixListener::bind(&dead).unwrap());
    let dead = dead.to_str().unwrap();
    let refused = || Unreachable::Refused(111, "Connection refused".to_owned());
    let cases = [
        ("/nowhere/sock", Unreachable::NoSocket, "ping"),
        ("/nowhere/sock", Unreachable::NoSocket, "status"),
        (dead, refused(), "ping"),
        (dead, refused(), "status"),
    ];
    for (socket, why, word) in cases {
        let Task::Send(command) = task(&words(&[word])) else { panic!("{word}") };
        let said = theirs(&["-s", socket, word]);
        let said = String::from_utf8(said.stderr).unwrap();
        let (time, behind) = said.split_at(23);
        let process = behind.split_once('[').unwrap().1.split_once(']').unwrap().0.parse().unwrap();
        let ours = log_line(time, "fail2ban", process, "ERROR", &why.text(socket, &command));
        assert_eq!(ours + "\n", said);
    }
}
