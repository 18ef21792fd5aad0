"""Reads a YAML list as data: the values that programs take from it, with times as they are written."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from math import isfinite
from typing import Any, Final

import yaml

from tdmvc.yaml.composer import LOADER, YamlFault

_MAX_NODES: Final = 20_000_000
"""How many values a list may have once its aliases are followed."""


class _Loader(LOADER):  # type: ignore[misc]
    """Keeps times as texts and all digits of a number, and refuses a key that appears twice."""


def _construct_number(loader: Any, node: yaml.ScalarNode) -> float | Decimal:
    number: float = loader.construct_yaml_float(node)
    text = node.value.replace("_", "").lower()
    if not isfinite(number) or ":" in text:
        return number
    digits = Decimal(text)
    return number if digits in (Decimal(repr(number)), Decimal(f"{number:.16e}")) else digits


def _construct_mapping(loader: Any, node: yaml.MappingNode) -> dict[Any, Any]:
    loader.flatten_mapping(node)
    value: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        line = key_node.start_mark.line + 1
        if not isinstance(key, str):
            raise YamlFault("a key is not a text; write it in quotes", line)
        if key in value:
            raise YamlFault("a key appears twice", line)
        value[key] = loader.construct_object(value_node, deep=True)
    return value


_CONSTRUCTORS: dict[str, Callable[[Any, Any], object]] = {
    "tag:yaml.org,2002:timestamp": lambda loader, node: loader.construct_scalar(node),
    "tag:yaml.org,2002:float": _construct_number,
    "tag:yaml.org,2002:map": _construct_mapping,
}
for _tag, _construct in _CONSTRUCTORS.items():
    _Loader.add_constructor(_tag, _construct)


def read_list(text: str) -> Iterator[tuple[object, int]]:
    """Yield the items of a YAML document that is a list, and their lines; nothing for an empty document.

    Raises:
        YamlFault: it is not such a list, or has a key twice or a tag of a programming language.
    """
    loader = _Loader(text)
    line = 1
    try:
        root = loader.get_single_node()
        if root is None:
            return
        if not isinstance(root, yaml.SequenceNode):
            raise YamlFault("this is not a list", root.start_mark.line + 1)
        _check_size(root)
        for item in root.value:
            line = item.start_mark.line + 1
            yield loader.construct_document(item), line
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        why = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be parsed"
        raise YamlFault(f"this is not YAML: {why}", mark.line + 1 if mark else line) from None
    except (ValueError, RecursionError):
        raise YamlFault("a value cannot be read, or is nested too deeply", line) from None
    finally:
        loader.dispose()


def _check_size(root: yaml.Node) -> None:
    """Raise a YamlFault for a value that contains itself, and for aliases that expand too far."""
    sizes: dict[int, int] = {}
    waiting: list[tuple[yaml.Node, bool]] = [(root, False)]
    is_open: set[int] = set()
    while waiting:
        node, is_ready = waiting.pop()
        if id(node) in sizes:
            continue
        inner = _children(node)
        if is_ready:
            sizes[id(node)] = 1 + sum(sizes[id(one)] for one in inner)
            is_open.discard(id(node))
            if sizes[id(node)] > _MAX_NODES:
                raise YamlFault("its aliases expand too far", node.start_mark.line + 1)
        elif id(node) in is_open:
            raise YamlFault("a value contains itself", node.start_mark.line + 1)
        else:
            is_open.add(id(node))
            waiting.append((node, True))
            waiting.extend((one, False) for one in inner)


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [one for pair in node.value for one in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []
