//! Every bound of the program, in one place: queues, tables, texts. Reaching one is counted and shown in `status`,
//! never silent. Each says what happens there.

use std::time::Duration;

/// A longer line is cut off, counted and skipped up to its end. 64 KiB is eight times what any known service writes.
pub const LINE_BYTES: usize = 64 * 1024;

/// How much is read from a file at a time; also the size of a source's buffer.
pub const READ_BYTES: usize = 256 * 1024;

/// Without a saved position, this much of a log's end is judged when it is first opened.
pub const FIRST_CATCH_UP_BYTES: u64 = 4 * 1024 * 1024;

/// Files that are followed at once, over all globs. Further ones are counted and left unread.
pub const FILES: usize = 1024;

/// A line is kept as evidence up to this length.
pub const EVIDENCE_BYTES: usize = 400;

/// An account name is kept up to this length.
pub const ACCOUNT_BYTES: usize = 64;

/// Name of a jail: with `_n4` behind it, it must fit a kernel set name.
pub const JAIL_NAME_BYTES: usize = 28;

/// Subjects in the counter's table over all jails. At the bound, the one that failed longest ago is forgotten.
pub const COUNTED_SUBJECTS: usize = 1_000_000;

/// Failures in all of the counter's windows: a large `max_retry` does not multiply the memory of a full table. At the
/// bound, the subject that failed longest ago is forgotten.
pub const COUNTED_FAILURES: usize = 8_000_000;

/// Jails that can be counted and decided for at once. A further one is refused with its name.
pub const JAILS: usize = 4096;

/// The largest `max_retry`: a window keeps this many moments for each subject at most.
pub const MAX_RETRY: u32 = 1000;

/// Subjects whose earlier bans are remembered for escalation. At the bound, the oldest is forgotten.
pub const REMEMBERED_OFFENDERS: usize = 1_000_000;

/// Subjects remembered for a proven success. At the bound, the oldest is forgotten.
pub const REMEMBERED_FRIENDS: usize = 100_000;

/// Live bans over all jails. At the bound, a new ban is refused, and says so.
pub const BANS: usize = 2_000_000;

/// Messages waiting for the engine. At the bound, sources wait: their lines are safe where they are.
pub const ENGINE_QUEUE: usize = 1024;

/// Failures in one message to the engine.
pub const FAILURES_PER_MESSAGE: usize = 4096;

/// Kernel changes waiting for enforcement. At the bound, the engine waits.
pub const ENFORCEMENT_QUEUE: usize = 256;

/// Elements in one kernel transaction: a longer list becomes several. A full one took 25 ms with a million bans held.
pub const ELEMENTS_PER_TRANSACTION: usize = 20_000;

/// Failures kept on disk as evidence and for rebuilding the windows. At the bound, the oldest are deleted.
pub const RECORDED_FAILURES: u64 = 500_000;

/// Earlier bans of one address that are counted where fail2ban's configuration lets bans grow with them.
pub const EARLIER_BANS: usize = 100;

/// Days that failures are kept on disk.
pub const RECORDED_FAILURE_DAYS: u32 = 8;

/// Rows of the audit. At the bound, the oldest are deleted.
pub const AUDIT_ROWS: u64 = 100_000;

/// Rows of the journal of actions. At the bound, the oldest are deleted.
pub const ACTION_ROWS: u64 = 100_000;

/// Bytes of an action's detail, such as the difference of the settings. A longer one is cut and ends in `…`.
pub const ACTION_DETAIL_BYTES: usize = 20 * 1024;

/// Bytes of each other text of an action. A longer one is cut and ends in `…`.
pub const ACTION_TEXT_BYTES: usize = 256;

/// API keys. At the bound, a new one is refused, and says so.
pub const KEYS: usize = 1000;

/// Rows of each tally of failures and bans by quarter of an hour. At the bound, the oldest are deleted.
pub const TALLY_ROWS: u64 = 100_000;

/// Steps of one answer from a tally. Further ones are left out.
pub const TALLY_STEPS: usize = 1000;

