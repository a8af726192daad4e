"""Runs the Bicep compiler on a copy of `infra`. Each line that it prints is a fault."""

import difflib
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MISSING = (
    "bicep is not installed (https://learn.microsoft.com/azure/azure-resource-manager/bicep/install): "
    "the Bicep files were not compiled, and infra/snapshots was not compared with them"
)
# The reference to an extension in a registry: its name, its API and its version.
EXTENSION = re.compile(r'"br:[^"]*/(\w+)/(v[\d.]+):([\d.]+)"')
# Values that Azure gives. Each is the same in every snapshot, so that only the parameters make a difference.
PLACE = ["--subscription-id", "00000000-0000-4000-8000-000000000001"]
PLACE += ["--tenant-id", "00000000-0000-4000-8000-000000000002"]
PLACE += ["--location", "swedencentral", "--deployment-name", "main"]


def installed() -> bool:
    """Whether the compiler is on the PATH."""
    return shutil.which("bicep") is not None


@contextmanager
def copied(root: Path) -> Iterator[Path]:
    """A copy of `infra` whose configuration names local copies of the extensions, so that nothing is downloaded."""
    with tempfile.TemporaryDirectory() as folder:
        infra = Path(folder) / "infra"
        shutil.copytree(root / "infra", infra)
        config = infra / "bicepconfig.json"
        config.write_text(EXTENSION.sub(lambda it: publish(infra, it), config.read_text(encoding="utf-8")), encoding="utf-8")
        yield infra


def publish(infra: Path, reference: re.Match) -> str:
    """Packs the local copy of an extension's types, and names the package as a configuration does."""
    name = "-".join(reference.groups())
    types = infra / "check" / name / "index.json"
    if not types.is_file():
        raise SystemExit(f"infra/bicepconfig.json: {reference[0]} has no local copy in infra/check/{name}")
    bicep(infra, "publish-extension", str(types), "--target", str(infra / f"{name}.tgz"), "--force")
    return f'"./{name}.tgz"'


def bicep(infra: Path, *arguments: str) -> tuple[str, list[str]]:
    """What a command of the compiler prints: its output, and its messages with the names of the repository's files."""
    done = subprocess.run(["bicep", *arguments], cwd=infra, capture_output=True, text=True, check=False)
    messages = [it.replace(f"{infra}", "infra") for it in done.stderr.splitlines() if it.strip()]
    if done.returncode and not messages:
        messages = [f"bicep {arguments[0]}: exit code {done.returncode}"]
    return done.stdout, messages


def faults(infra: Path) -> list[str]:
    """Errors, warnings and notes of the compiler and its linter, and files whose format is not the compiler's."""
    _, found = bicep(infra, "lint", "--pattern", "**/*.bicep*")
    sources = {it: it.read_text(encoding="utf-8") for it in sorted(infra.rglob("*.bicep*")) if it.suffix != ".json"}
    _, messages = bicep(infra, "format", "--pattern", "**/*.bicep*")
    for path, source in sources.items():
        name = f"infra/{path.relative_to(infra)}"
        if not source.startswith("// "):
            found.append(f"{name}:1: no opening comment that describes the file")
        if path.read_text(encoding="utf-8") != source:
            found.append(f"{name}: `bicep format` changes it")
    return sorted({*found, *messages})


def template(infra: Path) -> tuple[dict, list[str]]:
    """The compiled template, and what the compiler says about it."""
    text, messages = bicep(infra, "build", "main.bicep", "--stdout")
    return (json.loads(text) if text.strip() else {}), messages


def snapshot_faults(infra: Path, root: Path, renew: bool) -> list[str]:
    """Snapshots that differ from what the Bicep files deploy. `renew` writes them."""
    found = []
    for parameters in sorted((infra / "snapshots").glob("*.bicepparam")):
        path = parameters.with_suffix(".snapshot.json")
        kept = root / "infra" / path.relative_to(infra)
        before = kept.read_text(encoding="utf-8") if kept.is_file() else ""
        _, messages = bicep(infra, "snapshot", str(parameters), "--mode", "overwrite", *PLACE)
        if messages:
            found += messages
            continue
        predicted = json.loads(path.read_text(encoding="utf-8"))
        # The compiler writes the outputs in a different order each time.
        predicted["outputs"] = dict(sorted(predicted["outputs"].items()))
        after = json.dumps(predicted, indent=2) + "\n"
        if renew:
            kept.write_text(after, encoding="utf-8")
        elif after != before:
            name = f"infra/{path.relative_to(infra)}"
            found.append(f"{name}: the Bicep files deploy something else; `cargo xtask infra --renew` renews it")
            difference = difflib.unified_diff(before.splitlines(), after.splitlines(), name, "now", lineterm="")
            found.append("\n".join(difference))
    return found
