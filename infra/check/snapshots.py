"""Reads `infra/snapshots`: what the Bicep files deploy, by the compiler, for each set of parameters."""

import json
from pathlib import Path

FOLDER = "infra/snapshots"


def read(root: Path) -> dict[str, dict]:
    """Each snapshot, by the name of its file."""
    found = {it.name: json.loads(it.read_text(encoding="utf-8")) for it in sorted((root / FOLDER).glob("*.snapshot.json"))}
    if not found:
        raise SystemExit(f"{FOLDER}: no snapshots")
    return found


def resources(snapshot: dict, kind: str) -> list[dict]:
    """The resources of one type."""
    return [it for it in snapshot["predictedResources"] if it["type"] == kind]


def one(snapshot: dict, kind: str, name: str = "") -> dict:
    """The only resource of a type, or the one whose name ends so."""
    found = [it for it in resources(snapshot, kind) if it["name"].endswith(name)]
    if len(found) != 1:
        raise SystemExit(f"{FOLDER}: {len(found)} resources {kind} {name}")
    return found[0]
