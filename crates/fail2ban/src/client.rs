//! The command line of `fail2ban-client` and `fail2ban-server`, as data: options as Python's getopt takes them apart, and what is to be done for
//! the words behind them. It refuses to do any of it.

use crate::duration;
use crate::formula::Number;
use crate::stream::Overrides;

/// The words of a command that was typed at `-i`.
pub use crate::words::shell as typed_words;

/// A command line that asks for something to be done.
#[derive(Clone, Debug, PartialEq)]
pub struct CommandLine {
    /// `-c`: the folder of the configuration.
    pub conf: String,
    /// `-s`, `-p`, `--loglevel`, `--logtarget`, `--syslogsocket`: what counts before `fail2ban.conf`.
    pub overrides: Overrides,
    /// `--pname`: the name of the process.
    pub pname: Option<String>,
    /// `-d`: print the configuration as commands.
    pub dump: bool,
    /// `-t`: say whether the configuration is well.
    pub test: bool,
    /// `-i`: ask for commands.
    pub interactive: bool,
    /// 1, and one more for each `-v`, one less for each `-q`.
    pub verbose: i32,
    /// `-x`: start although there is a socket.
    pub force: bool,
    /// `-b`, or `-f` for not.
    pub background: bool,
    /// `--async`: start without a configuration.
    pub asynchronous: bool,
    /// `--timeout`: how many seconds are waited for the server.
    pub timeout: f64,
    /// The words of the command.
    pub words: Vec<String>,
}

/// What a command line comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    /// Something to be done.
    Run(Box<CommandLine>),
    /// `-h`: the help; exit code 0.
    Help,
    /// `-V` (short) or `--version`; exit code 0.
    Version {
        /// Only the number.
        short: bool,
    },
    /// `--str2sec`: this number of seconds is printed; exit code 0.
    Seconds(Number),
    /// It cannot be understood, and this is why: fail2ban prints the help; exit code 255.
    Wrong(String),
}

/// What is to be done for the words of a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Task {
    /// `start`: start a server, and send it the configuration.
    Start,
    /// `restart`: stop the server, wait until it is gone, and start one.
    Restart,
    /// `reload` and `restart JAIL`: send `["reload", jail, options, stream]`.
    Reload {
        /// One jail; None: all, which is sent as `--all`.
        jail: Option<String>,
        /// `--restart`, `--unban`, `--if-exists`.
        options: Vec<String>,
    },
    /// Send the words as they are. `ping` may say how many seconds are waited for its answer.
    Send(Vec<String>),
    /// No words: fail2ban prints the help; exit code 255.
    Nothing,
    /// Words that `reload` does not know; exit code 255.
    Unexpected(Vec<String>),
}

/// Why the server cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreachable {
    /// There is no socket.
    NoSocket,
    /// The socket may not be written to.
    NotAllowed,
    /// It does not answer in time.
    Silent,
    /// There is a socket, and nobody listens: the number and the text of the error.
    Refused(i32, String),
}

impl Unreachable {
    /// What the client logs, for a command other than the ping that it sends by itself.
    pub fn text(&self, socket: &str, words: &[String]) -> String {
        let ping = words.first().is_some_and(|word| word == "ping");
        match self {
            Self::NoSocket => format!("Failed to access socket path: {socket}. Is fail2ban running?"),
            Self::NotAllowed => format!("Permission denied to socket: {socket}, (you must be root)"),
            Self::Silent if ping => "timed out".to_owned(),
            Self::Silent => "[timed out] Unable to contact server. Is it running?".to_owned(),
            Self::Refused(number, text) if ping => format!("[Errno {number}] {text}"),
            Self::Refused(number, text) => {
                format!("[[Errno {number}] {text}] Unable to contact server. Is it running?")
            }
        }
    }
}

/// A line as the client logs it on its standard error, without `-v`. `time` is local and has milliseconds behind a comma.
pub fn log_line(time: &str, logger: &str, process: u32, level: &str, message: &str) -> String {
    format!("{time} {logger:<24}[{process}]: {level:<7} {message}")
}

const MOST_SECONDS: f64 = 30.0;
const SHORT: &str = "hc:s:p:xfbdtviqV";
const LONG: [&str; 15] = [
    "loglevel=",
    "logtarget=",
    "syslogsocket=",
    "test",
    "async",
    "conf=",
    "pidfile=",
    "pname=",
    "socket=",
    "timeout=",
    "str2sec=",
    "help",
    "version",
    "dp",
    "dump-pretty",
];

