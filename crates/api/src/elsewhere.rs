//! Where the program runs, and what stands beside the kernel: places that are told of bans, lists that others keep. Parts of
//! `/status`, in the API's own shape.

use control::answer;
use serde::Serialize;
use utoipa::ToSchema;

/// Where the program runs, as far as it matters for who can be kept out.
#[derive(Serialize, ToSchema)]
pub(crate) struct Surroundings {
    /// `docker`, `podman`, `kubernetes`, `lxc` or `container`; null outside of one.
    #[schema(example = "docker")]
    container: Option<String>,
    /// Whether the container is behind a bridge: its bans hold inside of it alone.
    is_bridged: bool,
    /// The gateways of a container behind a bridge, which are never banned.
    #[schema(example = json!(["172.17.0.1"]))]
    gateways: Vec<String>,
}

/// A place beside the kernel that is told of bans.
#[derive(Serialize, ToSchema)]
pub(crate) struct Outlet {
    /// `redis`, `asterisk` or `nginx`.
    #[schema(example = "redis")]
    outlet: String,
    /// Whether it holds what it should, as far as is known.
    is_current: bool,
    /// Why it does not, and what to do.
    error: Option<String>,
    /// Since when it is as it is, or when it was last told.
    #[schema(format = DateTime)]
    since: Option<String>,
    /// Keys or addresses that it holds.
    held: u64,
    /// Changes that wait to be told.
    waiting: u64,
    /// How often more changed than could wait, so that the whole was compared instead.
    overrun: u64,
    /// Records of other nodes that cannot be, or are past the bound, none of which was taken.
    passed_over: u64,
    /// The other nodes of the fleet that were heard of lately.
    nodes: Vec<String>,
}

/// A list of bad addresses that somebody else keeps.
#[derive(Serialize, ToSchema)]
pub(crate) struct Blocklist {
    /// Its name.
    blocklist: String,
    /// Addresses and subnets in force.
    entries: u64,
    /// Entries that were left out: no address, too wide, past the bound.
    left_out: u64,
    /// When it was last fetched, or found unchanged.
    #[schema(format = DateTime)]
    fetched: Option<String>,
    /// Why the last attempt failed; the last good list stays in force.
    error: Option<String>,
    /// Packets dropped, as the kernel counts them.
    dropped_packets: u64,
}

impl From<answer::Surroundings> for Surroundings {
    fn from(it: answer::Surroundings) -> Self {
        let answer::Surroundings { container, is_bridged, gateways } = it;
        Self { container, is_bridged, gateways }
    }
}

impl From<answer::Outlet> for Outlet {
    fn from(it: answer::Outlet) -> Self {
        let answer::Outlet { outlet, is_current, error, since, held, waiting, overrun, passed_over, nodes } =
            it;
        Self { outlet, is_current, error, since, held, waiting, overrun, passed_over, nodes }
    }
}

impl From<answer::Blocklist> for Blocklist {
    fn from(it: answer::Blocklist) -> Self {
        let answer::Blocklist { blocklist, entries, left_out, fetched, error, dropped_packets } = it;
        Self { blocklist, entries, left_out, fetched, error, dropped_packets }
    }
}
