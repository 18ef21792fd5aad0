"""The objects of a Django fixture in JSON or YAML, one after the other."""

import re
from collections.abc import Iterator
from pathlib import Path

from tdmvc.errors import SourceError
from tdmvc.sources.base import open_binary
from tdmvc.sources.json import SUFFIXES
from tdmvc.sources.json_stream import JsonItem, read_items
from tdmvc.yaml.composer import YamlFault
from tdmvc.yaml.values import read_list

YAML_SUFFIXES = (".yaml", ".yml", ".yaml.gz", ".yml.gz")
_KEYS = {"model", "pk", "fields"}
_HEAD_BYTES = 1 << 16
_FIRST_KEY = re.compile(rb"(?:\A|\n)[ ]*(?:\[[ \n]*|-[ ]+)\{?[ \n]*[\"']?(?:model|pk|fields)[\"']?[ ]*:")
_LABEL = re.compile(rb"[\"']?model[\"']?[ ]*:[ ]*[\"']?\w+\.\w+\b")


def is_fixture(path: Path) -> bool:
    """Whether a file is a fixture, by its name and its first object."""
    name = path.name.lower()
    if not path.is_file():
        return False
    if name.endswith(YAML_SUFFIXES):
        try:
            with open_binary(path) as file:
                head = file.read(_HEAD_BYTES)
        except (OSError, EOFError):
            return False
        return bool(_FIRST_KEY.search(head) and _LABEL.search(head) and b"fields" in head)
    if not name.endswith(SUFFIXES):
        return False
    try:
        first = next(read_items(path), None)
    except SourceError:
        # JsonSource reports what is wrong.
        return False
    return first is not None and fields_of(first) is not None


def fields_of(item: JsonItem) -> dict[str, object] | None:
    """Return the fields of a fixture's object, or None for any other object."""
    label, fields = item.value.get("model"), item.value.get("fields")
    is_label = isinstance(label, str) and label.count(".") == 1
    return fields if is_label and isinstance(fields, dict) and item.value.keys() <= _KEYS else None


def is_yaml(path: Path) -> bool:
    """Whether the objects of a fixture are in YAML, and so have no place in the file from which to read them."""
    return path.name.lower().endswith(YAML_SUFFIXES)


def fixture_items(path: Path) -> Iterator[JsonItem]:
    """Yield the objects of a fixture.

    Raises:
        SourceError: it cannot be read; names the line.
    """
    yield from _yaml_items(path) if is_yaml(path) else read_items(path)


def _yaml_items(path: Path) -> Iterator[JsonItem]:
    remedy = "write a YAML list of objects, each with a model and its fields, in UTF-8."
    try:
        with open_binary(path) as file:
            text = file.read().decode("utf-8-sig")
        for value, line in read_list(text):
            if not isinstance(value, dict):
                raise SourceError.unreadable(path, f"line {line}: a row must be an object.", remedy=remedy)
            yield JsonItem(value, line, 0, 0)
    except YamlFault as fault:
        raise SourceError.unreadable(path, f"line {fault.line}: {fault.what}.", remedy=remedy) from None
    except UnicodeDecodeError:
        raise SourceError.unreadable(path, "this is not UTF-8.", remedy=remedy) from None
    except (OSError, EOFError) as error:
        raise SourceError.unreadable(path, f"{error}.", remedy="check that the file is complete.") from error
