# Jails and filters.
jails-lead = A jail counts the failed sign-ins of one service, as its filter finds them, and blocks whoever fails too often.
jails-off = Protection is switched off: no jail counts.
jails-on = Jails that are on
jails-none = No jail is on. A jail comes on by itself when its service writes a log on this host.
jails-jail = Jail and ports
jails-sources = Reads
jails-limits = Blocks after
jails-found = Found
jails-banned = Blocked now
jails-dropped = Dropped
jails-try = Try a line
jails-try-short = Try
jails-filter = filter { $name }
jails-all-ports = all ports
jails-not-read = Not read:
jails-page = Sign-ins to this page
jails-no-source = Nothing is read for it.
jails-since-start = { $n } since the start

remarks = fail2ban's configuration: what is done otherwise
remarks-lead = What stands in these places is not done here as it is written. Each says what happens instead.
remarks-no-file = not from a file
remarks-jails = { $n ->
    [one] jail
   *[other] jails
}: { $jails }
remarks-more-jails = and { $n } more
remarks-action = action: { $name }
remarks-more = { $n } more are not shown here; stockade status shows all of them.

try-title = Try lines against a filter
try-filter = Filter
try-lines = Lines of a log
try-hint = Paste one line or many, up to { $n }. Nothing that is tried counts, and nobody is blocked.
try-try = Try
try-example = Take an example
try-nothing = Paste a line first.
try-sum = { $failures } { $failures ->
    [one] failed sign-in
   *[other] failed sign-ins
}, { $successes } { $successes ->
    [one] sign-in
   *[other] sign-ins
}, { $ignored } ignored, { $missed } not matched
try-line = line { $n }
try-address = Address
try-account = Account
try-time = Time
try-pattern = Pattern
try-proof = Evidence
verdict-failure = Failed sign-in
verdict-success = Sign-in
verdict-ignored = Ignored
verdict-missed = Not matched
proof-proven = proven: the sender really has this address
proof-claimed = claimed: the address could be forged, so a block stays short
why-no-syslog-prefix = This filter reads lines of syslog; this line does not begin like one (time, host, program).
why-other-program = The line is of “{ $program }”; this filter reads those of { $reads }.
why-no-literal = None of the texts that a failed sign-in must contain is in it.
why-near = Pattern { $pattern }: “{ $literal }” is there, but the rest of the line does not fit.

filters-all = All filters
filters-filter = Filter
filters-finds = Finds
filters-state = State
filters-on = on
filters-not-on = not on
