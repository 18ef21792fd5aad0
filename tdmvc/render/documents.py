"""The published JSON documents: what each report of a verb becomes (see docs/formats)."""

from collections.abc import Sequence
from dataclasses import replace

from tdmvc.model.diff import (
    Bump,
    CellChange,
    ChangedRowSample,
    DatasetDiff,
    Pattern,
    PatternGroup,
    RowCounts,
    RowSample,
    Samples,
    SchemaChange,
    TableDiff,
    TableStatus,
)
from tdmvc.model.finding import CheckReport, Finding, Severity
from tdmvc.model.garbage import Garbage, GcReport, Kept, Refusal
from tdmvc.model.history import (
    BlamedCell,
    BlamedRow,
    BlameReport,
    CellEvent,
    CellStep,
    HistoryEntry,
    HistoryPoint,
    HistoryReport,
    PublishedMark,
    RowHistory,
    RowStep,
    TableChange,
)
from tdmvc.model.masking import MASK
from tdmvc.model.merge import Conflict, MergeCounts, Side, TableMerge
from tdmvc.model.merge_report import (
    DatasetResolution,
    ListedConflict,
    MergeCheck,
    MergeReport,
    MovedDataset,
    MovedTable,
    ResolveReport,
    RevertReport,
    TableResolution,
)
from tdmvc.model.migration import (
    Drift,
    DriftReport,
    Migration,
    MigrationLocation,
    MigrationProblem,
    MigrationsReport,
    MigrationState,
    RecordedState,
    UnreadableLocation,
)
from tdmvc.model.report import (
    AddedTable,
    AddReport,
    CheckedOut,
    CheckoutReport,
    DatasetList,
    DatasetStatus,
    DatasetSummary,
    InitReport,
    PublishReport,
    QueryResult,
    ShownTable,
    ShowReport,
    StatusReport,
    TableStatusReport,
    TransferReport,
    Verified,
    VerifyReport,
    WithoutVersion,
)
from tdmvc.model.review import Bar, DatasetReview, RelatedRow, Review, ReviewSide, Shift
from tdmvc.model.schema import Column, ForeignKey
from tdmvc.model.version import Version, VersionTable
from tdmvc.render.json import Scope, cell, declare, json_value, masked, plain_value, to_object
from tdmvc.render.privacy import guarded, guarded_group, is_personal_shift, personal_by_table, personal_in_key

Document = dict[str, object]
_MOST_CONFLICTS = 100


def document(report: object, *, rows: int | None = None) -> Document:
    """Return the JSON document of a report; cells of personal columns are masked.

    Args:
        report: what a verb returned (`DatasetDiff`, `Review`, `AddReport`, …).
        rows: how many samples of each kind a table of a diff shows at most; None shows all.

    Raises:
        TypeError: no document is declared for the class of the report.
    """
    found = to_object(report, Scope(rows=rows))
    if "format" not in found:
        raise TypeError(f"{type(report).__name__} is only a part of a document")
    return found


# What many documents share.
declare(
    Finding,
    "rule severity message dataset table columns remedy details",
    details=lambda finding, scope: json_value(finding.details),
)
declare(Bump, "level reasons")
declare(RecordedState, "tool heads count digest")
declare(MigrationLocation, "name tool path")
declare(ForeignKey, "columns table to")

