"""Compares two states of a dataset: every table, and the bump that follows."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from tdmvc.changes.bump import suggest_bump
from tdmvc.changes.comparison import Engine, RowsTarget
from tdmvc.changes.diff import diff_table
from tdmvc.changes.identities import translated_rules
from tdmvc.changes.pairs import NO_RULES, table_rules
from tdmvc.changes.patterns import group_patterns
from tdmvc.changes.renames import TableRename, find_table_renames
from tdmvc.errors import NotFoundError
from tdmvc.model.dataset import DatasetConfig
from tdmvc.model.diff import DatasetDiff, TableDiff, TableSide, TableStatus
from tdmvc.model.progress import Report, silent


def diff_dataset(
    engine: Engine,
    config: DatasetConfig,
    old_ref: str,
    new_ref: str,
    old: Mapping[str, TableSide],
    new: Mapping[str, TableSide],
    *,
    only: Collection[str] | None = None,
    sample_rows: int = 5,
    rows: RowsTarget | None = None,
    report: Report = silent,
) -> DatasetDiff:
    """Return what is different between two states, table by table in the order of their names.

    Args:
        config: whose rules hold: natural keys, and what is ignored.
        only: compare these tables only; the bump then speaks of them only.
        rows: write the full list of touched rows there, one file a changed table.

    Raises:
        NotFoundError: `only` names a table that neither side has.
    """
    names = sorted(old.keys() | new.keys())
    for name in sorted(set(only or ()) - set(names)):
        raise NotFoundError.named("table", name, names, where=f"{config.name}, {old_ref} and {new_ref}")
    renames = find_table_renames(
        old, new, lambda before, after: diff_table(engine, before, after, sample_rows=0)
    )
    rules = {name: table_rules(config, side.schema) for name, side in new.items()}
    tables: list[TableDiff] = []
    with translated_rules(engine, old, new, rules) as translated:
        for left, right in _partners(names, renames):
            if only is not None and left not in only and right not in only:
                continue
            table = diff_table(
                engine,
                old.get(left),
                new.get(right),
                rules=translated.get(right, NO_RULES),
                table_names={rename.old: rename.new for rename in renames},
                sample_rows=sample_rows,
                rows=rows,
                report=report,
            )
            tables.append(_named(table, config.name, renames))
    return DatasetDiff(
        config.name, old_ref, new_ref, tuple(tables), suggest_bump(tables), group_patterns(tables)
    )


def _partners(names: list[str], renames: Collection[TableRename]) -> list[tuple[str, str]]:
    """Return the names of each table on both sides, by the new one."""
    olds = {rename.new: rename.old for rename in renames}
    gone = set(olds.values())
    return [(olds.get(name, name), name) for name in names if name not in gone]


def _named(table: TableDiff, dataset: str, renames: Collection[TableRename]) -> TableDiff:
    findings = tuple(replace(finding, dataset=dataset) for finding in table.findings)
    table = replace(table, findings=findings)
    rename = next((rename for rename in renames if rename.new == table.name), None)
    if rename is None:
        return table
    return replace(table, status=TableStatus.RENAMED, old_name=rename.old, evidence=rename.evidence)
