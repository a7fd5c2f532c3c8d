# What a container with a PBX runs. /opt/host has programs of the machine that tests, /arena the files of Asterisk and Stockade.
# Stockade goes first: the lists that Asterisk's settings include are there then.
/opt/host/stockade run --config /arena/stockade.toml --state-dir /var/lib/stockade &
while [ ! -e /arena/etc/stockade-acl.conf ]; do sleep 0.02; done
exec /usr/sbin/asterisk -f -C /arena/etc/asterisk.conf
