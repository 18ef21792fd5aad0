"""The documents of what verbs did and showed, and what many documents share."""

from tdmvc.model import (
    declarations,
    diff,
    finding,
    garbage,
    migration,
    remote,
    report,
    schema,
    seeding,
    transfer_report,
    version,
)
from tdmvc.model.masking import without_passwords
from tdmvc.render.json import declare, json_value, plain_value, to_object

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
declare(
    report.InitReport,
    "root created migrations release environments notes",
    format="tdmvc.init/1",
    environments=lambda one, scope: [
        {"name": environment.name, "database": without_passwords(environment.database)}
        for environment in one.environments
    ],
)
declare(report.AddReport, "dataset folder? tables views findings notes", format="tdmvc.add/1")
declare(diff.ViewChange, "name status old new")
declare(declarations.View, "name columns query dialect")
declare(report.AddedTable, "name status rows bytes=size_bytes written_bytes parts key content? notes schema")
declare(report.StatusReport, "branch operation release datasets", format="tdmvc.status/1")
declare(
    report.DatasetStatus,
    "name kind is_clean versions latest tables not_pushed migrations leftovers yanked not_known uncommitted sources",
)
declare(report.RemoveReport, "dataset tables folder is_whole notes", format="tdmvc.remove/1")
declare(report.TableStatusReport, "name work since_head stage")
declare(report.SourceStatus, "name state tables")
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
declare(
    transfer_report.TransferReport,
    "verb refs remotes objects moved tables compared",
    format="tdmvc.transfer/1",
)
declare(transfer_report.VerifyReport, "verified findings remotes", format="tdmvc.verify/1")
declare(remote.RemoteComparison, "remote objects compared")
declare(transfer_report.Verified, "ref tables parts content")
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
