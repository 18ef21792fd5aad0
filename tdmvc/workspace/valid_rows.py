"""Refuses rows that break their contract, before anyone loads them."""

from collections.abc import Mapping

from tdmvc.model.dataset import DatasetState
from tdmvc.model.diff import TableSide
from tdmvc.workspace.known_verdicts import is_known_to_be_valid
from tdmvc.workspace.workspace import Workspace


def refuse_invalid_rows(workspace: Workspace, state: DatasetState, tables: Mapping[str, TableSide]) -> None:
    """Return if the rows of a state keep the rules that no database enforces by itself.

    These are all that a contract has beside columns, types, keys, unique values, required values, references and
    CHECKs: ranges, patterns, values, numbers of rows, queries. A load checks the others against the database.

    Args:
        tables: those that are to be loaded.

    Cost: if the same rows kept the same contract before, a look into the cache.

    Raises:
        ConfigError: the contract is wrong; the line is named.
        InvalidRowsError: a rule with the severity error is broken, or cannot be evaluated.
        PartError: a part is missing or damaged everywhere.
    """
    if not is_known_to_be_valid(workspace, state, tables):
        # What evaluates rules takes as long to import as all else that a seed imports.
        from tdmvc.workspace.broken_rules import refuse_unless_valid

        refuse_unless_valid(workspace, state, tables)
