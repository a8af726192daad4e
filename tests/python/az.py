"""Runs commands of the Azure CLI in one process, which saves most of the time that it takes to start.

Usage: az.py COMMANDS [SOCKET]

COMMANDS is a JSON array of command lines, each an array. Prints a JSON array with an object for each: the exit code, and what
the command printed. It stops after the first command that fails.

With SOCKET, the path of a Unix socket to make, it then runs what `az_client.py` asks for until its standard input ends. Each
command runs in a fork of this process as `python -m azure.cli`: the modules are loaded, and nothing else is shared.
"""

import io
import json
import os
import runpy
import select
import signal
import socket
import sys
import traceback

from azure.cli.core import get_default_cli


def run(command):
    printed = io.StringIO()
    try:
        # A new one each time: a command may have selected another cloud.
        code = get_default_cli().invoke(command, out_file=printed)
    except SystemExit as end:
        code = end.code
    return {"code": code, "printed": printed.getvalue()}


def main(commands, path=None):
    results = []
    for command in json.loads(commands):
        results.append(run(command))
        if results[-1]["code"]:
            break
    with socket.socket(socket.AF_UNIX) as listener:
        if path:
            listener.bind(path)
            listener.listen()
        print(json.dumps(results), flush=True)
        if path:
            serve(listener)


def serve(listener):
    # The children are not waited for.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
        connection, _ = listener.accept()
        with connection:
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                listener.close()
                answer(connection)


def answer(connection):
    """Runs a command with the client's streams, folder and variables, and ends the process."""
    _, streams, _, _ = socket.recv_fds(connection, 1, 3)
    for target, stream in enumerate(streams):
        os.dup2(stream, target)
        os.close(stream)
    with connection.makefile("rb") as file:
        request = json.load(file)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = ["az", *request["arguments"]]
    code = 1
    try:
        runpy.run_module("azure.cli", run_name="__main__")
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    connection.sendall(str(code).encode())
    os._exit(0)


main(*sys.argv[1:])
