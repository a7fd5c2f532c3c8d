# Journal of actions.
journal-show = Show
journal-everything = everything
journal-go = Show
journal-none = Nothing of this was done yet.
journal-none-yet = Nothing of this among the latest entries; look further back.
journal-from = from { $origin }
journal-this-host = this computer
journal-settings-file = the settings file
journal-difference = What changed: { $added } { $added ->
    [one] line
   *[other] lines
} added, { $removed } removed
journal-added = added:
journal-removed = removed:
journal-pages = Pages of the journal
journal-older = Older
journal-newest = Newest
deed-ban = Blocked
deed-unban = Unblocked
deed-unban-all = Unblocked everyone
deed-settings = Changed the settings
deed-confirm = Confirmed a change
deed-roll-back = Took a change back
deed-password = Set the password
deed-key-created = Made a key
deed-key-revoked = Revoked a key
deed-sign-in = Signed in
