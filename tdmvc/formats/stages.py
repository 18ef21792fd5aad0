"""Reads which outputs the stages of a DVC pipeline declare (dvc.yaml) and have made (dvc.lock)."""

import itertools
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from tdmvc.model.tree import FileTree
from tdmvc.yaml.node import YamlNode
from tdmvc.yaml.reader import parse_yaml

_TEMPLATE = re.compile(r"\$\{\s*([\w.]+)\s*\}")


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage, or one round of a loop."""

    label: str
    """`dvc.yaml:golden`: the file and the stage's name."""
    file: str
    """The dvc.yaml, from the repository's root."""
    outs: dict[str, YamlNode | None]
    """Output paths from the repository's root; the entry of dvc.lock, or None if the stage has not run."""


def lock_path(label: str) -> str:
    """Return the path of the dvc.lock that records a stage's outputs, by the stage's label."""
    return posixpath.join(posixpath.dirname(label.rpartition(":")[0]), "dvc.lock")


def read_stages(tree: FileTree, folder: str) -> list[Stage]:
    """Return the stages of every dvc.yaml in `folder` and the folders above it.

    A stage that is still in dvc.lock but no longer in dvc.yaml is left out, as in DVC. Paths with
    templates that only DVC can fill in are taken from dvc.lock.

    Raises:
        ConfigError: a dvc.yaml or dvc.lock cannot be read.
    """
    parts = [part for part in folder.split("/") if part not in ("", ".")]
    places = ["/".join(parts[:depth]) for depth in range(len(parts) + 1)]
    stages: list[Stage] = []
    for path, text in tree.read_texts(posixpath.join(place, "dvc.yaml") for place in places):
        lock_path = posixpath.join(posixpath.dirname(path), "dvc.lock")
        lock_text = tree.read_text(lock_path)
        locked = _read_lock(lock_text, lock_path) if lock_text is not None else {}
        declared = parse_yaml(text, path).child("stages")
        for name, node in declared.entries() if declared else ():
            stages.extend(_read_stage(path, name, node, locked))
    return stages


def _read_lock(text: str, path: str) -> dict[str, YamlNode]:
    root = parse_yaml(text, path)
    schema = root.text("schema")
    if schema is not None and not schema.startswith("2."):
        raise root.need("schema").error(
            f"dvc.lock has schema '{schema}', not 2.0.", remedy="run `dvc repro`."
        )
    stages = root.child("stages")
    return dict(stages.entries()) if stages else {}


def _read_stage(path: str, name: str, node: YamlNode, locked: dict[str, YamlNode]) -> Iterator[Stage]:
    body = node.child("do") or node
    workdir = posixpath.join(posixpath.dirname(path), body.text("wdir") or ".")
    rounds = _rounds(node)
    declared = _declared_outs(body)
    # The rounds of a loop that only DVC can compute are those in dvc.lock.
    known = {name} if rounds is None else set(rounds)
    if (rounds is None and body is not node) or node.child("matrix") is not None:
        known |= {key for key in locked if key.startswith(name + "@")}
    for label in sorted(known):
        outs: dict[str, YamlNode | None] = {}
        for template in declared:
            filled = _fill(template, (rounds or {}).get(label, {}))
            if "$" not in filled:
                outs[_join(workdir, filled)] = None
        entry = locked.get(label)
        made = entry.child("outs") if entry is not None else None
        for out in made.elements() if made is not None else ():
            place = _join(workdir, out.need("path").as_text())
            if place in outs or any("$" in template for template in declared):
                outs[place] = out
        if outs:
            yield Stage(f"{path}:{label}", path, outs)


def _declared_outs(body: YamlNode) -> list[str]:
    outs = body.child("outs")
    found = []
    for out in outs.elements() if outs else ():
        # An output is a path, or a path with its options below.
        found.extend([key for key, _ in out.entries()] if out.is_mapping else [out.as_text()])
    return found


def _rounds(node: YamlNode) -> dict[str, dict[str, str]] | None:
    """Return the values of each round by the stage's full name; None if it has no plain loop."""
    name = node.key.removeprefix("stages.")
    foreach, matrix = node.child("foreach"), node.child("matrix")
    if foreach is not None and foreach.is_list:
        return {f"{name}@{_loop_key(i, n)}": _item_values(n) for i, n in enumerate(foreach.elements())}
    if foreach is not None and foreach.is_mapping:
        return {f"{name}@{key}": {"key": key} | _item_values(value) for key, value in foreach.entries()}
    if matrix is not None and matrix.is_mapping:
        axes = [(axis, values.elements()) for axis, values in matrix.entries() if values.is_list]
        if len(axes) == len(matrix.entries()):
            return dict(_matrix_rounds(name, axes))
    return None


def _matrix_rounds(
    name: str, axes: list[tuple[str, tuple[YamlNode, ...]]]
) -> Iterator[tuple[str, dict[str, str]]]:
    for choice in itertools.product(*(enumerate(values) for _, values in axes)):
        label: list[str] = []
        values: dict[str, str] = {}
        for (axis, _), (index, node) in zip(axes, choice, strict=True):
            label.append(node.as_text() if isinstance(node.value, str) else f"{axis}{index}")
            values |= {
                f"item.{axis}" + key.removeprefix("item"): text for key, text in _item_values(node).items()
            }
        yield f"{name}@{'-'.join(label)}", values


def _loop_key(index: int, node: YamlNode) -> str:
    return node.as_text() if isinstance(node.value, str) else str(index)


def _item_values(node: YamlNode) -> dict[str, str]:
    if isinstance(node.value, str):
        return {"item": node.value}
    if node.is_mapping:
        return {f"item.{key}": value.value for key, value in node.entries() if isinstance(value.value, str)}
    return {}


def _fill(template: str, values: dict[str, str]) -> str:
    return _TEMPLATE.sub(lambda match: values.get(match[1], match[0]), template)


def _join(workdir: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(workdir, path))
