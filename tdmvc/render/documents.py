"""The published JSON documents: what each report of a verb becomes (see docs/formats)."""

from collections.abc import Sequence
from dataclasses import replace

from tdmvc.model import (
    declarations,
    diff,
    environment,
    environment_report,
    finding,
    garbage,
    history,
    live_migrations,
    merge,
    merge_report,
    migration,
    remote,
    report,
    review,
    schema,
    seeding,
    version,
)
from tdmvc.model.diff import TableStatus
from tdmvc.model.finding import Severity
from tdmvc.model.history import CellEvent
from tdmvc.model.masking import MASK
from tdmvc.model.merge import Side
from tdmvc.render.json import Scope, cell, declare, json_value, masked, plain_value, to_object
from tdmvc.render.privacy import guarded, guarded_group, is_personal_shift, personal_by_table, personal_in_key

Document = dict[str, object]
_MOST_CONFLICTS = 100


def document(report: object) -> Document:
    """Return the JSON document of what a verb returned; cells of personal columns are masked.

    Raises:
        TypeError: no document is declared for the class of the report.
    """
    found = to_object(report, Scope())
    if "format" not in found:
        raise TypeError(f"{type(report).__name__} is only a part of a document")
    return found


# What many documents share.
declare(
    finding.Finding,
    "rule severity message dataset table columns remedy details",
    details=lambda one, scope: json_value(one.details),
)
declare(diff.Bump, "level reasons")
declare(migration.RecordedState, "tool heads count digest")
declare(migration.MigrationLocation, "name tool path")
declare(declarations.ForeignKey, "columns table to")

# init, add, status, list, show, publish, checkout, push and pull, verify, check, gc.
declare(report.InitReport, "root created migrations release notes", format="tdmvc.init/1")
declare(report.AddReport, "dataset folder? tables views findings notes", format="tdmvc.add/1")
declare(diff.ViewChange, "name status old new")
declare(declarations.View, "name columns query dialect")
declare(report.AddedTable, "name status rows bytes=size_bytes written_bytes parts key content? notes schema")
declare(report.StatusReport, "branch operation release datasets", format="tdmvc.status/1")
declare(
    report.DatasetStatus,
    "name kind is_clean versions latest tables not_pushed migrations leftovers yanked not_known uncommitted",
)
declare(report.TableStatusReport, "name work since_head stage")
declare(report.DatasetList, "datasets", format="tdmvc.list/1")
declare(report.DatasetSummary, "name kind description tables versions")
declare(
    report.ShowReport,
    "dataset ref kind version=version.version yank=version.yank release migrations content rows "
    "bytes=size_bytes tables views",
    format="tdmvc.show/1",
)
declare(
    report.ShownTable,
    "name=schema.name rows bytes=size_bytes content key=schema.key columns=schema.columns "
    "references=schema.references",
)
declare(
    schema.Column,
    "name type=type_text physical_type nullable unique classification",
    nullable=lambda column, scope: not column.required,
)
declare(
    report.PublishReport,
    "dataset=version.dataset *version kind=version.kind contract=version.contract tables suggested files tag "
    "tag_commit=commit equal_to pushed is_new findings",
    format="tdmvc.publish/1",
    tables=lambda one, scope: [
        {"name": name, **to_object(table, scope)} for name, table in one.version.tables.items()
    ],
)
declare(
    version.Version,
    "version parent published release commit migrations content rows bytes=size_bytes bump notes yank",
    bump=lambda one, scope: diff.Bump(one.bump, one.reasons),
)
declare(version.Yank, "yanked reason")
declare(
    report.YankReport,
    "dataset=version.dataset version=version.version yank=version.yank file latest",
    format="tdmvc.yank/1",
)
declare(version.VersionTable, "object content rows bytes schema")
declare(report.CheckoutReport, "release datasets without_version", format="tdmvc.checkout/1")
declare(report.CheckedOut, "dataset ref version content tables rows changed_files how target notes")
declare(report.WithoutVersion, "dataset message remedy")
declare(report.TransferReport, "verb refs remotes objects moved tables compared", format="tdmvc.transfer/1")
declare(report.VerifyReport, "verified findings remotes", format="tdmvc.verify/1")
declare(remote.RemoteComparison, "remote objects compared")
declare(report.Verified, "ref tables parts content")
declare(
    seeding.SeedReport,
    "target engine datasets dry_run=is_dry_run refusal? seconds",
    format="tdmvc.seed/1",
    seconds=lambda one, scope: round(one.seconds, 3),
)
declare(
    seeding.DatasetSeedReport,
    "dataset ref content mode tables rows verified=is_verified seconds findings",
    seconds=lambda one, scope: round(one.seconds, 3),
)
declare(
    seeding.SeededTableReport,
    "table target method rows inserted=counts.inserted updated=counts.updated deleted=counts.deleted"
    " unchanged=counts.unchanged seconds why?",
    table=lambda one, scope: one.name or None,
    seconds=lambda one, scope: round(one.seconds, 3),
)
declare(
    finding.CheckReport,
    "datasets tables versions rows rules remote commit objects compared findings",
    format="tdmvc.check/1",
)
declare(
    garbage.GcReport,
    "place grace_days is_applied objects bytes=size_bytes garbage kept refusals notes",
    format="tdmvc.gc/1",
    objects=lambda one, scope: len(one.garbage),
)
declare(
    garbage.Garbage,
    "object kind bytes=size_bytes age_days owner? commit",
    age_days=lambda one, scope: round(one.age_days, 2),
)
declare(garbage.Kept, "needed young not_ours not_ours_bytes")
declare(garbage.Refusal, "reason message where? remedy")

