"""The Python API: `tdmvc.open(".")` returns a `Repository` with every command as a method."""

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

from tdmvc.actions.add import add
from tdmvc.actions.blame import DEFAULT_ROWS, BlameOptions, blame
from tdmvc.actions.check import check
from tdmvc.actions.checkout import CheckoutOptions, checkout
from tdmvc.actions.diff import diff
from tdmvc.actions.drift import DatabaseDriftOptions, drift, drift_database
from tdmvc.actions.environment import EnvironmentOptions, RunningEnvironment, environment
from tdmvc.actions.log import log
from tdmvc.actions.merge import merge
from tdmvc.actions.merge_check import merge_check
from tdmvc.actions.migrations import database_migrations, migrations
from tdmvc.actions.publish import PublishOptions, publish
from tdmvc.actions.pull import pull
from tdmvc.actions.push import push
from tdmvc.actions.query import read_table, run_query
from tdmvc.actions.resolve import ResolveOptions, resolve
from tdmvc.actions.revert import RevertOptions, revert
from tdmvc.actions.review import review
from tdmvc.actions.row_log import log_row
from tdmvc.actions.seed import seed
from tdmvc.actions.show import list_versions, show
from tdmvc.actions.status import status
from tdmvc.actions.validate import ValidationRequest, validate
from tdmvc.actions.verify import verify
from tdmvc.actions.yank import yank
from tdmvc.errors import UsageError
from tdmvc.model.csv_options import AS_CSV_SAYS, CsvOptions
from tdmvc.model.dataset import DatasetKind
from tdmvc.model.diff import BumpLevel, DatasetDiff
from tdmvc.model.finding import CheckReport, Severity
from tdmvc.model.history import BlameReport, HistoryReport, RowHistory
from tdmvc.model.live_migrations import DatabaseMigrations
from tdmvc.model.location import Location, PathLocation, parse_location
from tdmvc.model.merge import Choice, Decision
from tdmvc.model.merge_report import MergeCheck, MergeReport, ResolveReport, RevertReport
from tdmvc.model.migration import Drift, DriftReport, MigrationState
from tdmvc.model.named_keys import NamedKeys
from tdmvc.model.options import AddOptions, DiffOptions, FastForward, LogOptions, MergeOptions
from tdmvc.model.report import (
    AddReport,
    CheckoutReport,
    DatasetSummary,
    PublishReport,
    ShowReport,
    StatusReport,
    YankReport,
)
from tdmvc.model.review import Review
from tdmvc.model.rule_words import result_line
from tdmvc.model.seeding import SeedMode, SeedOptions, SeedReport
from tdmvc.model.selection import Selection
from tdmvc.model.transfer_report import TransferReport, VerifyReport
from tdmvc.model.validation import ValidationReport
from tdmvc.workspace.workspace import Workspace, timed_as

PathLike = str | Path

_Choice = TypeVar("_Choice", bound=StrEnum)

_BUMPS = (BumpLevel.MAJOR, BumpLevel.MINOR, BumpLevel.PATCH)


