//! Bounds of what stands beside the kernel: Redis and the fleet, lists of other programs, blocklists, bouncers.

use std::time::Duration;

use super::BANS;

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

/// Seconds between two times that the list of a LAPI is written to the disk. A change in between is kept when the program stops.
pub const LIST_KEPT_SECONDS: u64 = 300;

/// Seconds that the threads of lists have to keep what is not kept yet when the program stops. Those that wait for an answer are left.
pub const LIST_STOP_SECONDS: u64 = 2;

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

/// Failures, summed by second, subject, jail and account, that wait to be told to the fleet. At the bound, further ones are counted and
/// left out.
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

/// The widest subnet that another node may ban: a /8 of IPv4, a /19 of IPv6, as for whoever bans by hand without insisting. A ban of a
/// wider one is passed over and counted.
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
