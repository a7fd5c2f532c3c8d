# $1: the installed Debian, $2: this run's own directory. Runs with mounts and process ids of its own, so that the
# installation serves several runs at once and stays as it is.
mount --bind "$2" "$1/arena"
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
exec chroot "$1" /usr/bin/env TZ=:/arena/localtime /usr/sbin/asterisk -f -C /arena/etc/asterisk.conf
