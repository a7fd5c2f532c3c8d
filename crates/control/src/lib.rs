//! The control socket: what can be asked of a running Stockade, and how the asking is done.
//!
//! One request is one line of JSON, one answer is one line of JSON, then the connection ends. Who may ask is decided by the
//! kernel: the socket's mode lets in root and one group, and the peer's credentials name who asked. Nothing here changes
//! state: a request goes to the engine and its answer comes back.

pub mod request;
pub mod answer;
pub mod time;
pub mod account;
pub mod clients;
pub mod server;
pub mod client;
pub mod desk;

pub use answer::Answer;
pub use client::{AskError, ask};
pub use clients::Clients;
pub use desk::{Actor, Desk, Event, Fault};
pub use request::Request;
pub use server::{Peer, Server};
