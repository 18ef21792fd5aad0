"""Writes dataset.yaml and keeps everything that people wrote."""

from tdmvc.formats.dataset import DATASET_FILE, FORMAT, parse_dataset
from tdmvc.model.dataset import DatasetConfig, DiffRules
from tdmvc.model.migration import RecordedState
from tdmvc.yaml.editor import EditableMapping, YamlEdit, mapping, sequence, set_default, text_value


def update_dataset(text: str | None, config: DatasetConfig) -> str:
    """Return the text of a dataset.yaml that says `config`, keeping comments and order of the old text.

    In block style, the constant line `tool:` is between the heads of two
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
    root: EditableMapping, old: dict[str, RecordedState], new: dict[str, RecordedState]
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
        # A line each, so that branches which move different heads do not conflict.
        entry["heads"] = sequence([text_value(head) for head in state.heads], in_line=len(state.heads) < 2)
        _set(entry, "count", None if state.count is None else str(state.count))
        _set(entry, "digest", text_value(state.digest) if state.digest is not None else None)
        _set(entry, "ids", sequence([text_value(id_) for id_ in state.ids], in_line=False) or None)


def _update_rules(root: EditableMapping, old: dict[str, DiffRules], new: dict[str, DiffRules]) -> None:
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


def _set(section: EditableMapping, key: str, value: object) -> None:
    if value is None:
        section.pop(key, None)
    else:
        section[key] = value
