"""Compares two states of a dataset: every table, and the bump that follows."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from tdmvc.changes.bump import suggest_bump
from tdmvc.changes.comparison import Engine
from tdmvc.changes.diff import diff_table
from tdmvc.changes.identities import translated_rules
from tdmvc.changes.pairs import NO_RULES, table_rules
from tdmvc.changes.patterns import group_patterns
from tdmvc.changes.renames import TableRename, find_table_renames
from tdmvc.changes.views import diff_views
from tdmvc.errors import NotFoundError
from tdmvc.model.dataset import DatasetConfig
from tdmvc.model.declarations import View
from tdmvc.model.diff import DatasetDiff, TableDiff, TableSide, TableStatus
from tdmvc.model.options import DEFAULT_DIFF, DiffOptions


@dataclass(frozen=True, slots=True)
class DatasetSide:
    """The tables of a dataset in one state."""

    ref: str
    """How the state is named, such as `golden@1.2.0`."""
    tables: Mapping[str, TableSide]
    views: tuple[View, ...] = ()


def diff_dataset(
    engine: Engine,
    config: DatasetConfig,
    old: DatasetSide,
    new: DatasetSide,
    *,
    only: Collection[str] | None = None,
    options: DiffOptions = DEFAULT_DIFF,
) -> DatasetDiff:
    """Return what is different between two states, table by table in the order of their names.

    Args:
        config: whose rules hold: natural keys, and what is ignored.
        only: compare these tables only; the bump then speaks of them only.

    Raises:
        NotFoundError: `only` names a table that neither side has.
    """
    names = sorted(old.tables.keys() | new.tables.keys())
    for name in sorted(set(only or ()) - set(names)):
        raise NotFoundError.named("table", name, names, where=f"{config.name}, {old.ref} and {new.ref}")
    renames = find_table_renames(
        old.tables,
        new.tables,
        lambda before, after: diff_table(engine, before, after, options=DiffOptions(sample_rows=0)),
    )
    rules = {name: table_rules(config, side.schema) for name, side in new.tables.items()}
    tables: list[TableDiff] = []
    with translated_rules(engine, old.tables, new.tables, rules) as translated:
        for left, right in _partners(names, renames):
            if only is not None and left not in only and right not in only:
                continue
            table = diff_table(
                engine,
                old.tables.get(left),
                new.tables.get(right),
                rules=translated.get(right, NO_RULES),
                table_names={rename.old: rename.new for rename in renames},
                options=options,
            )
            tables.append(_named(table, config.name, renames))
    views = diff_views(old.views, new.views) if only is None else ()
    return DatasetDiff(
        config.name,
        old.ref,
        new.ref,
        tuple(tables),
        suggest_bump(tables, views),
        group_patterns(tables),
        views,
    )


def _partners(names: list[str], renames: Collection[TableRename]) -> list[tuple[str, str]]:
    """Return the names of each table on both sides, by the new one."""
    olds = {rename.new: rename.old for rename in renames}
    renamed = set(olds.values())
    return [(olds.get(name, name), name) for name in names if name not in renamed]


def _named(table: TableDiff, dataset: str, renames: Collection[TableRename]) -> TableDiff:
    findings = tuple(replace(finding, dataset=dataset) for finding in table.findings)
    table = replace(table, findings=findings)
    rename = next((rename for rename in renames if rename.new == table.name), None)
    if rename is None:
        return table
    return replace(table, status=TableStatus.RENAMED, old_name=rename.old, evidence=rename.evidence)
