"""Runs commands of the Azure CLI in one process, which saves most of the time that it takes to start.

Usage: az.py COMMANDS

COMMANDS is a JSON array of command lines, each an array. Prints a JSON array with an object for each: the exit code, and what
the command printed. It stops after the first command that fails.
"""

import io
import json
import sys

from azure.cli.core import get_default_cli


def run(command):
    printed = io.StringIO()
    try:
        # A new one each time: a command may have selected another cloud.
        code = get_default_cli().invoke(command, out_file=printed)
    except SystemExit as end:
        code = end.code
    return {"code": code, "printed": printed.getvalue()}


def main(commands):
    results = []
    for command in json.loads(commands):
        results.append(run(command))
        if results[-1]["code"]:
            break
    print(json.dumps(results))


main(*sys.argv[1:])
