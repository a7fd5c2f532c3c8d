//! Commands as they are run: what stands in their text, and that a log's text never runs, whatever shell reads them.

use std::path::Path;
use std::process::Command;

use super::Script;
use crate::fault::Fault;
use crate::info::{Info, Told};

/// They read some things differently.
const SHELLS: &str = "dash bash";

const HOSTILE: &str = "a $(touch OWNED) `touch OWNED` ; touch OWNED & touch OWNED | touch OWNED\n'; touch OWNED; '\"; touch OWNED; \"\n\
    EOF\ntouch OWNED\n) touch OWNED } touch OWNED ${x:=$(touch OWNED)} a[$(touch OWNED)] \\ -rf * ~! touch OWNED > OWNED\0 touch OWNED";

struct Log(String);

impl Info for Log {
    fn get(&self, tag: &str) -> Option<Told> {
        Some(match tag {
            "ip" => Told::Plain("192.0.2.1".to_owned()),
            "matches" | "F-USER" => Told::Foreign(self.0.clone()),
            _ => return None,
        })
    }
}

fn script(command: &str, log: &str) -> Result<Script, Fault> {
    Script::new(command, &Log(log.to_owned()), |tag| (tag == "br").then_some("\n"))
}

fn text(command: &str) -> String {
    match script(command, "x") {
        Ok(script) => script.text,
        Err(fault) => format!("refused: {fault}"),
    }
}

#[test]
fn a_variable_is_written_for_its_place() {
    for (command, expected) in [
        ("say <matches>", "say \"${f2bV_matches}\""),
        ("say \"<matches>\"x", "say \"${f2bV_matches}\"x"),
        ("say 'a <matches>'", "say 'a $f2bV_matches'"),
        ("say \"it's <matches>\" <ip>", "say \"it's ${f2bV_matches}\" 192.0.2.1"),
        ("say \"`echo <matches>`\"", "say \"`echo \"${f2bV_matches}\"`\""),
        (
            "say \"$(echo \"<matches>\")\" <matches>",
            "say \"$(echo \"${f2bV_matches}\")\" \"${f2bV_matches}\"",
        ),
        ("X=<F-USER>; say $X", "X=\"${f2bV_F_USER}\"; say $X"),
        (
            "cat <<END | say\n<matches>\nEND\nsay <matches>",
            "cat <<END | say\n${f2bV_matches}\nEND\nsay \"${f2bV_matches}\"",
        ),
        ("cat <<-'END'\n<matches>\n\tEND\nsay <ip>", "cat <<-'END'\n$f2bV_matches\n\tEND\nsay 192.0.2.1"),
        ("# don't <matches>\nsay <matches>", "# don't f2bV_matches\nsay \"${f2bV_matches}\""),
        ("say ${X:-<matches>} <none> </dev/null", "say ${X:-${f2bV_matches}} <none> </dev/null"),
        (
            "case \"<F-USER>\" in root) say <matches>;; esac",
            "case \"${f2bV_F_USER}\" in root) say \"${f2bV_matches}\";; esac",
        ),
        (
            "if [ <F-USER> = x ]; then say <br><ip>; fi",
            "if [ \"${f2bV_F_USER}\" = x ]; then say \n192.0.2.1; fi",
        ),
        ("sh -c 'say \"<matches>\"'", "sh -c 'say \"$f2bV_matches\"'"),
        ("python3 /opt/tell.py \"<matches>\" | say", "python3 /opt/tell.py \"${f2bV_matches}\" | say"),
        ("bash -c 'say \"$1\"' x \"<matches>\"", "bash -c 'say \"$1\"' x \"${f2bV_matches}\""),
        ("awk -v a=<F-USER> 'BEGIN { print a }'", "awk -v a=\"${f2bV_F_USER}\" 'BEGIN { print a }'"),
        (
            "( say \"a\"\nsay \"<matches>\" ) | mail -E 'set escape' x",
            "( say \"a\"\nsay \"${f2bV_matches}\" ) | mail -E 'set escape' x",
        ),
    ] {
        assert_eq!(text(command).replace("F_user", "F_USER"), expected, "{command}");
    }
}