/// Ended bans kept on disk. At the bound, the oldest are deleted; a live ban never is.
pub const HISTORY_ROWS: u64 = 200_000;

/// Sources whose position is kept on disk. At the bound, the one that was read longest ago is deleted: if that file
/// comes back, its end is judged as on a first start.
pub const POSITIONS: u64 = 4096;

/// Rows of one kind that one pruning deletes, so that the engine never waits long. What is left goes next time.
pub const PRUNE_ROWS: u64 = 5_000;

/// Corrupt databases kept beside the new one. At the bound, the oldest is deleted, so that a bad disk cannot fill itself.
pub const CORRUPT_FILES: usize = 3;

/// Bytes of `stockade.toml`. A larger file is refused unread.
pub const CONFIG_BYTES: u64 = 1024 * 1024;

/// Refusals kept in memory for `status` and `why`.
pub const REFUSALS: usize = 200;

/// Clients of the control socket at once. Further ones are told so and closed.
pub const CONTROL_CLIENTS: usize = 32;

/// Bytes of one request on the control socket.
pub const CONTROL_REQUEST_BYTES: usize = 64 * 1024;

/// Steps that the backtracking matcher may take on one line before the automaton takes over.
pub const MATCH_STEPS: u32 = 20_000;

/// Bytes of one pattern of a filter, its tags replaced by what they stand for. A longer one is refused: parts that name parts
/// could make it as long as memory is.
pub const PATTERN_BYTES: usize = 64 * 1024;

/// Bytes of a file's head that tell it apart from another file with the same inode number. A shorter file is told apart
/// by what it has.
pub const HEAD_BYTES: usize = 256;

/// Files of one path that are open and wait, because the path was rotated faster than we read. At the bound, the younger
/// ones are looked for again once these are read.
pub const WAITING_ROTATIONS: usize = 16;

/// Symbolic links followed for one path, as many as the kernel follows. At the bound, the rest is not watched.
pub const SYMLINKS: usize = 40;

/// One journal entry as JSON. A longer one is counted and skipped.
pub const JOURNAL_ENTRY_BYTES: usize = 1024 * 1024;

/// Seconds between two attempts to start `journalctl` at most; the first attempt comes at once.
pub const JOURNAL_RESTART_SECONDS: u64 = 60;

/// Bans in one kernel set. Past it, the next reconcile spreads them over 256 sets, since the kernel dumps a set in time
/// proportional to the square of its size.
pub const ELEMENTS_PER_SET: usize = 32_768;

/// Bytes of a netlink socket's receive buffer. If more arrives at once, the kernel drops it and says so: the watch then
/// takes it for a change and everything is compared.
pub const NETLINK_RECEIVE_BYTES: usize = 16 * 1024 * 1024;

/// Datagrams that the watch reads in one call. The rest waits for the next: the socket stays readable.
pub const WATCH_DATAGRAMS: usize = 10_000;

/// Characters of a search among the bans. A longer one is refused.
pub const SEARCH_CHARACTERS: usize = 200;

/// Words of a search that are looked for. The rest is left out.
pub const SEARCH_WORDS: usize = 8;

/// Networks of the network firewall. A file with more is refused.
pub const FIREWALL_NETWORKS: usize = 256;

/// Ports, or ranges of them, of one service of the network firewall. A longer list is refused.
pub const SERVICE_PORTS: usize = 64;

/// Characters of a network's name. A longer one is refused.
pub const NETWORK_NAME_CHARACTERS: usize = 64;

/// The largest `sip_limit`, in requests a second. A larger one is refused: it would be no limit.
pub const SIP_LIMIT: u32 = 10_000;

/// Addresses (and as many /64 networks) whose SIP requests the kernel counts at once. At the bound, the requests of further ones
/// pass uncounted: a flood from forged addresses locks nobody out. An address that is silent for a few seconds makes room.
pub const SIP_SOURCES: u32 = 65_536;

