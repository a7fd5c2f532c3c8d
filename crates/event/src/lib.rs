//! What travels between the stages, and nothing else: plain values, no I/O, no clock, no dependency.
//!
//! The modules stand in the order in which a log line travels. A stage knows this crate and no other stage, so a
//! question such as "what does the counter tell the decision" is answered by one file here.

pub mod moment;
pub mod subject;
pub mod line;
pub mod position;
pub mod failure;
pub mod offence;
pub mod decision;
pub mod whitelist;
pub mod jail;
pub mod category;
pub mod limit;

pub use category::{Categories, Category};
pub use decision::{Ban, Decision, Refusal, Scope, Unban};
pub use failure::{Failure, Proof, Success};
pub use jail::{JailName, Port, Protocol};
pub use line::{Block, Entry, Origin};
pub use moment::Moment;
pub use offence::Offence;
pub use position::Position;
pub use subject::Subject;
pub use whitelist::Whitelist;
