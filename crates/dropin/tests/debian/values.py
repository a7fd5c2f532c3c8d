# Tells both servers many values for what a jail can be told, right and wrong ones, over the socket and with Debian's own modules. Prints
# every answer that differs, and how many were compared.
import itertools
import os
import sys

sys.path.insert(0, os.environ.get("FAIL2BAN_PACKAGE", "") + "/usr/lib/python3/dist-packages")
from fail2ban.client.beautifier import Beautifier
from fail2ban.client.csocket import CSocket

clients = [CSocket(path) for path in sys.argv[-2:]]
beautifier = Beautifier()
compared = different = 0


def said(client, command):
    code, answer = client.send(command)
    beautifier.setInputCmd(command)
    if code == 0 and len(command) > 2 and str(command[2]).endswith("ignoreip"):
        # Python's sets have no order.
        answer = sorted(answer)
    if code == 0:
        return str(beautifier.beautify(answer)), repr(answer)
    return str(beautifier.beautifyError(answer)), type(answer).__name__


def compare(*command):
    global compared, different
    theirs, ours = (said(client, list(command)) for client in clients)
    compared += 1
    if theirs != ours:
        different += 1
        print(command, "theirs:", theirs, "ours:", ours, sep="\n  ")


spans = (
    "1 0 -1 007 00 1s 1m 1h 1d 1w 1mo 1y 2sec 3min 4hou 5day 6wee 7mon 8yea 1d2h3m4s 1h30 90m1h .5h 1.5d 1.d 1..2 1e3 1_0 1m-1s 2*3 "
    "7/2 2*(3+4) -(1) +1 --1 1h*2 1/0 1.0/0 1+ * ((1)) (1 1) x x1 1x m h1 1H 1Hours 1D 1 hours|1  2  3|1h 2m|1 h 2 m|10 20m|1 h30|\t5|"
    "5 |1 x|x y|a+b|1 +|# 1|"
)
spans = list(itertools.chain(*(part.split(" ") if number == 0 else [part] for number, part in enumerate(spans.split("|")))))
for name in ("bantime", "findtime", "bantime.maxtime", "bantime.rndtime"):
    for span in spans + [5, 5.5, True]:
        compare("set", "sshd", name, span)
for name in ("maxretry", "maxmatches", "maxlines"):
    for number in ["5", " 5 ", "+5", "-5", "5.5", "", "x", "0", "5x", "0x5", 7, 7.9, True]:
        compare("set", "sshd", name, number)
compare("set", "sshd", "maxlines", 1)
for name in ("bantime", "findtime"):
    compare("set", "sshd", name, "600")
addresses = (
    "192.0.2.1 192.0.2.1/32 192.0.2.1/24 192.0.2.129/25 192.0.2.0/255.255.255.0 192.0.2.0/255.0.255.0 192.0.2.0/0 192.0.2.0/x 192.0.2.0/ /24 "
    "2001:db8::1 2001:DB8::1 [2001:db8::1] 2001:db8::1/63 2001:db8::/ffff:ffff:: ::1 ::/0 ::ffff:192.0.2.1 ::ffff:c000:201 "
    "::192.0.2.5 ::ffff:192.0.2.0/120 1:0:0:2:0:0:0:3 1:2:3:4:5:6:7:8 1:2:3:4:5:6:0:8 fe80::1%lo 192.0.2 192.0.2.256 192.0.2.01 192.0.2.1/24/8 "
    "somebody @nobody 12345 [] [x]"
).split()
for address in addresses:
    for jail in ("sshd", "web"):
        compare("set", jail, "banip", address)
    compare("get", "sshd", "banned", address)
    compare("banned", address)
    compare("set", "sshd", "addignoreip", address)
    compare("set", "sshd", "delignoreip", address)
compare("status", "sshd")
compare("get", "sshd", "banip")
compare("banned")
for address in addresses:
    # A name would be resolved by Debian's server, here without an answer.
    compare("set", "sshd", "unbanip", "--report-absent", address)
    compare("get", "sshd", "banip")
compare("unban", "--all")
patterns = [
    "^<HOST>$", "<HOST> <HOST>", "<ADDR>", "<SUBNET>", "<IP4>", "<IP6>", "<DNS>", "<CIDR> <ADDR>", "<F-ID/>", "<F-ID>a|b</F-ID>", "<F-MLFID>x</F-MLFID>",
    "<F-USER>x</F-USER>", "<HOST> <F-USER>x</F-NAME>", "<HOST></F-USER>", "<HOST><SKIPLINES>a<SKIPLINES>b", "<HOST> <nothing> <F-x> </HOST> <a/b>",
    "((?i)a)<HOST>", "(?:(?i)a)<HOST>", "(?i)<HOST>", "<HOST>\n", "<HOST>\nx(", "\t<HOST>'\"", "<HOST>\u00e4\u0416",
    "(<HOST>", "<HOST>)", "((<HOST>)", "<HOST>())", "[<HOST>", "<HOST>[]", "<HOST>[^]", "<HOST>[]]", "<HOST>[\\]", "<HOST>\\", "*<HOST>", "<HOST>+?*",
    "<HOST>**", "<HOST>a{2}{3}", "<HOST>|*", "<HOST>(*)", "<HOST>(?:+)", "<HOST>\\y", "<HOST>[\\y]", "<HOST>\\d\\W\\b\\Z\\x41\\u0041\\101",
    "<HOST>(?=x)(?!y)(?<=z)(?<!w)", "(x)?<HOST>(?(1)y|z)", "(?P<a>x)(?P=a)<HOST>", "(x)\\1<HOST>", "<HOST>(?#comment)", "<HOST>a{,3}b{3,}c{x}", "", " ", "x",
]
for pattern in patterns:
    for setting in ("no", "warn"):
        compare("set", "sshd", "usedns", setting)
        compare("set", "sshd", "addfailregex", pattern)
        compare("set", "sshd", "addignoreregex", pattern)
        compare("set", "sshd", "prefregex", pattern)
        compare("multi-set", "sshd", "addfailregex", [pattern, "<HOST> 2"])
        compare("get", "sshd", "failregex")
        compare("set", "sshd", "prefregex", "")
        for number in range(4):
            compare("set", "sshd", "delfailregex", "0")
            compare("set", "sshd", "delignoreregex", "0")
