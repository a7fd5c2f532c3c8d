//! Bounds of what is read of fail2ban's configuration and spoken on its socket.

/// Bytes of one file of fail2ban's configuration. A larger one is left unread, and a complaint says so.
pub const FAIL2BAN_FILE_BYTES: u64 = 1024 * 1024;

/// Files that one filter, action or list of jails of fail2ban may be made of, includes counted as often as they are read. Further
/// ones are left unread, and a complaint says so.
pub const FAIL2BAN_FILES: usize = 512;

/// How deep files of fail2ban's configuration may include one another. A deeper one is left unread, and a complaint says so.
pub const FAIL2BAN_INCLUDE_DEPTH: usize = 16;

/// How deep `%(name)s` may lead to further ones: as deep as fail2ban goes. Past it, the option is left out, and a complaint says so.
pub const FAIL2BAN_INTERPOLATION_DEPTH: usize = 10;

/// How often one tag may be put into one value: as often as fail2ban does it. Past it, the tags are taken to name one another.
pub const FAIL2BAN_TAG_REPLACEMENTS: usize = 25;

/// Steps of interpolation or of putting tags in for one value, whatever its length. Past it, as with a value too long.
pub const FAIL2BAN_STEPS: usize = 10_000;

/// Bytes of one value of fail2ban's configuration after all is put in. A longer one is left out, and a complaint says so.
pub const FAIL2BAN_VALUE_BYTES: usize = 256 * 1024;

/// Jails, patterns of one kind, or log files of a jail that fail2ban's configuration may name. Further ones are left out, and a
/// complaint says so.
pub const FAIL2BAN_ENTRIES: usize = 4096;

/// Complaints about one fail2ban configuration that are kept. Further ones are left out.
pub const FAIL2BAN_COMPLAINTS: usize = 1000;

/// Bytes of the file in which an installed fail2ban tells its version. A longer one tells none.
pub const FAIL2BAN_VERSION_BYTES: u64 = 64 * 1024;

/// Jails that a remark on fail2ban's configuration names, where it goes for several. Further ones are counted.
pub const FAIL2BAN_REMARK_JAILS: usize = 8;

/// Such remarks that the page shows. Further ones are counted; `stockade status` and the API have them all.
pub const FAIL2BAN_REMARKS_SHOWN: usize = 100;

/// Bytes of a formula for ban times. A longer one is refused.
pub const FAIL2BAN_FORMULA_BYTES: usize = 1024;

/// How deep brackets, signs and choices in a formula may nest. A deeper one is refused.
pub const FAIL2BAN_FORMULA_DEPTH: usize = 64;

/// Bytes of one regular expression of fail2ban's, its tags filled in. A longer one is refused with its text.
pub const FAIL2BAN_PATTERN_BYTES: usize = 256 * 1024;

/// Groups in groups of such an expression. A deeper one is refused with its text.
pub const FAIL2BAN_PATTERN_DEPTH: usize = 100;

/// Memory of such an expression's automaton. One that needs more is refused with its text.
pub const FAIL2BAN_PATTERN_SIZE_BYTES: usize = 16 * 1024 * 1024;

/// Instructions of an expression that needs backtracking. One that needs more is refused with its text.
pub const FAIL2BAN_PATTERN_PROGRAM: usize = 100_000;

/// Steps back that such an expression may take on one line. Past them the line counts as missed by it, and is counted.
pub const FAIL2BAN_PATTERN_STEPS: usize = 100_000;

/// As above, where a match may span several lines: each of them is a place where a match can begin, and one where it can go on.
pub const FAIL2BAN_PATTERN_STEPS_OF_LINES: usize = 1_000_000;

/// Lines that one match may span, fail2ban's `maxlines`. A larger number is taken for this one.
pub const FAIL2BAN_MATCH_LINES: u32 = 1000;

/// Connections of which each filter of fail2ban's remembers what it has seen so far: as many as fail2ban does, so that both find the
/// same failures. At the bound, the oldest is forgotten.
pub const FAIL2BAN_PENDING_CONNECTIONS: usize = 100;

/// Lines, and accounts, kept of one such connection. Further ones are counted and left out.
pub const FAIL2BAN_PENDING_LINES: usize = 50;

/// Bytes of one command on fail2ban's socket; a configuration with every stock jail takes 0.3 MiB. A longer one ends the connection.
pub const FAIL2BAN_COMMAND_BYTES: usize = 16 * 1024 * 1024;

/// Values in one such command, those counted twice that stand in it twice. With more it is refused.
pub const FAIL2BAN_COMMAND_VALUES: usize = 500_000;

