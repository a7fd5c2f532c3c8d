//! `fail2ban-client` and `fail2ban-server`: what was typed, carried out as Debian's programs do it, with their texts on standard output and
//! standard error and their exit codes.

use std::cell::RefCell;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dropin::Edition;
use event::Moment;
use fail2ban::client::{Asked, CommandLine, Task, command_line, log_line, task, typed_words};
use fail2ban::stream::{self, Ask, Logs, Overrides, Server, Stream};
use fail2ban::{Value, beautifier};

use super::talk::{self, NoAnswer, ask};
use super::{Name, Outcome, Service, WRONG, start, usage};
use crate::say;

/// How long a ping that only looks whether there is a server waits: longer than fail2ban's 0.1 s, since a busy one is there too.
const PING: Duration = Duration::from_secs(1);

/// One call.
pub struct Call {
    pub name: Name,
    /// The path by which the program was called.
    pub called: String,
    pub line: CommandLine,
    pub server: Server,
    clock: fn() -> Moment,
    /// What was said of the configuration: each thing once, however often it is read.
    said: RefCell<Vec<String>>,
}

/// Carries out what was typed behind the program's name.
pub fn run(name: Name, called: &str, arguments: &[String], clock: fn() -> Moment) -> Outcome {
    let line = match command_line(arguments) {
        Asked::Run(line) => *line,
        Asked::Help => {
            usage::print(name);
            return Outcome::Ended(0);
        }
        Asked::Version { short } => {
            let version = Edition::installed(Path::new("/")).version();
            let told = if short { version.to_owned() } else { format!("Fail2Ban v{version}") };
            say!("{told}");
            return Outcome::Ended(0);
        }
        Asked::Seconds(seconds) => {
            say!("{seconds}");
            return Outcome::Ended(0);
        }
        Asked::Wrong(text) => {
            usage::print(name);
            eprintln!("{}: {text}", name.text());
            return Outcome::Ended(WRONG);
        }
    };
    let server = Server::default();
    let mut call = Call { name, called: called.to_owned(), line, server, clock, said: RefCell::default() };
    let ended = |done: bool| Outcome::Ended(if done { 0 } else { WRONG });
    match call.begin() {
        Ok(()) => {}
        Err(done) => return ended(done),
    }
    if call.line.interactive {
        return ended(call.converse());
    }
    let serves = call.name == Name::Server && call.line.words.is_empty();
    match if serves { Task::Start } else { call.line.task() } {
        Task::Start if call.line.asynchronous || !call.line.background => call.serve(),
        Task::Nothing => {
            usage::print(name);
            Outcome::Ended(WRONG)
        }
        task => ended(call.carry_out(task)),
    }
}

impl Call {
    /// What comes before any command: the server's settings, and the options that ask for nothing else. `Err` is the end, and whether it is well.
    fn begin(&mut self) -> Result<(), bool> {
        let Overrides { socket, pidfile, loglevel, logtarget, syslogsocket } = &self.line.overrides;
        let is_complete =
            [socket, pidfile, loglevel, logtarget, syslogsocket].into_iter().all(Option::is_some);
        if !is_complete && !self.folder().exists() {
            return Err(self
                .cannot_begin(&format!("Base configuration directory {} does not exist ", self.line.conf)));
        }
        let (server, complaints) = Server::read(self.folder(), &self.line.overrides);
        self.server = server;
        // With all of them given, fail2ban does not read the file.
        if !is_complete {
            complaints.iter().for_each(|complaint| self.once("WARNING", &complaint.to_string()));
        }
        if !stream::is_level(&self.server.loglevel) {
            return Err(self.cannot_begin(&format!("Invalid log level '{}'", self.server.loglevel)));
        }
        if self.line.dump {
            let logs = if self.line.test { Logs::Needed } else { Logs::Present };
            let stream = stream::read(self.folder(), &self.ask(None, logs));
            self.complain(&stream);
            crate::out::text(&stream.text());
            if !self.line.test {
                if !stream.is_usable() && self.name == Name::Client {
                    self.log("ERROR", "Init of command line failed");
                }
                return Err(stream.is_usable());
            }
        }
        if self.line.test {
            if self.read_configuration(None, Logs::Needed).is_none_or(|stream| !stream.broken.is_empty()) {
                self.log("ERROR", "ERROR: test configuration failed");
                return Err(false);
            }
            if self.line.words.is_empty() {
                say!("OK: configuration test is successful");
                return Err(true);
            }
        }
        Ok(())
    }