/// Addresses in one text of addresses that somebody typed or pasted. Past it, the text is refused.
pub const TYPED_ADDRESSES: usize = 10_000;

/// Wrong entries that are told of one text of addresses. Those behind are told once these are mended.
pub const WRONG_ENTRIES: usize = 100;

/// Bytes of the difference between two texts, as the journal keeps it. The rest is left out, and says so.
pub const DIFFERENCE_BYTES: usize = 16 * 1024;

/// Bytes of a request's body over HTTP. A larger one is refused with 413.
pub const HTTP_BODY_BYTES: usize = 1024 * 1024;

/// Bytes of a refused request's body that are read and thrown away, so that its sender reads the answer. Past it, the
/// connection is closed.
pub const HTTP_DISCARDED_BYTES: usize = 8 * 1024 * 1024;

/// Bytes of a form that is read before anybody is signed in. A larger one is refused with 413.
pub const HTTP_OPEN_FORM_BYTES: usize = 16 * 1024;

/// Bytes of the head of a request. A larger one is refused with 431.
pub const HTTP_HEAD_BYTES: usize = 64 * 1024;

/// Seconds in which a request must be read and answered; an event stream only has to begin. Then 408.
pub const HTTP_REQUEST_SECONDS: u64 = 30;

/// Seconds in which the head of a request must have arrived, and in which a kept connection may be idle. Then it is closed.
pub const HTTP_HEAD_SECONDS: u64 = 10;

/// Seconds that a client may leave unread what was sent to it. Then the kernel ends the connection.
pub const HTTP_STALLED_SECONDS: u32 = 60;

/// Connections over HTTP at once. Further ones are closed unread.
pub const HTTP_CONNECTIONS: usize = 512;

/// Of these, connections of one address (an IPv6 /64) that is no trusted proxy. Further ones are closed unread.
pub const HTTP_CONNECTIONS_PER_ADDRESS: usize = 64;

/// Threads that wait for the engine or the disk on behalf of HTTP requests. At the bound, requests wait.
pub const HTTP_BLOCKING_THREADS: usize = 16;

/// Seconds that open connections have to finish when the program stops. Then they are cut.
pub const HTTP_GRACE_SECONDS: u64 = 2;

/// Sessions of the page at once. At the bound, the one that was idle longest ends.
pub const SESSIONS: usize = 1000;

/// Seconds without a request after which a session ends.
pub const SESSION_IDLE_SECONDS: u64 = 12 * 60 * 60;

/// Seconds after which a session ends in any case.
pub const SESSION_SECONDS: u64 = 7 * 24 * 60 * 60;

/// Addresses from which one session was used of late. At the bound, the one used longest ago is forgotten.
pub const SESSION_ADDRESSES: usize = 4;

/// Seconds after which an address that a session is not used from any more is forgotten; the last one stays.
pub const SESSION_ADDRESS_SECONDS: u64 = 60 * 60;

/// Clients signed in by `auth:login` at once. At the bound, the one that was idle longest has to sign in again.
pub const TOKEN_FAMILIES: usize = 1000;

/// Seconds that an access token is good for.
pub const ACCESS_TOKEN_SECONDS: u64 = 15 * 60;

/// Seconds that a refresh token is good for.
pub const REFRESH_TOKEN_SECONDS: u64 = 30 * 24 * 60 * 60;

/// Passwords that are hashed at once, each taking a thread and 19 MiB. Others wait.
pub const PASSWORDS_AT_ONCE: usize = 2;

/// Passwords that wait to be hashed. Further ones are refused with 429.
pub const PASSWORDS_WAITING: usize = 16;

/// Bytes of a password. A longer one is refused.
pub const PASSWORD_BYTES: usize = 1024;

/// Failed sign-ins of one address within `SIGN_IN_SECONDS`, after which its attempts are refused with 429 until the
/// time is over. More than any preset allows: a ban comes first, and this is for addresses that no ban reaches.
pub const SIGN_IN_FAILURES: usize = 20;