# init, add, status, list, show, publish, checkout, push and pull, verify, check, gc.
declare(InitReport, "root created migrations notes", format="tdmvc.init/1")
declare(AddReport, "dataset folder? tables findings notes", format="tdmvc.add/1")
declare(AddedTable, "name status rows bytes=size_bytes written_bytes parts key content? notes")
declare(StatusReport, "branch release datasets", format="tdmvc.status/1")
declare(DatasetStatus, "name kind is_clean versions latest tables not_pushed migrations leftovers")
declare(TableStatusReport, "name work since_head stage")
declare(DatasetList, "datasets", format="tdmvc.list/1")
declare(DatasetSummary, "name kind description tables versions")
declare(
    ShowReport,
    "dataset ref kind version=version.version release migrations content rows bytes tables",
    format="tdmvc.show/1",
    bytes=lambda report, scope: sum(table.size_bytes for table in report.tables),
)
declare(
    ShownTable,
    "name=schema.name rows bytes=size_bytes content key=schema.key columns=schema.columns "
    "references=schema.references",
)
declare(
    Column,
    "name type=type_text physical_type nullable unique classification",
    nullable=lambda column, scope: not column.required,
)
declare(
    PublishReport,
    "dataset=version.dataset *version kind=version.kind contract=version.contract tables suggested files tag "
    "tag_commit=commit equal_to pushed",
    format="tdmvc.publish/1",
    tables=lambda report, scope: [
        {"name": name, **to_object(table, scope)} for name, table in report.version.tables.items()
    ],
)
declare(
    Version,
    "version parent published release commit migrations content rows bytes bump notes",
    rows=lambda version, scope: sum(table.rows for table in version.tables.values()),
    bytes=lambda version, scope: sum(table.bytes for table in version.tables.values()),
    bump=lambda version, scope: Bump(version.bump, version.reasons),
)
declare(VersionTable, "object content rows bytes schema")
declare(CheckoutReport, "release datasets without_version", format="tdmvc.checkout/1")
declare(CheckedOut, "dataset ref version content tables rows changed_files how target notes")
declare(WithoutVersion, "dataset message remedy")
declare(TransferReport, "verb refs remotes objects moved tables", format="tdmvc.transfer/1")
declare(VerifyReport, "verified findings", format="tdmvc.verify/1")
declare(Verified, "ref tables parts content")
declare(CheckReport, "datasets tables versions remote commit objects findings", format="tdmvc.check/1")
declare(
    GcReport,
    "place grace_days is_applied objects bytes=size_bytes garbage kept refusals notes",
    format="tdmvc.gc/1",
    objects=lambda report, scope: len(report.garbage),
)
declare(
    Garbage,
    "object kind bytes=size_bytes age_days owner? commit",
    age_days=lambda garbage, scope: round(garbage.age_days, 2),
)
declare(Kept, "needed young not_ours not_ours_bytes")
declare(Refusal, "reason message where? remedy")

# sql: a row is an array, because a query may give two columns the same name.
declare(
    QueryResult,
    "columns rows is_cut",
    format="tdmvc.sql/1",
    columns=lambda result, scope: [
        {"name": name, "type": type_} for name, type_ in zip(result.columns, result.types, strict=True)
    ],
    rows=lambda result, scope: [[json_value(plain_value(value)) for value in row] for row in result.rows],
)

# migrations and drift.
declare(MigrationsReport, "locations unreadable", format="tdmvc.migrations/1")
declare(MigrationState, "*location heads count digest problems migrations")
declare(UnreadableLocation, "*location message where? remedy")
declare(Migration, "id name path parents touches replaces")
declare(MigrationProblem, "kind message path")
declare(DriftReport, "drifts", format="tdmvc.drift/1")
declare(
    Drift,
    "dataset ref location status at expected_heads actual_heads pending extra problems message remedy touched "
    "is_excused",
    # Nothing excuses a drift any more; the format keeps the member.
    is_excused=lambda drift, scope: False,
)


# diff.
def _pattern_example(pattern: Pattern, scope: Scope) -> Document:
    """No cell changes from null to null, so two nulls are no example."""
    if pattern.is_personal or (pattern.old is None and pattern.new is None):
        return {}
    return {"old": json_value(pattern.old), "new": json_value(pattern.new)}


