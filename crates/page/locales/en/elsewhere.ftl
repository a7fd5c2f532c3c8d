# Containers and proxies, where bans are carried out beside this computer, and lists that others keep.
arrival-see-through-bridge = Your address does not arrive here: everybody seems to come from { $peer }
arrival-see-through-bridge-what = That is the gateway of this container. It is never blocked, so nobody who comes through it can be. Run the container in the host's network, or write "userland-proxy": false into Docker's daemon.json. If a proxy of yours is all that can come from there, name { $peer } in trusted_proxies under [http] and let the proxy send X-Forwarded-For.
arrival-trust-proxy = A proxy at { $peer } hands requests on, and its visitors all look alike
arrival-trust-proxy-what = If it is yours, write trusted_proxies = ["{ $peer }"] under [http] in the settings file and restart Stockade. Until then, whoever guesses passwords through it gets all of its visitors blocked, or is not blocked at all.
arrival-send-header = The trusted proxy at { $peer } does not say for whom it asks
arrival-send-header-what = Let it send X-Forwarded-For with the visitor's address. Until then its visitors all look alike.

elsewhere = Where bans are carried out
elsewhere-bridged = Stockade runs in a container{ $kind ->
    [container] {""}
   *[other] {" "}({ $kind })
} behind a bridge: bans hold inside this container only. A bouncer on the host carries them out there.
elsewhere-in-host-network = Stockade runs in a container{ $kind ->
    [container] {""}
   *[other] {" "}({ $kind })
}, in the host's network.
outlet-name = Place
outlet-held = Holds
outlet-waiting = Waiting
outlet-since = Since
outlet-current = up to date
outlet-behind = not up to date
outlet-nodes = Fleet: { $nodes }
blocklists = Blocklists
blocklist-name = List
blocklist-entries = Entries
blocklist-dropped = Packets dropped
blocklist-fetched = Fetched
blocklist-in-force = in force
blocklist-not-fetched = not renewed
blocklist-left-out = { $n } { $n ->
    [one] entry
   *[other] entries
} left out

notice-container-bridge = Bans hold inside this container only
notice-container-bridge-what = Behind the container's bridge ({ $gateways }) the firewall of the host is out of reach. Give a bouncer on the host a key: it carries the bans out there.
notice-address-hidden = Nobody can be blocked by the jail { $jail }
notice-address-hidden-what = Its service sees everybody come from { $address }, the gateway of this container, which is never blocked. Run the container in the host's network, or write "userland-proxy": false into Docker's daemon.json; if a proxy is in front of the service, let the service log the address that the proxy tells it.
notice-redis-away = Redis is away
notice-redis-away-what = { $error }. Detection and local bans go on; what changes meanwhile is written when Redis is back.
notice-redis-overrun = More changed than could wait for Redis
notice-redis-overrun-what = It happened { $count } { $count ->
    [one] time
   *[other] times
}. Nothing is lost: once Redis is back, all that it holds is compared with what it should hold.
notice-outlet-error = { $outlet } does not hold all bans
notice-outlet-error-what = { $error }. Stockade keeps trying.
notice-blocklist-error = The blocklist { $blocklist } could not be fetched
notice-blocklist-error-what = { $error }. The last good list stays in force, and Stockade keeps trying.
notice-blocklist-cut = Not all of the blocklist { $blocklist } is in force
notice-blocklist-cut-what = { $left_out } { $left_out ->
    [one] entry is
   *[other] entries are
} left out: no address, too wide, or above max_entries.
notice-see-keys = Make a key for a bouncer
notice-see-elsewhere = Look where bans are carried out
notice-see-blocklists = Look at the blocklists