/// See `SIGN_IN_FAILURES`.
pub const SIGN_IN_SECONDS: u64 = 10 * 60;

/// Addresses whose failed sign-ins are remembered. At the bound, the one that failed first is forgotten.
pub const SIGN_IN_ADDRESSES: usize = 10_000;

/// Bytes of a country database. A larger file is left unread, and a warning says so.
pub const COUNTRY_DATABASE_BYTES: u64 = 256 * 1024 * 1024;

/// Bytes of a request's body on MikoPBX's paths. A larger one is refused.
pub const MIKO_BODY_BYTES: usize = 64 * 1024;

/// Addresses in one answer about who is blocked on MikoPBX's paths, which know no pages. The rest is left out, and the
/// answer says so.
pub const MIKO_BANNED_ADDRESSES: usize = 100_000;

/// How often a change of the settings that somebody else's change overtook is made anew. Then the client is told.
pub const AMEND_ATTEMPTS: usize = 8;

/// Bytes of a text on which a filter is tried. A longer one is refused.
pub const TRIED_BYTES: usize = 256 * 1024;

/// Lines on which a filter is tried at once. More are refused.
pub const TRIED_LINES: usize = 1000;

/// Events that wait for a listener over HTTP. One that lags behind is told that it missed some, and asks for everything anew.
pub const EVENTS: usize = 1024;

/// Seconds that a change which would cut its author off waits to be confirmed. Then the old settings come back.
pub const TRIAL_SECONDS: u64 = 60;

/// Entries of the journal of actions on one page. The rest is on the next.
pub const JOURNAL_ENTRIES: usize = 50;

/// Entries that are looked through for one page of the journal where only one kind of deed is asked for. Then the page
/// ends, and says where the next one begins.
pub const JOURNAL_ENTRIES_READ: usize = 2000;

/// Listeners to the API's stream of events. Further ones are refused with 429.
pub const EVENT_LISTENERS: usize = 64;

/// Seconds that a listener may stay. Then its stream ends, and its key or session is looked at again when it comes back.
pub const EVENT_STREAM_SECONDS: u64 = 60 * 60;

/// Bans that one request to the API lifts by name. A longer list is refused.
pub const API_UNBANS: usize = 10_000;

/// Entries of the whitelist in one request to the API. A longer list is refused.
pub const API_WHITELIST: usize = 10_000;

/// Networks from which an API key may be used. A longer list is refused.
pub const API_KEY_NETWORKS: usize = 64;

/// Characters of a note to a ban by hand. A longer one is refused.
pub const API_NOTE_CHARACTERS: usize = 200;

/// Characters of lines that are tried against a filter. A longer text is refused.
pub const API_TRIED_CHARACTERS: usize = 200_000;

/// Bytes of the origin and of the scenario that bouncers are told. A longer one is refused.
pub const LAPI_WORD_BYTES: usize = 64;

/// Bouncers of which it is remembered what they were told. At the bound, the one that asked longest ago is forgotten: it is
/// told everything anew.
pub const LAPI_BOUNCERS: usize = 1000;

/// Different selections of decisions that bouncers ask for, each held once. At the bound, the one that was asked for longest
/// ago is forgotten: its bouncers are told everything anew.
pub const LAPI_VIEWS: usize = 16;

/// Changes that are kept for bouncers that have not asked since. At the bound, the oldest are forgotten: a bouncer that needs them
/// is told everything anew.
pub const LAPI_CHANGES: usize = 500_000;

/// Decisions that a bouncer is told twice in one answer, to be sure, after it was forgotten. The next follow with its next question.
pub const LAPI_AGAIN: usize = 1000;

/// Bans lifted before their time that a forgotten bouncer is told to take out. Of more, it keeps the oldest until they end.
pub const LAPI_LIFTED: usize = 100_000;

/// The longest that a bouncer is told at once; what ends later, or never, is told anew when half of it is over. `ipset` takes
/// no more than 24 days.
pub const LAPI_LONGEST_SECONDS: u32 = 20 * 24 * 60 * 60;

