"""The socket on which systemd hears of its services, as a log."""

import os
import socket

with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
    heard.bind("/run/notify")
    os.chmod("/run/notify", 0o666)
    while True:
        message = heard.recv(4096).decode()
        with open("/run/notify.log", "a", encoding="utf-8") as log:
            log.write(message + "\n")
