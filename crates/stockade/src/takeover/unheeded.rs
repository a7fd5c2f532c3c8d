//! What fail2ban's own settings and jails ask for that changes nothing here, since it is done in another way or not at all. It refuses to know of
//! anything that can be told later by a command.

use dropin::Model;
use fail2ban::stream::{Server, Stream};
use fail2ban::{Remark, Topic};

/// What is written and has no effect.
pub fn of(model: &Model, stream: &Stream) -> Vec<Remark> {
    let Server { allowipv6, stacksize, .. } = &stream.server;
    let mut remarks = Vec::new();
    if !allowipv6.eq_ignore_ascii_case("auto") {
        let text = format!(
            "'allowipv6 = {allowipv6}' is not heeded: addresses of IPv6 are counted and banned wherever they are found"
        );
        remarks.push(Remark::new(Topic::server("allowipv6"), text));
    }
    if let Some(size) = stacksize {
        let text = format!("'stacksize = {size}' is not heeded: threads have the stacks that they need");
        remarks.push(Remark::new(Topic::server("stacksize"), text));
    }
    for jail in model.jails().iter().filter(|jail| stream.origins.is_written(&jail.name, "usedns")) {
        if jail.use_dns != "no" {
            let text = format!(
                "'usedns = {}' is not heeded: names in logs are never looked up, and a failure that names a host without its address counts \
                 against nobody",
                jail.use_dns
            );
            remarks.push(Remark::new(Topic::jail(&jail.name, "usedns"), text));
        }
    }
    remarks
}
