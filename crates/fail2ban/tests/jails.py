"""What Debian's fail2ban makes of the jails of a folder, all of them enabled: one JSON object, jails by name."""
import json
import logging
import sys

sys.path.insert(0, "/usr/lib/python3/dist-packages")
from fail2ban.client.jailsreader import JailsReader

logging.disable(logging.CRITICAL)


def made(jail):
    found = {"options": {k: str(v) for k, v in jail.options.items()}, "actions": []}
    if jail.options.get("config-error"):
        return {"error": jail.options["config-error"]}
    for command in jail.convert(allow_no_files=True):
        kind = command[2] if len(command) > 2 else None
        if kind == "addaction" and len(command) == 6:
            found["actions"].append([command[3], json.loads(command[5])])
        elif kind == "addaction":
            found["actions"].append([command[3], {}])
        elif kind == "action":
            pairs = command[4] if command[0] == "multi-set" else [command[4:6]]
            found["actions"][-1][1] = {name: str(value) for name, value in pairs}
        elif kind in ("addfailregex", "addignoreregex"):
            found[kind[3:]] = command[3] if command[0] == "multi-set" else [command[3]]
        elif kind == "addjournalmatch":
            found.setdefault("journalmatch", []).append(command[3:])
        elif kind == "addignoreip":
            found["ignoreip"] = command[3:]
        elif kind in ("prefregex", "datepattern", "usedns", "maxlines"):
            found[kind] = command[3]
    return found


reader = JailsReader(force_enable=sys.argv[2] == "all", basedir=sys.argv[1], share_config={})
reader.read()
reader.getOptions()
json.dump({jail.getName(): made(jail) for jail in reader.jails}, sys.stdout)
