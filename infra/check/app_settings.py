"""Checks that every app setting in Bicep is read, and that every server setting is set there or has a reason not to be."""

import re
from pathlib import Path

import yaml

import bicep

GIVEN = "infra/modules/web-app.bicep"
READ = "docs/configuration.md"
REASONS = "infra/check/app-settings.yaml"


def faults(root: Path) -> list[str]:
    """Settings that are not read, that are missing without a reason, or whose reason is out of date."""
    given, read = names_given(root), names_read(root)
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


def names_given(root: Path) -> set[str]:
    """The app settings that Bicep sets."""
    source = bicep.text(root, root / GIVEN)
    block = re.search(r"^ *appSettings: \[\n(.*?)^ *\]\n", source, re.MULTILINE | re.DOTALL)
    names = re.findall(r"^ *\{ name: '(\w+)', value: ", block[1], re.MULTILINE) if block else []
    entries = [line for line in block[1].splitlines() if "{" in line] if block else []
    if not names or len(names) != len(set(names)) or len(names) != len(entries):
        raise SystemExit(f"{GIVEN}: appSettings cannot be read: one name and value a line, each name once")
    return set(names)


def names_read(root: Path) -> set[str]:
    """The settings of the server, from the generated reference."""
    names = re.findall(r"^\| `(\w+)` \|", (root / READ).read_text(encoding="utf-8"), re.MULTILINE)
    if not names:
        raise SystemExit(f"{READ}: no settings")
    return set(names)
