# blocked
