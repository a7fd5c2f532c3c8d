//! MikoPBX's paths as its clients see them: requests go through the real router and the real gate, to a desk in memory. What the
//! desk does with them in the running program is the system tests' to say.

mod desk;
mod client;
mod envelope;
mod auth;
mod fail2ban;
mod firewall;
mod banned;
mod visibility;
