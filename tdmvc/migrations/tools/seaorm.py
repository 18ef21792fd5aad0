"""Reads SeaORM's migrations: Rust modules in the order of a list."""

import re
from typing import Final

from tdmvc.migrations.base import Reading
from tdmvc.migrations.code_tables import TablePatterns
from tdmvc.migrations.evidence import folders_with, marked_folders
from tdmvc.migrations.linear import files_in, finish_listed
from tdmvc.migrations.paths import base_of, inside
from tdmvc.model.migration import Migration, MigrationState
from tdmvc.model.tree import FileTree

_FILE: Final = re.compile(r"m[0-9]{8}_[0-9]{6}_\w+\.rs")
_MIGRATION: Final = re.compile(r"\bMigrationTrait\b|\bsea_orm_migration\b")
_LISTS: Final = ("lib.rs", "mod.rs", "migrator.rs", "migrator/mod.rs", "main.rs")
_COMMENT: Final = re.compile(r"//[^\n]*")
_LISTED: Final = re.compile(r"\bBox::new\(\s*(?:\w+::)*?(?P<module>\w+)::\w+\s*(?:\{[^{}]*\}\s*)?\)")
_NAME: Final = re.compile(r"\bfn\s+name\s*\(\s*&self\s*\)[^{]{0,100}\{\s*\"(?P<name>[^\"\n]{1,300})\"")
_CONTENT_OF_FILE: Final = re.compile(r"\bimpl\b[^{;]{0,200}\bMigrationTrait\s+for\b")
_TIME: Final = re.compile(r"^m[0-9]{8}_[0-9]{6}_")
_ENTITY: Final = re.compile(r"\b(?P<name>[A-Z]\w{0,200})::Table\b")
_WORDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_TABLES: Final = TablePatterns(
    re.compile(r"\bfn[ \t]+up\b"),
    re.compile(r"\b(?:async[ \t]+)?fn[ \t]+down\b"),
    (
        re.compile(
            r"\.(?:table|from_table|into_table|create_table)\(\s*(?:Alias::new\(\s*)?\"([^\"\n]{1,200})\""
        ),
    ),
)


class SeaOrmReader:
    """Reads the source folder of a migration crate."""

    name = "seaorm"

    def detect(self, tree: FileTree) -> list[str]:
        """Find folders of dated modules that use SeaORM's migrations."""
        return marked_folders(tree, folders_with(tree, ".rs", _FILE), _MIGRATION)

    def read(self, reading: Reading) -> MigrationState:
        """Read a folder; its head is the last migration in the list of the migrator, which is next to the modules.

        The id is the module's name, or what its `name` returns. Without a list, modules count in the
        order of their names.
        """
        files = [path for path in files_in(reading.tree, reading.path) if path.endswith(".rs")]
        place, order = _list(reading)
        modules = {base_of(path).removesuffix(".rs"): path for path in files}
        texts = {
            base_of(path).removesuffix(".rs"): text
            for path, text in reading.tree.read_texts(files)
            if _CONTENT_OF_FILE.search(text) or _FILE.fullmatch(base_of(path))
        }
        for module in order or sorted(texts):
            if module in texts:
                _add(reading, modules[module], module, texts[module])
            else:
                reading.add_file_problem(place, f"lists {module}, but there is no {module}.rs.")
        for module in sorted(texts.keys() - set(order)) if order else ():
            reading.add_file_problem(modules[module], f"is not listed in {place}; SeaORM never runs it.")
        if not reading.migrations:
            raise reading.nothing_found("m<date>_<time>_<name>.rs")
        return finish_listed(reading)


def _list(reading: Reading) -> tuple[str, list[str]]:
    """Return the file that lists the migrations, and their modules in order; none if no file does."""
    for path, text in reading.tree.read_texts([inside(reading.path, name) for name in _LISTS]):
        if modules := [found["module"] for found in _LISTED.finditer(_COMMENT.sub("", text))]:
            return path, modules
    return "", []


def _add(reading: Reading, path: str, module: str, text: str) -> None:
    given = _NAME.search(text)
    id_ = given["name"] if given else module
    up = _TABLES.up_part(text)
    entities = {_WORDS.sub("_", found["name"]).lower() for found in _ENTITY.finditer(up)}
    touches = tuple(sorted(entities.union(_TABLES.tables(text))))
    reading.add(Migration(id_, _TIME.sub("", id_).replace("_", " "), path, touches=touches), text)
