"""Reads EF Core's migrations: classes with an attribute for their id, in a separate sequence for each context."""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from tdmvc.migrations.base import Reading
from tdmvc.migrations.code_effects import code_effects
from tdmvc.migrations.code_tables import EFCORE
from tdmvc.migrations.evidence import folders_with
from tdmvc.migrations.graph import find_duplicates
from tdmvc.migrations.linear import files_below, files_in, link_by_rank
from tdmvc.model.migration import Migration, MigrationState, SchemaEffect
from tdmvc.model.tree import FileTree

_ENDINGS: Final = (".cs", ".fs", ".vb")
_DESIGNER: Final = tuple(f".Designer{ending}" for ending in _ENDINGS)
_SNAPSHOT: Final = tuple(f"ModelSnapshot{ending}" for ending in _ENDINGS)
_ID: Final = re.compile(r"[\[<,]\s*(?:[\w.]+\.)?Migration(?:Attribute)?\s*\(\s*@?\"(?P<id>[^\"\n]+)\"")
_CONTEXT: Final = re.compile(
    r"[\[<,]\s*(?:[\w.]+\.)?DbContext(?:Attribute)?\s*\(\s*(?:typeof|GetType)\s*[(<]\s*"
    r"(?:[\w.:]+\.)?(?P<context>\w+)"
)
_CLASS: Final = re.compile(
    r"(?:\bclass\s+\w+\s*(?:\([^()\n]*\)\s*)?:|^[ \t]*inherits?)\s*(?:[\w.]+\.)?Migration\b",
    re.MULTILINE | re.IGNORECASE,
)
_NUMBERED: Final = re.compile(r"[0-9]{14}_.+\.(?:cs|fs|vb)|.*ModelSnapshot\.(?:cs|fs|vb)")
_ATTRIBUTES_END: Final = 20_000
"""How many characters of a designer file may contain attributes; after them comes the whole model."""


class EfCoreReader:
    """Reads a folder of migrations, of one context or of several."""

    name = "efcore"

    def detect(self, tree: FileTree) -> list[str]:
        """Find folders of numbered classes with designer files or the snapshot of a model."""
        found: list[str] = []
        for folder, paths in folders_with(tree, _ENDINGS, _NUMBERED).items():
            generated = [path for path in paths if path.endswith((*_DESIGNER, *_SNAPSHOT))]
            if generated and any(not path.endswith(_SNAPSHOT) for path in paths):
                found.append(folder)
        return found

    def read(self, reading: Reading) -> MigrationState:
        """Read a folder; its heads are the last id of each context.

        If it contains no migrations itself, its subfolders are read. The attributes are
        in the designer file or in the migration's own file; the model that EF Core generates
        does not count for the digest.
        """
        paths = _sources(files_in(reading.tree, reading.path)) or _sources(
            files_below(reading.tree, reading.path)
        )
        attributes = {
            path: text[:_ATTRIBUTES_END]
            for path, text in reading.tree.read_texts([path for path in paths if path.endswith(_DESIGNER)])
        }
        contexts: dict[str, list[Migration]] = defaultdict(list)
        for path, text in reading.tree.read_texts([path for path in paths if not path.endswith(_DESIGNER)]):
            stem, ending = path[:-3], path[-3:]
            declared = attributes.pop(f"{stem}.Designer{ending}", "") + "\n" + text
            id_ = _ID.search(declared)
            if id_ is None:
                if _CLASS.search(text):
                    reading.add_file_problem(path, "has no `Migration` attribute; EF Core ignores it.")
                continue
            context = _CONTEXT.search(declared)
            name = id_["id"].partition("_")[2] or id_["id"]
            migration = Migration(id_["id"], name, path, touches=EFCORE.tables(text))
            reading.add(migration, text)
            contexts[context["context"] if context else ""].append(migration)
        for path in attributes:
            reading.add_file_problem(path, "belongs to no migration.")
        if not contexts:
            raise reading.nothing_found("classes with a `Migration` attribute")
        return _finish(reading, contexts)

    def effects(self, migration: Migration, text: str) -> Iterator[SchemaEffect]:
        """Yield what the up migration of a script adds and removes."""
        return code_effects(migration, text, EFCORE)


def _finish(reading: Reading, contexts: dict[str, list[Migration]]) -> MigrationState:
    if len(contexts) == 2 and "" in contexts:
        # The only context may be named by an inherited attribute.
        contexts[next(filter(None, contexts))].extend(contexts.pop(""))
    histories = [link_by_rank(group, {m.id: m.id for m in group}) for _, group in sorted(contexts.items())]
    for history in histories:
        reading.problems.extend(find_duplicates(history))
    ordered = sorted(
        (migration for history in histories for migration in history), key=lambda m: (m.id, m.path)
    )
    return reading.finish(ordered, sorted({history[-1].id for history in histories}))


def _sources(paths: list[str]) -> list[str]:
    return [path for path in paths if path.endswith(_ENDINGS) and not path.endswith(_SNAPSHOT)]