# sql: a row is an array, because a query may give two columns the same name.
declare(
    report.QueryResult,
    "columns rows is_cut",
    format="tdmvc.sql/1",
    columns=lambda result, scope: [
        {"name": name, "type": type_} for name, type_ in zip(result.columns, result.types, strict=True)
    ],
    rows=lambda result, scope: [[json_value(plain_value(value)) for value in row] for row in result.rows],
)

# migrations and drift.
declare(migration.MigrationsReport, "locations unreadable database", format="tdmvc.migrations/1")
declare(live_migrations.DatabaseMigrations, "url locations findings")
declare(
    live_migrations.AppliedLocation,
    "name tool table heads counts migrations",
    counts=lambda location, scope: {str(status): count for status, count in location.counts.items()},
)
declare(live_migrations.FoundMigration, "id name path? status")
declare(migration.MigrationState, "*location heads count digest problems migrations")
declare(migration.UnreadableLocation, "*location message where? remedy")
declare(migration.Migration, "id name path parents touches replaces")
declare(migration.MigrationProblem, "kind message path", path=lambda problem, scope: problem.place)
declare(migration.DriftReport, "drifts database findings", format="tdmvc.drift/1")
declare(
    migration.Drift,
    "dataset? ref kind location status at expected_heads actual_heads pending extra problems message remedy touched "
    "is_excused",
    # Nothing excuses a drift any more; the format keeps the member.
    is_excused=lambda drift, scope: False,
)


# diff.
def _pattern_example(pattern: diff.Pattern, scope: Scope) -> Document:
    """Return old and new, or nothing: no cell changes from null to null, so two nulls are no example."""
    if pattern.is_personal or (pattern.old is None and pattern.new is None):
        return {}
    return {"old": json_value(pattern.old), "new": json_value(pattern.new)}


def _summary(tables: Sequence[diff.TableDiff]) -> Document:
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
declare(diff.Pattern, "kind columns cells example by- distinct-", example=_pattern_example)
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
    "base head verdict summary datasets unchanged commands",
    format="tdmvc.review/1",
    summary=lambda one, scope: {
        **_summary([table for dataset in one.datasets for table in dataset.diff.tables]),
        "findings": {
            severity.value: [finding.severity for finding in one.findings].count(severity)
            for severity in Severity
        },
    },
)
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


# merge, merge-check, revert and resolve.
def _conflicts(table: merge_report.MovedTable, scope: Scope) -> list[Document]:
    if table.merge is None:
        return []
    return [_conflict(conflict, table.merge) for conflict in table.merge.conflicts[:_MOST_CONFLICTS]]


