"""The methods of `Repository` that bring rows in, out and to a remote."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from tdmvc.actions.add import add
from tdmvc.actions.checkout import CheckoutOptions, checkout
from tdmvc.actions.diff import diff
from tdmvc.actions.pull import pull
from tdmvc.actions.push import push
from tdmvc.actions.query import read_table, run_query
from tdmvc.actions.remove import remove
from tdmvc.actions.seed import seed
from tdmvc.actions.status import status
from tdmvc.actions.verify import verify
from tdmvc.api.arguments import PathLike, chosen, location_of
from tdmvc.model.csv_options import AS_CSV_SAYS, CsvOptions
from tdmvc.model.dataset import DatasetKind
from tdmvc.model.diff import DatasetDiff
from tdmvc.model.named_keys import NamedKeys
from tdmvc.model.options import AddOptions, DiffOptions
from tdmvc.model.report import AddReport, CheckoutReport, RemoveReport, StatusReport
from tdmvc.model.seeding import SeedMode, SeedOptions, SeedReport
from tdmvc.model.selection import Selection
from tdmvc.model.transfer_report import TransferReport, VerifyReport
from tdmvc.workspace.workspace import Workspace, timed_as


class RowMethods(Workspace):
    """Rows: added, compared, read, loaded and sent."""

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
            kind=chosen("kind", kind, tuple(DatasetKind)) if kind else None,
        )
        return add(self, dataset, [location_of(source) for source in sources], options)

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
            into=location_of(into) if into is not None else None,
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
            mode=chosen("mode", mode, tuple(SeedMode)) if mode else None,
            selection=Selection(tuple(tables), tuple(exclude)),
            create=create,
            truncate_others=truncate_others,
            force=force,
            verify=verify,
            dry_run=dry_run,
            sequence_offset=sequence_offset,
            validates=validate,
        )
        return seed(self, refs, location_of(into), options)

    @timed_as("table")
    def table(self, ref: str, table: str) -> pa.Table:
        """Return one table of a state as Arrow, in key order."""
        return read_table(self, ref, table)

    @timed_as("sql")
    def sql(
        self,
        query: str,
        params: Mapping[str, Any] | None = None,
        *,
        at: str | None = None,
        allow_files: bool = False,
    ) -> pa.Table:
        """Return the rows of a DuckDB query as Arrow; `params` has the values of `$name` in it, by name.

        With `allow_files`, it reaches more than the tables.
        """
        relation = run_query(self, query, at=at, allow_files=allow_files, params=params)
        return relation.to_arrow_table() if relation is not None else pa.table({})

    @timed_as("remove")
    def remove(self, dataset: str, *tables: str, force: bool = False) -> RemoveReport:
        """Remove tables, by name or pattern, or the whole dataset, all at once.

        With `force`, also what is saved nowhere else, and references of tables that stay.
        """
        return remove(self, dataset, tables, force=force)

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
