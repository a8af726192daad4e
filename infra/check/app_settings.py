"""Checks that every app setting of the deployment is read, and that every server setting is set there or has a reason not to be."""

import re
from pathlib import Path

import yaml

import snapshots

GIVEN = "infra/modules/web-app.bicep"
READ = "docs/configuration.md"
REASONS = "infra/check/app-settings.yaml"


def faults(root: Path, predicted: dict[str, dict]) -> list[str]:
    """Settings that are not read, that are missing without a reason, or whose reason is out of date."""
    given, read = names_given(predicted), names_read(root)
    reasons = yaml.safe_load((root / REASONS).read_text(encoding="utf-8"))
    platform, left = set(reasons["read by the platform"]), set(reasons["not given"])
    lists = [
        (given - read - platform, f"{GIVEN}: the server does not know {{}}; if App Service reads it, add it to {REASONS}"),
        (read - given - left, f"{GIVEN}: {{}} is not given, and {REASONS} has no reason"),
        (platform - given, f"{REASONS}: {{}} is not given"),
        (platform & read, f"{REASONS}: {{}} is read by the server"),
        (left & given, f"{REASONS}: {{}} is given"),
        (left - read, f"{REASONS}: the server does not know {{}}"),
    ]
    return [words.format(name) for names, words in lists for name in sorted(names)]


def names_given(predicted: dict[str, dict]) -> set[str]:
    """The app settings that every deployment sets."""
    names = set()
    for snapshot in predicted.values():
        settings = snapshots.one(snapshot, "Microsoft.Web/sites")["properties"]["siteConfig"]["appSettings"]
        given = [it["name"] for it in settings]
        if len(given) != len(set(given)) or (names and names != set(given)):
            raise SystemExit(f"{GIVEN}: an app setting is there twice, or not in every snapshot")
        names = set(given)
    return names


def names_read(root: Path) -> set[str]:
    """The settings of the server, from the generated reference."""
    names = re.findall(r"^\| `(\w+)` \|", (root / READ).read_text(encoding="utf-8"), re.MULTILINE)
    if not names:
        raise SystemExit(f"{READ}: no settings")
    return set(names)
