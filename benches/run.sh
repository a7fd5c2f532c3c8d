#!/usr/bin/env bash
# Stockade against fail2ban-regex, sshg-parser and the floor (a search for three literals), on the same logs. Prints the best
# wall-clock time of five runs (three for the slow peers) and the ratio to ours. The machine should be idle.
set -euo pipefail
cd "$(dirname "$0")/.."
lines=${1:-200000}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
stockade=target/release/stockade
cargo xtask corpus "$dir" "$lines"

# Seconds of the best run: best RUNS COMMAND...
best() {
    local runs=$1 least=999999999 start end
    shift
    for _ in $(seq "$runs"); do
        start=$(date +%s%N)
        "$@" >/dev/null 2>&1 || true
        end=$(date +%s%N)
        ((end - start < least * 1000)) && least=$(((end - start) / 1000))
    done
    echo "$least"
}

row() { # what, microseconds, ours
    printf '  %-28s %9.1f ms   %6.1f x ours\n' "$1" "$(bc -l <<<"$2/1000")" "$(bc -l <<<"$2/$3")"
}

for log in auth.log attack.log; do
    ours=$(best 5 "$stockade" scan --count --filter sshd "$dir/$log")
    echo "$log, $lines lines, filter sshd: $("$stockade" scan --count --filter sshd "$dir/$log") failures"
    row "stockade scan --count" "$ours" "$ours"
    row "fail2ban-regex" "$(best 3 fail2ban-regex "$dir/$log" /etc/fail2ban/filter.d/sshd.conf)" "$ours"
    command -v /usr/lib/sshguard/sshg-parser >/dev/null 2>&1 || PATH=$PATH:/usr/libexec/sshguard:/usr/lib/x86_64-linux-gnu
    if parser=$(command -v sshg-parser || find /usr/lib* -name sshg-parser 2>/dev/null | head -n 1) && [ -n "$parser" ]; then
        row "sshg-parser" "$(best 3 sh -c "'$parser' <'$dir/$log'")" "$ours"
    fi
    if command -v rg >/dev/null; then
        row "rg -c, three literals" "$(best 5 rg -c 'Failed password|Invalid user|Connection closed' "$dir/$log")" "$ours"
    fi
done
ours=$(best 5 "$stockade" scan --count --filter asterisk "$dir/security_log")
echo "security_log, $lines lines, filter asterisk: $("$stockade" scan --count --filter asterisk "$dir/security_log") failures"
row "stockade scan --count" "$ours" "$ours"
row "fail2ban-regex" "$(best 3 fail2ban-regex "$dir/security_log" /etc/fail2ban/filter.d/asterisk.conf)" "$ours"

# fail2ban's own filters, unchanged, by both.
while read -r filter log; do
    ours=$(best 5 "$stockade" scan --count --fail2ban-dir /etc/fail2ban --filter "$filter" "$dir/$log")
    found=$("$stockade" scan --count --fail2ban-dir /etc/fail2ban --filter "$filter" "$dir/$log")
    echo "$log, $lines lines, fail2ban's filter $filter: $found failures"
    row "stockade scan --fail2ban-dir" "$ours" "$ours"
    row "fail2ban-regex" "$(best 1 fail2ban-regex "$dir/$log" "/etc/fail2ban/filter.d/$filter.conf")" "$ours"
done <<'LIST'
sshd auth.log
sshd attack.log
asterisk security_log
nginx-http-auth nginx-error.log
postfix postfix.log
dovecot dovecot.log
recidive fail2ban.log
apache-auth apache-error.log
exim exim.log
mysqld-auth mysqld.log
nginx-botsearch nginx-access.log
vsftpd vsftpd.log
LIST
