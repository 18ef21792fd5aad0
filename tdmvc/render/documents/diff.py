"""The documents of diffs and reviews."""

from collections.abc import Sequence
from dataclasses import replace

from tdmvc.model import (
    diff,
    review,
)
from tdmvc.model.diff import TableStatus
from tdmvc.model.finding import Severity
from tdmvc.model.text import timestamp
from tdmvc.render.json import Scope, cell, declare, json_value
from tdmvc.render.privacy import guarded, guarded_group, is_personal_shift, personal_by_table, personal_in_key


def _pattern_example(pattern: diff.ChangePattern, scope: Scope) -> dict[str, object]:
    """Return old and new, or nothing: no cell changes from null to null, so two nulls are no example."""
    if pattern.is_personal or (pattern.old is None and pattern.new is None):
        return {}
    return {"old": json_value(pattern.old), "new": json_value(pattern.new)}


def _summary(tables: Sequence[diff.TableDiff]) -> dict[str, object]:
    """Return how many tables, rows and cells there are of each kind."""
    states = [table.status for table in tables]
    return {
        "tables": {status.value: states.count(status) for status in TableStatus},
        "rows": {
            kind: sum(getattr(table.rows, kind) for table in tables)
            for kind in ("added", "removed", "changed", "ignored")
        },
        "cells": sum(table.cells for table in tables),
    }


declare(
    diff.DatasetDiff,
    "dataset old new summary bump patterns tables views",
    format="tdmvc.diff/1",
    enter=lambda one, scope: replace(scope, personal=personal_by_table(one)),
    summary=lambda one, scope: _summary(one.tables),
    patterns=lambda one, scope: [guarded_group(group, scope.personal) for group in one.patterns],
)
declare(
    diff.PatternGroup,
    "kind cells members by-",
    members=lambda group, scope: [
        {"table": table, "columns": pattern.columns, "cells": pattern.cells}
        for table, pattern in group.members
    ],
)
declare(
    diff.TableDiff,
    "name old_name evidence status key natural_key=is_natural_key personal_columns rows cells columns ignored "
    "schema patterns samples findings",
    enter=lambda table, scope: replace(scope, hidden=table.personal_columns),
    patterns=lambda table, scope: [guarded(pattern, table.personal_columns) for pattern in table.patterns],
)
declare(diff.RowCounts, "old new added removed changed ignored")
declare(diff.SchemaChange, "kind column- old- new- evidence-")
declare(diff.ChangePattern, "kind columns cells example by- distinct-", example=_pattern_example)
declare(diff.Samples, "added removed changed")
declare(diff.RowSample, "key@ values@")
declare(diff.ChangedRowSample, "key@ cells unchanged@")
declare(
    diff.CellChange,
    "column old new inside pattern",
    old=lambda change, scope: cell(change.column, change.old, scope),
    new=lambda change, scope: cell(change.column, change.new, scope),
    # The paths inside a personal cell may hold names from the data.
    inside=lambda change, scope: () if scope.hides(change.column) else change.inside,
)

# review.
declare(
    review.Review,
    "base head commits verdict summary datasets unchanged commands",
    format="tdmvc.review/1",
    summary=lambda one, scope: {
        **_summary([table for dataset in one.datasets for table in dataset.diff.tables]),
        "findings": {
            severity.value: [finding.severity for finding in one.findings].count(severity)
            for severity in Severity
        },
    },
)
declare(review.ComparedCommits, "merge_base base head commits_since")
declare(review.ReviewedCommit, "id committed", committed=lambda commit, scope: timestamp(commit.committed))
declare(
    review.DatasetReview,
    "dataset verdict reasons old new findings ranked diff units shifts commands",
    enter=lambda dataset, scope: replace(scope, personal=personal_by_table(dataset.diff)),
    ranked=lambda dataset, scope: [table.name for table in dataset.ranked],
)
declare(review.ReviewSide, "ref version release migrations")
declare(
    review.RelatedRow,
    "table change key@ sample via children",
    enter=lambda row, scope: replace(scope, hidden=personal_in_key(row, scope.personal)),
)
declare(
    review.Shift,
    "table column kind score threshold personal bars",
    personal=lambda shift, scope: is_personal_shift(shift, scope.personal),
    bars=lambda shift, scope: [
        replace(bar, label="") if is_personal_shift(shift, scope.personal) else bar for bar in shift.bars
    ],
)
declare(review.Bar, "label old new")
