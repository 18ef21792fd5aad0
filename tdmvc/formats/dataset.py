"""Reads dataset.yaml: what people and `tdmvc add` say about a dataset."""

from tdmvc.model.dataset import DatasetConfig, DatasetKind, DiffRules
from tdmvc.model.migration import RecordedState
from tdmvc.model.names import is_dataset_name
from tdmvc.yaml.node import YamlNode
from tdmvc.yaml.reader import check_format, parse_yaml

DATASET_FILE = "dataset.yaml"
FORMAT = "tdmvc.dataset/1"
_KEYS = ("format", "name", "kind", "description", "migrations", "tables", "ignore", "part_rows")


def parse_dataset(text: str, path: str) -> DatasetConfig:
    """Read the text of a dataset.yaml.

    Raises:
        ConfigError: it is wrong; the line and key are named.
    """
    return read_dataset(parse_yaml(text, path))


def read_dataset(root: YamlNode) -> DatasetConfig:
    """Read the root of a dataset.yaml.

    Raises:
        ConfigError: it is wrong; the line and key are named.
    """
    root.only(*_KEYS)
    check_format(root, FORMAT)
    part_rows = root.child("part_rows")
    if part_rows is not None and part_rows.as_count() < 1:
        raise part_rows.error("A part must hold at least one row.")
    migrations = root.child("migrations")
    tables = root.child("tables")
    return DatasetConfig(
        name=_read_name(root.need("name")),
        kind=_read_kind(root.child("kind")),
        description=root.text("description"),
        migrations=read_recorded_states(migrations) if migrations else {},
        diff=dict(_read_rules(tables)) if tables else {},
        ignore=tuple(_read_ignore(root.child("ignore"))),
        part_rows=part_rows.as_count() if part_rows else None,
    )


def read_recorded_states(node: YamlNode) -> dict[str, RecordedState]:
    """Read migration states by location name, as dataset.yaml and versions hold them."""
    return {name: _read_recorded(state) for name, state in node.entries()}


def _read_name(node: YamlNode) -> str:
    name = node.as_text()
    if not is_dataset_name(name):
        raise node.error(
            "This is not a valid name for a dataset.",
            remedy="start with a letter, then use letters, digits, dots, dashes and underscores.",
        )
    return name


def _read_kind(node: YamlNode | None) -> DatasetKind:
    if node is None:
        return DatasetKind.GOLDEN
    word = node.as_text()
    if word not in set(DatasetKind):
        raise node.error(f"There is no kind '{word}'.", remedy=f"use one of: {', '.join(DatasetKind)}.")
    return DatasetKind(word)


def _read_recorded(node: YamlNode) -> RecordedState:
    node.only("tool", "heads", "count", "digest", "ids")
    return RecordedState(
        tool=node.need("tool").as_text(),
        heads=node.texts("heads"),
        count=node.count("count"),
        digest=node.text("digest"),
        ids=node.texts("ids"),
    )


def _read_rules(node: YamlNode) -> list[tuple[str, DiffRules]]:
    rules = []
    for name, table in node.entries():
        diff = table.only("diff").child("diff")
        rules.append((name, DiffRules(key=diff.only("key").texts("key") if diff else ())))
    return rules


def _read_ignore(node: YamlNode | None) -> list[str]:
    patterns = []
    for element in node.elements() if node else ():
        pattern = element.as_text()
        if "." not in pattern.strip("."):
            raise element.error(
                "A pattern must name a table and a column.",
                remedy='write "orders.updated_at" or "*.updated_at".',
            )
        patterns.append(pattern)
    return patterns
