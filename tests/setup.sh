#!/bin/sh
# Installs what the tests drive. From Debian: real services, real attackers, a browser, the tools that look into the kernel.
# From PyPI, under the build directory: what looks at the pages and at the API. There too Debian's CrowdSec, unpacked and not
# installed: its package wants to sign up with its makers over the internet, and its service is not wanted here.
# Safe to run again: it does nothing when all are there. It starts no daemon and leaves none running.
set -eu

# The services and attackers of the arena, then what the other test suites compare with (fail2ban: its sample logs only).
packages="
    gcc libc6-dev
    nftables conntrack iproute2 iputils-ping util-linux
    openssh-server openssh-client rsyslog nginx-light caddy curl debootstrap
    hydra ffuf sipvicious sshpass
    apache2-utils systemd-journal-remote sqlite3 fail2ban python3-systemd crowdsec-firewall-bouncer
    redis-server redis-sentinel redis-tools docker.io iptables
    php-cli php-sqlite3
    chromium chromium-driver fonts-dejavu-core fonts-liberation pngquant python3 python3-venv
"

# What looks at the pages (axe, which another package carries) and at the API. The versions are fixed: a newer one may find
# more, and that is a change to be made by somebody who looks.
requirements="schemathesis==4.32.5"
axe_carrier="axe-playwright-python==0.1.8"
tools=${STOCKADE_BROWSER_TOOLS:-${CARGO_TARGET_DIR:-$(dirname "$0")/../target}/browser-tools}

install_tools() {
    stamp="$requirements $axe_carrier"
    [ "$(cat "$tools/stamp" 2>/dev/null || true)" = "$stamp" ] && return
    rm -rf "$tools"
    mkdir -p "$(dirname "$tools")"
    log=$(mktemp)
    # The carrier comes without what it needs itself: only a file of it is wanted.
    if {
        /usr/bin/python3 -m venv "$tools" &&
            "$tools/bin/pip" install --disable-pip-version-check "$requirements" &&
            "$tools/bin/pip" install --disable-pip-version-check --no-deps "$axe_carrier" &&
            cp "$tools"/lib/python3*/site-packages/axe_playwright_python/axe.min.js "$tools/axe.min.js"
    } >"$log" 2>&1 </dev/null; then
        echo "$stamp" >"$tools/stamp"
        rm -f "$log"
    else
        tail -n 40 "$log" >&2
        echo "setup.sh: pip could not install: $stamp (all of its output: $log)" >&2
        exit 1
    fi
}

crowdsec=${CARGO_TARGET_DIR:-$(dirname "$0")/../target}/crowdsec

unpack_crowdsec() {
    [ -x "$crowdsec/usr/bin/crowdsec" ] && [ -x "$crowdsec/usr/bin/cscli" ] && return
    mkdir -p "$crowdsec"
    here=$(mktemp -d)
    log=$(mktemp)
    # Without a list of packages, or with an old one, the download fails; then the list is fetched first, which takes root.
    if {
        (cd "$here" && { apt-get download crowdsec || { apt-get update && apt-get download crowdsec; }; }) &&
            dpkg -x "$here"/crowdsec_*.deb "$crowdsec"
    } >"$log" 2>&1 </dev/null; then
        rm -rf "$here" "$log"
    else
        tail -n 40 "$log" >&2
        echo "setup.sh: crowdsec could not be downloaded and unpacked (all of the output: $log)" >&2
        rm -rf "$here"
        exit 1
    fi
}

missing=""
for package in $packages; do
    # nginx may be here in any of its flavours.
    [ "$package" = nginx-light ] && [ -x /usr/sbin/nginx ] && continue
    state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $package"
done
if [ -z "$missing" ]; then
    install_tools
    unpack_crowdsec
    exit 0
fi

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
install_tools
unpack_crowdsec
