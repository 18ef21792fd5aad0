"""Knows the machine's form of what each verb answers: `tdmvc.<verb>/1`, described in docs/formats."""

from collections.abc import Mapping, Sequence

from tdmvc.model.diff import Bump
from tdmvc.model.migration import RecordedState
from tdmvc.model.report import (
    AddedTable,
    AddReport,
    CheckedOut,
    CheckoutReport,
    DatasetStatus,
    DatasetSummary,
    InitReport,
    PublishReport,
    QueryResult,
    ShownTable,
    ShowReport,
    StatusReport,
    TransferReport,
    VerifyReport,
)
from tdmvc.model.schema import Column, ForeignKey
from tdmvc.model.version import SemVer, Version
from tdmvc.render.diff.json import finding_document, json_value
from tdmvc.render.migrations.json import location_document
from tdmvc.render.query.values import plain_value

Document = dict[str, object]


def init_document(report: InitReport) -> Document:
    """Return `tdmvc.init/1`."""
    return {
        "format": "tdmvc.init/1",
        "root": report.root,
        "created": list(report.created),
        "migrations": [location_document(location) for location in report.migrations],
        "notes": list(report.notes),
    }


def add_document(report: AddReport) -> Document:
    """Return `tdmvc.add/1`."""
    return {
        "format": "tdmvc.add/1",
        "dataset": report.dataset,
        "folder": report.folder or None,
        "tables": [_added_table(table) for table in report.tables],
        "findings": [finding_document(finding) for finding in report.findings],
        "notes": list(report.notes),
    }


def _added_table(table: AddedTable) -> Document:
    return {
        "name": table.name,
        "status": table.status,
        "rows": table.rows,
        "bytes": table.size_bytes,
        "written_bytes": table.written_bytes,
        "parts": table.parts,
        "key": list(table.key),
        "content": table.content or None,
        "notes": list(table.notes),
    }


def status_document(report: StatusReport) -> Document:
    """Return `tdmvc.status/1`."""
    return {
        "format": "tdmvc.status/1",
        "branch": report.branch,
        "release": report.release,
        "datasets": [_dataset_status(dataset) for dataset in report.datasets],
    }


def _dataset_status(dataset: DatasetStatus) -> Document:
    return {
        "name": dataset.name,
        "kind": dataset.kind.value,
        "is_clean": dataset.is_clean,
        "versions": [str(version) for version in dataset.versions],
        "latest": _number(dataset.latest),
        "tables": [
            {
                "name": table.name,
                "work": table.work.value,
                "since_head": table.since_head,
                "stage": table.stage,
            }
            for table in dataset.tables
        ],
        "not_pushed": dataset.not_pushed,
        "migrations": _recorded(dataset.migrations),
        "leftovers": list(dataset.leftovers),
    }


def list_document(datasets: Sequence[DatasetSummary]) -> Document:
    """Return `tdmvc.list/1`; versions come oldest first and without their tables."""
    return {
        "format": "tdmvc.list/1",
        "datasets": [
            {
                "name": dataset.name,
                "kind": dataset.kind.value,
                "description": dataset.description,
                "tables": dataset.tables,
                "versions": [_version(version) for version in dataset.versions],
            }
            for dataset in datasets
        ],
    }


def show_document(report: ShowReport) -> Document:
    """Return `tdmvc.show/1`."""
    return {
        "format": "tdmvc.show/1",
        "dataset": report.dataset,
        "ref": report.ref,
        "kind": report.kind.value,
        "version": str(report.version.version) if report.version else None,
        "release": report.release,
        "migrations": _recorded(report.migrations),
        "content": report.content,
        "rows": report.rows,
        "bytes": sum(table.size_bytes for table in report.tables),
        "tables": [_shown_table(table) for table in report.tables],
    }


def _shown_table(table: ShownTable) -> Document:
    schema = table.schema
    return {
        "name": schema.name,
        "rows": table.rows,
        "bytes": table.size_bytes,
        "content": table.content,
        "key": list(schema.key),
        "columns": [_column(column) for column in schema.columns],
        "references": [_reference(reference) for reference in schema.references],
    }


