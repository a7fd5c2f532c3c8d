//! Failures become offences: a bounded table of exact sliding windows, one for each subject in each jail.
//!
//! Pure: time is an argument, nothing is read, written or logged, and nothing is decided here: whether an offence
//! leads to a ban is the next stage's question. How much may be remembered stands in `event::limit`.

mod counter;
mod observation;
mod limits;
mod window;
mod table;
mod index;

pub use counter::{Bound, Counter};
pub use limits::{Limits, LimitsError};
pub use observation::{Observation, Standing};
