# Blocked addresses, one address, blocking by hand.
blocked-search = Search
blocked-search-hint = Address, subnet, service, country
blocked-count = { $count } { $count ->
    [one] address
   *[other] addresses
}
blocked-found = { $found } of { $all }
blocked-export = Export:
blocked-nobody = Nobody is blocked.
blocked-nothing-found = Nothing fits the search.
blocked-show-all = Show all
blocked-address = Address
blocked-reason = Reason
blocked-since = Since
blocked-until = Until
blocked-failures = Failures
blocked-actions = Unblock
blocked-ever = until unblocked
blocked-select = Select { $address }
blocked-select-all = Select all on this page
blocked-unblock = Unblock { $address }
blocked-unblock-selected = Unblock selected
blocked-none-selected = Nothing was selected.
blocked-told-only = Closes nothing: its jail has no firewall action.
blocked-was-gone = It was not blocked any more.
blocked-unblocked = { $address } is unblocked.
blocked-unblocked-many = { $count } { $count ->
    [one] address is
   *[other] addresses are
} unblocked.
blocked-pages = Pages of the list
blocked-first = First
blocked-previous = Previous
blocked-next = Next
blocked-last = Last
blocked-range = { $from }–{ $to } of { $count }

reason-by-hand = by hand, { $actor }
reason-failures = { $failures } { $failures ->
    [one] failure
   *[other] failures
} in { $within }
reason-times = , block no. { $times }
reason-claimed = , the sender may be forged

why-blocked = Blocked
why-not-blocked = Not blocked
why-block = Block this address
why-by-hand = by hand
why-whitelist = Never blocked: { $entry } is on the whitelist ({ $origin }).
why-all-ports = All ports
why-jail-ports = The ports of this service
why-since = since
why-ends = ends
why-standing = { $jail }: { $failures } of { $limit } failures in { $within }
why-earlier = Blocked before: { $count } { $count ->
    [one] time
   *[other] times
}.
why-lines = The lines that led to it
why-no-lines = No lines are kept.
why-claimed = the sender may be forged
why-history = What happened
why-deed-ban = blocked
why-deed-unban = unblocked
why-deed-expired = the time was over
why-deed-refused = not blocked

block-title = Block an address
block-address = Address or subnet
block-address-hint = 203.0.113.7, 203.0.113.0/24, 2001:db8::1. A single IPv6 address means its /64.
block-no-address = This is not an address or a subnet. Write for example 203.0.113.7 or 203.0.113.0/24.
block-where = Where
block-all-ports = All ports
block-in-jail = Only the ports of { $jail }
block-length = For how long
block-ever = Until unblocked
block-note = Why
block-note-hint = Shown in the list and in the journal.
block-wide = This subnet is very wide
block-force = I mean it: block the whole subnet
block-go = Block
block-cancel = Cancel
block-done = { $address } is blocked.
