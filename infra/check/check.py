"""Checks the infrastructure without Azure: `check.py REPOSITORY`. One line per fault; exit code 1 when there is one."""

import sys
from pathlib import Path

import app_settings
import auth_settings
import bicep
import policy
import project


def main() -> int:
    if len(sys.argv) != 2 or not (Path(sys.argv[1]) / "infra" / "main.bicep").is_file():
        print("usage: check.py REPOSITORY, the folder that holds infra/main.bicep", file=sys.stderr)
        return 2
    root = Path(sys.argv[1]).resolve()
    sources = bicep.find(root)
    faults = [
        *bicep.faults(root, sources),
        *policy.faults(root, sources),
        *project.faults(root),
        *auth_settings.faults(root),
        *app_settings.faults(root),
    ]
    for fault in faults:
        print(fault)
    if not faults:
        print(f"{len(sources)} Bicep files, azure.yaml, authsettings.json and app settings: no fault")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
