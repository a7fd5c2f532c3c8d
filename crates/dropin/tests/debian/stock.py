# Tells both servers the stock configuration with every jail enabled, in the stream that Debian's own modules make of it, and asks both
# for everything that was told. Prints every answer that differs, and how many were compared. No jail is started at Debian's server, so that no
# action runs; at ours every one is, at the end.
import os
import sys

sys.path.insert(0, os.environ.get("FAIL2BAN_PACKAGE", "") + "/usr/lib/python3/dist-packages")
from fail2ban.client.beautifier import Beautifier
from fail2ban.client.configurator import Configurator
from fail2ban.client.csocket import CSocket

configurator = Configurator()
configurator.setBaseDir(sys.argv[1])
configurator.readAll()
configurator.getOptions(None, {"dbfile": "None", "logtarget": "STDERR"})
configurator.convertToProtocol(allow_no_files=True)
stream = configurator.getConfigStream()
told = [command for command in stream if command[0] != "start"]
clients = [CSocket(path) for path in sys.argv[-2:]]
beautifier = Beautifier()
compared = different = 0


def said(client, command):
    code, answer = client.send(command)
    beautifier.setInputCmd(command)
    return code, str(beautifier.beautify(answer) if code == 0 else beautifier.beautifyError(answer)), repr(answer)


def compare(command):
    global compared, different
    theirs, ours = (said(client, command) for client in clients)
    compared += 1
    if theirs != ours:
        different += 1
        print(command, "theirs:", theirs, "ours:", ours, sep="\n  ")


compare(["server-stream", told])
compare(["status"])
jails = [command[1] for command in stream if command[0] == "add"]
parts = (
    "logpath logencoding journalmatch ignoreself ignoreip ignorecommand ignorecache prefregex failregex ignoreregex usedns findtime "
    "datepattern logtimezone maxmatches maxretry maxlines bantime bantime.increment actions banip banned"
)
for jail in jails:
    compare(["status", jail])
    for part in parts.split():
        compare(["get", jail, part])
    for action in clients[1].send(["get", jail, "actions"])[1]:
        compare(["get", jail, "actionproperties", action])
        for name in clients[1].send(["get", jail, "actionproperties", action])[1]:
            if not name.startswith("ESCAPE"):
                compare(["get", jail, "action", action, name])
for client in clients:
    client.send(["stop", "--all"])
compare(["status"])
answers = [clients[1].send(["server-stream", stream]), clients[1].send(["reload", "--all", [], stream])]
if answers != [(0, None), (0, "OK")]:
    different += 1
    print("the whole stream:", answers)
count = clients[1].send(["status"])[1][0][1]
if count != len(jails):
    different += 1
    print(count, "jails of", len(jails), "stand after a reload")
print(f"{len(jails)} jails, {len(stream)} commands in the stream, {compared} answers compared, {different} different")
