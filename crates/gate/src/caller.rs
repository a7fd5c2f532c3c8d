//! Whoever is known: by session, by API key, by access token.

use control::Actor;
use control::desk::KeyScope;

/// Who may change things: the administrator's session, a key or token of scope `admin`. An extractor; with a session, a request
/// that changes something must carry the session's token (see `csrf`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// For the journal.
    pub actor: Actor,
    /// By what right.
    pub authority: Authority,
}

/// Who may look: a `Caller`, or a key of scope `read`. An extractor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader(pub Caller);

/// By what right somebody is let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authority {
    /// A session of the page; every form must carry this token in its field `csrf`.
    Session {
        /// The token.
        csrf: String,
    },
    /// An API key.
    Key(KeyScope),
    /// An access token that `auth:login` gave.
    Token,
}