impl Default for CommandLine {
    fn default() -> Self {
        Self {
            conf: "/etc/fail2ban".to_owned(),
            overrides: Overrides::default(),
            pname: None,
            dump: false,
            test: false,
            interactive: false,
            verbose: 1,
            force: false,
            background: true,
            asynchronous: false,
            timeout: MOST_SECONDS,
            words: Vec::new(),
        }
    }
}

/// Takes the arguments apart, without the program's name. Options end at the first word that is none.
pub fn command_line(arguments: &[String]) -> Asked {
    let (options, words) = match taken_apart(arguments) {
        Ok(found) => found,
        Err(wrong) => return Asked::Wrong(wrong),
    };
    let mut line = CommandLine { words, ..CommandLine::default() };
    for (name, value) in options {
        match name.as_str() {
            "-h" | "--help" => return Asked::Help,
            "-V" => return Asked::Version { short: true },
            "--version" => return Asked::Version { short: false },
            "--str2sec" => {
                let seconds = duration::seconds(&value).map(|seconds| Number::of_span(&value, seconds));
                return seconds.map_or_else(|| Asked::Wrong(no_span(&value)), Asked::Seconds);
            }
            "--timeout" => match duration::seconds(&value) {
                Some(seconds) => line.timeout = seconds,
                None => return Asked::Wrong(no_span(&value)),
            },
            _ => line.option(&name, value),
        }
    }
    Asked::Run(Box::new(line))
}

fn no_span(text: &str) -> String {
    format!("'{text}' is not a span of time; write e.g. 30, 10m or 1h 30m")
}

impl CommandLine {
    fn option(&mut self, name: &str, value: String) {
        match name {
            "-c" | "--conf" => self.conf = value,
            "-s" | "--socket" => self.overrides.socket = Some(value),
            "-p" | "--pidfile" => self.overrides.pidfile = Some(value),
            "--loglevel" => self.overrides.loglevel = Some(value),
            "--logtarget" => self.overrides.logtarget = Some(value),
            "--syslogsocket" => self.overrides.syslogsocket = Some(value),
            "--pname" => self.pname = Some(value),
            "-d" | "--dp" | "--dump-pretty" => self.dump = true,
            "-t" | "--test" => self.test = true,
            "-i" => self.interactive = true,
            "-v" => self.verbose += 1,
            "-q" => self.verbose -= 1,
            "-x" => self.force = true,
            "-b" => self.background = true,
            "-f" => self.background = false,
            "--async" => self.asynchronous = true,
            _ => {}
        }
    }

    /// What is to be done for its words.
    pub fn task(&self) -> Task {
        task(&self.words)
    }
}

/// What is to be done for a command.
pub fn task(words: &[String]) -> Task {
    let Some((first, rest)) = words.split_first() else { return Task::Nothing };
    match first.as_str() {
        "start" if rest.is_empty() => Task::Start,
        "restart" if rest.is_empty() => Task::Restart,
        "restart" => reload(vec!["--restart".to_owned()], rest),
        "reload" => reload(Vec::new(), rest),
        _ => Task::Send(words.to_vec()),
    }
}

fn reload(mut options: Vec<String>, words: &[String]) -> Task {
    let known = |word: &&String| matches!(word.as_str(), "--restart" | "--unban" | "--if-exists");
    let given = words.iter().take_while(known).count();
    options.extend_from_slice(&words[..given]);
    match &words[given..] {
        [] => Task::Reload { jail: None, options },
        [jail] if jail == "--all" => Task::Reload { jail: None, options },
        [jail] => Task::Reload { jail: Some(jail.clone()), options },
        more => Task::Unexpected(more.to_vec()),
    }
}

/// Options with their values, and the words behind them.
type Parts = (Vec<(String, String)>, Vec<String>);

fn taken_apart(arguments: &[String]) -> Result<Parts, String> {
    let mut options = Vec::new();
    let mut rest = arguments;
    while let Some((first, behind)) = rest.split_first() {
        if !first.starts_with('-') || first == "-" {
            break;
        }
        rest = behind;
        if first == "--" {
            break;
        }
        match first.strip_prefix("--") {
            Some(long) => options.push(one_long(long, &mut rest)?),
            None => short_ones(&first[1..], &mut rest, &mut options)?,
        }
    }
    Ok((options, rest.to_vec()))
}