dates = [
    "%Y", "%a %A %b %B %d %H %I %j %m %M %p %S %U %w %W %y %Y %z %f %Z", "%G %V %u %k %l", "%c", "%x", "%X", "%%", "%ExY-%Exm-%Exd %ExH:%ExM:%ExS",
    "%Exz", "%ExZ", "%Exy", "%Q", "%", "a%", "%Y%Q%d", "{^LN-BEG}%Y", "{^LN-BEG}^%Y", "{^LN-BEG}(?:^%Y)", "{UNB}%Y", "{UNB}{^LN-BEG}%Y", "^%Y$", "**%Y**",
    "EPOCH", "LEPOCH", "^EPOCH", "{^LN-BEG}EPOCH", "{^LN-BEG}LEPOCH", "^LEPOCH", "epoch", "{EPOCH}", "x{LEPOCH}y", "TAI64N", "^TAI64N", "{^LN-BEG}TAI64N", "tai64n",
    "{NONE}", "{DATE}", "x{DATE}", "{DEFAULT}", "{^LN-BEG}", "{^ln-beg}", "%Y\n%d", "%Y\n%d\n%m", "%Y\n%Y", "%Y\n{^LN-BEG}", "{DEFAULT}\n%Y", "", "  %Y  ", "none",
    "(%Y)", "%d/%m\n\n  %Y", "\\{EPOCH\\}",
]
for date in dates:
    compare("set", "sshd", "datepattern", date)
for zone in "UTC GMT Z CET CEST EST UTC+1 UTC+01 UTC+0100 UTC+01:00 +0200 -02:30 GMT-3 X XX abc UTC+25 Europe/Berlin".split() + [""]:
    compare("set", "sshd", "logtimezone", zone)
for name in "utf-8 UTF8 latin-1 LATIN1 iso8859-15 cp1252 koi8-r ascii US-ASCII auto AUTO gb18030 nothing utf8x utf utf__8 hex".split():
    compare("set", "sshd", "logencoding", name)
for name in "yes YES no warn raw perhaps".split() + ["", True, False]:
    compare("set", "sshd", "usedns", name)
for truth in "1 0 on ON off true True yes y no false".split() + ["", True, False, 1, 0]:
    compare("set", "sshd", "ignoreself", truth)
    compare("set", "sshd", "bantime.increment", truth)
    compare("set", "sshd", "bantime.overalljails", truth)
for number in ["1", "2.5", "x", "1+1", "", "1 2"]:
    compare("set", "sshd", "bantime.factor", number)
    compare("set", "sshd", "bantime.multipliers", number)
    compare("set", "sshd", "bantime.whatever", number)
for cache in ['key="<ip>"', 'key="<ip>",max-count=5', "key='a b', max-time=1h", "key=x][max-count=7", "max-time=1", "", "x", "key=<ip>,max-count=x", "key", "=", "key=a,,"]:
    compare("set", "sshd", "ignorecache", cache)
    compare("get", "sshd", "ignorecache")
for level in "critical ERROR Warning warn NOTICE info DEBUG tracedebug heavydebug msg notset fatal 20 5 loud".split() + ["", "-1", "INFO"]:
    compare("set", "loglevel", level)
for name in ("backend", "polling[a=b", "polling[", "Polling", "polling[]", "", "auto[x"):
    compare("add", "made", name)
    compare("stop", "made")
for command in ([], ["set"], ["get"], ["set", "sshd", "x"], ["get", "sshd", "action"], ["get", "sshd", "action", "idle"], ["multi-set"], ["multi-set", "sshd"],
                ["multi-set", "sshd", "action", "idle"], ["multi-set", "sshd", "action", "idle", []], ["multi-set", "sshd", "action", "idle", [["port"]]],
                ["multi-set", "sshd", "action", "idle", [["port", "1"], ["timeout", "5m"]]], ["server-stream"], ["server-stream", []],
                ["server-stream", [["nonsense"]]], ["server-stream", [["set", "sshd", "maxretry", "x"]]], ["server-stream", [["ping"]]], ["config-error", "x"],
                ["reload"], ["reload", "sshd"], ["start"], ["stop", ""], ["sleep", "0"], ["status", ""], ["add", "--all", "polling"], ["set", "thread", {}],
                ["get", "sshd", "bantime."], ["set", "sshd", "addaction", "x", "y"], ["set", "sshd", "attempt"], ["echo", 1, [2.5, None, True], {"a": "b"}]):
    compare(*command)
print(f"{compared} answers compared, {different} different")
