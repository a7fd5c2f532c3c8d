//! What can be typed. The help texts here are the manual: each says what the command does and shows it.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};

/// Where state lies when `--state-dir` does not say.
pub const STATE_DIR: &str = "/var/lib/stockade";
/// Settings that are read when `--config` does not say, if the file is there.
pub const CONFIG: &str = "/etc/stockade/stockade.toml";
/// Where fail2ban's configuration lies.
pub const FAIL2BAN_DIR: &str = "/etc/fail2ban";

/// Stops brute force on a PBX and on any Linux server.
///
/// Stockade finds failed logins in logs and in the journal, counts them per address in a sliding window, and drops the
/// attacker's packets in the kernel. `stockade run` does the work; the other commands ask a running one.
#[derive(Debug, Parser)]
#[command(name = "stockade", version, max_term_width = 100, arg_required_else_help = true)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Where to find the state and the control socket.
    #[command(flatten)]
    pub place: Place,
    /// Print JSON instead of text for people.
    #[arg(long, global = true)]
    pub json: bool,
}

/// Where state lies.
#[derive(Clone, Debug, ClapArgs)]
pub struct Place {
    /// Directory of stockade.db and stockade.sock.
    #[arg(long, global = true, value_name = "DIR", default_value = STATE_DIR)]
    pub state_dir: PathBuf,
    /// Control socket, if it is not in the state directory.
    #[arg(long, global = true, value_name = "PATH")]
    pub socket: Option<PathBuf>,
}

