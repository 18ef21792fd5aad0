"""Finds pointers that a merge left in conflict, by their markers and by Git's index."""

import posixpath
from collections.abc import Mapping
from dataclasses import replace

from tdmvc.errors import ConfigError
from tdmvc.formats.conflict_markers import ConflictTexts, conflict_texts
from tdmvc.formats.pointers import parse_pointer_text
from tdmvc.gitrepo.index import operation_sides, read_stages
from tdmvc.gitrepo.repository import GitRepo
from tdmvc.model.dataset import Pointer
from tdmvc.model.merge import Side
from tdmvc.model.merge_report import UnmergedTable
from tdmvc.model.names import table_name
from tdmvc.model.tree import FileTree

Texts = Mapping[Side, str | None] | Mapping[Side, str]


def read_unmerged(git: GitRepo, tree: FileTree, folder: str) -> list[UnmergedTable]:
    """Return the tables of a dataset's folder whose pointers are in conflict, sorted by name.

    If tdmvc wrote the conflict, around the whole file, its sides are in the file. Otherwise they are
    in Git's index: no driver ran, or one side removed the table.

    Raises:
        ConfigError: a side is not a pointer to a table, or the base is unknown.
    """
    texts = dict(tree.read_texts(_pointer_paths(tree, folder)))
    stages = _stage_texts(git, folder)
    found = []
    for path in sorted({*stages, *(path for path, text in texts.items() if "<<<<<<<" in text)}):
        marked = conflict_texts(texts.get(path, ""))
        if marked is not None and marked.is_whole:
            sides: Texts = {Side.BASE: marked.base, Side.OURS: marked.ours, Side.THEIRS: marked.theirs}
        elif path in stages:
            sides = stages[path]
        elif marked is not None:
            sides = {
                Side.BASE: _base_text(git, path, marked),
                Side.OURS: marked.ours,
                Side.THEIRS: marked.theirs,
            }
        else:
            continue
        labels = marked.labels if marked is not None else {}
        one = unmerged_table(path, sides, labels, is_in_index=path in stages, allow_renames=True)
        found.append(one if marked is not None else replace(one, by_hand=_by_hand(one, texts.get(path, ""))))
    return sorted(found, key=lambda one: one.table)


def unmerged_table(
    path: str,
    texts: Texts,
    labels: Mapping[Side, str],
    *,
    is_in_index: bool = False,
    allow_renames: bool = False,
) -> UnmergedTable:
    """Return the table in conflict from the three texts of its pointer; an empty text means no table.

    Args:
        allow_renames: whether both sides may have renamed one table differently; in each of the new tables,
            the base and the other side then lack it.

    Raises:
        ConfigError: a text is not a pointer, or is one of another table.
    """
    folder = posixpath.basename(path).removesuffix(".dvc")
    pointers = {
        side: _pointer(texts.get(side), side, path, is_inner=allow_renames or side is Side.BASE)
        for side in Side
    }
    base = pointers[Side.BASE]
    for side in reversed(Side):
        pointer = pointers[side]
        if pointer is None or pointer.folder == folder:
            continue
        is_edit = base is None or (pointer.folder == base.folder and pointer.object != base.object)
        if is_edit or not allow_renames:
            raise _not_this_table(side, path, f"is the pointer of the table {pointer.table}")
        pointers[side] = None
    return UnmergedTable(
        posixpath.basename(posixpath.dirname(path)),
        table_name(folder),
        path,
        pointers,
        dict(labels),
        is_in_index=is_in_index,
    )


def _pointer(text: str | None, side: Side, path: str, *, is_inner: bool) -> Pointer | None:
    if not text or not text.strip():
        return None
    if is_inner and (inner := conflict_texts(text)) is not None:
        # A criss-cross merge without a driver: take the base of the merge bases, as Git does. If both sides
        # renamed one table, Git puts its merge of the two pointers in the place of each.
        inner_text = {Side.BASE: inner.base, Side.OURS: inner.ours, Side.THEIRS: inner.theirs}[side]
        return _pointer(inner_text, side, path, is_inner=is_inner)
    pointer = parse_pointer_text(text)
    if pointer is None:
        raise _not_this_table(side, path, "is not a pointer to a table")
    return pointer


def _not_this_table(side: Side, path: str, why: str) -> ConfigError:
    return ConfigError.at(
        f"The {side} side of this file {why}, so its rows cannot be merged.",
        path,
        remedy=f"take a side with `git checkout --ours -- {path}` or --theirs, then `git add {path}`.",
    )


def _by_hand(one: UnmergedTable, text: str) -> Pointer | None:
    """Return the pointer in the file, unless it is a side, because Git leaves a side if it cannot merge."""
    pointer = parse_pointer_text(text)
    if pointer is None or pointer.folder != one.folder or pointer.object in one.objects.values():
        return None
    return pointer


def _pointer_paths(tree: FileTree, folder: str) -> list[str]:
    prefix = folder.rstrip("/") + "/"
    return [
        path
        for path in tree.list_files(folder)
        if path.endswith(".dvc") and "/" not in path.removeprefix(prefix) and path != prefix + ".dvc"
    ]


def _stage_texts(git: GitRepo, folder: str) -> dict[str, dict[Side, str]]:
    """Return the texts of each pointer in conflict from Git's index, by side."""
    prefix = folder.rstrip("/") + "/"
    return {
        path: {side: _text_of(git, blob) for side, blob in blobs.items()}
        for path, blobs in read_stages(git, folder).items()
        if path.endswith(".dvc") and "/" not in path.removeprefix(prefix)
    }


def _text_of(git: GitRepo, blob: str) -> str:
    return git.commands.read_object(blob).decode("utf-8-sig", "replace")


def _base_text(git: GitRepo, path: str, marked: ConflictTexts) -> str | None:
    """Return the base text of a pointer, if only its conflict markers are left."""
    if marked.base is not None:
        return marked.base
    sides = operation_sides(git)
    if sides.keys() - {Side.OURS}:
        base = sides.get(Side.BASE)
        blob = git.commands.object_id(f"{base}:{path}") if base else None
        return _text_of(git, blob) if blob else None
    raise ConfigError.at(
        "The conflict markers in this file do not show the common base of the two sides.",
        path,
        remedy=f"restore the conflict with `git checkout --merge -- {path}`; if the markers were committed, restore "
        f"the file from an earlier commit: `git checkout COMMIT -- {path}`.",
    )
