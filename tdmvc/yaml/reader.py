"""Reads the project's own YAML files strictly, with line numbers.

A scalar is kept as it was written and read as what the caller asks for, so a
release `2.10`, a migration `0001` and a table named `on` stay what they are.
"""

import re
from typing import Final

from tdmvc.errors import ConfigError, MergeConflictError
from tdmvc.yaml.composer import ComposeOptions, YamlFault, compose
from tdmvc.yaml.node import YamlNode

MAX_BYTES: Final = 5_000_000

_STRICT: Final = ComposeOptions()
_CONFLICT = re.compile(r"(?m)^(?:<{7}|>{7}|\|{7})(?: |$)")


def parse_yaml(text: str, path: str) -> YamlNode:
    """Read one YAML document.

    Raises:
        ConfigError: it is not YAML, holds conflict markers, a key twice, a tag, a
            recursive alias, or is too large; the line is named.
    """
    try:
        size_bytes = len(text.encode("utf-8"))
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise ConfigError.at(
            "The file is not UTF-8 text.", path, line=line, remedy="save it as UTF-8."
        ) from None
    if size_bytes > MAX_BYTES:
        raise ConfigError.at(f"The file is larger than {MAX_BYTES // 1_000_000} MB.", path)
    check_conflict_markers(text, path)
    try:
        documents = compose(text, path, _STRICT)
    except YamlFault as fault:
        remedy = "correct that line, or the one above it." if "not YAML" in fault.what else ""
        what = f"{fault.what[0].upper()}{fault.what[1:]}."
        raise ConfigError.at(what, path, line=fault.line, remedy=remedy) from None
    return documents[0] if documents else YamlNode(path, 1, "", "", is_plain=True)


def check_conflict_markers(text: str, path: str) -> None:
    """Raise a MergeConflictError where Git left conflict markers in the text."""
    match = _CONFLICT.search(text)
    if match:
        raise MergeConflictError.in_text(path, text.count("\n", 0, match.start()) + 1)


def check_format(root: YamlNode, name: str) -> None:
    """Check that the file declares the format `name`, such as `tdmvc.version/1`."""
    node = root.need("format")
    found = node.as_text()
    if found == name:
        return
    if found.partition("/")[0] == name.partition("/")[0]:
        remedy = "use the version of tdmvc that wrote it, or a later one."
        raise node.error(f"This version of tdmvc reads {name}, not {found}.", remedy=remedy)
    raise node.error(f"The format is '{found}'.", remedy=f"it must be '{name}'.")
