# $1: the service's directory. Runs as process 1 of its own mounts and process ids, which die with it.
# sshd reports to /dev/log and nowhere else, so this host gets a /dev of its own with a real rsyslogd behind it.
mount -t proc proc /proc
mkdir -p "$1/dev"
mount --rbind /dev "$1/dev"
mount -t tmpfs -o mode=755 tmpfs /dev
for node in null zero full random urandom tty; do
    touch "/dev/$node"
    mount --bind "$1/dev/$node" "/dev/$node"
done
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/sshd
# An account to log in with that the machine itself never has.
mount --bind "$1/passwd" /etc/passwd
mount --bind "$1/shadow" /etc/shadow
# It returns when its socket is open.
rsyslogd -f "$1/rsyslog.conf" -i "$1/rsyslog.pid"
/usr/sbin/sshd -D -f "$1/sshd_config" &
wait $!
