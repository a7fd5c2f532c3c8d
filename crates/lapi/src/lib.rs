//! CrowdSec's local API, as far as bouncers use it: the stream of decisions with true differences for each bouncer, single
//! questions for live bouncers, the place where they leave their metrics; and the same below MikoPBX's path. It decides nothing
//! and keeps no ban: it remembers what each bouncer was told last. Who may come in is the gate's business.
//! docs/bouncers.md says how a bouncer is pointed here.

mod paths;
mod stream;
mod live;
mod whitelist;
mod query;
mod ledger;
mod view;
mod table;
mod words;
mod number;
mod written;
mod refusal;

pub use paths::router;
