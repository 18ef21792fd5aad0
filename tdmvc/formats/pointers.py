"""Reads and writes pointers: a table's `.dvc` file, or its entry in the dvc.lock of a stage."""

import posixpath
import re

from tdmvc.errors import ConfigError, TableConflictError
from tdmvc.formats.conflict_markers import conflict_texts
from tdmvc.formats.stages import lock_path, read_stages
from tdmvc.model.dataset import Pointer
from tdmvc.model.names import folder_name, table_name
from tdmvc.model.tree import FileTree, names_revision
from tdmvc.yaml.node import YamlNode
from tdmvc.yaml.reader import parse_yaml
from tdmvc.yaml.writer import render_as_dvc

_OBJECT = re.compile(r"[0-9a-f]{32}\.dir")


@names_revision
def read_pointers(tree: FileTree, dataset_folder: str) -> dict[str, Pointer]:
    """Return the pointers of a dataset's tables, by table name, sorted.

    A stage that has never run owns its table (see `stage_owners`) but has no pointer yet.

    Raises:
        ConfigError: a pointer is not what DVC writes for a folder, points to another path, holds
            conflict markers, or a table has both a `.dvc` file and a stage.
    """
    found = _read_dvc_files(tree, dataset_folder)
    for name, owner in _stage_outputs(tree, dataset_folder).items():
        if name in found:
            raise ConfigError.at(
                f"The table '{name}' has two owners: its .dvc file and the stage {owner[0]}.",
                _dvc_file(tree, dataset_folder, name),
                remedy="remove the .dvc file, or the output from the stage.",
            )
        if owner[1] is not None:
            found[name] = owner[1]
    return dict(sorted(found.items()))


def parse_pointer(text: str, path: str) -> Pointer:
    """Read the text of a table's `.dvc` file.

    Raises:
        ConfigError: it is not what DVC writes for a folder, or it points to another path.
    """
    folder, name = pointer_folder(path)
    return _read_dvc_file(text, path, folder, name)


def parse_pointer_text(text: str) -> Pointer | None:
    """Return the pointer to a table that a text holds, or None if it is any other file."""
    try:
        root = parse_yaml(text, "pointer")
        outs = root.child("outs")
        if outs is None or root.child("deps") is not None or root.text("wdir") not in (None, "."):
            return None
        entries = outs.elements()
        if len(entries) != 1:
            return None
        out = entries[0]
        folder, oid = out.text("path") or "", out.text("md5") or ""
        if not _OBJECT.fullmatch(oid) or out.text("hash") not in (None, "md5"):
            return None
        if "/" in folder or "\\" in folder or folder in {"", ".", ".."}:
            return None
        return Pointer(table_name(folder), oid, out.count("size"), out.count("nfiles"), folder=folder)
    except (ConfigError, UnicodeDecodeError):
        return None


def render_pointer(folder: str, object: str, size_bytes: int, files: int) -> str:
    """Return the text of `<folder>.dvc` exactly as DVC 3 writes it."""
    out = {"md5": object, "size": size_bytes, "nfiles": files, "hash": "md5", "path": folder}
    return render_as_dvc({"outs": [out]})


def pointer_text(pointer: Pointer) -> str:
    """Return the text of a pointer's `.dvc` file, without the facts that are not known."""
    facts = {"md5": pointer.object, "size": pointer.size_bytes, "nfiles": pointer.files, "hash": "md5"}
    known = {name: value for name, value in facts.items() if value is not None}
    return render_as_dvc({"outs": [{**known, "path": pointer.folder or folder_name(pointer.table)}]})


def pointer_path(dataset_folder: str, pointer: Pointer) -> str:
    """Return the file that holds a pointer: its own `.dvc` file, or the dvc.lock of its stage."""
    if pointer.stage is not None:
        return lock_path(pointer.stage)
    return f"{dataset_folder}/{pointer.folder or folder_name(pointer.table)}.dvc"


def pointer_folder(path: str) -> tuple[str, str]:
    """Return the folder and the table that the `.dvc` file at this path points to.

    Raises:
        ConfigError: the name is not valid for a table.
    """
    folder = posixpath.basename(path).removesuffix(".dvc")
    return folder, _table_of(folder, path)


