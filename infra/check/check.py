"""Checks the infrastructure without Azure: `check.py REPOSITORY [--renew]`. One line per fault; exit code 1 when there is one.

`--renew` writes `infra/snapshots` first.
"""

import sys
from pathlib import Path

import app_settings
import auth_settings
import compiler
import policy
import project
import snapshots


def main() -> int:
    renew = sys.argv[2:] == ["--renew"]
    if len(sys.argv) != 2 + renew or not (Path(sys.argv[1]) / "infra" / "main.bicep").is_file():
        print("usage: check.py REPOSITORY [--renew], the folder that holds infra/main.bicep", file=sys.stderr)
        return 2
    root = Path(sys.argv[1]).resolve()
    faults = compiled_faults(root, renew)
    predicted = snapshots.read(root)
    faults += [
        *policy.faults(root, predicted),
        *project.faults(root, predicted),
        *auth_settings.faults(root, predicted),
        *app_settings.faults(root, predicted),
    ]
    # The commands of the compiler say the same of a file.
    for fault in dict.fromkeys(faults):
        print(fault)
    if not faults:
        print(f"Bicep, {len(predicted)} snapshots, azure.yaml, authsettings.json and app settings: no fault")
    return 1 if faults else 0


def compiled_faults(root: Path, renew: bool) -> list[str]:
    """What needs the compiler."""
    if not compiler.installed():
        if renew:
            raise SystemExit(compiler.MISSING)
        print(compiler.MISSING)
        return []
    with compiler.copied(root) as infra:
        template, messages = compiler.template(infra)
        if not template:
            return messages
        return [
            *messages,
            *compiler.faults(infra),
            *compiler.snapshot_faults(infra, root, renew),
            *project.parameter_faults(root, template["parameters"]),
        ]


if __name__ == "__main__":
    sys.exit(main())