#[test]
fn what_another_program_would_read_is_refused() {
    for command in [
        "<F-USER> x",
        "say x; <matches>",
        "say x | \"<matches>\"",
        "eval \"say <matches>\"",
        "sh -c \"say <matches>\"",
        "/bin/bash -xc \"say <matches>\"",
        "sudo -u x bash -c \"say <matches>\"",
        "timeout 5 ssh host \"say <matches>\"",
        "su x -c \"say <matches>\"",
        "perl -e \"print '<matches>'\"",
        "perl -e\"<matches>\"",
        "python3 -c \"print('''<matches>''')\"",
        "sed -e \"s/x/<F-USER>/\" file",
        "awk \"/<F-USER>/\" file",
        "sqlite3 db \"insert into x values ('<matches>')\"",
        "mysql -e \"select '<matches>'\"",
        "say x > <F-USER>",
        "say x >>\"/tmp/<F-USER>\"",
        "cat < <F-USER>",
        "X=$((<F-USER>+1))",
        "say \\<matches>",
        "say \"$<matches>\"",
        "sh <<END\nsay <matches>\nEND",
        "cat <<END | sh\nsay <matches>\nEND",
        "say \"<matches>\" | sh",
        "trap \"<matches>\" EXIT",
        ". <F-USER>",
    ] {
        assert!(matches!(script(command, "x"), Err(Fault::Unsafe { .. })), "{command}: {}", text(command));
    }
}

/// Every place, right or not, in two shells: whatever the lexer made of it, nothing runs.
#[test]
fn nothing_of_a_log_runs_in_any_shell() {
    let folder = tempfile::tempdir().unwrap();
    let places = [
        "printf %s TAG",
        "printf '%b\\n' \"TAG\" | cat",
        "printf %s 'TAG'",
        "echo \"`echo TAG`\" \"$(echo TAG \"TAG\")\"",
        "cat <<END\nTAG `echo TAG` $(echo \"TAG\")\nEND\necho TAG",
        "cat <<'END'\nTAG\nEND",
        "x=TAG; y=\"TAG\"; echo $x \"$y\"",
        "[ TAG = \"TAG\" ] && echo TAG || echo 'TAG'",
        "case TAG in *) echo TAG;; esac",
        "for one in TAG; do echo \"$one\"; done",
        "( echo TAG; { echo \"TAG\"; } ) | cat",
        "echo ${none:-TAG} \"${none:-TAG}\"",
        "sh -c 'echo TAG \"TAG\"'",
        "eval 'echo \"TAG\"'",
        "sh -c 'echo \"$1\"' x TAG",
        "echo \"unclosed 'quote TAG",
        "echo $(case x in x) echo TAG;; esac) \"$(case x in x) echo TAG;; esac)\"",
        "echo # 'TAG\necho TAG",
        "f() { echo \"$1\"; }; f TAG; f \"TAG\"",
        "perl -e 'print \"TAG\"'",
        "test -n TAG -a TAG = \"TAG\"",
    ];
    for place in places {
        for (tag, name) in [("<matches>", "matches"), ("<F-USER>", "user")] {
            let log = HOSTILE.replace("OWNED", &folder.path().join("owned").display().to_string());
            let Ok(made) = script(&place.replace("TAG", tag), &log) else { continue };
            assert!(!made.text.contains("touch"), "{}", made.text);
            for shell in SHELLS.split(' ') {
                run(shell, &made, folder.path());
                assert!(!folder.path().join("owned").exists(), "{shell} {name}: {place}\n{}", made.text);
            }
        }
    }
}

