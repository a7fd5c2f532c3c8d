# The overview.
switch = Firewall and anti-hacking protection
switch-on = on
switch-off = off
switch-off-title = Switch protection off?
switch-off-what = While it is off, nobody is blocked: the addresses on the list get through again and the network firewall lets everything in. Failed sign-ins are no longer counted. The settings stay as they are.
switch-leave-on = Leave it on
switch-off-sure = Switch off
switched-on = Protection is on.
switched-off = Protection is off: nobody is blocked.

overview-blocked-now = { $count ->
    [one] address blocked now
   *[other] addresses blocked now
}
overview-failures-day = { $count ->
    [one] failed sign-in, 24 h
   *[other] failed sign-ins, 24 h
}
overview-bans-day = blocked, 24 h
overview-dropped = { $count ->
    [one] packet dropped
   *[other] packets dropped
}
overview-activity = Failed sign-ins
overview-accounts = Accounts under attack
overview-networks = Networks
overview-offenders = Top offenders
overview-sources = Logs that are read
overview-nobody = Nobody, in this time.
overview-no-source = No log is read: no jail is on, or none of their logs exists.
overview-tries = { $failures } { $failures ->
    [one] try
   *[other] tries
}, { $addresses } { $addresses ->
    [one] address
   *[other] addresses
}
overview-network = { $addresses } { $addresses ->
    [one] address
   *[other] addresses
}, { $banned } blocked
overview-failures = { $count } { $count ->
    [one] failure
   *[other] failures
}
overview-is-blocked = blocked
overview-not-blocked = not blocked
span-day = 24 hours
span-week = 7 days

chart-title-day = Failed sign-ins and blocked addresses, by hour
chart-title-week = Failed sign-ins and blocked addresses, in steps of six hours
chart-summary = Mostly { $service }; the peak is { $peak } at { $at }.
chart-nothing = No failed sign-in in this time.
chart-bans = Blocked
chart-other = Other
chart-tells = { $service }: { $failures } { $failures ->
    [one] failure
   *[other] failures
}, { $bans } blocked
chart-legend = { $failures }, { $bans } blocked
chart-blocked-short = { $bans } blocked
chart-as-table = As a table
chart-from = From
weekday-monday = Mon
weekday-tuesday = Tue
weekday-wednesday = Wed
weekday-thursday = Thu
weekday-friday = Fri
weekday-saturday = Sat
weekday-sunday = Sun

source-name = Log
source-state = State
source-per-minute = Lines a minute
source-last-line = Last line
source-last-match = Last failure
source-skew = Clock
source-journal = systemd journal
source-state-following = being read
source-state-idle = waiting
source-state-missing = not there
source-state-unreadable = not readable
source-state-over-the-bound = too many files
source-state-stopped = stopped
source-behind = { $span } behind
source-ahead = { $span } ahead
source-no-skew = agrees
source-since = since { $since }
never = never

notice-other = Needs attention
notice-switched-off = Protection is off
notice-switched-off-what = Nobody is blocked. Switch it on above.
notice-observing = Nobody is really blocked: Stockade only observes
notice-observing-what = { $reason }
notice-enforcement-error = The kernel's rules could not be changed
notice-enforcement-error-what = { $error }. Stockade keeps trying.
notice-store-error = Nothing can be recorded
notice-store-error-what = { $error }. Protection goes on, but a restart would lose what happened since. Is the disk full?
notice-settings-wrong = The settings file has a mistake; the last good settings are in force
notice-settings-wrong-what = { $error }
notice-no-firewall = The network firewall and the SIP limit are not in force
notice-no-firewall-what = { $reason }
notice-page-not-served = The page is not served as the settings ask
notice-page-not-served-what = { $error }
notice-restart-needed = A restart is needed
notice-restart-needed-what = These settings take effect only then: { $settings }.
notice-note = Good to know
notice-note-what = { $text }
notice-still-fails = { $address } is blocked and still gets through
notice-still-fails-what = It failed at { $at } although the jail { $jail } blocks it. Does the service see the address of a proxy, or listen on other ports than the jail's?
notice-source-not-read = { $source } is not read
notice-source-not-read-what = { $reason }. Jails that wait for it: { $jails }.
notice-source-silent = { $source } is silent
notice-source-silent-what = Last line: { $since }; usually { $usual } { $usual ->
    [one] line
   *[other] lines
} an hour. Was it moved, or rotated without telling the service?
notice-country-database = Countries are not shown
notice-country-database-what = { $error }
notice-see-sources = Look at the logs
notice-see-jails = Look at the jails
