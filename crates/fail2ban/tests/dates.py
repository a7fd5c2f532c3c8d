"""What Debian's fail2ban finds in lines: reads [[datepattern or null, [line, ...]], ...] on stdin, writes for each line
null or [start, end, seconds or null] in characters. The first argument is what now is, in seconds; TZ says the zone."""
import json
import logging
import sys

sys.path.insert(0, "/usr/lib/python3/dist-packages")
from fail2ban.server.mytime import MyTime
from fail2ban.server.datedetector import DateDetector

logging.disable(logging.CRITICAL)
MyTime.setTime(int(sys.argv[1]))


def found(detector, line):
    match, template = detector.matchTime(line)
    if not match:
        return None
    start, end = match.start(1), match.end(1)
    date = None
    if start < end:
        try:
            date = detector.getTime(line[start:end], (match, template))
        except Exception:
            pass
    return [start, end, date[0] if date else None]


def main():
    answers = []
    for pattern, lines in json.load(sys.stdin):
        detector = DateDetector()
        try:
            for one in (pattern or "").split("\n"):
                if one.strip():
                    detector.appendTemplate(one.strip())
            answers.append([found(detector, line) for line in lines])
        except Exception as cause:
            answers.append(str(cause))
    json.dump(answers, sys.stdout)


main()