/// Seconds in which a connection to the source of a list or to a LAPI must stand. Then the attempt has failed and is made again later.
pub const FETCH_CONNECT_SECONDS: u64 = 10;

/// Seconds that a source may be silent in the middle of its answer. Then the attempt has failed.
pub const FETCH_SILENT_SECONDS: u64 = 30;

/// Seconds for a whole answer. Then the attempt has failed.
pub const FETCH_SECONDS: u64 = 300;

/// Redirects that a list by URL may lead through. Further ones are not followed, and the attempt has failed. A LAPI's are never
/// followed: the key would go along.
pub const FETCH_REDIRECTS: u32 = 5;

/// Bytes of a LAPI's answer, unpacked. A longer one is thrown away, and the attempt has failed.
pub const FETCHED_DECISIONS_BYTES: u64 = 256 * 1024 * 1024;

/// Bytes of one text in a LAPI's answer. With a longer one, the answer is thrown away, and the attempt has failed.
pub const FETCHED_TEXT_BYTES: usize = 64 * 1024;

/// Entries of the whitelist that a LAPI tells. With more, it is not taken, and the attempt has failed.
pub const FETCHED_WHITELIST: usize = 10_000;

/// Bytes of that whitelist. As above.
pub const FETCHED_WHITELIST_BYTES: u64 = 1024 * 1024;

/// Bytes of a list of addresses, unpacked. A longer one is not taken, and the attempt has failed.
pub const LIST_BYTES: u64 = 128 * 1024 * 1024;

/// Bytes of one line of such a list. What is behind them is not read.
pub const LIST_LINE_BYTES: usize = 4096;

/// Blocklists. Further ones are left out, and their state says so.
pub const BLOCKLISTS: usize = 32;

/// The largest `max_entries` of a blocklist.
pub const BLOCKLIST_ENTRIES: u32 = 1_000_000;

/// `max_entries` of a blocklist that does not say otherwise. Entries past it are left out, counted and said.
pub const USUAL_BLOCKLIST_ENTRIES: u32 = 200_000;

/// The widest IPv4 subnet that a list may name. A wider one is left out and counted.
pub const LISTED_PREFIX_V4: u8 = 8;

/// The widest IPv6 subnet that a list may name: the widest that was ever given to one holder. A wider one is left out and counted.
pub const LISTED_PREFIX_V6: u8 = 19;

/// Seconds before the first new attempt to fetch a list; with each failure twice as long, up to the list's `refresh`.
pub const LIST_RETRY_SECONDS: u64 = 15;

/// Seconds between two times that the list of a LAPI is written to the disk. A change in between is in force but not kept.
pub const LIST_KEPT_SECONDS: u64 = 300;

/// Bytes of a file with a bouncer's key. A larger one is refused.
pub const KEY_FILE_BYTES: u64 = 4096;

/// Bytes of a file with certificate authorities. A larger one is refused.
pub const AUTHORITIES_BYTES: u64 = 4 * 1024 * 1024;

/// Bans that a bouncer of ours carries out. Of more, the rest is left out and said.
pub const BOUNCER_BANS: usize = 1_000_000;

/// Changes that a bouncer of ours names one by one in its log. Of more at once, it says how many.
pub const BOUNCER_NAMED: usize = 20;

/// Seconds that a bouncer of ours waits at its start for the first answer. Then it stands with what the kernel holds.
pub const BOUNCER_FIRST_ANSWER_SECONDS: u64 = 15;

/// The longest pause of a bouncer of ours between two attempts to reach where its decisions come from.
pub const BOUNCER_PAUSE_SECONDS: u64 = 60;

/// Rows on one page of a list. The rest is on the next pages.
pub const PAGE_ROWS: usize = 50;

/// Entries of the fleet's stream of decisions in Redis, roughly. The oldest are cut off; a node that has not read them takes the
/// snapshot that stands beside the stream.
pub const FLEET_STREAM_ENTRIES: usize = 100_000;

