//! MikoPBX's REST paths under `/pbxcore/api/v3`, so that its page, scripts and modules can talk to Stockade: sign-in,
//! the settings that MikoPBX calls fail2ban's, the network firewall, who is blocked, whether the client's address arrives. Every answer, also a refusal, stands in
//! MikoPBX's envelope. It knows no session, no key and no file: who may come in is the gate's business, what is done is the
//! desk's. docs/mikopbx.md says what differs from MikoPBX.

mod paths;
mod turned_away;
mod auth;
mod fail2ban;
mod firewall;
mod banned;
mod switch;
mod visibility;
mod order;
mod rule;
mod rule_id;
mod protection;
mod amend;
mod fields;
mod admitted;
mod refusal;
mod action;
mod envelope;

pub use paths::router;
pub use turned_away::enveloped;
