# Signing in, and the first start.
sign-in-title = Sign in
sign-in-account = Account
sign-in-password = Password
sign-in-go = Sign in
sign-in-forgotten = Forgotten? Set a new one on this host:
sign-in-wrong = The account or the password is wrong
sign-in-wrong-what = Failed sign-ins are counted: too many of them block the address they come from.
sign-in-too-many = Too many attempts
sign-in-too-many-what = Try again in { $span }.
sign-in-banned = This address is blocked
sign-in-banned-what = It failed to sign in too often. Another administrator can unblock it, or the command: stockade unban ADDRESS

setup-title = Set the administrator's password
setup-what = Stockade has no default password. Set yours; the account is “admin”.
setup-link = No password is set yet. Open the one-time link that Stockade printed when it started; it is in its log:
setup-or = Or set the password on this host:
setup-password = New password
setup-again = Once more
setup-go = Set password and sign in
setup-too-short = At least { $count } { $count ->
    [one] character
   *[other] characters
}; a long phrase is better than a short riddle.
setup-differ = The two passwords differ

password-title = Change the password
password-old = Present password
password-go = Change the password
password-changed = The password is changed; all other sessions have ended
password-wrong = The present password is wrong
password-back = Back to the overview
