"""Runs actions by fail2ban's own code: the jails on standard input, the same happenings as in debian.rs."""
import json
import sys

sys.path.insert(0, "/usr/lib/python3/dist-packages")
from fail2ban.server.database import Fail2BanDb  # noqa: E402
from fail2ban.server.ipdns import DNSUtils  # noqa: E402
from fail2ban.server.jail import Jail  # noqa: E402
from fail2ban.server.ticket import BanTicket  # noqa: E402

# No name is looked up: what is compared is what stands where none is found.
DNSUtils.ipToName = staticmethod(lambda ip: None)

told = json.load(sys.stdin)
database = Fail2BanDb(":memory:")
for number, (name, actions) in enumerate(told["jails"]):
    jail = Jail(name, backend="polling", db=database)
    database.addJail(jail)
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
    tickets = {}
    for step in told["steps"]:
        if step["do"] == "ban":
            ticket = BanTicket(step["ip"], step["time"] + number / 100, step["lines"])
            ticket.setAttempt(step["failures"])
            ticket.setBanTime(600)
            if step["user"]:
                ticket.setData(user=step["user"])
            ticket.restored = step["restored"]
            # Its observer would do that beside, sometimes before the actions and sometimes behind them.
            database.addBan(jail, ticket)
            jail.actions._Actions__checkBan([ticket])
        elif step["do"] == "again":
            # The clock of the checks is the host's: a ban so long ago stands for one that was made just now and fails so much later.
            ticket = BanTicket(step["ip"], step["time"] + number / 100)
            jail.actions._Actions__checkBan([ticket])
        else:
            jail.actions.removeBannedIP(step["ip"], db=False)
    jail.actions._Actions__flushBan(stop=True)
    jail.actions.stopActions()
