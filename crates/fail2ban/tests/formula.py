"""What Debian's fail2ban makes of ban times: reads [[options, [[time, count], ...]], ...] as JSON on stdin and writes the results, as Python
writes them, in the same shape. Where it raises, the result is null. `random.random()` is always 0.25."""
import json
import logging
import math
import random
import sys
import warnings

sys.path.insert(0, "/usr/lib/python3/dist-packages")
from fail2ban.server.jail import Jail
from fail2ban.server.observer import ObserverThread

logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")
random.random = lambda: 0.25


def shown(number):
    # What is past 127 bits counts there as a number with a fraction.
    if isinstance(number, int) and abs(number) >= 1 << 127:
        number = float(number)
    if isinstance(number, complex):
        raise ValueError
    if not math.isfinite(number):
        raise ValueError
    return repr(number)


def made(jail, time, count):
    try:
        return shown(jail.getBanTimeExtra()["evformula"](ObserverThread.BanTimeIncr(time, count)))
    except Exception:
        return None


answers = []
for options, bans in json.load(sys.stdin):
    jail = Jail("test", backend="polling")
    try:
        for option, value in options.items():
            jail.setBanTimeExtra(option, value)
        if not options:
            jail.setBanTimeExtra("increment", "true")
        answers.append([made(jail, *ban) for ban in bans])
    except Exception:
        answers.append(None)
json.dump(answers, sys.stdout)