/// Lists in lists of such a command. A deeper one is refused.
pub const FAIL2BAN_COMMAND_DEPTH: usize = 32;

/// Addresses, networks and names that one jail ignores, as told on fail2ban's socket. A further one is refused.
pub const FAIL2BAN_IGNORED: usize = 10_000;

/// Clients on fail2ban's socket at once. Further ones are closed unread.
pub const FAIL2BAN_CLIENTS: usize = 32;

/// Seconds that such a client may be silent within a command, or leave its answer unread. Then it is closed.
pub const FAIL2BAN_CLIENT_SECONDS: u64 = 30;

/// Seconds that fail2ban's `sleep` delays an answer at most. A longer time is taken for this one.
pub const FAIL2BAN_SLEEP_SECONDS: f64 = 600.0;

/// Seconds that answers under way on fail2ban's socket have when it closes. Then they are cut.
pub const FAIL2BAN_GRACE_SECONDS: u64 = 2;

/// Jails whose actions may run at once, a thread each. The actions of further ones are not run, and that is said.
pub const FAIL2BAN_ACTION_JAILS: usize = 256;

/// Commands of actions that run at once over all jails. Further ones wait; a jail has one at most, so a slow one keeps no other jail
/// from its turn.
pub const FAIL2BAN_ACTION_CHILDREN: usize = 16;

/// Seconds between two looks at whether what a jail's actions set up is there still, however often somebody who is banned fails on; and how
/// long after a ban a failure must be to be a reason for one. Both are fail2ban's.
pub const FAIL2BAN_ACTION_CHECK_SECONDS: u64 = 3;

/// Subjects that fail on although they are banned, whose failures are counted for fail2ban's jails. At the bound, all counts begin anew.
pub const FAIL2BAN_STILL_FAILING: usize = 10_000;

/// What may wait for one jail's actions. At the bound, a ban is not told to them, and is counted; what lifts a ban that they were told of
/// always is. That somebody who is banned fails on is told up to half of it, and else at the next occasion.
pub const FAIL2BAN_ACTION_QUEUE: usize = 4096;

/// Bans of one jail that its actions hold with their failures and lines. Of further ones, an unban knows the address only.
pub const FAIL2BAN_ACTION_TICKETS: usize = 20_000;

/// Subjects whose earlier bans and accounts are remembered for the tags of actions. At the bound, the one seen longest ago is forgotten.
pub const FAIL2BAN_ACTION_SUBJECTS: usize = 10_000;

/// Lines of an address that `<ipmatches>` and `<ipjailmatches>` put together, as many as fail2ban takes. The oldest are left out.
pub const FAIL2BAN_ACTION_LINES: usize = 10;

/// Bytes that a command prints and that are kept of it, for `status`. The oldest are left out.
pub const FAIL2BAN_ACTION_OUTPUT_BYTES: usize = 4096;

/// Bytes of one command with everything put in, and of one value that goes to it by environment: the kernel takes 128 KiB. A longer command is
/// refused; of a longer value the end is left out.
pub const FAIL2BAN_ACTION_BYTES: usize = 120 * 1024;

/// Seconds that a command may run at most. A larger `timeout` is taken for this one.
pub const FAIL2BAN_ACTION_SECONDS: u64 = 3600;

/// Milliseconds between asking a command to end and ending it, as with fail2ban.
pub const FAIL2BAN_ACTION_KILL_MILLIS: u64 = 200;

/// Seconds that a client waits for a method of an action that it called. Then it is told that the method runs on.
pub const FAIL2BAN_ACTION_CALL_SECONDS: u64 = 60;

/// Seconds that actions have at the end of the program to let everybody in again and to end. Then what runs is ended, and what was left
/// is said.
pub const FAIL2BAN_ACTION_STOP_SECONDS: u64 = 20;

/// Bytes of what fail2ban's database keeps of one ban beside its time. More is left unread, and the ban stands without.
pub const FAIL2BAN_DATABASE_DATA_BYTES: usize = 64 * 1024;

/// Lines of one ban that are taken from fail2ban's database or written there, whatever `dbmaxmatches` says. Older ones are left out.
pub const FAIL2BAN_DATABASE_MATCHES: usize = 50;

/// Bytes of bans and lines that wait to be written to fail2ban's database: some 100,000 bans without lines. At the bound, more is
/// counted and left out, and the whole is compared as soon as there is room.
pub const FAIL2BAN_DATABASE_QUEUE_BYTES: usize = 32 * 1024 * 1024;

/// Rows of fail2ban's database that are written or looked up at a time, before other programs have their turn.
pub const FAIL2BAN_DATABASE_BATCH: usize = 500;