def stage_pointers(tree: FileTree, dataset_folder: str) -> dict[str, Pointer]:
    """Return the pointers of the tables that stages have made, by table name."""
    outputs = _stage_outputs(tree, dataset_folder).items()
    return {name: pointer for name, (_, pointer) in outputs if pointer is not None}


def stage_owners(tree: FileTree, dataset_folder: str) -> dict[str, str]:
    """Return the stage (`dvc.yaml:golden`) of each table that a stage makes, run or not."""
    return {name: owner[0] for name, owner in _stage_outputs(tree, dataset_folder).items()}


def _read_dvc_files(tree: FileTree, dataset_folder: str) -> dict[str, Pointer]:
    prefix = dataset_folder.rstrip("/") + "/"
    paths = [
        path
        for path in tree.list_files(dataset_folder)
        if path.endswith(".dvc") and "/" not in path.removeprefix(prefix) and path != prefix + ".dvc"
    ]
    found: dict[str, Pointer] = {}
    for path, text in tree.read_texts(paths):
        folder = path.removeprefix(prefix).removesuffix(".dvc")
        name = _table_of(folder, path)
        if name in found:
            raise ConfigError.at(
                f"Two folders contain the table '{name}'.", path, remedy="remove one of them."
            )
        found[name] = _read_dvc_file(text, path, folder, name)
    return found


def _read_dvc_file(text: str, path: str, folder: str, name: str) -> Pointer:
    if conflict_texts(text) is not None:
        line = text[: text.index("<<<<<<<")].count("\n") + 1
        raise TableConflictError.in_pointer(posixpath.basename(posixpath.dirname(path)), name, path, line)
    root = parse_yaml(text, path)
    if root.text("wdir") not in (None, "."):
        raise root.need("wdir").error("The pointer to a table must not point to another folder.")
    outs = root.need("outs").elements()
    if len(outs) != 1:
        raise root.need("outs").error(
            "The pointer to a table must have one output.", remedy="write one .dvc file per table."
        )
    if outs[0].need("path").as_text() != folder:
        raise (
            outs[0]
            .need("path")
            .error(
                "The pointer's path must be the file's own name without .dvc.",
                remedy="do not trust this pointer; run `tdmvc add` again.",
            )
        )
    return _read_out(outs[0], name, folder, stage=None)


def _read_out(node: YamlNode, name: str, folder: str, *, stage: str | None) -> Pointer:
    md5 = node.child("md5")
    if md5 is None or node.text("hash") not in (None, "md5") or not _OBJECT.fullmatch(md5.as_text()):
        raise (md5 or node).error(
            "This is not a pointer to a folder of parts (`md5: ….dir`).",
            remedy="keep only tables in a dataset's folder; `tdmvc add` writes their pointers.",
        )
    return Pointer(name, md5.as_text(), node.count("size"), node.count("nfiles"), stage, folder)


def _stage_outputs(tree: FileTree, dataset_folder: str) -> dict[str, tuple[str, Pointer | None]]:
    """Return the owning stage of each table and, if it has run, the pointer."""
    prefix = dataset_folder.rstrip("/") + "/"
    found: dict[str, tuple[str, Pointer | None]] = {}
    for stage in read_stages(tree, dataset_folder):
        for path, out in stage.outs.items():
            folder = path.removeprefix(prefix)
            if not path.startswith(prefix) or "/" in folder:
                continue
            name = _table_of(folder, stage.file)
            if name in found and found[name][0] != stage.label:
                raise ConfigError.at(
                    f"The table '{name}' is made by two stages: {found[name][0]} and {stage.label}.",
                    stage.file,
                )
            pointer = _read_out(out, name, folder, stage=stage.label) if out is not None else None
            found[name] = (stage.label, pointer)
    return found


def _dvc_file(tree: FileTree, dataset_folder: str, name: str) -> str:
    for path in tree.list_files(dataset_folder):
        folder = posixpath.basename(path).removesuffix(".dvc")
        if path.endswith(".dvc") and _table_of(folder, path) == name:
            return path
    return dataset_folder


def _table_of(folder: str, path: str) -> str:
    try:
        name = table_name(folder)
    except UnicodeDecodeError:
        name = ""
    if not name or folder in {".", ".."} or "\\" in folder:
        raise ConfigError.at(
            "This is not a valid name for a table's folder.", path, remedy="let `tdmvc add` choose the name."
        )
    return name