def _summary(tables: Sequence[TableDiff]) -> Document:
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
    DatasetDiff,
    "dataset old new summary bump patterns tables",
    format="tdmvc.diff/1",
    enter=lambda diff, scope: replace(scope, personal=personal_by_table(diff)),
    summary=lambda diff, scope: _summary(diff.tables),
    patterns=lambda diff, scope: [guarded_group(group, scope.personal) for group in diff.patterns],
)
declare(
    PatternGroup,
    "kind cells members by-",
    members=lambda group, scope: [
        {"table": table, "columns": pattern.columns, "cells": pattern.cells}
        for table, pattern in group.members
    ],
)
declare(
    TableDiff,
    "name old_name evidence status key natural_key=is_natural_key personal_columns rows cells columns ignored "
    "schema patterns samples findings",
    enter=lambda table, scope: replace(scope, hidden=table.personal_columns),
    patterns=lambda table, scope: [guarded(pattern, table.personal_columns) for pattern in table.patterns],
)
declare(RowCounts, "old new added removed changed ignored")
declare(SchemaChange, "kind column- old- new- evidence-")
declare(Pattern, "kind columns cells example by- distinct-", example=_pattern_example)
declare(
    Samples,
    "added removed changed",
    added=lambda samples, scope: samples.added[: scope.rows],
    removed=lambda samples, scope: samples.removed[: scope.rows],
    changed=lambda samples, scope: samples.changed[: scope.rows],
)
declare(RowSample, "key@ values@")
declare(ChangedRowSample, "key@ cells unchanged@")
declare(
    CellChange,
    "column old new inside pattern",
    old=lambda change, scope: cell(change.column, change.old, scope),
    new=lambda change, scope: cell(change.column, change.new, scope),
    # The paths inside a personal cell may hold names from the data.
    inside=lambda change, scope: () if scope.hides(change.column) else change.inside,
)

# review.
declare(
    Review,
    "base head verdict summary datasets unchanged commands",
    format="tdmvc.review/1",
    summary=lambda review, scope: {
        **_summary([table for dataset in review.datasets for table in dataset.diff.tables]),
        "findings": {
            severity.value: [finding.severity for finding in review.findings].count(severity)
            for severity in Severity
        },
    },
)
declare(
    DatasetReview,
    "dataset verdict reasons old new findings ranked diff units shifts commands",
    enter=lambda dataset, scope: replace(scope, personal=personal_by_table(dataset.diff)),
    ranked=lambda dataset, scope: [table.name for table in dataset.ranked],
)
declare(ReviewSide, "ref version release migrations")
declare(
    RelatedRow,
    "table change key@ sample via children",
    enter=lambda row, scope: replace(scope, hidden=personal_in_key(row, scope.personal)),
    sample=lambda row, scope: (
        None if scope.rows is not None and row.sample is not None and row.sample >= scope.rows else row.sample
    ),
)
declare(
    Shift,
    "table column kind score threshold personal bars",
    score=lambda shift, scope: json_value(shift.score),
    threshold=lambda shift, scope: json_value(shift.threshold),
    personal=lambda shift, scope: is_personal_shift(shift, scope.personal),
    bars=lambda shift, scope: [
        replace(bar, label="") if is_personal_shift(shift, scope.personal) else bar for bar in shift.bars
    ],
)
declare(
    Bar,
    "label old new",
    old=lambda bar, scope: json_value(bar.old),
    new=lambda bar, scope: json_value(bar.new),
)


# merge, merge-check, revert and resolve.
def _conflicts(table: MovedTable, scope: Scope) -> list[Document]:
    merge = table.merge
    return [_conflict(one, merge) for one in merge.conflicts[:_MOST_CONFLICTS]] if merge else []


def _conflict(conflict: Conflict, merge: TableMerge) -> Document:
    is_personal = conflict.column in merge.personal_columns
    is_hidden = conflict.kind.is_about_rows and (
        is_personal or (conflict.column is None and bool(merge.personal_columns))
    )
    key = {
        name: MASK if name in merge.personal_columns else text
        for name, text in zip(merge.key_names(conflict), conflict.key, strict=False)
    }
    values = {"base": conflict.base, "ours": conflict.ours, "theirs": conflict.theirs}
    return {
        "kind": conflict.kind.value,
        "key": key,
        "column": conflict.column,
        "is_hidden": is_hidden,
        **(dict.fromkeys(values) if is_hidden else values),
        "detail": conflict.detail,
    }