/// An option may be cut short as long as it is clear which one is meant.
fn one_long(text: &str, rest: &mut &[String]) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
    let candidates: Vec<&str> = LONG.into_iter().filter(|long| long.starts_with(name)).collect();
    let exact = candidates.iter().find(|long| long.trim_end_matches('=') == name);
    let chosen = match (exact, candidates.as_slice()) {
        (Some(exact), _) => exact,
        (None, [one]) => one,
        (None, []) => return Err(format!("option --{name} not recognized")),
        (None, _) => return Err(format!("option --{name} not a unique prefix")),
    };
    let full = format!("--{}", chosen.trim_end_matches('='));
    match (chosen.ends_with('='), value) {
        (true, Some(value)) => Ok((full, value.to_owned())),
        (true, None) => {
            Ok((full.clone(), next(rest).ok_or_else(|| format!("option {full} requires argument"))?))
        }
        (false, None) => Ok((full, String::new())),
        (false, Some(_)) => Err(format!("option {full} must not have an argument")),
    }
}

fn short_ones(
    letters: &str,
    rest: &mut &[String],
    options: &mut Vec<(String, String)>,
) -> Result<(), String> {
    for (at, letter) in letters.char_indices() {
        let known = SHORT.find(letter).filter(|_| letter != ':');
        let known = known.ok_or_else(|| format!("option -{letter} not recognized"))?;
        let name = format!("-{letter}");
        if !SHORT[known + 1..].starts_with(':') {
            options.push((name, String::new()));
            continue;
        }
        let behind = &letters[at + letter.len_utf8()..];
        let value = match behind {
            "" => next(rest).ok_or_else(|| format!("option -{letter} requires argument"))?,
            behind => behind.to_owned(),
        };
        options.push((name, value));
        break;
    }
    Ok(())
}

fn next(rest: &mut &[String]) -> Option<String> {
    let (first, behind) = rest.split_first()?;
    *rest = behind;
    Some(first.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn run(text: &str) -> CommandLine {
        match command_line(&words(text)) {
            Asked::Run(line) => *line,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn options_are_clustered_joined_or_cut_short() {
        let line = run("-xvvf -c/conf -s sock --pid p --logt=STDOUT --timeout 1m start -v");
        assert!(line.force && !line.background && !line.test);
        assert_eq!((line.conf.as_str(), line.verbose, line.timeout), ("/conf", 3, 60.0));
        let given = |text: &str| Some(text.to_owned());
        let Overrides { socket, pidfile, logtarget, loglevel, .. } = line.overrides.clone();
        assert_eq!(
            (socket, pidfile, logtarget, loglevel),
            (given("sock"), given("p"), given("STDOUT"), None)
        );
        assert_eq!(line.words, ["start", "-v"]);
        assert_eq!(run("-- -x").words, ["-x"]);
        assert!(run("-d").dump && run("--dp").dump && run("--dump").dump && run("--test -q").test);
        assert_eq!(run("get x - y").words, ["get", "x", "-", "y"]);
    }

    #[test]
    fn what_needs_no_server_is_told_apart() {
        assert_eq!(command_line(&words("-c x -h -V")), Asked::Help);
        assert_eq!(command_line(&words("-V")), Asked::Version { short: true });
        assert_eq!(command_line(&words("--version")), Asked::Version { short: false });
        assert_eq!(command_line(&words("--str2sec 1d12h")), Asked::Seconds(Number::Int(129_600)));
        for wrong in ["-z", "--zzz", "--log x", "-c", "--conf", "--test=1", "--str2sec soon", "-:"] {
            assert!(matches!(command_line(&words(wrong)), Asked::Wrong(_)), "{wrong}");
        }
    }

    #[test]
    fn reload_and_restart_become_tasks() {
        let reload = |jail: Option<&str>, options: &str| Task::Reload {
            jail: jail.map(str::to_owned),
            options: words(options),
        };
        let cases = [
            ("", Task::Nothing),
            ("start", Task::Start),
            ("start sshd", Task::Send(words("start sshd"))),
            ("restart", Task::Restart),
            ("restart --unban sshd", reload(Some("sshd"), "--restart --unban")),
            ("reload", reload(None, "")),
            ("reload --if-exists --all", reload(None, "--if-exists")),
            ("reload a b", Task::Unexpected(words("a b"))),
            ("status", Task::Send(words("status"))),
        ];
        for (text, wanted) in cases {
            assert_eq!(task(&words(text)), wanted, "{text}");
        }
    }
}
