//! fail2ban's own client protocol: the socket, the pickled commands, and the server's answers, of the same shape to the byte. It
//! keeps the jails as they were told (`Model`) and knows nothing of how they are run: that is asked of its `Host`.
//!
//! The modules stand in the order in which a command travels:
//!
//! - `socket`: binds the path, takes one thread for each client, cuts the stream at fail2ban's end marks.
//! - `pickle`: bytes to plain values and back. Whatever could call or build something is refused by name, never obeyed.
//! - `edition`: which fail2ban is spoken.
//! - `model`: the command's words to a change of a jail or to an answer. `words`, `span`, `address`, `encoding`, `expression` and `date_pattern`
//!   are Python's and fail2ban's ways with values; `jail` and `action` hold what was told; `set`, `get`, `bans`, `reload` and `status` are the commands.
//! - `host`: what is live: bans, counts, the log, the database. Implemented where the jails run; `unborn` is one before anything runs.
//! - `happening`: what the jails do, for fail2ban's log, its database and its actions.
//! - `client`: the other side of the socket.
//! - `wrong`: what cannot be obeyed, as the exception that fail2ban's server would send, since its client makes the text of it.

pub mod socket;
pub mod pickle;
pub mod edition;
pub mod model;
pub mod host;
pub mod unborn;
pub mod happening;
pub mod client;
pub mod wrong;

pub use client::{Client, ClientError};
pub use edition::Edition;
pub use happening::{Happening, Ignorer};
pub use host::{Counts, Host, LiveBan, LogTarget};
pub use model::{ActionModel, DatePattern, Expression, JailModel, LogPath, Model};
pub use socket::{Socket, SocketError, Stop};
pub use unborn::Unborn;
pub use wrong::{Class, Wrong};