def _conflict(conflict: merge.Conflict, table: merge.TableMerge) -> Document:
    is_personal = conflict.column in table.personal_columns
    is_hidden = conflict.kind.is_about_rows and (
        is_personal or (conflict.column is None and bool(table.personal_columns))
    )
    key = {
        name: MASK if name in table.personal_columns else text
        for name, text in zip(table.key_names(conflict), conflict.key, strict=False)
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
    merge_report.MergeReport,
    "status ours theirs commit datasets files notes",
    format="tdmvc.merge/1",
    ours=lambda one, scope: one.labels.get(Side.OURS),
    theirs=lambda one, scope: one.labels.get(Side.THEIRS),
)
declare(merge_report.MovedDataset, "name tables findings unchecked?")
declare(
    merge_report.MovedTable,
    "name move stage rows=merge.counts conflict_count=merge.conflict_count conflicts",
    conflicts=_conflicts,
)
declare(
    merge.MergeCounts,
    "added=rows_added removed=rows_removed changed=rows_changed parts_taken converted=values_converted "
    "left_out=values_left_out",
)
declare(
    merge_report.MergeCheck,
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
    merge_report.RevertReport,
    "dataset old new tables manifests files findings changed_files notes",
    format="tdmvc.revert/1",
)
declare(merge_report.ResolveReport, "is_settled operation datasets", format="tdmvc.resolve/1")
declare(merge_report.DatasetResolution, "dataset tables leftovers others")
declare(
    merge_report.TableResolution,
    "table=unmerged.table path=unmerged.path is_settled outcome=merge.outcome rows sides key=file.key "
    "whole=file.whole marked=file.marked count=merge.conflict_count conflicts=file.left",
    rows=lambda table, scope: table.rows if table.is_settled else None,
    sides=lambda table, scope: {
        side.value: {"label": table.unmerged.label(side), "object": table.unmerged.objects[side]}
        for side in Side
    },
)
declare(
    merge_report.ListedConflict,
    "kind=conflict.kind key=conflict.key column=conflict.column base=conflict.base ours=conflict.ours "
    "theirs=conflict.theirs is_hidden detail=conflict.detail",
)


# log and blame.
def _point_kind(point: history.HistoryPoint, scope: Scope) -> str:
    if point.is_working_copy:
        return "working-copy"
    return "version" if point.is_version else "commit"


def _step_cell(step: history.CellStep, value: object, scope: Scope) -> object:
    is_hidden = scope.hides(step.column) or scope.hides(step.old_column)
    return masked(value) if is_hidden else json_value(value)


def _blamed_points(blame: history.BlameReport, scope: Scope) -> list[Document]:
    points = {cell.point.id: cell.point for row in blame.rows for cell in row.cells}
    return [
        {**to_object(point, scope), "is_boundary": point.id in blame.boundaries} for point in points.values()
    ]


declare(history.HistoryReport, "dataset table entries looked_at is_cut notes", format="tdmvc.log/1")
declare(history.HistoryEntry, "*point published first_version=version tables")
declare(history.HistoryPoint, "kind id? when? author? subject? release is_merge", kind=_point_kind)
declare(history.PublishedMark, "version release")
declare(
    history.TableChange,
    "name=table old_name status rows columns schema missing",
    rows=lambda change, scope: (
        {"added": change.added, "removed": change.removed, "changed": change.changed}
        if change.missing is None
        else None
    ),
)
declare(
    history.RowHistory,
    "dataset table key@ hidden_columns=hidden steps looked_at is_cut notes",
    format="tdmvc.row-log/1",
    enter=lambda one, scope: replace(scope, hidden=one.hidden),
)
declare(history.RowStep, "*point event table key@ rows cells uncertain first_version=version notes")
declare(
    history.CellStep,
    "column event old_column old new",
    old_column=lambda step, scope: step.old_column if step.event is CellEvent.COLUMN_RENAMED else None,
    old=lambda step, scope: _step_cell(step, step.old, scope),
    new=lambda step, scope: _step_cell(step, step.new, scope),
)
declare(
    history.BlameReport,
    "dataset table ref key columns hidden_columns=hidden moments rows total_rows looked_at notes",
    format="tdmvc.blame/1",
    enter=lambda one, scope: replace(scope, hidden=one.hidden),
    moments=_blamed_points,
)
declare(history.BlamedRow, "key@ cells")
declare(
    history.BlamedCell,
    "column value moment=point.id? uncertain",
    value=lambda blamed, scope: cell(blamed.column, blamed.value, scope),
)


# run, up, down, reset and env. Exports have passwords in them, and are published on request only.
declare(
    environment_report.RunReport,
    "environment command exit_code database? refs template? steps error? notes kept seconds",
    format="tdmvc.run/1",
)
declare(environment.RunStep, "name seconds detail is_skipped error?")
declare(
    environment_report.KeptEnvironment,
    "name environment database refs template since services process variables",
    variables=lambda kept, scope: sorted(kept.exports),
)
declare(environment_report.ShownEnvironment, "*kept exports-", format="tdmvc.environment/1")
declare(environment_report.UpReport, "status environment=kept steps changed", format="tdmvc.up/1")
declare(environment_report.DownReport, "stopped cleaned", format="tdmvc.down/1")
declare(
    environment_report.EnvironmentReset,
    "name database method=report.method seconds=report.seconds ended_connections=report.ended_connections "
    "why=report.why",
    format="tdmvc.reset/1",
)
declare(environment_report.EnvironmentList, "environments others", format="tdmvc.environments/1")
declare(environment_report.DeclaredEnvironment, "name database datasets folder running")
