//! Without the right to change the firewall.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::Place;

const WITHOUT_NET_ADMIN: [&str; 5] = ["setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin"];
const WHO: &str = "192.0.2.1";

#[test]
fn without_the_right_it_observes_says_so_and_goes_on_deciding() {
    let place = Place::new("[defaults]\nmax_retry = 3\n");
    let mut daemon = place.launch(&WITHOUT_NET_ADMIN).ready();
    assert!(daemon.said().contains("only observing, nobody is kept out"), "{}", daemon.said());
    assert!(daemon.said().contains("CAP_NET_ADMIN"), "{}", daemon.said());
    place.fail(WHO, 3);
    place.settle(&mut daemon);
    assert!(place.ban_of(WHO).is_some());
    let status = place.json(&["status"]);
    assert_eq!(status["enforcement"]["mode"], "observe");
    assert!(status["attention"].to_string().contains("only observing"), "{status}");
    assert!(place.run(&["status"]).out.starts_with("! only observing"));
    assert_eq!(place.kernel.table(), "");

    // What was only decided is carried out as soon as it may be.
    daemon.stop();
    let _daemon = place.start();
    assert!(place.kernel.holds(WHO));
}

#[test]
fn settings_that_demand_nftables_do_not_start_without_the_right() {
    let place = Place::new("[enforcement]\nmode = 'nftables'\n");
    let (status, said) = place.launch(&WITHOUT_NET_ADMIN).ends();
    assert_eq!(status.code(), Some(70), "{said}");
    assert!(said.contains("CAP_NET_ADMIN") && said.contains("mode = \"auto\""), "{said}");
}

#[test]
fn anybody_may_run_it_as_an_observer() {
    let place = Place::new("[defaults]\nmax_retry = 3\n");
    // The directories of the test, and those that the program lies in, are passable for whoever runs this.
    fs::set_permissions(place.path(""), fs::Permissions::from_mode(0o755)).expect("open the place");
    fs::create_dir(place.state()).expect("make the state directory");
    std::os::unix::fs::chown(place.state(), Some(65534), Some(65534)).expect("give it to nobody");
    let nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
    let mut daemon = place.launch(&nobody).ready();
    place.fail(WHO, 3);
    place.settle(&mut daemon);
    assert!(place.ban_of(WHO).is_some());
}
