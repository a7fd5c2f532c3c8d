//! fail2ban's configuration, read as fail2ban reads it and judged as fail2ban judges: nothing here is a table of known filters.
//!
//! The modules stand in the order in which a configuration becomes a judgement:
//!
//! - `complaint`: what could not be read or honoured, by file and line; `disk`: the only module that touches files. `remark`: what whoever takes
//!   the commands cannot honour, and where each option stands.
//! - `ini`: one file's text to sections; `conf`: several files and their includes; `interpolate`: `%(name)s`; `options`:
//!   `name[a=b, c="d,e"]`; `substitution`: `<tag>` and `<a<b>c>`; `definition`: what filters and actions share of all that.
//! - `filter_file`: `filter.d/NAME.conf` to the texts of its regular expressions; `action_file`: the same for actions;
//!   `duration`: `1w2d`; `jail`: jail.conf and its siblings to jails; `firewall`: what an action closes.
//! - `charset`: a line in another character set than UTF-8, as text. `date`: finds the date in a line and says which moment it is.
//! - `journal`: what stands behind `systemd` in brackets, and the time before an entry.
//! - `pattern`: a regular expression in Python's syntax with fail2ban's tags, compiled; `judge`: one line through a filter.
//!
//! - `value`: what fail2ban's server and client say to each other; `repr`: how Python writes it. `stream`: a configuration as the commands
//!   that its client sends; `beautifier`: the server's answers as the client prints them. `formula`: how long a ban lasts.
//!   `client`: its command line; `report`: that of `fail2ban-regex`, and what it prints.
//! - `lint`: what is wrong with a configuration although it can be read. `import`: the settings of Stockade that do the same.
//!
//! It refuses to run anything, to resolve a name and to read a clock.

pub mod complaint;
mod disk;
mod ordered;
mod words;
pub mod ini;
pub mod conf;
mod interpolate;
pub mod options;
mod substitution;
mod definition;
pub mod filter_file;
pub mod action_file;
pub mod duration;
pub mod jail;
pub mod firewall;
pub mod charset;
pub mod date;
pub mod journal;
pub mod pattern;
pub mod judge;
pub mod value;
pub mod repr;
pub mod remark;
pub mod stream;
pub mod beautifier;
pub mod formula;
pub mod client;
pub mod report;
mod nearest;
pub mod lint;
pub mod import;

pub use complaint::{Complaint, Place};
pub use date::{DateDetector, Found};
pub use filter_file::FilterText;
pub use remark::{Origins, Remark, Topic};
pub use repr::repr;
pub use value::Value;
