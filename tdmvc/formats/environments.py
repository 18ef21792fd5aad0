"""Reads `environments` of tdmvc.yaml: what test runs need, with everything that each of them extends."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from tdmvc.errors import ConfigError, UsageError
from tdmvc.model.environment import EMBEDDED, Environment, Service
from tdmvc.model.placeholders import FILE_PLACEHOLDERS, SERVER_PLACEHOLDERS, find_placeholders
from tdmvc.model.reference import parse_reference
from tdmvc.yaml.node import YamlNode
from tdmvc.yaml.writer import flow_list, flow_mapping, scalar

_KEYS = (
    "extends",
    "database",
    "folder",
    "migrate",
    "migrate_inputs",
    "datasets",
    "exports",
    "services",
    "policy",
)
_MERGED = ("exports", "services", "policy")
"""Keys whose entries are added to those of the environment that is extended; an empty entry removes one."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_DATABASE = re.compile(
    r"embedded(-mariadb)?(-[0-9]{1,3})?|[A-Za-z][A-Za-z0-9+.-]+://.+|\$\{[A-Za-z_][A-Za-z0-9_]*\}.*"
)
_FILE = re.compile(r"(sqlite|duckdb)://", re.IGNORECASE)
_READY = re.compile(r"tcp:(?P<port>[0-9]{1,5}|\{port\})|https?://\S+|log:.*\S.*", re.DOTALL)
_MOST_START_SECONDS = 3600


def read_environments(node: YamlNode) -> tuple[Environment, ...]:
    """Read all environments, in their order.

    Raises:
        ConfigError: one is wrong, or extends itself or one that does not exist; the line and key are named.
    """
    declared = dict(node.entries())
    for name, entry in declared.items():
        if not _NAME.fullmatch(name):
            raise entry.error(
                f"'{name}' cannot be the name of an environment.",
                remedy="start with a letter, then use letters, digits, dashes and underscores; at most 63 in all.",
            )
        entry.only(*_KEYS)
    return tuple(_read_environment(name, _extended(declared, (name,))) for name in declared)


def missing_folder(node: YamlNode, environment: Environment) -> ConfigError:
    """Return the error for an environment whose folder does not exist.

    Args:
        node: `environments`, as it was read.
    """
    values = _extended(dict(node.entries()), (environment.name,))
    return values["folder"].error(
        f"There is no folder {environment.folder}, in which the environment {environment.name} is.",
        remedy="correct the path, which begins at the repository's root; or make the folder.",
    )


def render_environment(environment: Environment) -> list[str]:
    """Return the lines of an environment without services: its database, and what differs from the defaults."""
    return [
        f"  {scalar(environment.name)}:",
        *(f"    {key}: {value}" for key, value in _entries(environment)),
    ]


def render_environment_in_line(environment: Environment) -> str:
    """Return `environments` with such an environment, on one line."""
    return f"environments: {flow_mapping([(scalar(environment.name), flow_mapping(_entries(environment)))])}"


def _entries(environment: Environment) -> list[tuple[str, str]]:
    """Return the keys of an environment, and their values as YAML."""
    defaults = Environment(environment.name)
    entries = [("database", scalar(environment.database))]
    if environment.folder != defaults.folder:
        entries.append(("folder", scalar(environment.folder)))
    if environment.migrate is not None:
        entries.append(("migrate", scalar(environment.migrate)))
    if environment.datasets is not None:
        entries.append(("datasets", flow_list(environment.datasets)))
    if environment.exports != defaults.exports:
        exports = [(name, scalar(value)) for name, value in environment.exports.items()]
        entries.append(("exports", flow_mapping(exports)))
    return entries


def _extended(declared: Mapping[str, YamlNode], names: Sequence[str]) -> dict[str, YamlNode]:
    """Return the values of an environment by key, with those that it inherits.

    Args:
        names: the environments that led here, the last of which is meant.
    """
    entry = declared[names[-1]]
    own = {key: value for key, value in entry.entries() if key != "extends"}
    extends = entry.child("extends")
    if extends is None:
        return own
    base = extends.as_text()
    if base not in declared:
        raise extends.error(
            f"There is no environment '{base}' to extend.", remedy=f"use one of: {', '.join(declared)}."
        )
    if base in names:
        raise extends.error(
            f"Environments extend each other in a circle: {' → '.join((*names, base))}.",
            remedy="remove `extends` from one of them.",
        )
    values = {**_extended(declared, (*names, base))}
    for key, value in own.items():
        inherited = values.get(key)
        if key in _MERGED and inherited is not None and inherited.is_mapping and value.is_mapping:
            value = replace(value, value=dict([*inherited.entries(), *value.entries()]))
        values[key] = value
    return values


