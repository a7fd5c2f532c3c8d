"""Runs firewall actions by fail2ban's own code: the jails on standard input, each started and with one ban of each family."""
import json
import os
import sys
import time

sys.path.insert(0, "/usr/lib/python3/dist-packages")
from fail2ban.server.jail import Jail  # noqa: E402
from fail2ban.server.ticket import BanTicket  # noqa: E402

for name, actions in json.load(sys.stdin):
    # The stand-ins write it down.
    os.environ["ACTION_TEST_JAIL"] = name
    jail = Jail(name, backend="polling")
    jail.actions.setBanTime(600)
    for action, properties in actions:
        jail.actions.add(action)
        for key, value in properties:
            setattr(jail.actions[action], key, value)
    for action in jail.actions.values():
        try:
            action.start()
        except Exception as wrong:
            print("start of %s: %s" % (name, wrong), file=sys.stderr)
    for ip in ("192.0.2.7", "2001:db8::7"):
        jail.actions._Actions__checkBan([BanTicket(ip, time.time())])
