//! Where the program runs: in a container or not, behind a bridge or not, and by which gateways everybody may come. Looks, changes
//! nothing. Behind a bridge the host's firewall is out of reach, and whoever is hidden by the bridge comes from its gateway.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use control::answer::Surroundings;
use event::Subject;

/// Words in the path of the first process's control group, and what they tell.
const GROUPS: [(&str, &str); 5] = [
    ("kubepods", "kubernetes"),
    ("docker", "docker"),
    ("libpod", "podman"),
    ("/lxc", "lxc"),
    ("machine.slice", "container"),
];

/// Looks.
pub fn look() -> Surroundings {
    let container = container();
    let routes = default_routes(&text("/proc/net/route"), &text("/proc/net/ipv6_route"));
    let is_bridged = container.is_some() && routes.iter().any(|(interface, _)| is_one_end(interface));
    let gateways = if is_bridged { routes } else { Vec::new() };
    let mut gateways: Vec<_> = gateways.into_iter().map(|(_, gateway)| gateway.to_string()).collect();
    gateways.sort();
    gateways.dedup();
    Surroundings { container, is_bridged, gateways }
}

/// Who may not be banned because of where we are: behind a gateway may be anybody.
pub fn protected(surroundings: &Surroundings) -> impl Iterator<Item = (Subject, String)> + '_ {
    let parsed = surroundings.gateways.iter().filter_map(|gateway| gateway.parse().ok());
    parsed.map(|gateway| (Subject::exactly(gateway), "gateway of this container".to_owned()))
}

/// The kind of container, if this is one. The engines leave different traces, and not all leave all of them.
fn container() -> Option<String> {
    if std::env::var_os("KUBERNETES_SERVICE_HOST").is_some() {
        return Some("kubernetes".to_owned());
    }
    let traces = [("/.dockerenv", "docker"), ("/run/.containerenv", "podman")];
    if let Some((_, kind)) = traces.iter().find(|(path, _)| Path::new(path).exists()) {
        return Some((*kind).to_owned());
    }
    // Written by systemd, or handed to the first process by whoever made the container.
    let named = text("/run/systemd/container");
    let environment = text("/proc/1/environ");
    let handed = environment.split('\0').find_map(|entry| entry.strip_prefix("container="));
    let named = [named.trim(), handed.unwrap_or_default()].into_iter().find(|name| !name.is_empty());
    if let Some(name) = named {
        return Some(name.to_owned());
    }
    let group = text("/proc/1/cgroup");
    GROUPS.iter().find(|(word, _)| group.contains(word)).map(|(_, kind)| (*kind).to_owned())
}

/// Whether an interface is one end of a pair whose other end is elsewhere, as a container's on a bridge is.
fn is_one_end(interface: &str) -> bool {
    let number = |name: &str| -> Option<u32> {
        text(&format!("/sys/class/net/{interface}/{name}")).trim().parse().ok()
    };
    number("iflink").zip(number("ifindex")).is_some_and(|(other, own)| other != own)
}

/// Interface and gateway of each default route, from the kernel's two tables.
fn default_routes(v4: &str, v6: &str) -> Vec<(String, IpAddr)> {
    let v4 = v4.lines().skip(1).filter_map(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let [interface, destination, gateway, ..] = fields.as_slice() else { return None };
        let gateway = u32::from_str_radix(gateway, 16).ok().filter(|gateway| *gateway != 0)?;
        // The table is written in the machine's own byte order.
        (*destination == "00000000")
            .then(|| ((*interface).to_owned(), IpAddr::V4(Ipv4Addr::from(gateway.to_ne_bytes()))))
    });
    let v6 = v6.lines().filter_map(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let [destination, prefix, _, _, gateway, .., interface] = fields.as_slice() else { return None };
        let gateway = u128::from_str_radix(gateway, 16).ok().filter(|gateway| *gateway != 0)?;
        let is_default = *prefix == "00" && destination.bytes().all(|digit| digit == b'0');
        is_default.then(|| ((*interface).to_owned(), IpAddr::V6(Ipv6Addr::from(gateway))))
    });
    v4.chain(v6).collect()
}

/// What cannot be read tells nothing.
fn text(path: &str) -> String {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn gateways_are_read_from_the_kernels_tables() {
        let v4 = "Iface\tDestination\tGateway\tFlags\n\
                  eth0\t00000000\t010011AC\t0003\n\
                  eth0\t000011AC\t00000000\t0001\n";
        let v6 = "00000000000000000000000000000000 00 00000000000000000000000000000000 00 \
                  fd000000000000000000000000000001 00000400 00000003 00000000 00000003     eth0\n\
                  fd000000000000000000000000000000 40 00000000000000000000000000000000 00 \
                  00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n";
        let gateways: Vec<_> =
            default_routes(v4, v6).into_iter().map(|(interface, ip)| format!("{interface} {ip}")).collect();
        assert_eq!(gateways, ["eth0 172.17.0.1", "eth0 fd00::1"]);
        assert_eq!(default_routes("", "\n"), []);
    }

    #[test]
    fn only_gateways_that_are_addresses_are_protected() {
        let gateways = vec!["172.17.0.1".to_owned(), "nonsense".to_owned()];
        let here = Surroundings { container: None, is_bridged: true, gateways };
        let subjects: Vec<_> = protected(&here).map(|(subject, _)| subject.to_string()).collect();
        assert_eq!(subjects, ["172.17.0.1"]);
    }
}