def _column(column: Column) -> Document:
    return {
        "name": column.name,
        "type": column.type_text,
        "physical_type": column.physical_type,
        "nullable": not column.required,
        "unique": column.unique,
        "classification": column.classification,
    }


def _reference(reference: ForeignKey) -> Document:
    return {"columns": list(reference.columns), "table": reference.table, "to": list(reference.to)}


def publish_document(report: PublishReport) -> Document:
    """Return `tdmvc.publish/1`."""
    tables = [
        {
            "name": name,
            "object": table.object,
            "content": table.content,
            "rows": table.rows,
            "bytes": table.bytes,
            "schema": table.schema,
        }
        for name, table in report.version.tables.items()
    ]
    return {
        "format": "tdmvc.publish/1",
        "dataset": report.version.dataset,
        **_version(report.version),
        "kind": report.version.kind,
        "contract": report.version.contract,
        "tables": tables,
        "suggested": _bump(report.suggested),
        "files": list(report.files),
        "tag": report.tag,
        "tag_commit": report.commit,
        "equal_to": _number(report.equal_to),
        "pushed": report.pushed,
    }


def _version(version: Version) -> Document:
    return {
        "version": str(version.version),
        "parent": _number(version.parent),
        "published": version.published,
        "release": version.release,
        "commit": version.commit,
        "migrations": _recorded(version.migrations),
        "content": version.content,
        "rows": sum(table.rows for table in version.tables.values()),
        "bytes": sum(table.bytes for table in version.tables.values()),
        "bump": _bump(Bump(version.bump, version.reasons)),
        "notes": version.notes,
    }


def _bump(bump: Bump) -> Document:
    return {"level": bump.level.value, "reasons": list(bump.reasons)}


def checkout_document(report: CheckoutReport) -> Document:
    """Return `tdmvc.checkout/1`."""
    return {
        "format": "tdmvc.checkout/1",
        "release": report.release,
        "datasets": [_checked_out(dataset) for dataset in report.datasets],
        "without_version": [
            {"dataset": one.dataset, "message": one.message, "remedy": one.remedy}
            for one in report.without_version
        ],
    }


def _checked_out(brought: CheckedOut) -> Document:
    return {
        "dataset": brought.dataset,
        "ref": brought.ref,
        "version": _number(brought.version),
        "content": brought.content,
        "tables": list(brought.tables),
        "rows": brought.rows,
        "changed_files": brought.changed_files,
        "how": brought.how.value if brought.how else None,
        "target": brought.target,
        "notes": list(brought.notes),
    }


def transfer_document(report: TransferReport) -> Document:
    """Return `tdmvc.transfer/1`, the one form of `push` and `pull`."""
    return {
        "format": "tdmvc.transfer/1",
        "verb": report.verb,
        "refs": list(report.refs),
        "remotes": list(report.remotes),
        "objects": report.objects,
        "moved": report.moved,
        "tables": report.tables,
    }


def verify_document(report: VerifyReport) -> Document:
    """Return `tdmvc.verify/1`."""
    return {
        "format": "tdmvc.verify/1",
        "verified": [
            {"ref": state.ref, "tables": state.tables, "parts": state.parts, "content": state.content}
            for state in report.verified
        ],
        "findings": [finding_document(finding) for finding in report.findings],
    }


def query_document(result: QueryResult) -> Document:
    """Return `tdmvc.sql/1`; a row is an array, because a query may name two columns alike."""
    return {
        "format": "tdmvc.sql/1",
        "columns": [
            {"name": name, "type": type_} for name, type_ in zip(result.columns, result.types, strict=True)
        ],
        "rows": [[json_value(plain_value(value)) for value in row] for row in result.rows],
        "is_cut": result.is_cut,
    }


def _recorded(migrations: Mapping[str, RecordedState]) -> Document:
    return {
        name: {"tool": state.tool, "heads": list(state.heads), "count": state.count, "digest": state.digest}
        for name, state in migrations.items()
    }


def _number(version: SemVer | None) -> str | None:
    return str(version) if version is not None else None