/// Entries of the fleet's stream of failures in Redis, roughly. The oldest are cut off; a node that has not read them never counts them.
pub const FLEET_FAILURES_ENTRIES: usize = 20_000;

/// The longest that a ban heard from another node may last after it was decided: 31 days. A longer one is cut to it; only a ban
/// by hand may have no end.
pub const FLEET_LONGEST: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// How long a lifted ban is remembered in the fleet, so that no late message brings it back: 400 days. A ban that is older than the
/// memory of what was lifted is believed only where it is known already.
pub const FLEET_LIFTS_KEPT: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// Lifted bans that are remembered in the fleet. At the bound the oldest are forgotten, as if their time were over.
pub const FLEET_LIFTS: usize = 100_000;

/// Bans of the fleet that a node keeps in mind. A further one is counted and not taken.
pub const FLEET_BANS: usize = BANS;

/// Decisions that wait to be told to the fleet. At the bound a ban is given up for a comparison of the whole.
pub const FLEET_QUEUE: usize = 65_536;

/// Lifted bans that wait to be told to the fleet. They have a bound of their own, since only the whole of what was lifted, if the
/// program knows it, could take their place. At the bound, the oldest is given up and counted.
pub const FLEET_QUEUE_LIFTS: usize = 262_144;

/// Failures, summed by subject, jail and account, that wait to be told to the fleet. At the bound, further ones are counted and left out.
pub const FLEET_QUEUE_FAILURES: usize = 4096;

/// Summed failures in one entry of the stream. The rest goes into the next entry.
pub const FLEET_ENTRY_FAILURES: usize = 256;

/// Entries with failures that a node writes in a second at most. What happens in between is summed.
pub const FLEET_FAILURES_A_SECOND: u32 = 10;

/// Failures that happened longer ago are not counted when they are heard from another node.
pub const FLEET_FAILURE_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// Bytes of one record of the fleet in Redis. A longer one is counted and passed over unread.
pub const FLEET_RECORD_BYTES: usize = 4096;

/// Bytes of one record with failures of the fleet in Redis. A longer one is counted and passed over unread.
pub const FLEET_FAILURES_BYTES: usize = 256 * 1024;

/// Bytes of a text in a record of the fleet: a reason, who asked. The rest is cut off.
pub const FLEET_TEXT_BYTES: usize = 400;

/// Bytes of a node's name or id. A longer name is cut off, a longer id is refused.
pub const FLEET_NODE_BYTES: usize = 64;

/// Nodes of a fleet of which a node keeps in mind what it heard from them. At the bound, the one heard of longest ago is forgotten.
pub const FLEET_NODES: usize = 256;

/// Decisions in one write to the fleet, and entries in one read. The rest follows at once, in the next.
pub const FLEET_BATCH: usize = 200;

/// The widest subnet that another node may ban: a /8 of IPv4, a /19 of IPv6, as for whoever bans by hand without insisting. A ban of a wider one is passed over and counted.
pub const FLEET_WIDEST_V4: u8 = 8;

/// See `FLEET_WIDEST_V4`.
pub const FLEET_WIDEST_V6: u8 = 19;

/// Addresses and subnets in each of Asterisk's access lists. Asterisk walks a list for every request and holds it once for every
/// account that includes it: 10,000 entries take a sixth of a millisecond and 3 MB. Past the bound, the bans that end first are left
/// out, and `status` says how many.
pub const ACL_ASTERISK_SUBJECTS: usize = 10_000;

/// Addresses and subnets in nginx's `deny` list, which nginx walks for every request. Past the bound, the bans that end first are
/// left out, and `status` says how many.
pub const ACL_NGINX_SUBJECTS: usize = 50_000;

/// Bytes of one line of Asterisk's access lists: it cuts lines at 8 KiB. The next addresses stand on the next line.
pub const ACL_LINE_BYTES: usize = 4000;

/// Seconds between two reloads of Asterisk or nginx at least. Changes that come sooner wait and go together.
pub const ACL_RELOAD_SECONDS: u64 = 2;

