# Reads the configuration with Debian's own modules and sends both servers the stream that `start` would send: to each of the
# sockets at the end of the arguments. Prints what each answered.
import os
import sys

sys.path.insert(0, os.environ.get("FAIL2BAN_PACKAGE", "") + "/usr/lib/python3/dist-packages")
from fail2ban.client.configurator import Configurator
from fail2ban.client.csocket import CSocket

configurator = Configurator()
configurator.setBaseDir(sys.argv[1])
configurator.readAll()
configurator.getOptions(None, {})
configurator.convertToProtocol()
stream = configurator.getConfigStream()
for path in sys.argv[-2:]:
    client = CSocket(path)
    code, answer = client.send(["server-stream", stream])
    client.close()
    print(code, answer)
