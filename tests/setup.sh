#!/bin/sh
# Installs the Debian packages that the tests drive: real services, real attackers, the tools that look into the kernel.
# Safe to run again: it does nothing when all are there. It starts no daemon and leaves none running.
set -eu

# The services and attackers of the arena, then what the other test suites compare with (fail2ban: its sample logs only).
packages="
    gcc libc6-dev
    nftables conntrack iproute2 iputils-ping util-linux
    openssh-server openssh-client rsyslog nginx-light curl debootstrap
    hydra ffuf sipvicious sshpass
    apache2-utils systemd-journal-remote sqlite3 fail2ban
"

missing=""
for package in $packages; do
    # nginx may be here in any of its flavours.
    [ "$package" = nginx-light ] && [ -x /usr/sbin/nginx ] && continue
    state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
    echo "setup.sh: these packages are missing and installing them takes root; run: sudo $0" >&2
    echo "setup.sh:$missing" >&2
    exit 1
fi

# A package's start script asks policy-rc.d first; while ours stands there, nothing starts.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 1' INT TERM
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi

log=$(mktemp)
export DEBIAN_FRONTEND=noninteractive
# The package names are our own words above; splitting them is meant.
# shellcheck disable=SC2086
if { apt-get update && apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1 </dev/null; then
    rm -f "$log"
else
    tail -n 40 "$log" >&2
    echo "setup.sh: apt-get could not install:$missing (all of its output: $log)" >&2
    exit 1
fi