/// Pieces of commands put together by chance, most of them nonsense.
#[test]
fn nothing_of_a_log_runs_in_nonsense_either() {
    const PIECES: [&str; 31] = [
        "ü",
        "<matches>",
        "<matches>",
        "<F-USER>",
        " ",
        "\n",
        "\"",
        "'",
        "`",
        "$(",
        ")",
        "(",
        "{ ",
        "}",
        "${x:-",
        "$((",
        "))",
        "\\",
        "echo ",
        "eval ",
        "sh -c ",
        "bash -c \"",
        "perl -e ",
        "; ",
        "| ",
        "<<END\n",
        "END\n",
        "# ",
        "x=",
        "case x in x) ",
        "esac",
    ];
    let folder = tempfile::tempdir().unwrap();
    let log = HOSTILE.replace("OWNED", &folder.path().join("owned").display().to_string());
    let (mut chance, mut ran) = (1_u64, 0);
    for _ in 0..4000 {
        let mut command = String::from("echo ");
        for _ in 0..12 {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            command += PIECES[usize::try_from(chance >> 33).unwrap() % PIECES.len()];
        }
        let Ok(made) = script(&command, &log) else { continue };
        assert!(!made.text.contains("touch"), "{}", made.text);
        if made.variables.is_empty() || ran >= 600 {
            continue;
        }
        ran += 1;
        run(SHELLS.split(' ').nth(ran % 2).unwrap(), &made, folder.path());
        assert!(!folder.path().join("owned").exists(), "{command}\n{}", made.text);
    }
    assert!(ran > 300, "{ran}");
}

fn run(shell: &str, script: &Script, folder: &Path) -> String {
    let variables = script.variables.iter().map(|(name, value)| (name, value));
    let output = Command::new(shell)
        .arg("-c")
        .arg(&script.text)
        .envs(variables)
        .current_dir(folder)
        .stdin(std::process::Stdio::null())
        .output();
    String::from_utf8(output.expect("dash and bash are of every Debian").stdout).unwrap()
}

#[test]
fn a_log_s_text_arrives_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let log = "two  words * $x `y` \"z\" 'q' \\n ~! \t ünïcode";
    for command in ["printf %s <matches>", "printf %s \"<matches>\"", "x=<matches>; printf %s \"$x\""] {
        assert_eq!(run("dash", &script(command, log).unwrap(), folder.path()), log, "{command}");
    }
    assert_eq!(script("say <matches>", "a\0b").unwrap().variables[0].1, "a\u{fffd}b");
}

#[test]
fn no_word_becomes_an_option() {
    let told = |command: &str| script(command, "-oProxyCommand=x").unwrap().variables[0].1.clone();
    for command in ["say <F-USER>", "say x \"<F-USER>\"", "say \"$(say '' <F-USER>)\""] {
        assert_eq!(told(command), "_oProxyCommand=x", "{command}");
    }
    for command in
        ["say x<F-USER>", "say \"x <F-USER>\"", "x=<F-USER>; say \"$x\"", "say <<END\n<F-USER>\nEND"]
    {
        assert_eq!(told(command), "-oProxyCommand=x", "{command}");
    }
}

#[test]
fn mail_s_own_commands_do_not_come_from_a_log() {
    let log = "~! touch x\nlast \\n~! \\0176!";
    let told = |command: &str| script(command, log).unwrap().variables[0].1.clone();
    assert_eq!(told("printf %b \"<matches>\" | mail -s \"x\" root"), "_! touch x\nlast _n_! _0176!");
    assert_eq!(told("printf %b \"<matches>\" | mail -E 'set escape' -s \"x\" root"), log);
    assert_eq!(told("printf %b \"<matches>\" | sendmail root"), log);
}

#[test]
fn a_command_that_is_too_long_is_refused() {
    let long = "x".repeat(event::limit::FAIL2BAN_ACTION_BYTES);
    assert!(matches!(script(&format!("say {long} <ip>"), ""), Err(Fault::TooLong)));
    assert_eq!(script("say <matches>", &long.repeat(3)).unwrap().variables[0].1.len(), long.len());
}
