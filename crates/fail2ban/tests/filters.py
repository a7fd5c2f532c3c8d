"""What Debian's fail2ban makes of filters: reads [[name, options], ...] on stdin, writes one JSON object for each."""
import json
import logging
import sys

sys.path.insert(0, "/usr/lib/python3/dist-packages")
from fail2ban.client.filterreader import FilterReader

logging.disable(logging.CRITICAL)


def made(folder, name, options):
    reader = FilterReader(name, "jail", dict(options), basedir=folder, share_config={})
    reader.read()
    reader.applyAutoOptions("")
    reader.getOptions({})
    combined = reader.getCombined()
    found = {"failregex": [], "ignoreregex": [], "journalmatch": []}
    for command in reader.convert():
        kind = command[2].removeprefix("add")
        if kind == "journalmatch":
            found[kind].append(command[3:])
        elif command[0] == "multi-set":
            found[kind] = command[3]
        elif kind in found:
            found[kind] = [command[3]]
        else:
            found[kind] = command[3]
    found["options"] = {key: str(value) for key, value in combined.items() if value is not None}
    return found


def main():
    answers = []
    for name, options in json.load(sys.stdin):
        try:
            answers.append(made(sys.argv[1], name, options))
        except Exception as cause:
            answers.append({"error": str(cause)})
    json.dump(answers, sys.stdout)


main()
