//! Who may come in over HTTP, and what every answer carries: the client's address, sessions, sign-in, API keys, protection
//! against forged requests, security headers, one shape of error, and the listener itself. It knows no page and no path of the API:
//! those crates take `Gate` as their state and its extractors as arguments.

mod gate;
mod visitor;
mod caller;
mod wrong;

pub use caller::{Authority, Caller, Reader};
pub use gate::{Country, Gate};
pub use visitor::Visitor;
pub use wrong::{Problem, Wrong};
