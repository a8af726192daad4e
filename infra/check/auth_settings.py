"""Checks that Azure Resource Manager knows each property of authsettings.json, with its type."""

import json
import typing
from pathlib import Path

from azure.mgmt.web import models

NAME = "infra/authsettings.json"
# Bicep replaces this text with a list.
LIST_PLACEHOLDER = "__ALLOWED_CLIENTS__"


def faults(root: Path) -> list[str]:
    """Properties that are unknown, which the platform ignores, or of the wrong type, which it rejects."""
    document = json.loads((root / NAME).read_text(encoding="utf-8"))
    return [f"{NAME}: {it}" for it in compare(document, models.SiteAuthSettingsV2, "$")]


def compare(value: dict, model: type, path: str) -> list[str]:
    """Faults of one object."""
    hints = typing.get_type_hints(model, localns={"_models": models})
    fields = model()._attr_to_rest_field
    types = {field._rest_name: hints[name] for name, field in fields.items() if name in hints}
    found = []
    for name, part in value.items():
        here = f"{path}.{name}"
        if name not in types:
            found.append(f"{here}: {model.__name__} has no such property")
        else:
            found += compare_value(part, types[name], here)
    return found


def compare_value(value: object, hint: object, path: str) -> list[str]:
    """Faults of one property's value."""
    choices = [it for it in typing.get_args(hint) or (hint,) if it is not type(None)]
    model = next((it for it in choices if hasattr(it, "_deserialize")), None)
    if isinstance(value, dict) and model:
        return compare(value, model, path)
    if value == LIST_PLACEHOLDER:
        value = []
    enums = [it for it in choices if isinstance(it, type) and issubclass(it, str) and it is not str]
    if enums and isinstance(value, str):
        names = [it.value for it in enums[0]]
        return [] if value in names else [f"{path}: {value!r} is not one of {', '.join(names)}"]
    plain = tuple(typing.get_origin(it) or it for it in choices if isinstance(typing.get_origin(it) or it, type))
    fits = isinstance(value, plain) and not (isinstance(value, bool) and bool not in plain)
    return [] if fits else [f"{path}: {value!r} is of the wrong type"]