    fn cannot_begin(&self, why: &str) -> bool {
        say!("ERROR: {why}");
        if self.name == Name::Client {
            self.log("ERROR", "Init of command line failed");
        }
        false
    }

    /// Carries out a command; whether it went well.
    fn carry_out(&self, task: Task) -> bool {
        match task {
            Task::Start => start::in_background(self),
            Task::Restart => {
                // A server that is not there has stopped already.
                let is_gone = self.stop(&["stop".to_owned()]).1;
                if !is_gone {
                    self.log("ERROR", "Could not stop server");
                }
                is_gone && start::in_background(self)
            }
            Task::Reload { jail, options } => self.reload(jail.as_deref(), &options),
            Task::Send(words) if words == ["stop"] => self.stop(&words).0,
            Task::Send(words) => self.send(&words),
            Task::Nothing => false,
            Task::Unexpected(words) => {
                let words = fail2ban::repr(&Value::texts(words));
                self.log("ERROR", &format!("Unexpected argument(s) for reload: {words}"));
                false
            }
        }
    }

    fn send(&self, words: &[String]) -> bool {
        let patience = match words {
            [ping, seconds, ..] if ping == "ping" => match seconds.trim().parse::<f64>() {
                Ok(seconds) => Some(Duration::try_from_secs_f64(seconds).unwrap_or(PING).max(PING)),
                Err(_) => {
                    let seconds = fail2ban::repr::text(seconds);
                    self.log("ERROR", &format!("could not convert string to float: {seconds}"));
                    return false;
                }
            },
            _ => None,
        };
        let values = words.iter().map(|word| Value::text(word.as_str()));
        self.process(&Value::List(values.collect()), words, patience)
    }

    /// Stops the server, and waits until it has ended: whoever starts one next finds its place free. Whether it was told, and whether it is gone.
    fn stop(&self, words: &[String]) -> (bool, bool) {
        let server = talk::Server::numbered(&self.server.pidfile);
        let server = server.or_else(|| talk::Server::connected(self.socket()));
        let is_told = self.send(words);
        let is_gone = match server {
            Some(server) if is_told => server.ends_within(self.patience()),
            _ => !self.answers(Some(PING)),
        };
        (is_told, is_gone)
    }

    fn reload(&self, jail: Option<&str>, options: &[String]) -> bool {
        if !self.answers(None) {
            self.log("ERROR", "Could not find server");
            return false;
        }
        // fail2ban's server takes no path that is not there, so what waits for its logs is left out for it.
        let logs = if self.waits_for_logs() { Logs::AsWritten } else { Logs::Needed };
        let Some(stream) = self.read_configuration(jail, logs) else { return false };
        let jail = jail.unwrap_or("--all");
        let command = Value::List(vec![
            Value::text("reload"),
            Value::text(jail),
            Value::texts(options.iter().cloned()),
            Value::List(stream.commands),
        ]);
        self.process(&command, &["reload".to_owned(), jail.to_owned()], None)
    }

    /// Sends a command and prints what its answer comes to; whether it was obeyed.
    pub fn process(&self, command: &Value, words: &[String], patience: Option<Duration>) -> bool {
        match ask(self.socket(), command, patience) {
            Ok(Ok(reply)) => {
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                say!("{}", beautifier::text(&words, &reply));
                true
            }
            Ok(Err(fault)) => {
                self.log("ERROR", &beautifier::fault_line(&fault));
                say!("{}", beautifier::fault_text(&fault));
                false
            }
            Err(NoAnswer::Unreachable(why)) => {
                self.log("ERROR", &why.text(&self.server.socket, words));
                false
            }
            Err(NoAnswer::Nonsense(why)) => {
                self.log("ERROR", &why);
                false
            }
        }
    }

    /// Whether a server answers.
    pub fn answers(&self, patience: Option<Duration>) -> bool {
        matches!(ask(self.socket(), &Value::texts(["ping"]), patience), Ok(Ok(_)))
    }

    /// Whether the server takes logs that are not there yet.
    fn waits_for_logs(&self) -> bool {
        let question = Value::texts(["get", "waits-for-logs"]);
        matches!(ask(self.socket(), &question, None), Ok(Ok(Value::Bool(true))))
    }

    /// What must hold before a server starts; says what does not.
    pub fn may_start(&self) -> bool {
        let refusal = if self.answers(Some(PING)) {
            Some("Server already running")
        } else if self.read_configuration(None, Logs::AsWritten).is_none() {
            Some("")
        } else if !self.line.force && self.socket().exists() {
            Some("Fail2ban seems to be in unexpected state (not running but the socket exists)")
        } else {
            None
        };
        let Some(refusal) = refusal else { return true };
        if !refusal.is_empty() {
            self.log("ERROR", refusal);
        }
        if self.name == Name::Server {
            self.log("ERROR", "Async configuration of server failed");
        }
        false
    }

