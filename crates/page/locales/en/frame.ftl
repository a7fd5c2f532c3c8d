# What stands around every page. `number-group` is what parts thousands: a comma, a full stop or a space.
language-name = English
number-group = ,
number = { $n }

skip-to-content = To the content
menu = Menu
nav-label = Pages
nav-overview = Overview
nav-blocked = Blocked addresses
nav-brute-force = Anti brute force
nav-firewall = Network firewall
nav-jails = Jails and filters
nav-keys = Bouncers and keys
nav-journal = Journal of actions
sign-out = Sign out
to-overview = To the overview

trial-title = Do you still get through?
trial-before = Unless you confirm, the change is taken back
trial-by = It was made by { $actor }.
trial-confirm = Keep the change
trial-take-back = Take it back now
trial-confirmed = The change is kept.
trial-taken-back = The change is taken back.
read-only-title = The settings cannot be changed here
read-only-what = Everything can be looked at, and addresses can be blocked and unblocked.

no-such-page = There is no such page
no-such-page-what = The address may be mistyped, or what stood here is gone.
fault-wrong = Something in the form is not right
fault-refused = This was not done
fault-missing = That is not there any more
fault-changed = The settings were changed meanwhile
fault-changed-what = Somebody else, or the file itself, changed them since you opened this page. Look at what is there now and save again.
fault-cut-off = This would cut you off
fault-read-only = The settings cannot be written
fault-broken = This could not be done

time-today = today { $time }
time-yesterday = yesterday { $time }
time-day = { $day } { $month } { $time }
time-date = { $day } { $month } { $year }
time-in = in { $span }
span-days = { $n } { $n ->
    [one] day
   *[other] days
}
span-hours = { $n } h
span-minutes = { $n } min
span-seconds = { $n } s
bytes = { $n } bytes
kilobytes = { $n } KB
megabytes = { $n } MB
gigabytes = { $n } GB
month-january = Jan
month-february = Feb
month-march = Mar
month-april = Apr
month-may = May
month-june = Jun
month-july = Jul
month-august = Aug
month-september = Sep
month-october = Oct
month-november = Nov
month-december = Dec
