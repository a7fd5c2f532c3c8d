# jails
