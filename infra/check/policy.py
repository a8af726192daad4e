"""Runs checkov on the Bicep files: it must parse each, and each failed check must be accepted with a reason."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml
from checkov.bicep.parser import Parser

import bicep

ACCEPTED = Path("infra/check/accepted.yaml")


def faults(root: Path, sources: list[Path]) -> list[str]:
    """Files that checkov cannot read, failed checks that are not accepted, and acceptances that are not needed."""
    with tempfile.TemporaryDirectory() as folder:
        copies = [copy(root, path, Path(folder)) for path in sources]
        found = unread(root, sources, copies)
        report = run(Path(folder))
    accepted, wrong = acceptances(root)
    failed = {(it["check_id"], it["file_path"].lstrip("/"), it["resource"]): it for it in report["failed"]}
    for key in sorted(failed.keys() - accepted):
        check, file, resource = key
        found.append(f"{file}: {check} {failed[key]['check_name']} ({resource})")
    for check, file, resource in sorted(accepted - failed.keys()):
        wrong.append(f"{ACCEPTED}: {check} no longer fails for {resource} in {file}")
    if report["errors"]:
        found.append(f"checkov: {report['errors']} files it could not parse")
    return found + wrong


def copy(root: Path, path: Path, folder: Path) -> Path:
    """A copy without the line that checkov's parser does not support."""
    target = folder / path.relative_to(root)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(bicep.text(root, path), encoding="utf-8")
    return target


def unread(root: Path, sources: list[Path], copies: list[Path]) -> list[str]:
    """Files that checkov would skip silently."""
    definitions, _, _ = Parser().get_files_definitions(copies)
    read = {Path(it) for it in definitions}
    return [
        f"{source.relative_to(root)}: checkov cannot parse it"
        for source, it in zip(sources, copies, strict=True)
        if it not in read
    ]


def run(folder: Path) -> dict:
    """Failed checks, and the number of files that could not be parsed."""
    command = [sys.executable, "-m", "checkov.main", "--directory", str(folder), "--framework", "bicep"]
    command += ["--skip-download", "--compact", "--output", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        report = json.loads(done.stdout)
        return {"failed": report["results"]["failed_checks"], "errors": report["summary"]["parsing_errors"]}
    except (ValueError, KeyError, TypeError) as error:
        raise SystemExit(f"checkov gave no report ({error!r}): {done.stderr.strip()[-500:]}") from error


def acceptances(root: Path) -> tuple[set[tuple[str, str, str]], list[str]]:
    """Accepted failures, and entries without a reason."""
    entries = yaml.safe_load((root / ACCEPTED).read_text(encoding="utf-8"))
    found = [f"{ACCEPTED}: {it['check']} has no reason" for it in entries if not str(it.get("reason") or "").strip()]
    return {(it["check"], it["file"], it["resource"]) for it in entries}, found
