# Network firewall.
service-sip = SIP & RTP
service-iax = IAX
service-web = WEB
service-ssh = SSH
service-ami = AMI
service-ajam = AJAM, WebRTC, ARI
service-cti = CTI
service-icmp = ICMP
ports-sip = SIP
ports-rtp = RTP

firewall-lead = Which networks may reach which services of this computer. The first row that an address lies in counts for it; “everyone else” comes last, and whoever is in no row reaches nothing.
firewall-rows = Networks and what they may reach
firewall-network = Network
firewall-name = Name
firewall-subnet = Subnets
firewall-new-row = new network
firewall-local = Local network
firewall-never-block = Never block addresses from this network
firewall-never-block-short = Never block
firewall-up = Move “{ $name }” up
firewall-down = Move “{ $name }” down
firewall-remove = Remove “{ $name }”
firewall-up-short = Up
firewall-down-short = Down
firewall-remove-short = Remove
firewall-add = Add a network
firewall-order = A row may hold several subnets, one a line. Nothing changes before you save.
firewall-none = No network has rules
firewall-none-what = Without rows, everybody may reach every service; only blocked addresses are kept out. The first row that you save closes what no row lets in.
firewall-suggest = Suggest first rules
firewall-suggest-what = Your own network, private networks, and SIP alone for everyone else. You can change all of it before it is saved.
firewall-dropped = Dropped by these rules
firewall-dropped-rules = Let in by no row
firewall-dropped-limit = SIP above the limit
firewall-packets = { $n } { $n ->
    [one] packet
   *[other] packets
}
firewall-ports = Ports of each service
firewall-ports-what = Written as udp/5060 or tcp/5060-5061, parted by spaces.
firewall-cut-off = This would cut you off
firewall-cut-off-what = You can try it: unless you confirm within { $seconds } seconds, the old rules come back by themselves.
firewall-try = Save and confirm within { $seconds } seconds
firewall-back = Back to the form
firewall-on-trial = The new rules hold for now. If you can read this, confirm them.
firewall-came-back = The change was not confirmed: the old rules are back
firewall-came-back-what = Nobody confirmed in time, so it was taken back. What you see is what holds.

slip-no-subnet = Write at least one subnet, e.g. 192.168.0.0/24.
slip-name = Write a name of { $most } characters at most, on one line.
slip-twin = “{ $entry }” stands here twice. Leave one of the two out.
slip-never-block-all = “{ $entry }” is everybody: with “Never block” nobody would ever be blocked.
slip-networks = These are too many subnets: { $most } at most. Make wider ones of several.
slip-port = “{ $entry }” is not a port. Write e.g. tcp/22 or udp/10000-20000.
slip-ports = These are too many ports: { $most } at most. A range counts once.

caution-own-network = You are connected from { $address }, which “{ $name }” does not let reach WEB.
caution-own-none = You are connected from { $address }, which is in none of these networks.
caution-own-what = If you save, you will be asked to confirm within a minute; otherwise the old rules come back by themselves.
caution-no-rest = There is no row for everyone else
caution-no-ipv4 = There is no row for everyone else over IPv4
caution-no-ipv6 = There is no row for everyone else over IPv6
caution-no-rest-what = Whoever is in none of these networks reaches nothing on this computer. If that is not meant, add 0.0.0.0/0 and ::/0 as the last row.
caution-open = Everyone may reach { $services }
caution-open-what = These are what attackers look for first. Let them in from networks that you know.

suggestion-own = My network
suggestion-private = Private networks
suggestion-rest = Everyone else
