//! Every bound of the program, in one place: queues, tables, texts. Reaching one is counted and shown in `status`,
//! never silent. Each says what happens there. Here are those of the way from a line to a dropped packet; those of HTTP, of what stands beside the
//! kernel and of fail2ban's world are in files of their own, under the same name.

mod http;
mod beside;
mod fail2ban;

pub use beside::*;
pub use fail2ban::*;
pub use http::*;

/// A longer line is cut off, counted and skipped up to its end. 64 KiB is eight times what any known service writes.
pub const LINE_BYTES: usize = 64 * 1024;

/// One journal entry as JSON. A longer one is counted and skipped.
pub const JOURNAL_ENTRY_BYTES: usize = 1024 * 1024;

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

/// Seconds between two attempts to start `journalctl` at most; the first attempt comes at once.
pub const JOURNAL_RESTART_SECONDS: u64 = 60;

/// Journals that are read at a time, the system's own and others, each by a `journalctl`. One more is left unread, and its state says so.
pub const JOURNALS: usize = 16;

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
