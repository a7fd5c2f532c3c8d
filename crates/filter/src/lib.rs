//! Line -> Failure: finds authentication failures in blocks of lines.
//!
//! Pure: no clock, no file, no socket. Time zones and "now" are handed in, filters come as text. A line costs time in
//! proportion to its length, whatever an attacker writes into it.
//!
//! The modules stand in the order in which a filter is made and then used: its text (`definition`) with its `tag`s becomes
//! a `pattern`, run by `program`, or by the automaton where the program's step budget ends; a `set` of filters judges
//! blocks of lines in one pass, taking off their `prefix` and reading their `timestamp`.

pub mod lines;
pub mod definition;
pub mod tag;
pub mod byteset;
pub mod literal;
pub mod finder;
pub mod compile;
pub mod program;
pub mod pattern;
pub mod filter;
pub mod prefix;
pub mod timestamp;
mod prefilter;
pub mod set;
pub mod found;
pub mod catalog;
pub mod explain;
pub mod samples;

pub use catalog::Catalog;
pub use definition::{Definition, FilterError, FilterErrorKind};
pub use explain::{Obstacle, obstacles};
pub use filter::{Filter, Kind};
pub use found::{Found, Host, Judged};
pub use lines::lines;
pub use program::Program;
pub use set::{FilterSet, Scratch};
pub use timestamp::Zone;