declare(
    MergeReport,
    "status ours theirs commit datasets files notes",
    format="tdmvc.merge/1",
    ours=lambda report, scope: report.labels.get(Side.OURS),
    theirs=lambda report, scope: report.labels.get(Side.THEIRS),
)
declare(MovedDataset, "name tables findings unchecked?")
declare(
    MovedTable,
    "name move stage rows=merge.counts conflict_count=merge.conflict_count conflicts",
    conflicts=_conflicts,
)
declare(MergeCounts, "added=rows_added removed=rows_removed changed=rows_changed parts_taken")
declare(
    MergeCheck,
    "base head status is_fine datasets files drifts",
    format="tdmvc.merge-check/1",
    drifts=lambda check, scope: [
        {
            **to_object(drift, scope),
            "is_old": (drift.dataset, drift.location) in check.old_drifts,
            "fails": (drift.dataset, drift.location) in check.failing_drifts,
        }
        for drift in check.drifts
    ],
)
declare(
    RevertReport,
    "dataset old new tables manifests files findings changed_files notes",
    format="tdmvc.revert/1",
)
declare(ResolveReport, "is_settled operation datasets", format="tdmvc.resolve/1")
declare(DatasetResolution, "dataset tables leftovers others")
declare(
    TableResolution,
    "table=unmerged.table path=unmerged.path is_settled outcome=merge.outcome rows sides key=file.key "
    "whole=file.whole marked=file.marked count=merge.conflict_count conflicts=file.left",
    rows=lambda table, scope: table.rows if table.is_settled else None,
    sides=lambda table, scope: {
        side.value: {"label": table.unmerged.label(side), "object": table.unmerged.objects[side]}
        for side in Side
    },
)
declare(
    ListedConflict,
    "kind=conflict.kind key=conflict.key column=conflict.column base=conflict.base ours=conflict.ours "
    "theirs=conflict.theirs is_hidden detail=conflict.detail",
)


# log and blame.
def _point_kind(point: HistoryPoint, scope: Scope) -> str:
    if point.is_working_copy:
        return "working-copy"
    return "version" if point.is_version else "commit"


def _step_cell(step: CellStep, value: object, scope: Scope) -> object:
    is_hidden = scope.hides(step.column) or scope.hides(step.old_column)
    return masked(value) if is_hidden else json_value(value)


def _blamed_points(report: BlameReport, scope: Scope) -> list[Document]:
    points = {cell.point.id: cell.point for row in report.rows for cell in row.cells}
    return [
        {**to_object(point, scope), "is_boundary": point.id in report.boundaries} for point in points.values()
    ]


declare(HistoryReport, "dataset table entries looked_at is_cut notes", format="tdmvc.log/1")
declare(HistoryEntry, "*point published first_version=version tables")
declare(HistoryPoint, "kind id? when? author? subject? release is_merge", kind=_point_kind)
declare(PublishedMark, "version release")
declare(
    TableChange,
    "name=table old_name status rows columns schema missing",
    rows=lambda change, scope: (
        {"added": change.added, "removed": change.removed, "changed": change.changed}
        if change.missing is None
        else None
    ),
)
declare(
    RowHistory,
    "dataset table key@ hidden_columns=hidden steps looked_at is_cut notes",
    format="tdmvc.row-log/1",
    enter=lambda history, scope: replace(scope, hidden=history.hidden),
)
declare(RowStep, "*point event table key@ rows cells uncertain first_version=version notes")
declare(
    CellStep,
    "column event old_column old new",
    old_column=lambda step, scope: step.old_column if step.event is CellEvent.COLUMN_RENAMED else None,
    old=lambda step, scope: _step_cell(step, step.old, scope),
    new=lambda step, scope: _step_cell(step, step.new, scope),
)
declare(
    BlameReport,
    "dataset table ref key columns hidden_columns=hidden moments rows total_rows looked_at notes",
    format="tdmvc.blame/1",
    enter=lambda report, scope: replace(scope, hidden=report.hidden),
    moments=_blamed_points,
)
declare(BlamedRow, "key@ cells")
declare(
    BlamedCell,
    "column value moment=point.id? uncertain",
    value=lambda blamed, scope: cell(blamed.column, blamed.value, scope),
)
