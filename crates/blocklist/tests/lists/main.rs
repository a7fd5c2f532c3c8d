//! Lists from real sources: Debian's nginx, files, Debian's CrowdSec. The threads run as they do in the program; the host around them
//! only writes down what it is given.

mod deadline;
mod host;
mod nginx;
mod by_url;
mod by_tls;
mod by_file;
mod crowdsec;
mod by_lapi;
mod size;
