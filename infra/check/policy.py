"""Runs checkov on the snapshots, as templates. Each failed check must be accepted with a reason."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

ACCEPTED = Path("infra/check/accepted.yaml")
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"


def faults(root: Path, snapshots: dict[str, dict]) -> list[str]:
    """Resources that checkov does not read, failed checks that are not accepted, and acceptances that are not needed."""
    with tempfile.TemporaryDirectory() as folder:
        for name, snapshot in snapshots.items():
            (Path(folder) / name).write_text(json.dumps(as_template(snapshot), indent=2), encoding="utf-8")
        report = run(Path(folder))
    # checkov tells resources apart by type and name.
    expected = sum(len({(it["type"], it["name"]) for it in as_template(them)["resources"]}) for them in snapshots.values())
    found = []
    if report["read"] != expected:
        found.append(f"checkov: it read {report['read']} resources of {expected}")
    accepted, wrong = acceptances(root)
    failed = {(it["check_id"], kind(it["resource"])): it for it in report["failed"]}
    for check, resource in sorted(failed.keys() - accepted):
        it = failed[check, resource]
        found.append(f"{it['file_path'].lstrip('/')}: {check} {it['check_name']} ({resource})")
    for check, resource in sorted(accepted - failed.keys()):
        wrong.append(f"{ACCEPTED}: {check} no longer fails for {resource}")
    return found + wrong


def as_template(snapshot: dict) -> dict:
    """A template with the resources of Azure; the Graph extension's have no name, and checkov has no checks for them."""
    azure = [it for it in snapshot["predictedResources"] if "apiVersion" in it]
    return {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": azure}


def kind(resource: str) -> str:
    """The type of a resource that checkov names `type.name`; of a type with fixed names, such as settings, also the name."""
    name = resource.split(".", 2)[-1]
    return resource.removesuffix(f".{name}") + ("/" + name.split("/")[1] if "/" in name else "")


def run(folder: Path) -> dict:
    """Failed checks, and the number of resources that checkov read."""
    command = [sys.executable, "-m", "checkov.main", "--directory", str(folder), "--framework", "arm"]
    command += ["--skip-download", "--compact", "--output", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        report = json.loads(done.stdout)
        return {"failed": report["results"]["failed_checks"], "read": report["summary"]["resource_count"]}
    except (ValueError, KeyError, TypeError) as error:
        raise SystemExit(f"checkov gave no report ({error!r}): {done.stderr.strip()[-500:]}") from error


def acceptances(root: Path) -> tuple[set[tuple[str, str]], list[str]]:
    """Accepted failures, and entries without a reason."""
    entries = yaml.safe_load((root / ACCEPTED).read_text(encoding="utf-8"))
    found = [f"{ACCEPTED}: {it['checks']} have no reason" for it in entries if not str(it.get("reason") or "").strip()]
    pairs = {(check, resource) for it in entries for check in it["checks"] for resource in it["resources"]}
    return pairs, found