    /// This process becomes the server.
    fn serve(&self) -> Outcome {
        let is_detached = self.line.asynchronous && self.line.background;
        // Whoever starts it in the background has looked already.
        if !is_detached && !self.may_start() {
            return Outcome::Ended(WRONG);
        }
        Outcome::Serve(Service {
            folder: self.folder().to_owned(),
            overrides: Overrides {
                socket: Some(self.server.socket.clone()),
                pidfile: Some(self.server.pidfile.clone()),
                ..self.line.overrides.clone()
            },
            process_name: self.line.pname.clone().unwrap_or_else(|| Name::Server.text().to_owned()),
            is_detached,
            state_dir: super::state_dir(),
        })
    }

    /// `-i`: commands from standard input, up to its end.
    fn converse(&self) -> bool {
        let mut is_well = self.line.words.is_empty() || self.carry_out(self.line.task());
        if !is_well {
            return false;
        }
        say!("Commands as behind the program's name; 'exit' ends, 'help' lists them.\n");
        let mut lines = std::io::stdin().lock().lines();
        loop {
            crate::out::text("fail2ban> ");
            let Some(Ok(line)) = lines.next() else {
                say!();
                return is_well;
            };
            match line.trim() {
                "exit" | "quit" => return true,
                "help" => usage::print(self.name),
                "" => {}
                typed => is_well = self.carry_out(task(&typed_words(typed))),
            }
        }
    }

    /// The configuration as commands; what is wrong with it is said. None: it cannot be used.
    fn read_configuration(&self, jail: Option<&str>, logs: Logs) -> Option<Stream> {
        if !self.folder().exists() {
            let folder = &self.line.conf;
            let why =
                format!("Failed during configuration: Base configuration directory {folder} does not exist ");
            self.log("ERROR", &why);
            return None;
        }
        let stream = stream::read(self.folder(), &self.ask(jail, logs));
        self.complain(&stream);
        let is_broken = |name| stream.broken.iter().any(|(broken, _)| broken == name);
        if jail.is_some_and(is_broken) || !stream.is_usable() { None } else { Some(stream) }
    }

    fn ask<'a>(&self, jail: Option<&'a str>, logs: Logs) -> Ask<'a> {
        let journal_without_logs = Edition::installed(Path::new("/")) >= Edition::V1_1_1;
        Ask { jail, logs, journal_without_logs, overrides: self.line.overrides.clone() }
    }

    fn complain(&self, stream: &Stream) {
        stream.complaints.iter().for_each(|complaint| self.once("WARNING", &complaint.to_string()));
        for (jail, complaints) in &stream.broken {
            for complaint in complaints {
                self.once("ERROR", &format!("jail {jail} is left out: {complaint}"));
            }
        }
    }

    fn once(&self, level: &str, text: &str) {
        let mut said = self.said.borrow_mut();
        if !said.iter().any(|known| known == text) {
            said.push(text.to_owned());
            self.log(level, text);
        }
    }

    /// A line on standard error, as fail2ban's programs log there.
    pub fn log(&self, level: &str, text: &str) {
        if level == "WARNING" && self.line.verbose <= 0 {
            return;
        }
        let at = jiff::Timestamp::from_millisecond((self.clock)().millis()).unwrap_or_default();
        let at = at.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S,%3f").to_string();
        eprintln!("{}", log_line(&at, "fail2ban", std::process::id(), level, text));
    }

    /// How long a server that starts or stops is waited for.
    pub fn patience(&self) -> Duration {
        Duration::try_from_secs_f64(self.line.timeout).unwrap_or_default()
    }

    pub fn now(&self) -> Moment {
        (self.clock)()
    }

    pub fn socket(&self) -> &Path {
        Path::new(&self.server.socket)
    }

    pub fn folder(&self) -> &Path {
        Path::new(&self.line.conf)
    }

    /// The server's program, if it stands beside the one that was called and is this binary too.
    pub fn server_beside(&self) -> Option<PathBuf> {
        let beside = Path::new(&self.called).with_file_name(Name::Server.text());
        let is_ours = self.called.contains('/')
            && beside.canonicalize().ok()? == std::env::current_exe().ok()?.canonicalize().ok()?;
        is_ours.then_some(beside)
    }
}