impl Place {
    /// The control socket.
    pub fn socket(&self) -> PathBuf {
        self.socket.clone().unwrap_or_else(|| self.state_dir.join("stockade.sock"))
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Watch, count, ban: the main job, in the foreground.
    ///
    /// Prints 'ready' on a line of its own on stderr once all sources are open and enforcement stands. Without root or
    /// without netfilter it only observes, and says so. SIGHUP, a change of the settings file and 'stockade reload' read
    /// the settings again; wrong settings are told and the old ones stay. SIGTERM stops it: bans stay in the kernel.
    Run {
        /// Settings; without it /etc/stockade/stockade.toml if it is there, else the defaults.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// Take the jails from fail2ban's configuration in this directory, /etc/fail2ban, and answer its client on its socket.
        #[arg(long, value_name = "DIR")]
        fail2ban_dir: Option<PathBuf>,
        /// That socket, if it is not where fail2ban.conf says.
        #[arg(long, value_name = "PATH", requires = "fail2ban_dir")]
        fail2ban_socket: Option<PathBuf>,
    },
    /// How things stand: jails, sources, enforcement, what needs attention.
    ///
    /// Exits 1 if a jail was named and is not on.
    Status {
        /// Only this jail.
        jail: Option<String>,
    },
    /// Who is banned, since when, until when, and why.
    Banned,
    /// Ban an address or a subnet by hand, on all ports.
    ///
    /// For example: stockade ban 192.0.2.1 --for 1h. Refused (exit 1) for whoever is on the whitelist.
    Ban {
        /// 192.0.2.1, 192.0.2.0/24, 2001:db8::1 (its /64), 2001:db8::/48.
        #[arg(value_parser = subject)]
        address: String,
        /// Ban in this jail: only its ports are closed.
        #[arg(long)]
        jail: Option<String>,
        /// How long: 90 (seconds), 10m, 2h, 1d, 1w, forever. Without it, the default ban_time.
        #[arg(long = "for", value_name = "TIME")]
        time: Option<String>,
        /// Also if it is a very wide subnet.
        #[arg(long)]
        force: bool,
    },
    /// Let an address or subnet in again, in all jails.
    ///
    /// Its failures and its earlier bans are forgotten too. Exits 1 if it was not banned.
    Unban {
        /// The address or subnet as 'banned' shows it.
        #[arg(required_unless_present = "all", value_parser = subject)]
        address: Option<String>,
        /// Let everyone in.
        #[arg(long, conflicts_with = "address")]
        all: bool,
    },
    /// Why an address is banned, or why not: the rule, the limits, the lines.
    ///
    /// Exits 1 if it is not banned.
    Why {
        /// An address.
        #[arg(value_parser = subject)]
        address: String,
    },
    /// Judge the lines of log files with a filter, without counting or banning.
    ///
    /// For example: stockade scan --filter sshd /var/log/auth.log. With --json, one object a line, in order.
    Scan(Scan),
    /// Check the settings: every complaint at once, each with its line and its remedy.
    ///
    /// Exits 78 if there are any.
    Check {
        /// The settings file; without it, what 'run' would read.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Look for what is wrong with fail2ban's configuration, though it can be read.
    ///
    /// Patterns that can never match, that let a client choose whom to ban, or that keep a backtracking engine busy; jails whose log is not
    /// there or whose filter finds nothing in it: each with its line, why it matters and what to write instead. Without a fail2ban
    /// on this host, the settings of Stockade are looked at. Exits 1 if anything is found.
    Lint {
        /// fail2ban's configuration; without it /etc/fail2ban if it is there.
        #[arg(long, value_name = "DIR")]
        fail2ban_dir: Option<PathBuf>,
        /// Also jails that are not enabled, and filters that no jail names.
        #[arg(long)]
        all: bool,
        /// Settings of Stockade to look at instead.
        #[arg(long, value_name = "FILE", conflicts_with_all = ["fail2ban_dir", "all"])]
        config: Option<PathBuf>,
    },
    /// Write settings that do what another program's configuration does.
    Import {
        /// Whose.
        #[command(subcommand)]
        what: Import,
    },
    /// The jails: which are on, what they watch and how they stand.
    Jails,
    /// The filters that can be used; with a name, everything about one.
    Filters {
        /// Show this filter's patterns and sample lines.
        name: Option<String>,
        /// Settings that name a filter directory.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Read the settings again; what is wrong with them is told, and the old ones stay.
    Reload,
    /// Set the administrator's password, read from standard input.
    Passwd,
    /// API keys for bouncers and programs.
    Token {
        /// What to do with them.
        #[command(subcommand)]
        deed: TokenDeed,
    },
    /// Carry out on this host what a Stockade or a CrowdSec elsewhere decides.
    ///
    /// Asks a LAPI or reads the keys in Redis, and keeps the bans in this host's kernel, in front of containers too: for a host
    /// whose Stockade runs in a container, and for every further host. Prints 'ready' on a line of its own on stderr once the
    /// kernel stands. Bans outlive a stop, and while the origin is away each stands until its end.
    Bouncer(Bouncer),
    /// Remove everything of Stockade's from the kernel and stop: every ban is lifted.
    ///
    /// The record of the bans stays; the next 'run' puts those back that have not ended by then.
    Down,
    /// Print a completion script: stockade completions bash > /etc/bash_completion.d/stockade
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// What can be imported.
#[derive(Clone, Debug, Subcommand)]
pub enum Import {
    /// Write the stockade.toml that does what fail2ban's configuration does.
    ///
    /// Each enabled jail becomes one of ours: with the filter of ours that finds the same addresses, or with a filter file that is made of
    /// its patterns and written beside. What cannot be carried over stands in the file as a comment, with its line in fail2ban's files.
    Fail2ban {
        /// fail2ban's configuration.
        #[arg(long, value_name = "DIR", default_value = FAIL2BAN_DIR)]
        fail2ban_dir: PathBuf,
        /// The file to write, and filters into 'filters' beside it; without it, all is printed.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Also over files that are there.
        #[arg(long, requires = "output")]
        force: bool,
    },
}

/// What is done with API keys.
#[derive(Clone, Debug, Subcommand)]
pub enum TokenDeed {
    /// Make a key and print its secret alone. It is shown this once.
    ///
    /// For example: stockade token create --scope bouncer edge-1. Also works while no stockade runs.
    Create {
        /// What it may do: bouncer (read decisions), read (read everything), admin (change everything).
        #[arg(long, default_value = "bouncer", value_parser = ["bouncer", "read", "admin"])]
        scope: String,
        /// From where it may be used; may be given several times. Without it, from anywhere.
        #[arg(long = "network", value_name = "SUBNET", value_parser = subject)]
        networks: Vec<String>,
        /// Its name: letters, digits, '-', '_', '.'.
        name: String,
    },
}

/// Arguments of `scan`.
#[derive(Clone, Debug, ClapArgs)]
pub struct Scan {
    /// The filter: a shipped one, or one of the filter directory of --config; with --fail2ban-dir, one of fail2ban's, with its
    /// options as jails spell them: 'sshd[mode="aggressive"]'.
    #[arg(long, value_name = "NAME")]
    pub filter: String,
    /// Take the filter from fail2ban's configuration in this directory: /etc/fail2ban.
    #[arg(long, value_name = "DIR", conflicts_with = "config")]
    pub fail2ban_dir: Option<PathBuf>,
    /// Log files; '-' is standard input.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Print only the number of failures.
    #[arg(long)]
    pub count: bool,
    /// Pretend it is this moment: 2026-11-22T12:00:00 or with a zone. Years that lines leave out are taken from it.
    #[arg(long, value_name = "TIME")]
    pub now: Option<String>,
    /// Zone of times that name none: Europe/Zurich. Without it, the host's.
    #[arg(long, value_name = "ZONE")]
    pub tz: Option<String>,
    /// Settings that name a filter directory.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Arguments of `bouncer`.
#[derive(Clone, Debug, ClapArgs)]
#[command(group(clap::ArgGroup::new("origin").required(true).args(["lapi", "redis"])))]
pub struct Bouncer {
    /// The LAPI that is asked: http://127.0.0.1:8765/ for a Stockade, http://127.0.0.1:8080/ for a CrowdSec.
    #[arg(long, value_name = "URL")]
    pub lapi: Option<String>,
    /// The bouncer's key, as 'stockade token create' prints it. Everybody on the host can see it; --token-file keeps it to itself.
    #[arg(long, value_name = "KEY", requires = "lapi")]
    pub token: Option<String>,
    /// A file with the bouncer's key alone in it.
    #[arg(long, value_name = "FILE", requires = "lapi", conflicts_with = "token", required_unless_present_any = ["token", "redis"])]
    pub token_file: Option<PathBuf>,
    /// The Redis whose keys are read: redis://127.0.0.1:6379/1, rediss://… for TLS; the number is the database's.
    #[arg(long, value_name = "URL")]
    pub redis: Option<String>,
    /// What the keys in Redis begin with, before 'firewall:'. MikoPBX writes them with '_PH_REDIS_CLIENT:'.
    #[arg(long, value_name = "PREFIX", requires = "redis", default_value = "")]
    pub prefix: String,
    /// A file with the password of Redis alone in it.
    #[arg(long, value_name = "FILE", requires = "redis")]
    pub password_file: Option<PathBuf>,
    /// How often it asks: 10s, 1m. What Redis announces is carried out at once.
    #[arg(long, value_name = "TIME", default_value = "10s")]
    pub every: String,
    /// Close only this port to whoever is banned: tcp/443, udp/10000-20000; may be given several times. Without it, all ports.
    #[arg(long = "port", value_name = "PORT", value_parser = str::parse::<event::Port>)]
    pub ports: Vec<event::Port>,
    /// Never block this address or subnet; may be given several times. This host, its gateways and the origin's whitelist never are.
    #[arg(long, value_name = "SUBNET", value_parser = subject)]
    pub never: Vec<String>,
    /// A certificate authority, PEM, for https:// and rediss://, beside the host's own ones.
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// How much is logged.
    #[arg(long, value_name = "LEVEL", default_value = "info", value_parser = ["error", "warn", "info", "debug", "trace"])]
    pub log_level: String,
}

/// Lets through what is an address or a subnet, as it was typed: what else it may be is wrong use, and no question to ask.
fn subject(text: &str) -> Result<String, event::subject::NotASubject> {
    text.parse::<event::Subject>().map(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        super::Args::command().debug_assert();
    }
}