/// Seconds between two attempts at most, while a list cannot be written or its program cannot be told; the pauses double up to here.
pub const ACL_RETRY_SECONDS: u64 = 60;

/// Seconds after which a list is compared with its file although nothing has changed, so that a file which somebody removed comes back.
pub const ACL_CHECK_SECONDS: u64 = 60;

/// Seconds in which Asterisk must have answered each part of a reload. Then it counts as away and is told again later.
pub const ACL_ANSWER_SECONDS: u64 = 5;

/// Bytes of Asterisk's answer to a reload. A longer one counts as unreadable.
pub const ACL_ANSWER_BYTES: usize = 64 * 1024;

/// Bytes of an access list that are read to see whether it is as wanted. A larger file is written anew.
pub const ACL_FILE_BYTES: u64 = 16 * 1024 * 1024;

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

/// Clients on fail2ban's socket at once. Further ones are closed unread.
pub const FAIL2BAN_CLIENTS: usize = 32;

/// Seconds that such a client may be silent within a command, or leave its answer unread. Then it is closed.
pub const FAIL2BAN_CLIENT_SECONDS: u64 = 30;

/// Seconds that fail2ban's `sleep` delays an answer at most. A longer time is taken for this one.
pub const FAIL2BAN_SLEEP_SECONDS: f64 = 600.0;

/// Seconds that answers under way on fail2ban's socket have when it closes. Then they are cut.
pub const FAIL2BAN_GRACE_SECONDS: u64 = 2;

/// Seconds that connecting to a Redis server may take. Then it counts as away.
pub const REDIS_CONNECT_SECONDS: u64 = 5;

/// Seconds that Redis may take for each answer, and for taking what is sent. Then it counts as away, and the connection is closed.
pub const REDIS_ANSWER_SECONDS: u64 = 5;

/// Commands that are sent to Redis before their answers are read. Further ones follow behind the answers.
pub const REDIS_PIPELINE: usize = 1000;

/// How often a command goes on to another node of a cluster before it is given up.
pub const REDIS_REDIRECTIONS: usize = 5;

/// Bytes of the file with Redis's password. A larger one is refused.
pub const REDIS_PASSWORD_BYTES: u64 = 4096;

/// Seconds between two attempts to reach Redis at most; the first attempts come sooner.
pub const REDIS_PAUSE_SECONDS: u64 = 5;

/// Changes that wait to be told to Redis. At the bound they are dropped, and everything is compared as soon as Redis answers.
pub const REDIS_QUEUE: usize = 65_536;

/// Seconds that what waits may be told when the program stops. Then it is left: the next start compares everything.
pub const REDIS_LAST_WORDS_SECONDS: u64 = 3;

/// The longest that a key of a ban without end stands by itself, in seconds. It is written anew when half of that is over.
pub const REDIS_ENDLESS_SECONDS: u64 = 7 * 24 * 60 * 60;

/// Seconds in which each key is looked at once, and written anew if it is gone or ends too early.
pub const REDIS_ROUND_SECONDS: u64 = 60;

/// Keys that are looked at in one second. With more than sixty times that, a round takes longer.
pub const REDIS_LOOKS_PER_SECOND: usize = 10_000;

/// Addresses that failed of late, kept because who reads the keys asks for one address and a ban may hold for a subnet. At
/// the bound, the one that failed longest ago is forgotten.
pub const REDIS_SIGHTED: usize = 50_000;

/// Of these, addresses of one subnet's ban that get keys of their own. Further ones get none.
pub const REDIS_SIGHTED_PER_BAN: usize = 256;

/// Changes in one message on the channel. Further ones follow in the next.
pub const REDIS_CHANGES_PER_MESSAGE: usize = 100;

/// Changes that a reader takes from the channel at once. The rest waits for the next time.
pub const REDIS_CHANGES: usize = 10_000;

/// Keys that a reader takes over. Further ones are counted and left out.
pub const REDIS_KEYS_READ: usize = 10_000_000;
