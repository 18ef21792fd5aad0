"""The methods of `Repository` that bring rows in, out and to a remote."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from tdmvc.actions.add import add
from tdmvc.actions.checkout import CheckoutOptions, checkout
from tdmvc.actions.diff import diff
from tdmvc.actions.pull import pull
from tdmvc.actions.push import push
from tdmvc.actions.query import run_query
from tdmvc.actions.remove import remove
from tdmvc.actions.rows import read_row, read_table, table_names
from tdmvc.actions.seed import seed
from tdmvc.actions.status import status
from tdmvc.actions.verify import verify
from tdmvc.api.arguments import PathLike, Rows, chosen, location_of, sources_of
from tdmvc.api.base import OpenRepository, method
from tdmvc.model.csv_options import AS_CSV_SAYS, CsvOptions
from tdmvc.model.dataset import DatasetKind
from tdmvc.model.diff import DatasetDiff
from tdmvc.model.named_keys import NamedKeys
from tdmvc.model.options import AddOptions, DiffOptions
from tdmvc.model.report import AddReport, CheckoutReport, RemoveReport, StatusReport
from tdmvc.model.seeding import SeedMode, SeedOptions, SeedReport
from tdmvc.model.selection import Selection
from tdmvc.model.transfer_report import TransferReport, VerifyReport


class RowMethods(OpenRepository):
    """Rows: added, compared, read, loaded and sent."""

    @method("add")
    def add(
        self,
        dataset: str,
        *sources: PathLike | Rows | Mapping[str, Rows],
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
        """Add tables from paths, database URLs or rows in memory; without sources, add the edits in the working copy.

        Rows in memory are an Arrow table, or a frame of pandas or polars; a mapping has several, by the names of their
        tables. They are kept as equal values, or an error names the column that cannot be.

        Args:
            dataset: it is made if there is none of this name.
            sources: a URL may name environment variables: `${DATABASE_URL}`, `postgresql://me:${PASSWORD}@db/shop`.
            table: the name for the table of a single file or frame.
            tables: only these, by name or pattern.
            exclude: all but these, by name or pattern.
            keys: the columns that identify a row, by table.
            append: keep the rows that the tables have.
            replace: remove the tables that the sources do not have.
            remove: tables to remove.
            migrated: all migrations of the work tree were run on the rows.
            kind: golden, masked, synthetic or reference.

        Raises:
            SourceError: a source cannot be read without loss; the message names the column.
            UsageError: rows in memory have no name, or options contradict each other.
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
        return add(self._workspace, dataset, list(sources_of(sources, table)), options)

    @method("remove")
    def remove(self, dataset: str, *tables: str, force: bool = False) -> RemoveReport:
        """Remove tables, by name or pattern, or the whole dataset, all at once.

        With `force`, also what is saved nowhere else, and references of tables that stay.
        """
        return remove(self._workspace, dataset, tables, force=force)

    @method("status")
    def status(self, *datasets: str, remote: bool = False) -> StatusReport:
        """Compare datasets with their pointers, HEAD, the versions and the remote."""
        return status(self._workspace, datasets, remote=remote)

    @method("diff")
    def diff(
        self, old: str, new: str | None = None, *, tables: Sequence[str] = (), sample_rows: int = 5
    ) -> DatasetDiff:
        """Compare two states of one dataset; without `new`, compare `old` with the working copy."""
        return diff(self._workspace, old, new, tables=tables, options=DiffOptions(sample_rows))[0]

    @method("checkout")
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
        return checkout(self._workspace, ref, options)

    @method("seed")
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
        return seed(self._workspace, refs, location_of(into), options)

    def datasets(self) -> tuple[str, ...]:
        """Return the names of the datasets in the working copy."""
        return tuple(self._workspace.datasets())

    @method("tables")
    def tables(self, ref: str) -> tuple[str, ...]:
        """Return the names of the tables of a state, in alphabetical order.

        Raises:
            NotFoundError: there is no such state.
        """
        return table_names(self._workspace, ref)

    @method("table")
    def table(self, ref: str, table: str) -> pa.Table:
        """Return one table of a state as Arrow, in key order; `.to_pandas()` makes a frame of it.

        Raises:
            NotFoundError: there is no such state or table.
        """
        return read_table(self._workspace, ref, table)

    @method("row")
    def row(self, ref: str, table: str, *key: object) -> dict[str, Any]:
        """Return the row with a key, as Python values by column.

        Args:
            ref: a state, such as `golden` or `golden@1.0.0`.
            table: one that has a key.
            key: a value for each column of the key, in its order.

        Raises:
            NotFoundError: there is no such state, table or row.
            UsageError: the table has no key, or the values do not fit it.
        """
        return read_row(self._workspace, ref, table, key)

    @method("sql")
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
        relation = run_query(self._workspace, query, at=at, allow_files=allow_files, params=params)
        return relation.to_arrow_table() if relation is not None else pa.table({})

    @method("push")
    def push(self, *refs: str, remote: str | None = None) -> TransferReport:
        """Send all objects of states to a remote, and verify that each arrived."""
        return push(self._workspace, refs, remote=remote)

    @method("pull")
    def pull(self, *refs: str, remote: str | None = None, force: bool = False) -> TransferReport:
        """Fetch all objects of states from a remote, and verify each."""
        return pull(self._workspace, refs, remote=remote, force=force)

    @method("verify")
    def verify(self, *refs: str, remote: bool = False) -> VerifyReport:
        """Check that every part and version matches its content hash."""
        return verify(self._workspace, refs, remote=remote)
