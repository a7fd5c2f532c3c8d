"""What Debian's client prints: reads [[command, reply], ...] as Python literals on stdin, and writes one JSON list of texts. A reply that is
{"!": class, "args": [...]} is an exception."""
import ast
import json
import logging
import sys

sys.path.insert(0, "/usr/lib/python3/dist-packages")
from fail2ban import exceptions
from fail2ban.client.beautifier import Beautifier

logging.disable(logging.CRITICAL)


def made(command, reply):
    beautifier = Beautifier(command)
    if isinstance(reply, dict) and "!" in reply:
        name = reply["!"]
        kind = getattr(exceptions, name, None) or getattr(__builtins__, name)
        return str(beautifier.beautifyError(kind(*reply["args"])))
    return str(beautifier.beautify(reply))


sys.stdin.reconfigure(encoding="utf-8")
json.dump([made(*ast.literal_eval(line)) for line in sys.stdin], sys.stdout)