class Repository(Workspace):
    """An open repository. Methods return frozen values and raise `tdmvc.errors.TdmvcError`."""

    @timed_as("add")
    def add(
        self,
        dataset: str,
        *sources: PathLike,
        table: str | None = None,
        tables: Sequence[str] = (),
        exclude: Sequence[str] = (),
        keys: Mapping[str, Sequence[str]] | None = None,
        csv: CsvOptions = AS_CSV_SAYS,
        schemas: Sequence[str] = (),
        append: bool = False,
        replace: bool = False,
        remove: Sequence[str] = (),
        migrated: bool = False,
        kind: str | None = None,
    ) -> AddReport:
        """Add tables from paths or database URLs; without sources, add the edits in the working copy.

        `table` names the table of a single file; `tables` and `exclude` choose by name or pattern.
        A URL may name environment variables: `${DATABASE_URL}`, `postgresql://me:${PASSWORD}@db/shop`.
        """
        options = AddOptions(
            table=table,
            selection=Selection(tuple(tables), tuple(exclude)),
            keys=NamedKeys({name: tuple(columns) for name, columns in (keys or {}).items()}),
            csv=csv,
            schemas=tuple(schemas),
            append=append,
            replace=replace,
            removed=tuple(remove),
            is_migrated=migrated,
            kind=_choice("kind", kind, tuple(DatasetKind)) if kind else None,
        )
        return add(self, dataset, [_location(source) for source in sources], options)

    @timed_as("status")
    def status(self, *datasets: str, remote: bool = False) -> StatusReport:
        """Compare datasets with their pointers, HEAD, the versions and the remote."""
        return status(self, datasets, remote=remote)

    @timed_as("diff")
    def diff(
        self, old: str, new: str | None = None, *, tables: Sequence[str] = (), sample_rows: int = 5
    ) -> DatasetDiff:
        """Compare two states of one dataset; without `new`, compare `old` with the working copy."""
        return diff(self, old, new, tables=tables, options=DiffOptions(sample_rows))[0]

    @timed_as("log")
    def log(
        self,
        ref: str,
        table: str | None = None,
        *,
        versions: bool = False,
        most: int | None = None,
        since: str | None = None,
        until: str | None = None,
    ) -> HistoryReport:
        """Return the commits, or published versions, that changed a dataset or one table, newest first."""
        options = LogOptions(most, since, until, by_version=versions)
        return log(self, ref, table, options)

    @timed_as("log_row")
    def log_row(
        self,
        ref: str,
        table: str,
        *key: str,
        versions: bool = False,
        most: int | None = None,
        since: str | None = None,
        until: str | None = None,
    ) -> RowHistory:
        """Return the commits, or published versions, that changed one row; write the key as for `log --key`."""
        options = LogOptions(most, since, until, by_version=versions)
        return log_row(self, ref, table, key, options)

    @timed_as("blame")
    def blame(
        self,
        ref: str,
        table: str,
        *key: str,
        rows: int | None = DEFAULT_ROWS,
        columns: Sequence[str] = (),
        versions: bool = False,
    ) -> BlameReport:
        """Return who last changed each cell of the first rows, or of the row with a key."""
        return blame(self, ref, table, BlameOptions(key, rows, columns, by_version=versions))

    @timed_as("review")
    def review(self, base: str | None = None, *, head: str | None = None, sample_rows: int = 20) -> Review:
        """Return what a branch changed since it left its base, with the findings of the checks."""
        return review(self, base, head=head, sample_rows=sample_rows)

    @timed_as("check")
    def check(self, *datasets: str, rows: bool = False, pushed: bool = False) -> CheckReport:
        """Check manifests, versions and pointers, and with `rows` all rows against the contract."""
        return check(self, datasets, rows=rows, pushed=pushed)

    @timed_as("validate")
    def validate(
        self,
        *refs: str,
        contract: PathLike | None = None,
        tables: Sequence[str] = (),
        examples: int = 10,
        database: PathLike | None = None,
    ) -> tuple[ValidationReport, ...]:
        """Evaluate every rule of a contract on the rows of states, or of a database, and report on each."""
        request = ValidationRequest(
            contract=Path(contract) if contract is not None else None,
            tables=tuple(tables),
            examples=examples,
        )
        location = _location(database) if database is not None else None
        return validate(self, refs, request, database=location)

    def assert_valid(
        self,
        *refs: str,
        tables: Sequence[str] = (),
        warnings: bool = False,
        database: PathLike | None = None,
    ) -> None:
        """Raise an AssertionError that names the broken rules and their first rows, unless all rules are kept.

        Args:
            warnings: rules of the severity warning count, too.
            database: validate its rows instead, against the contract of a dataset: what an application wrote in a test.
        """
        __tracebackhide__ = True  # pytest shows the line of the test
        level = Severity.WARNING if warnings else Severity.ERROR
        for report in self.validate(*refs, tables=tables, examples=1, database=database):
            if report.fails(level):
                lines = [f"- {result_line(one)}" for one in report.failures]
                raise AssertionError("\n".join([f"{report.subject} is not valid:", *lines]))

    @timed_as("merge")
    def merge(
        self,
        branch: str,
        *,
        message: str | None = None,
        commit: bool = True,
        fast_forward: str = "auto",
        allow_broken: bool = False,
    ) -> MergeReport:
        """Merge a branch into HEAD, tables by their rows; `fast_forward` is auto, only or never."""
        options = MergeOptions(
            message,
            is_committed=commit,
            fast_forward=_choice("fast_forward", fast_forward, tuple(FastForward)),
            allow_broken=allow_broken,
        )
        return merge(self, [branch], options)

    @timed_as("merge-check")
    def merge_check(self, base: str, head: str = "HEAD") -> MergeCheck:
        """Report what a merge of a revision into its base would break, without making it."""
        return merge_check(self, base, head)

    @timed_as("revert")
    def revert(
        self, dataset: str, ref: str, *, tables: Sequence[str] = (), parent: int | None = None
    ) -> RevertReport:
        """Undo a commit, a version or a range in the working copy, and keep later changes."""
        return revert(self, dataset, ref, RevertOptions(tuple(tables), parent))

    @timed_as("publish")
    def publish(
        self,
        dataset: str,
        version: str | None = None,
        *,
        bump: str = "auto",
        release: str | None = None,
        tag: bool = False,
        push: bool = False,
        notes: str | None = None,
        allow_lower_bump: bool = False,
        allow_unchanged: bool = False,
        allow_invalid: bool = False,
    ) -> PublishReport:
        """Publish the current state as an immutable version."""
        options = PublishOptions(
            bump=None if bump == "auto" else _choice("bump", bump, _BUMPS, default="auto"),
            release=release,
            allow_lower_bump=allow_lower_bump,
            allow_unchanged=allow_unchanged,
            allow_invalid=allow_invalid,
            tag=tag,
            push=push,
            notes=notes,
        )
        return publish(self, dataset, version, options)

    @timed_as("yank")
    def yank(self, ref: str, *, reason: str) -> YankReport:
        """Mark a published version as bad, so that no release chooses it."""
        return yank(self, ref, reason=reason)

    @timed_as("list")
    def list(self, *datasets: str) -> Sequence[DatasetSummary]:
        """Return datasets with their published versions."""
        return list_versions(self, datasets)

    @timed_as("show")
    def show(self, ref: str) -> ShowReport:
        """Describe a state: tables, keys, types, references, release and migrations."""
        return show(self, ref)

    @timed_as("checkout")
    def checkout(
        self,
        ref: str | None = None,
        *,
        release: str | None = None,
        datasets: Sequence[str] = (),
        into: PathLike | None = None,
        tables: Sequence[str] = (),
        exclude: Sequence[str] = (),
        force: bool = False,
        strict: bool = False,
    ) -> CheckoutReport:
        """Write a state to the working copy, a folder, a DuckDB or SQLite file, or into a database of a server."""
        options = CheckoutOptions(
            release=release,
            datasets=tuple(datasets),
            into=_location(into) if into is not None else None,
            selection=Selection(tuple(tables), tuple(exclude)),
            force=force,
            strict=strict,
        )
        return checkout(self, ref, options)

    @timed_as("seed")
    def seed(
        self,
        *refs: str,
        into: PathLike,
        mode: str | None = None,
        tables: Sequence[str] = (),
        exclude: Sequence[str] = (),
        create: bool = False,
        truncate_others: bool = False,
        verify: bool = False,
        dry_run: bool = False,
        sequence_offset: int = 0,
        force: bool = False,
        validate: bool = True,
    ) -> SeedReport:
        """Load states into a database, each in one transaction; `mode` is replace, upsert or append.

        With `validate`, rows that break a rule of their contract which no database enforces are refused.
        """
        options = SeedOptions(
            mode=_choice("mode", mode, tuple(SeedMode)) if mode else None,
            selection=Selection(tuple(tables), tuple(exclude)),
            create=create,
            truncate_others=truncate_others,
            force=force,
            verify=verify,
            dry_run=dry_run,
            sequence_offset=sequence_offset,
            validates=validate,
        )
        return seed(self, refs, _location(into), options)

    @timed_as("table")
    def table(self, ref: str, table: str) -> pa.Table:
        """Return one table of a state as Arrow, in key order."""
        return read_table(self, ref, table)

    @timed_as("sql")
    def sql(self, query: str, *, at: str | None = None, allow_files: bool = False) -> pa.Table:
        """Return the rows of a DuckDB query as Arrow; with `allow_files`, it reaches more than the tables."""
        relation = run_query(self, query, at=at, allow_files=allow_files)
        return relation.to_arrow_table() if relation is not None else pa.table({})

    @timed_as("resolve")
    def resolve(
        self,
        dataset: str | None = None,
        table: str | None = None,
        *,
        choice: Choice | None = None,
        key: Sequence[str] = (),
        column: str | None = None,
        again: bool = False,
        force: bool = False,
    ) -> ResolveReport:
        """Resolve conflicts with a side or a value; without a choice, apply the decisions in the conflict files."""
        decision = Decision(choice, column, tuple(key)) if choice is not None else None
        return resolve(self, dataset, table, ResolveOptions(decision, is_again=again, force=force))

    @timed_as("push")
    def push(self, *refs: str, remote: str | None = None) -> TransferReport:
        """Send all objects of states to a remote, and verify that each arrived."""
        return push(self, refs, remote=remote)

    @timed_as("pull")
    def pull(self, *refs: str, remote: str | None = None, force: bool = False) -> TransferReport:
        """Fetch all objects of states from a remote, and verify each."""
        return pull(self, refs, remote=remote, force=force)

    @timed_as("verify")
    def verify(self, *refs: str, remote: bool = False) -> VerifyReport:
        """Check that every part and version matches its content hash."""
        return verify(self, refs, remote=remote)

    @timed_as("migrations")
    def migrations(
        self, *, at: str | None = None, path: str | None = None, tool: str | None = None
    ) -> Sequence[MigrationState]:
        """Read the application's migrations as text, without running them."""
        return migrations(self, at=at, path=path, tool=tool).locations

    @timed_as("migrations")
    def database_migrations(
        self,
        database: PathLike,
        *,
        at: str | None = None,
        path: str | None = None,
        tool: str | None = None,
    ) -> DatabaseMigrations:
        """Read which of the application's migrations a database has, and which it has besides."""
        states = migrations(self, at=at, path=path, tool=tool).locations
        return database_migrations(self, _location(database), states)

    @timed_as("drift")
    def drift(
        self,
        *refs: str,
        at: str | None = None,
        release: str | None = None,
        merge_preview: str | None = None,
    ) -> Sequence[Drift]:
        """Compare the migrations that datasets were made for with those of a revision, a release or a merge."""
        return drift(self, refs, at=at, release=release, merge_preview=merge_preview)

    @timed_as("drift")
    def database_drift(
        self,
        database: PathLike,
        *refs: str,
        at: str | None = None,
        release: str | None = None,
        locations: Sequence[str] = (),
    ) -> DriftReport:
        """Compare a database with the migrations of a revision, and with datasets and their contracts."""
        options = DatabaseDriftOptions(at, release, tuple(locations))
        return drift_database(self, _location(database), refs, options)

    def environment(
        self,
        name: str | None = None,
        *,
        more: Sequence[str] = (),
        options: EnvironmentOptions | None = None,
        folder: PathLike | None = None,
    ) -> AbstractContextManager[RunningEnvironment]:
        """Return a context manager that provides an environment of tdmvc.yaml, and removes it at the end.

        Args:
            name: by default, the environment for the folder.
            more: references to states that are loaded, too: `masked-eu`, `golden@3.1.0`.
            options: what else differs from tdmvc.yaml.
            folder: by default, the current folder.
        """
        chosen = replace(options or EnvironmentOptions(), more=tuple(more)) if more else options
        where = None if folder is None else Path(folder)
        return environment(self, name, chosen or EnvironmentOptions(), folder=where)


def _choice(parameter: str, text: str, choices: Sequence[_Choice], *, default: str | None = None) -> _Choice:
    """Return the choice with this value; `default` is a further value that the caller accepts."""
    for choice in choices:
        if choice.value == text:
            return choice
    *first, last = [*([default] if default else []), *(choice.value for choice in choices)]
    raise UsageError(f"{parameter} cannot be '{text}'.", remedy=f"use {', '.join(first)} or {last}.")


def _location(source: PathLike) -> Location:
    """Return the location of a path or URL; a `Path` is never a URL."""
    return parse_location(source, variables=os.environ) if isinstance(source, str) else PathLocation(source)
