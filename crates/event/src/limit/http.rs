//! Bounds of what is served over HTTP: requests, sessions, the page, the APIs.

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

/// Rows on one page of a list. The rest is on the next pages.
pub const PAGE_ROWS: usize = 50;