def _read_environment(name: str, values: Mapping[str, YamlNode]) -> Environment:
    present = {key: value for key, value in values.items() if not value.is_null}
    database = _read_database(present["database"]) if "database" in present else EMBEDDED
    exports = dict(Environment(name).exports)
    if "exports" in present:
        for variable, node in present["exports"].entries():
            exports.pop(variable, None)
            if not node.is_null:
                exports[_variable(variable, node)] = _template(node, _placeholders(database))
    return Environment(
        name,
        database,
        folder=present["folder"].as_inner_path() if "folder" in present else ".",
        migrate=present["migrate"].as_text() if "migrate" in present else None,
        migrate_inputs=tuple(element.as_inner_path() for element in present["migrate_inputs"].elements())
        if "migrate_inputs" in present
        else (),
        datasets=_read_references(present["datasets"]) if "datasets" in present else None,
        exports=exports,
        services=tuple(
            _read_service(key, node) for key, node in present["services"].entries() if not node.is_null
        )
        if "services" in present
        else (),
        policy={key: _plain(node) for key, node in present["policy"].entries()}
        if "policy" in present
        else {},
    )


def _read_database(node: YamlNode) -> str:
    text = node.as_text()
    if not _DATABASE.fullmatch(text):
        raise node.error(
            "This names no database for an environment.",
            remedy="write embedded, embedded-15, embedded-mariadb, a URL (sqlite:///FILE, postgresql://…) or "
            "${VARIABLE}.",
        )
    return text


def _placeholders(database: str) -> tuple[str, ...]:
    """Return the placeholders that exist for a database; all of them if a variable names it."""
    if database.startswith("$"):
        return tuple(dict.fromkeys((*SERVER_PLACEHOLDERS, *FILE_PLACEHOLDERS)))
    return FILE_PLACEHOLDERS if _FILE.match(database) else SERVER_PLACEHOLDERS


def _template(node: YamlNode, known: Sequence[str]) -> str:
    """Return a text whose placeholders all exist."""
    text = node.as_text()
    for name in find_placeholders(text):
        if name not in known:
            raise node.error(
                f"There is no placeholder {{{name}}} here.",
                remedy=f"use {', '.join(f'{{{one}}}' for one in known)}; for the text itself, {{{{{name}}}}}.",
            )
    return text


def _variable(name: str, node: YamlNode) -> str:
    if not _VARIABLE.fullmatch(name):
        raise node.error(
            f"'{name}' cannot be the name of an environment variable.",
            remedy="use letters, digits and underscores, and no digit first.",
        )
    return name


def _read_references(node: YamlNode) -> tuple[str, ...]:
    datasets: dict[str | None, str] = {}
    for element in node.elements():
        text = element.as_text()
        try:
            reference = parse_reference(text)
        except UsageError as error:
            raise element.error(error.what, remedy=error.remedy) from None
        if reference.dataset is None:
            raise element.error(
                f"'{text}' names no dataset.", remedy=f"write DATASET@{text}, one entry for each dataset."
            )
        if reference.dataset in datasets:
            raise element.error(
                f"The dataset {reference.dataset} is named twice: {datasets[reference.dataset]}, {text}.",
                remedy="name one state of each dataset.",
            )
        datasets[reference.dataset] = text
    return tuple(datasets.values())


def _read_service(name: str, node: YamlNode) -> Service:
    if not _NAME.fullmatch(name):
        raise node.error(
            f"'{name}' cannot be the name of a service.",
            remedy="start with a letter, then use letters, digits, dashes and underscores; at most 63 in all.",
        )
    node.only("command", "ready", "start_seconds", "exports")
    ready, seconds, exports = node.child("ready"), node.count("start_seconds"), node.child("exports")
    if seconds is not None and not 0 < seconds <= _MOST_START_SECONDS:
        raise node.need("start_seconds").error(f"Expected a number from 1 to {_MOST_START_SECONDS} here.")
    return Service(
        name,
        command=_template(node.need("command"), ("port",)),
        ready=_read_ready(ready) if ready is not None else None,
        start_seconds=Service(name, "").start_seconds if seconds is None else seconds,
        exports={_variable(key, value): _template(value, ("port",)) for key, value in exports.entries()}
        if exports is not None
        else {},
    )


def _read_ready(node: YamlNode) -> str:
    text = _template(node, ("port",))
    match = _READY.fullmatch(text)
    port = (match["port"] or "") if match is not None else ""
    if match is None or (port.isdigit() and not 0 < int(port) < 1 << 16):
        raise node.error(
            "This says in no known way when a service is ready.",
            remedy="write tcp:{port}, http://127.0.0.1:{port}/PATH or log:TEXT.",
        )
    return text


def _plain(node: YamlNode) -> object:
    """Return a value as texts, lists and mappings."""
    if isinstance(node.value, dict):
        return {key: _plain(value) for key, value in node.value.items()}
    if isinstance(node.value, tuple):
        return [_plain(value) for value in node.value]
    return None if node.is_null else node.value
