"""The command `az`, run by the server of `az.py`.

Usage: az_client.py SOCKET ARGUMENT...
"""

import json
import os
import socket
import sys


def main(path, *arguments):
    request = {"arguments": arguments, "folder": os.getcwd(), "environment": dict(os.environ)}
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        socket.send_fds(connection, [b"."], [0, 1, 2])
        connection.sendall(json.dumps(request).encode())
        connection.shutdown(socket.SHUT_WR)
        # Empty where the server ended.
        code = connection.recv(16)
    sys.exit(int(code or b"1"))


main(*sys.argv[1:])
