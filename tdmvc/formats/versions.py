"""Reads and writes a dataset's published versions: an immutable file and a contract for each."""

import hashlib
import posixpath
import re
from dataclasses import replace

from tdmvc.errors import ConfigError, NotFoundError
from tdmvc.formats.dataset import read_recorded_states
from tdmvc.formats.yanks import parse_yank, yank_path
from tdmvc.model.diff import BumpLevel
from tdmvc.model.migration import RecordedState
from tdmvc.model.tree import FileTree, names_revision
from tdmvc.model.version import SemVer, Version, VersionTable
from tdmvc.yaml.node import YamlNode
from tdmvc.yaml.reader import check_format, parse_yaml
from tdmvc.yaml.writer import flow_list, flow_mapping, scalar

FORMAT = "tdmvc.version/1"
FOLDER = "versions"
_SHA256 = re.compile(r"sha256:[0-9a-f]{64}")
_OBJECT = re.compile(r"[0-9a-f]{32}\.dir")
_NEVER_EDITED = (
    "published versions are never edited: `git checkout` the file as it was, and publish a new version."
)


def version_path(dataset_folder: str, version: SemVer) -> str:
    """Return the path of a version's file."""
    return posixpath.join(dataset_folder, FOLDER, f"{version}.yaml")


def contract_path(dataset_folder: str, contract: str) -> str:
    """Return the path of the contract with the hash `sha256:…`."""
    return posixpath.join(dataset_folder, FOLDER, "contracts", contract.removeprefix("sha256:") + ".yaml")


def hash_contract(text: str) -> str:
    """Return `sha256:…` of a contract's text, the same whatever line ends a checkout gave it."""
    return "sha256:" + hashlib.sha256(text.replace("\r\n", "\n").encode("utf-8")).hexdigest()


@names_revision
def read_versions(tree: FileTree, dataset_folder: str) -> list[Version]:
    """Return all published versions of a dataset, oldest first.

    Raises:
        ConfigError: a file is wrong, or its name and its content do not agree.
    """
    prefix = posixpath.join(dataset_folder, FOLDER) + "/"
    paths = [
        path
        for path in tree.list_files(prefix)
        if path.endswith(".yaml") and "/" not in path.removeprefix(prefix)
    ]
    versions = []
    for path, text in tree.read_texts(paths):
        version = parse_version(text, path)
        _check_place(version, path, dataset_folder)
        versions.append(_with_yank(tree, dataset_folder, version))
    return sorted(versions, key=lambda version: version.version)


@names_revision
def read_version(tree: FileTree, dataset_folder: str, version: SemVer) -> Version | None:
    """Return one published version of a dataset, or None if it does not exist. Cost: one file.

    Raises:
        ConfigError: the file is wrong, or its name and its content do not agree.
    """
    path = version_path(dataset_folder, version)
    text = tree.read_text(path)
    if text is None:
        return None
    found = parse_version(text, path)
    _check_place(found, path, dataset_folder)
    return _with_yank(tree, dataset_folder, found)


@names_revision
def read_contract_text(tree: FileTree, dataset_folder: str, version: Version) -> str:
    """Return the contract that a version was published with.

    Raises:
        NotFoundError: the contract's file does not exist.
        ConfigError: it was edited since.
    """
    path = contract_path(dataset_folder, version.contract)
    text = tree.read_text(path)
    if text is None:
        raise NotFoundError(
            f"The contract of {version.ref} does not exist.",
            where=f"{path} in {tree.label}",
            remedy="restore the file from Git's history; it belongs to the version.",
        )
    if hash_contract(text) != version.contract:
        raise ConfigError.at(f"The contract of {version.ref} was edited.", path, remedy=_NEVER_EDITED)
    return text


def _with_yank(tree: FileTree, dataset_folder: str, version: Version) -> Version:
    path = yank_path(dataset_folder, version.version)
    text = tree.read_text(path)
    return version if text is None else replace(version, yank=parse_yank(text, path))


def parse_version(text: str, path: str) -> Version:
    """Read the text of a version's file.

    Raises:
        ConfigError: it is wrong; the line and key are named.
    """
    root = parse_yaml(text, path)
    check_format(root, FORMAT)
    root.only(
        *("format", "dataset", "version", "parent", "kind", "published", "release", "commit", "migrations"),
        *("contract", "content", "tables", "changes", "notes", "broken_rules"),
    )
    parent, changes, migrations = root.child("parent"), root.child("changes"), root.child("migrations")
    return Version(
        dataset=root.need("dataset").as_text(),
        version=_read_semver(root.need("version")),
        kind=root.need("kind").as_text(),
        published=root.need("published").as_text(),
        content=_read_hash(root.need("content")),
        contract=_read_hash(root.need("contract")),
        tables={name: _read_table(node) for name, node in _entries(root, "tables")},
        parent=_read_semver(parent) if parent else None,
        release=root.text("release"),
        commit=root.text("commit"),
        migrations=read_recorded_states(migrations) if migrations else {},
        bump=_read_bump(changes.only("bump", "reasons").child("bump")) if changes else BumpLevel.NONE,
        reasons=changes.texts("reasons") if changes else (),
        notes=root.text("notes"),
        broken_rules=root.texts("broken_rules"),
    )


