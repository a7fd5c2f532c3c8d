//! What can be typed behind fail2ban's names, in our words. It refuses to explain every command of the server: fail2ban's manual does.

use super::Name;
use crate::out::text;

/// Prints the help of one program.
pub fn print(name: Name) {
    let head = match name {
        Name::Client => {
            "Usage: fail2ban-client [OPTIONS] <COMMAND>\n\nTells a running server, Stockade or fail2ban, what to do.\n"
        }
        Name::Server => {
            "Usage: fail2ban-server [OPTIONS]\n\nRuns Stockade with the jails of fail2ban's configuration.\n"
        }
        Name::Regex => return text(REGEX),
    };
    text(head);
    text(OPTIONS);
    if name == Name::Client {
        text(COMMANDS);
    }
}

const OPTIONS: &str = "
Options:
    -c, --conf <DIR>         the configuration's directory (default /etc/fail2ban)
    -s, --socket <FILE>      the server's socket, whatever fail2ban.conf says
    -p, --pidfile <FILE>     the file with the server's process number
    --pname <NAME>           the name of the server's process (default fail2ban-server)
    --loglevel <LEVEL>       how much is logged
    --logtarget <TARGET>     where to: a file, STDOUT, STDERR, SYSLOG
    --syslogsocket auto|<FILE>
    -d, --dp, --dump-pretty  print the configuration as commands
    -t, --test               say whether the configuration is well
    -i                       ask for commands
    -v, -q                   say more, say less
    -x                       start although there is a socket
    -b, -f                   start in the background (default), in the foreground
    --async                  with -b: be the server that another call waits for
    --timeout <TIME>         how long a server that starts or stops is waited for (default 30)
    --str2sec <TIME>         print a time such as 1d12h in seconds
    -h, --help               this
    -V, --version            the version of fail2ban that is spoken; -V: its number alone

Stockade's state lies in /var/lib/stockade, or where STOCKADE_STATE_DIR says; its settings are those
of 'stockade run', or those of the file that STOCKADE_CONFIG names.
";

const COMMANDS: &str = "
Commands:
    start | stop | restart               the server
    reload [--restart] [--unban] [--if-exists] [<JAIL> | --all]
                                         read the configuration again
    restart [--unban] [--if-exists] <JAIL>
    ping [<SECONDS>] | version | status [<JAIL> [<FLAVOUR>]]
    banned [<IP>…] | unban <IP>… | unban --all
    set <JAIL> banip <IP>… | set <JAIL> unbanip [--report-absent] <IP>…
    set <JAIL> addignoreip <IP> | set <JAIL> delignoreip <IP>
    set <JAIL> bantime|findtime|maxretry <VALUE>
    get <JAIL> banip|bantime|findtime|maxretry|ignoreip|logpath|failregex|actions
    set loglevel|logtarget <VALUE> | get loglevel|logtarget | flushlogs
All others of fail2ban 1.0.2 are taken too; its manual lists them.
";

const REGEX: &str = "Usage: fail2ban-regex [OPTIONS] <LOG> <REGEX> [IGNOREREGEX]

Shows what a filter finds in a log.

LOG:          a file, a line, or systemd-journal
REGEX:        a filter's name, with options such as sshd[mode=aggressive], its file, or a regular expression
IGNOREREGEX:  a regular expression; lines that it matches are ignored

Options:
    -c, --config <DIR>            the configuration's directory (default /etc/fail2ban)
    -d, --datepattern <PATTERN>   how dates look
    --timezone, --TZ <ZONE>       the zone of dates that name none
    -e, --encoding <ENCODING>     shown in the report; lines are read as UTF-8
    -r, --raw                     hosts as they stand
    --usedns yes|no               whether names are hosts
    -L, --maxlines <NUMBER>       lines that one match may span
    -m, --journalmatch <MATCH>    which messages of the journal
    -v, --verbose                 show what was found; --verbosity <NUMBER>
    --no-check-all                stop at the first pattern that matches
    -o, --out <WHAT>              print only this of each failure: id, ip, msg, or a group's name
    --print-no-missed, --print-no-ignored
    --print-all-matched, --print-all-missed, --print-all-ignored
    -h, --help; --version; -V
";
