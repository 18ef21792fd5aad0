"""Which columns of a table may be shown, by all contracts that this clone has."""

import posixpath
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from tdmvc.contracts.odcs.reading import CONTRACT_FILE, read_contract
from tdmvc.errors import ConfigError
from tdmvc.gitrepo.branch_tips import texts_at_tips
from tdmvc.gitrepo.repository import GitRepo
from tdmvc.model.dataset import RepoConfig
from tdmvc.model.hidden_columns import hidden_columns
from tdmvc.model.schema import TableSchema
from tdmvc.yaml.reader import parse_yaml

_KEPT = "/versions/contracts/"


@dataclass(frozen=True, slots=True)
class KnownTable:
    """The declarations of a table in all contracts of this clone, of any dataset and any time."""

    schemas: tuple[tuple[str, TableSchema], ...]
    """(dataset, table), those of the work tree first."""
    is_whole: bool
    """Whether every contract of the work tree could be read."""

    def hidden_columns(self, names: Collection[str]) -> frozenset[str]:
        """Return the columns that must be hidden: those that are personal by all contracts, or that none describes.

        This also applies to old rows: a column that was dropped before any contract was written
        may have been personal.
        """
        if not self.is_whole:
            return frozenset(names)
        known = {name for _, schema in self.schemas for name in schema.column_names}
        personal = hidden_columns(schema for _, schema in self.schemas)
        return frozenset(name for name in names if name in personal or name not in known)

    def schema_in(self, dataset: str) -> TableSchema | None:
        """Return the declaration of the table in one dataset, that of the work tree first."""
        return next((schema for owner, schema in self.schemas if owner == dataset), None)


def known_table(git: GitRepo, config: RepoConfig, table: str) -> KnownTable:
    """Read the contracts of the work tree, of published versions, of HEAD and of every branch.

    Contracts elsewhere in history are not read: that would cost a walk over all commits.
    """
    schemas: list[tuple[str, TableSchema]] = []
    is_whole = True
    for path, text in _work_tree_contracts(git, config):
        try:
            schemas.extend(_tables(path, text, config, table))
        except ConfigError:
            is_whole = False
    for path, text in texts_at_tips(git, posixpath.normpath(config.datasets_folder), CONTRACT_FILE):
        try:
            schemas.extend(_tables(path, text, config, table))
        except ConfigError:
            continue  # a contract that tdmvc refuses calls nothing personal
    return KnownTable(tuple(schemas), is_whole)


def _work_tree_contracts(git: GitRepo, config: RepoConfig) -> Iterator[tuple[str, str]]:
    tree = git.work_tree()
    paths = [
        path
        for path in tree.list_files(config.datasets_folder)
        if path.endswith(".yaml") and (_KEPT in path or posixpath.basename(path) == CONTRACT_FILE)
    ]
    # The current contract comes before those of earlier versions.
    return iter(list(tree.read_texts(sorted(paths, key=lambda path: (_KEPT in path, path)))))


def _tables(path: str, text: str, config: RepoConfig, table: str) -> list[tuple[str, TableSchema]]:
    schema = read_contract(parse_yaml(text, path)).contract.table(table)
    below = posixpath.relpath(path, posixpath.normpath(config.datasets_folder))
    return [(below.split("/")[0], schema)] if schema is not None else []
