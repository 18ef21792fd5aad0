"""Knows dataset.yaml: what people and `tdmvc add` say about a dataset."""

from ruamel.yaml.comments import CommentedMap

from tdmvc.model.dataset import DatasetConfig, DatasetKind, DiffRules
from tdmvc.model.migration import RecordedState
from tdmvc.model.names import is_dataset_name
from tdmvc.repo.yaml_edit import YamlEdit, mapping, sequence, set_default, text_value
from tdmvc.repo.yaml_file import YamlNode, check_format, parse_yaml

DATASET_FILE = "dataset.yaml"
FORMAT = "tdmvc.dataset/1"
_KEYS = ("format", "name", "kind", "description", "migrations", "tables", "ignore", "part_rows")


def parse_dataset(text: str, path: str) -> DatasetConfig:
    """Read the text of a dataset.yaml.

    Raises:
        ConfigError: it is wrong; the line and key are named.
    """
    root = parse_yaml(text, path).only(*_KEYS)
    check_format(root, FORMAT)
    part_rows = root.child("part_rows")
    if part_rows is not None and part_rows.as_count() < 1:
        raise part_rows.error("A part needs at least one row.")
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


def update_dataset(text: str | None, config: DatasetConfig) -> str:
    """Return the text of a dataset.yaml that says `config`, keeping comments and order of the old text.

    In block style the constant line `tool:` stands between the heads of two
    locations, so that Git merges edits of neighbours.
    """
    path = f"{config.name}/{DATASET_FILE}"
    old = parse_dataset(text, path) if text is not None else None
    edit = YamlEdit(text if text is not None else f"format: {FORMAT}\n", path)
    root = edit.root
    if old is None or old.name != config.name:
        root["name"] = text_value(config.name)
    if old is None or old.kind is not config.kind:
        root["kind"] = config.kind.value
    if old is None or old.description != config.description:
        _set(root, "description", text_value(config.description) if config.description is not None else None)
    _update_migrations(root, old.migrations if old else {}, config.migrations)
    _update_rules(root, old.diff if old else {}, config.diff)
    if (old.ignore if old else ()) != config.ignore:
        _set(root, "ignore", sequence([text_value(p) for p in config.ignore], in_line=True) or None)
    if old is None or old.part_rows != config.part_rows:
        _set(root, "part_rows", None if config.part_rows is None else str(config.part_rows))
    return edit.render()


def _update_migrations(
    root: CommentedMap, old: dict[str, RecordedState], new: dict[str, RecordedState]
) -> None:
    if old == new:
        return
    if not new:
        root.pop("migrations", None)
        return
    section = set_default(root, "migrations")
    for name in old:
        if name not in new:
            del section[name]
    for name, state in new.items():
        if name in old and old[name] == state:
            continue
        entry = set_default(section, text_value(name))
        entry["tool"] = text_value(state.tool)
        entry["heads"] = sequence([text_value(head) for head in state.heads], in_line=True)
        _set(entry, "count", None if state.count is None else str(state.count))
        _set(entry, "digest", text_value(state.digest) if state.digest is not None else None)


def _update_rules(root: CommentedMap, old: dict[str, DiffRules], new: dict[str, DiffRules]) -> None:
    if old == new:
        return
    section = set_default(root, "tables")
    for name in old:
        if name not in new:
            del section[name]
    for name, rules in new.items():
        if old.get(name) == rules:
            continue
        entry = set_default(section, text_value(name))
        if rules.key:
            diff = mapping({"key": sequence([text_value(column) for column in rules.key], in_line=True)})
            diff.fa.set_flow_style()
            entry["diff"] = diff
        else:
            entry.pop("diff", None)
    if not section:
        del root["tables"]


def _set(section: CommentedMap, key: str, value: object) -> None:
    if value is None:
        section.pop(key, None)
    else:
        section[key] = value


def _read_name(node: YamlNode) -> str:
    name = node.as_text()
    if not is_dataset_name(name):
        raise node.error(
            "A dataset cannot be called so.",
            remedy="use letters, digits, dot, dash and underscore, a letter first.",
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
    node.only("tool", "heads", "count", "digest")
    return RecordedState(
        tool=node.need("tool").as_text(),
        heads=node.texts("heads"),
        count=node.count("count"),
        digest=node.text("digest"),
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
                "A pattern names a table and a column.", remedy='write "orders.updated_at" or "*.updated_at".'
            )
        patterns.append(pattern)
    return patterns
