"""Writes the `artifacts:` of dvc.yaml, through which DVC and GTO see a dataset's versions."""

import re

from tdmvc.yaml.editor import EditableMapping, YamlEdit, mapping, set_default, text_value

_ARTIFACT = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9/_-]*[a-zA-Z0-9])?")


def is_artifact_name(name: str) -> bool:
    """Return whether DVC and GTO accept an artifact of that name; they reject dots, for example."""
    return bool(_ARTIFACT.fullmatch(name))


def with_artifact(text: str | None, name: str, path: str) -> str:
    """Return a dvc.yaml in which the dataset is an artifact; comments and other entries are kept.

    If the entry is already there, or the name cannot be an artifact's, the text is returned unchanged.

    Raises:
        ConfigError: the old text is not YAML.
    """
    if not is_artifact_name(name):
        return text or ""
    edit = YamlEdit(text or "", "dvc.yaml")
    artifacts = edit.root.get("artifacts")
    entry = artifacts.get(name) if isinstance(artifacts, EditableMapping) else None
    if isinstance(entry, EditableMapping) and (entry.get("path"), entry.get("type")) == (path, "dataset"):
        return text or ""
    section = set_default(edit.root, "artifacts")
    if not isinstance(entry, EditableMapping):
        section[text_value(name)] = mapping({"path": text_value(path), "type": "dataset"})
    else:
        entry["path"] = text_value(path)
        entry["type"] = "dataset"
    return edit.render()


def without_artifact(text: str, name: str, path: str) -> str:
    """Return a dvc.yaml in which the dataset at the path is no artifact; comments and other entries are kept.

    Raises:
        ConfigError: the old text is not YAML.
    """
    edit = YamlEdit(text, "dvc.yaml")
    artifacts = edit.root.get("artifacts")
    entry = artifacts.get(name) if isinstance(artifacts, EditableMapping) else None
    if not isinstance(entry, EditableMapping) or (entry.get("path"), entry.get("type")) != (path, "dataset"):
        return text
    del artifacts[name]
    if not artifacts:
        del edit.root["artifacts"]
    return edit.render()
