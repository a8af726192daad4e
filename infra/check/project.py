"""Checks azure.yaml, the parameters file and the workflow against the schema, the deployment and each other."""

import json
import re
from pathlib import Path

import yaml
from jsonschema import Draft201909Validator

SCHEMA = "infra/check/azure.yaml.json"
WORKFLOW = ".github/workflows/azure-dev.yml"
HOOK = "infra/migrate.sh"
# azd sets these when it deploys.
SET_BY_AZD = {"AZURE_SUBSCRIPTION_ID", "SERVICE_WEB_IMAGE_NAME"}
# `azd pipeline config` always copies these to the repository.
COPIED_BY_AZD = {"AZURE_ENV_NAME", "AZURE_LOCATION"}


def faults(root: Path, predicted: dict[str, dict]) -> list[str]:
    """Faults of azure.yaml, the names of outputs and the workflow."""
    outputs = set.intersection(*(set(it["outputs"]) for it in predicted.values()))
    return [*schema_faults(root), *output_faults(root, outputs), *workflow_faults(root)]


def schema_faults(root: Path) -> list[str]:
    """Schema violations of azure.yaml, and files that it names and that do not exist."""
    document = yaml.safe_load((root / "azure.yaml").read_text(encoding="utf-8"))
    schema = json.loads((root / SCHEMA).read_text(encoding="utf-8"))
    errors = sorted(Draft201909Validator(schema).iter_errors(document), key=lambda it: it.json_path)
    if errors:
        return [f"azure.yaml: {it.json_path}: {it.message}" for it in errors]
    infra = document["infra"]
    paths = [Path(infra["path"]) / f"{infra['module']}.bicep"]
    paths += [Path(it["run"]) for it in document.get("hooks", {}).values()]
    for service in document["services"].values():
        project = Path(service["project"])
        paths += [project / service["docker"]["path"], project / service["docker"]["context"]]
    return [f"azure.yaml: {path} does not exist" for path in paths if not (root / path).exists()]


def parameter_faults(root: Path, declared: dict[str, dict]) -> list[str]:
    """Parameters of the template that are not set, set and not declared, or set with another default."""
    name = "infra/main.parameters.json"
    given = json.loads((root / name).read_text(encoding="utf-8"))["parameters"]
    found = [f"{name}: main.bicep has no parameter {it}" for it in sorted(given.keys() - declared.keys())]
    found += [f"{name}: {it} is missing" for it in sorted(declared.keys() - given.keys())]
    for it in sorted(given.keys() & declared.keys()):
        default = re.search(r"=(.*)\}$", given[it]["value"])
        wanted = declared[it].get("defaultValue")
        if (default and default[1]) != (wanted if isinstance(wanted, str | None) else json.dumps(wanted)):
            found.append(f"{name}: the default of {it} is not that of main.bicep, {wanted}")
    return found


def output_faults(root: Path, declared: set[str]) -> list[str]:
    """Values that are read from azd's environment and that no output of main.bicep sets."""
    readers = {"azure.yaml": r"\$\{(\w+)", WORKFLOW: r"azd env get-value (\w+)", HOOK: r"\$\{?([A-Z]\w+)"}
    return [
        f"{file}: main.bicep has no output {name}"
        for file, pattern in readers.items()
        for name in re.findall(pattern, (root / file).read_text(encoding="utf-8"))
        if name not in declared | SET_BY_AZD
    ]


def workflow_faults(root: Path) -> list[str]:
    """Variables of the parameters file that the workflow does not set: provisioning would reset them to defaults."""
    read = set(re.findall(r"\$\{(\w+)", (root / "infra/main.parameters.json").read_text(encoding="utf-8"))) - SET_BY_AZD
    env = yaml.safe_load((root / WORKFLOW).read_text(encoding="utf-8"))["jobs"]["deploy"]["env"]
    handed_on = {name for name, value in env.items() if value == f"${{{{ vars.{name} }}}}"}
    project = yaml.safe_load((root / "azure.yaml").read_text(encoding="utf-8"))
    copied = set(project.get("pipeline", {}).get("variables", []))
    return [
        *(f"{WORKFLOW}: {name} is not set, so provisioning would reset it" for name in sorted(read - handed_on)),
        *(f"azure.yaml: pipeline.variables lacks {name}" for name in sorted(read - COPIED_BY_AZD - copied)),
        *(f"azure.yaml: nothing reads {name} of pipeline.variables" for name in sorted(copied - read)),
    ]