/// Bans of one address that are put together for `<ipmatches>` and its kin. Older ones are left out.
pub const FAIL2BAN_DATABASE_MERGED: usize = 1000;

/// Seconds for which a lock that another program holds on fail2ban's database is waited for. Then it is tried again a little later.
pub const FAIL2BAN_DATABASE_PATIENCE_SECONDS: u64 = 2;

/// Seconds that the last changes of fail2ban's database, or the last lines of its log, have at the end. Then they are left out.
pub const FAIL2BAN_MIRROR_GRACE_SECONDS: u64 = 5;

/// Bytes of lines that wait for fail2ban's log. At the bound, more are counted and left out, and a line says how many.
pub const FAIL2BAN_LOG_QUEUE_BYTES: usize = 32 * 1024 * 1024;

/// Bytes of lines that are written to fail2ban's log at a time.
pub const FAIL2BAN_LOG_BYTES: usize = 64 * 1024;

/// Bytes at the end of a log at which `lint` and `import` look. What stands before is not looked at.
pub const FAIL2BAN_LINT_BYTES: u64 = 4 * 1024 * 1024;

/// Lines at the end of a log at which `lint` and `import` look. What stands before is not looked at.
pub const FAIL2BAN_LINT_LINES: usize = 10_000;

/// Findings of `lint` that are kept. Further ones are left out.
pub const FAIL2BAN_FINDINGS: usize = 1000;

/// Bytes shown of what a server said that did not get ready when fail2ban's client started it. The oldest are left out.
pub const FAIL2BAN_START_LOG_BYTES: u64 = 16 * 1024;

/// Bytes of `stockade.log`, where a server goes on that was started in the background. A longer one becomes `stockade.log.1`, in the place of
/// the one before, and it begins anew.
pub const FAIL2BAN_BACKGROUND_LOG_BYTES: u64 = 8 * 1024 * 1024;

/// Seconds between two looks at its length.
pub const FAIL2BAN_BACKGROUND_LOG_SECONDS: u64 = 60;

/// Commands that `ignorecommand` runs at once over all jails; further ones wait. Failures that the same command answers are one.
pub const FAIL2BAN_IGNORE_COMMANDS: usize = 4;

/// Failures that wait for an `ignorecommand`, over all jails. Further ones count without being asked about, and are counted: a flood or a command
/// that hangs does not switch the jail off.
pub const FAIL2BAN_IGNORE_WAITING: usize = 4096;

/// Seconds that an `ignorecommand` may take, as with fail2ban. Then it is ended, and the failure counts.
pub const FAIL2BAN_IGNORE_SECONDS: u64 = 60;

/// Answers that `ignorecache` keeps at most for one jail, whatever its `max-count` says. The one kept longest is forgotten.
pub const FAIL2BAN_IGNORE_ANSWERS: usize = 10_000;

/// Names and files in `ignoreip`, over all jails, whose addresses are found out. A further one means nobody, and that is said.
pub const FAIL2BAN_IGNORED_NAMES: usize = 256;

/// Addresses that one such name may mean, or entries that one such file may have. Further ones are left out, and that is said.
pub const FAIL2BAN_IGNORED_BY_NAME: usize = 10_000;

/// Names that are looked up at once. Further ones wait for their turn, behind names that nobody answers for.
pub const FAIL2BAN_LOOKUPS: usize = 4;

/// Seconds after which such a name is looked up again: as long as fail2ban remembers an answer.
pub const FAIL2BAN_LOOKUP_SECONDS: u64 = 5 * 60;

/// Seconds after which a name is looked up again that was never found.
pub const FAIL2BAN_LOOKUP_AGAIN_SECONDS: u64 = 30;

/// Seconds between two looks whether a file in `ignoreip` has changed.
pub const FAIL2BAN_IGNORED_FILE_SECONDS: u64 = 5;

/// Milliseconds that a start, a reload or a command waits at most for names that it brought. Then it goes on, and they count once they are found.
pub const FAIL2BAN_LOOKUP_PATIENCE_MILLIS: u64 = 2000;

/// How deep commands may stand in one another where the script of a firewall's action is looked at. What is deeper is not looked at, so nothing is said
/// of it.
pub const FAIL2BAN_SHELL_DEPTH: usize = 32;

/// Characters of a tag in such a script. What is longer is none.
pub const FAIL2BAN_TAG_CHARS: usize = 256;

/// Programs and files that a remark on such a script names. Further ones are counted.
pub const FAIL2BAN_REMARK_COMMANDS: usize = 8;

/// Characters of such a name that are shown.
pub const FAIL2BAN_REMARK_NAME_CHARS: usize = 64;
