"""Checks that the deployment sets each property of authsettings.json, and no other one."""

import json
from pathlib import Path

import snapshots

NAME = "infra/authsettings.json"
# The Bicep file replaces a text that contains this.
PLACEHOLDER = "__"


def faults(root: Path, predicted: dict[str, dict]) -> list[str]:
    """Properties that differ. The compiler checks their names and types."""
    wanted = json.loads((root / NAME).read_text(encoding="utf-8"))["properties"]
    found = []
    for name, snapshot in predicted.items():
        deployed = snapshots.one(snapshot, "Microsoft.Web/sites/config", "/authsettingsV2")["properties"]
        found += [f"{name}: {path} of authsettingsV2 is not that of {NAME}" for path in compare(wanted, deployed, "$")]
    return found


def compare(wanted: object, deployed: object, path: str) -> list[str]:
    """Paths at which two values differ."""
    if isinstance(wanted, dict) and isinstance(deployed, dict):
        names = sorted(wanted.keys() | deployed.keys())
        return [it for name in names for it in compare(wanted.get(name), deployed.get(name), f"{path}.{name}")]
    if PLACEHOLDER in json.dumps(wanted):
        return [] if deployed and PLACEHOLDER not in json.dumps(deployed) else [path]
    return [] if wanted == deployed else [path]