def render_version(version: Version) -> str:
    """Return the text of a version's file; the same version always gives the same bytes."""
    lines = [f"format: {FORMAT}", f"dataset: {scalar(version.dataset)}", f"version: {version.version}"]
    if version.parent is not None:
        lines.append(f"parent: {version.parent}")
    lines += [f"kind: {scalar(version.kind)}", f"published: {_time(version.published)}"]
    if version.release is not None:
        lines.append(f"release: {scalar(version.release)}")
    if version.commit is not None:
        lines.append(f"commit: {scalar(version.commit)}")
    if version.migrations:
        lines.append("migrations:")
        lines += [
            f"  {scalar(name)}: {_render_state(version.migrations[name])}"
            for name in sorted(version.migrations)
        ]
    lines += [f"contract: {scalar(version.contract)}", f"content: {scalar(version.content)}"]
    lines.append("tables:" if version.tables else "tables: {}")
    lines += [f"  {scalar(name)}: {_render_table(version.tables[name])}" for name in sorted(version.tables)]
    if version.bump is not BumpLevel.NONE or version.reasons:
        lines += ["changes:", f"  bump: {version.bump.value}"]
        lines.append("  reasons:" if version.reasons else "  reasons: []")
        lines += [f"  - {scalar(reason)}" for reason in version.reasons]
    if version.broken_rules:
        lines.append("broken_rules:")
        lines += [f"- {scalar(rule)}" for rule in version.broken_rules]
    if version.notes is not None:
        lines.append(f"notes: {scalar(version.notes)}")
    return "\n".join(lines) + "\n"


def _render_state(state: RecordedState) -> str:
    entries = [("tool", scalar(state.tool)), ("heads", flow_list(state.heads))]
    if state.count is not None:
        entries.append(("count", str(state.count)))
    if state.digest is not None:
        entries.append(("digest", scalar(state.digest)))
    if state.ids:
        entries.append(("ids", flow_list(state.ids)))
    return flow_mapping(entries)


def _render_table(table: VersionTable) -> str:
    return flow_mapping(
        [
            ("object", scalar(table.object)),
            ("content", scalar(table.content)),
            ("rows", str(table.rows)),
            ("bytes", str(table.bytes)),
            ("schema", scalar(table.schema)),
        ]
    )


def _time(text: str) -> str:
    return text if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text) else scalar(text)


def _entries(root: YamlNode, key: str) -> list[tuple[str, YamlNode]]:
    node = root.child(key)
    if node is None:
        raise root.error(f"The key '{key}' is missing.", key=key, remedy=_NEVER_EDITED)
    return node.entries()


def _read_table(node: YamlNode) -> VersionTable:
    node.only("object", "content", "rows", "bytes", "schema")
    entry = node.need("object")
    if not _OBJECT.fullmatch(entry.as_text()):
        raise entry.error("This is not a DVC object (`<md5>.dir`).", remedy=_NEVER_EDITED)
    return VersionTable(
        object=entry.as_text(),
        content=_read_hash(node.need("content")),
        rows=node.need("rows").as_count(),
        bytes=node.need("bytes").as_count(),
        schema=_read_hash(node.need("schema")),
    )


def _read_hash(node: YamlNode) -> str:
    # A contract's hash becomes a file's name, so nothing else may pass.
    if not _SHA256.fullmatch(node.as_text()):
        raise node.error(
            "A hash (`sha256:` and 64 hexadecimal digits) is expected here.", remedy=_NEVER_EDITED
        )
    return node.as_text()


def _read_semver(node: YamlNode) -> SemVer:
    version = SemVer.parse(node.as_text())
    if version is None:
        raise node.error("A version such as 1.4.0 is expected here.", remedy=_NEVER_EDITED)
    return version


def _read_bump(node: YamlNode | None) -> BumpLevel:
    if node is None:
        return BumpLevel.NONE
    if node.as_text() not in set(BumpLevel):
        raise node.error(f"There is no bump '{node.as_text()}'.", remedy=f"one of: {', '.join(BumpLevel)}.")
    return BumpLevel(node.as_text())


def _check_place(version: Version, path: str, dataset_folder: str) -> None:
    name = posixpath.basename(path).removesuffix(".yaml")
    if name != str(version.version):
        raise ConfigError.at(
            f"The file is named {name}, but it is version {version.version}.",
            path,
            key="version",
            remedy=_NEVER_EDITED,
        )
    if version.dataset != posixpath.basename(dataset_folder.rstrip("/")):
        raise ConfigError.at(
            f"The file belongs to the dataset '{version.dataset}', but it is in the folder of another one.",
            path,
            key="dataset",
            remedy=_NEVER_EDITED,
        )
