"""What Debian's fail2ban-regex prints: reads a JSON list of argument lists on stdin, and writes a JSON list of [text, exit code]."""
import contextlib
import io
import json
import logging
import sys
import warnings

sys.path.insert(0, "/usr/lib/python3/dist-packages")
from fail2ban.client import fail2banregex

logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")
answers = []
for arguments in json.load(sys.stdin):
    out, code = io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        try:
            fail2banregex.exec_command_line(arguments)
        except SystemExit as left:
            code = left.code or 0
    answers.append([out.getvalue(), code])
json.dump(answers, sys.stdout)
