# Anti brute force, and what the pages with settings have in common.
settings-saved = Saved. It is in force.
settings-nothing-changed = Nothing was changed, so nothing was saved.
settings-save = Save
settings-unsaved = Not saved yet.
settings-check = Check first
settings-discard = Discard
settings-theirs-title = What the settings say now
settings-theirs-what = Your own entries are still in the form. Saving again replaces these:
settings-theirs-none = On this page nothing differs from what you entered: save again.
settings-theirs-empty = nothing
settings-off = Protection is switched off: what stands here takes effect when it is switched on.

slip-said = { $text }
slip-subnet = Line { $line }, column { $column }: “{ $entry }” is not an address or a subnet. Write e.g. 192.0.2.1, 192.0.2.0/24 or 2001:db8::/48.
slip-everybody = Line { $line }, column { $column }: “{ $entry }” is everybody. Write narrower subnets.
slip-wildcard = Line { $line }, column { $column }: “{ $entry }” is not a subnet. Write { $meant }.
slip-range = Line { $line }, column { $column }: “{ $entry }” is a range. Write subnets, e.g. { $meant }, which has all of it.
slip-prefix = Line { $line }, column { $column }: “{ $entry }” has a prefix that does not exist. Write a number from 1 to { $longest }.
slip-decorated = Line { $line }, column { $column }: “{ $entry }” is more than an address. Write { $meant }.
slip-host-name = Line { $line }, column { $column }: “{ $entry }” is a name, and names are not looked up. Write its address.
slip-too-many = Line { $line }, column { $column }: these are too many, { $most } at most. Make wider subnets of several.
slip-number = Write a whole number from { $least } to { $most }.
slip-seconds = Write seconds from { $least } to { $most }, or e.g. 10m, 6h, 1d.
slip-seconds-or-forever = Write seconds, or e.g. 10m, 6h, 7d, or “forever”.
slip-sip-limit = Write a whole number up to { $most }; nothing or 0 means no limit.

brute-force-lead = Whoever fails too often within a while is blocked for a while.
brute-force-preset = Strictness
brute-force-slider = Strictness, from lenient to strict
brute-force-own = Own numbers: none of the four fits what stands below.
brute-force-max-retry = Number of attempts for blocking
brute-force-max-retry-hint = Failed sign-ins of one address; an IPv6 /64 counts as one.
brute-force-find-time = Within (seconds)
brute-force-ban-time = Block for (seconds)
brute-force-growth = { $factor ->
    [2] Doubles with each repeat, up to { $most }.
   *[other] { $factor } times as long with each repeat, up to { $most }.
}
brute-force-forever = without end
brute-force-sip-limit = SIP requests a second from one address
brute-force-sip-limit-hint = What is above is dropped. Empty or 0: no limit.
preset-weak = Weak
preset-normal = Normal
preset-enhanced = Enhanced
preset-paranoid = Paranoid
preset-summary = { $n } in { $within }, { $block }
preset-sip = { $n } SIP requests a second

brute-force-whitelist = Whitelist
brute-force-whitelist-hint = Addresses and subnets that are never blocked, parted by spaces, commas or new lines.
brute-force-also = Never blocked besides these
brute-force-also-network = network “{ $name }” is marked “Never block addresses from this network”
brute-force-also-signed-in = { $name } is signed in from there
brute-force-also-own = this computer’s own address ({ $name })
brute-force-also-loopback = this computer itself
brute-force-also-none = Nobody. Networks of the firewall can be marked “Never block addresses from this network”.

brute-force-advice = Blocking does not make a simple password safe.
brute-force-advice-more = A password that is guessed at the first try is never a failed attempt. Give every extension and every account a long random one.

outcome-unchanged = Nothing is changed yet.
outcome-no-failures = No failed sign-ins are recorded yet, so there is nothing to try this on.
outcome-more = Over the last { $span } this would have blocked { $more } { $more ->
    [one] more address
   *[other] more addresses
}
outcome-fewer = Over the last { $span } this would have blocked { $fewer } { $fewer ->
    [one] fewer address
   *[other] fewer addresses
}
outcome-both = Over the last { $span } this would have blocked { $more } { $more ->
    [one] more address
   *[other] more addresses
} and { $fewer } fewer
outcome-same = Over the last { $span } this would have blocked the same addresses
outcome-detail = { $after } instead of { $before }, by { $failures } recorded failed sign-ins.
outcome-added = Would have been blocked
outcome-hint = Nothing is recorded of an address while it is blocked, so milder numbers look a little milder here than they are.
outcome-removed = Would not have been blocked
outcome-and-more = and { $n } more
