//! Who may come in over HTTP, and what every answer carries: the client's address, sessions, sign-in, API keys, protection
//! against forged requests, security headers, one shape of error, and the listener itself. It knows no page and no path of the API:
//! those crates take `Gate` as their state and its extractors as arguments.

mod gate;
mod visitor;
mod passage;
mod arrival;
mod caller;
mod bouncer;
mod admin;
mod form;
mod extract;
mod wrong;
mod plain;
mod sign_in;
mod setup;
mod protection;
mod session;
mod token;
mod attempts;
pub mod password;
mod cookie;
pub mod secret;
mod origin;
mod country;
mod layers;
mod server;
mod connection;
mod certificate;
mod serve_error;

pub use admin::{Admin, return_path};
pub use arrival::{Approach, Arrival, Remedy};
pub use bouncer::Bouncer;
pub use caller::{Authority, CSRF_HEADER, Caller, Reader};
pub use country::Country;
pub use extract::{Json, Path, Query};
pub use form::{Form, OpenForm};
pub use gate::{Gate, Parts};
pub use layers::layers;
pub use passage::{FORWARD_AUTH, Passage};
pub use serve_error::ServeError;
pub use server::{Running, Server};
pub use setup::SetUpRefused;
pub use sign_in::{ACCOUNT, NewSession, SignInRefused, Tokens};
pub use visitor::Visitor;
pub use wrong::{Problem, Wrong};
