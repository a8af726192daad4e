"""Parses Bicep files, and checks the parameters and outputs of modules."""

import re
from pathlib import Path

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

# Neither parser supports this line. One file may have it, and is parsed as if the line were empty.
EXTENSION = re.compile(r"^extension \w+$", re.MULTILINE)
EXTENSION_FILE = "infra/modules/entra-app.bicep"


def find(root: Path) -> list[Path]:
    """Every Bicep file of the infrastructure."""
    return sorted((root / "infra").rglob("*.bicep"))


def text(root: Path, path: Path) -> str:
    """The text for the parsers: the file, without its extension line where that is allowed."""
    source = path.read_text(encoding="utf-8")
    allowed = path.relative_to(root).as_posix() == EXTENSION_FILE
    return EXTENSION.sub("", source, count=1) if allowed else source


def tree(source: str) -> Node:
    """The syntax tree of a file."""
    return Parser(Language(tree_sitter_bicep.language())).parse(source.encode()).root_node


def faults(root: Path, sources: list[Path]) -> list[str]:
    """Files that do not parse or have no opening comment, and modules that do not exist."""
    found = []
    for path in sources:
        name = path.relative_to(root)
        source = text(root, path)
        if not source.startswith("// "):
            found.append(f"{name}:1: no opening comment that describes the file")
        found += [f"{name}:{line}: does not parse" for line in errors(tree(source))]
        for module in re.findall(r"^module \w+ '([^']+)'", source, re.MULTILINE):
            if not (path.parent / module).is_file():
                found.append(f"{name}: no module {module}")
            else:
                found += module_faults(root, path, module)
    return found


def module_faults(root: Path, path: Path, module: str) -> list[str]:
    """Unknown and missing parameters of a module, and unknown outputs."""
    name = path.relative_to(root)
    callee = tree(text(root, path.parent / module))
    parameters, outputs = declared(callee, "parameter_declaration"), declared(callee, "output_declaration")
    found = []
    for node in tree(text(root, path)).children:
        words = node.text.decode()
        if node.type != "module_declaration" or f"'{module}'" not in words.splitlines()[0]:
            continue
        given = given_parameters(node)
        found += [f"{name}: {module} has no parameter {it}" for it in given if it not in parameters]
        found += [
            f"{name}: {module} is not given {it}"
            for it, has_default in parameters.items()
            if not has_default and it not in given
        ]
        symbol = words.split()[1]
        used = re.findall(rf"\b{symbol}\.outputs\.(\w+)", text(root, path))
        found += [f"{name}: {module} has no output {it}" for it in used if it not in outputs]
    return found


def given_parameters(module: Node) -> list[str]:
    """Names in a module's `params`."""
    body = next(it for it in module.children if it.type == "object")
    for pair in properties(body):
        if pair.children[0].text == b"params":
            value = next(it for it in pair.children if it.type == "object")
            return [it.children[0].text.decode() for it in properties(value)]
    return []


def properties(node: Node) -> list[Node]:
    """An object's properties."""
    return [it for it in node.children if it.type == "object_property"]


def errors(node: Node) -> list[int]:
    """Lines with syntax errors."""
    if node.type == "ERROR" or node.is_missing:
        return [node.start_point[0] + 1]
    return [line for child in node.children for line in errors(child)]


def declared(root: Node, kind: str) -> dict[str, bool]:
    """Names of a file's declarations of a kind, and whether each has a value."""
    names = {}
    for node in root.children:
        if node.type == kind:
            words = next(it for it in node.children if it.type == "identifier")
            names[words.text.decode()] = any(it.type == "=" for it in node.children)
    return names
