"""Opens the sources of rows: files, folders, and databases, whose snapshots stay open while their rows are read."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from tdmvc.databases import ReadOptions, Snapshot, find_engine, open_snapshot
from tdmvc.errors import NotFoundError, SourceError, UsageError, format_names
from tdmvc.model.csv_options import AS_CSV_SAYS
from tdmvc.model.django_models import DjangoModels
from tdmvc.model.location import Location, PathLocation
from tdmvc.model.options import AddOptions
from tdmvc.model.selection import Selection, no_table
from tdmvc.model.source import Frame, SourceTable
from tdmvc.sources import files_left_out, open_source
from tdmvc.sources.base import SourceOptions
from tdmvc.sources.frames import open_frame
from tdmvc.sources.sql_dump import find_dump
from tdmvc.workspace.django_models import read_django_models
from tdmvc.workspace.dumps import loaded_dumps
from tdmvc.workspace.live_migrations import find_tool_tables
from tdmvc.workspace.names_of_schemas import names_in_dataset, renamed_source
from tdmvc.workspace.source_views import SourceViews
from tdmvc.workspace.workspace import Workspace

_MOST_LEFT_OUT = 12
TableSources = dict[str, list[SourceTable]]
"""The sources of each table, by its name."""


@dataclass(frozen=True, slots=True)
class OpenedSources:
    """What sources have, until they are closed."""

    tables: TableSources
    notes: list[str]
    snapshots: tuple[Snapshot, ...] = ()
    """Those of the databases among the sources."""
    views: SourceViews | None = None
    """None if no source is a database; files have no views."""


@contextmanager
def open_sources(
    workspace: Workspace,
    sources: Sequence[Location | Frame],
    options: AddOptions,
    *,
    kept: Collection[str] = (),
) -> Iterator[OpenedSources]:
    """Yield the tables and views of sources, and notes on what was left out.

    All tables of a database are of one moment. A table that is in several sources gets the rows of all.
    Tables that a migration tool made for itself are left out of a database unless somebody names them.

    Args:
        kept: tables that the dataset has already, and that are read even if a migration tool made them.

    Raises:
        DatabaseError: a database cannot be reached or read.
        NotFoundError: a key or a pattern is given for a table that no source has.
        SourceError: a source cannot be read.
        UsageError: a source is a URL that cannot be read.
    """
    with ExitStack() as stack:
        with workspace.timed("read sources"):
            opened = _Opening(workspace, options, stack, kept).open(sources)
        yield opened


class _Opening:
    """Opens sources one after the other, each database once."""

    def __init__(
        self, workspace: Workspace, options: AddOptions, stack: ExitStack, kept: Collection[str]
    ) -> None:
        self._workspace = workspace
        self._options = options
        self._stack = stack
        self._kept = kept
        self._by_table: TableSources = {}
        self._names: set[str] = set()
        """All tables of the sources, also those that nobody chose."""
        self._relations: dict[str, str] = {}
        """Views and foreign tables, with their kinds."""
        self._renamed: dict[str, str] = {}
        """What the dataset calls tables of the sources, if it has another name for them."""
        self._schemas: dict[Location, tuple[str, ...]] = {}
        """Those of the databases into which dumps were loaded."""
        self._notes: list[str] = []
        self._views = SourceViews()
        self._snapshots: dict[Location, Snapshot] = {}

    def open(self, sources: Sequence[Location | Frame]) -> OpenedSources:
        options = self._options
        for location in self._with_dumps_loaded(sources):
            # Only a path has no engine: one that is not a database file.
            if isinstance(location, Frame):
                tables = self._chosen_of([open_frame(location)])
            elif find_engine(location) is None and isinstance(location, PathLocation):
                tables = self._chosen_of(self._open_files(location.path))
            else:
                tables = self._open_database(location)
            for source in tables:
                self._by_table.setdefault(source.schema.name, []).append(source)
        by_table = self._by_table = {
            name: [_within(source, {*self._by_table, *self._kept}) for source in tables]
            for name, tables in self._by_table.items()
        }
        for pattern in options.selection.unmatched([*by_table, *self._renamed]):
            raise self._no_table(pattern)
        if not by_table:
            raise UsageError(
                "Every table of the sources is excluded.",
                where="--exclude",
                remedy="exclude fewer tables, or name those of a migration tool with --tables.",
            )
        options.keys.check_tables(by_table)
        if options.csv != AS_CSV_SAYS and not any(
            source.text_query for tables in by_table.values() for source in tables
        ):
            self._notes.append(
                "no source is a CSV file, so its options (--null, --delimiter, …) changed nothing"
            )
        if options.schemas and not self._snapshots:
            raise UsageError("--schema needs a database, and no source is one.", remedy="leave --schema out.")
        views = self._views if self._snapshots else None
        return OpenedSources(by_table, self._notes, tuple(self._snapshots.values()), views)

    def _chosen_of(self, found: Sequence[SourceTable]) -> list[SourceTable]:
        """Return the tables of files and frames that the selection takes."""
        self._names.update(source.schema.name for source in found)
        return [one for one in found if self._options.selection.takes_table(one.schema.name)]

    def _no_table(self, pattern: str) -> NotFoundError:
        """Return the error about a pattern that nothing matches which is read without being named in full."""
        only = Selection((pattern,))
        if found := sorted(filter(only.takes_table, self._relations)):
            kinds = " or ".join(dict.fromkeys(self._relations[name] for name in found))
            return NotFoundError(
                f"No table matches '{pattern}', only a {kinds}: {format_names(found, _MOST_LEFT_OUT)}.",
                where="--tables",
                remedy=f"name it in full, because its rows are added only then: --tables {found[0]}.",
            )
        return no_table(pattern, [*self._names, *self._relations], "--tables")

    def _with_dumps_loaded(self, sources: Sequence[Location | Frame]) -> list[Location | Frame]:
        """Return the sources with one database instead of all dumps, which are loaded together in their order."""
        dumps = {
            location: dump
            for location in sources
            if isinstance(location, PathLocation)
            and find_engine(location) is None
            and (dump := find_dump(location.path)) is not None
        }
        if not dumps:
            return list(sources)
        loaded = self._stack.enter_context(loaded_dumps(list(dumps.values()), self._workspace.on_progress))
        self._notes += loaded.notes
        self._schemas[loaded.location] = loaded.schemas
        return [loaded.location, *(location for location in sources if location not in dumps)]

    @cached_property
    def _django_models(self) -> DjangoModels:
        return read_django_models(self._workspace)

    def _open_files(self, path: Path) -> list[SourceTable]:
        options, workspace = self._options, self._workspace
        own = _own_folder(workspace, path)
        selection = replace(options.selection, exclude=(*options.selection.exclude, *own))
        source_options = SourceOptions(
            options.table,
            options.csv,
            selection,
            lambda: self._django_models,
            temporary_folder=workspace.temporary_folder,
        )
        tables = open_source(path, workspace.engine, source_options)
        left_out = [*own, *files_left_out(path, source_options)]
        if left_out:
            self._notes.append(f"left out of {path.resolve().name}: {format_names(left_out, _MOST_LEFT_OUT)}")
        return tables

    def _open_database(self, location: Location) -> list[SourceTable]:
        snapshot = self._snapshot(location)
        names, relations = snapshot.read_names(), snapshot.read_relations()
        self._relations |= relations
        in_dataset = names_in_dataset(snapshot.read_other_names(names), self._kept, str(location))
        wanted = self._chosen(location, names, relations, in_dataset)
        chosen = self._without_tool_tables(location, snapshot, wanted, in_dataset)
        others = snapshot.read_others()
        views = tuple(view for view in others.views if view.name not in chosen)
        self._views = SourceViews((*self._views.views, *views), self._views.tables.union(names))
        all_relations = {f"{kind} {name}" for name, kind in relations.items()}
        not_kept = [one for one in others.left_out if one not in all_relations]
        if not_kept:
            self._notes.append(f"not kept of {location}: {format_names(not_kept, _MOST_LEFT_OUT)}")
        if others.unread_schemas:
            schemas = format_names([f"schema {name}" for name in others.unread_schemas], _MOST_LEFT_OUT)
            self._notes.append(
                f"left out of {location}: {schemas}; to add its tables, name all schemas with --schema"
            )
        known = {*chosen, *(view.name for view in views)}
        unread = [f"{kind} {name}" for name, kind in sorted(relations.items()) if name not in known]
        if unread:
            self._notes.append(
                f"left out of {location}: {format_names(unread, _MOST_LEFT_OUT)}; "
                "to add the rows of one, name it with --tables"
            )
        self._renamed |= {name: in_dataset[name] for name in chosen if name in in_dataset}
        read = snapshot.read_tables(chosen)
        return [renamed_source(source, in_dataset) for source in read] if in_dataset else read

    def _without_tool_tables(
        self, location: Location, snapshot: Snapshot, chosen: Sequence[str], in_dataset: Collection[str]
    ) -> Sequence[str]:
        """Leave out the tables of migration tools, unless a person names them or the dataset has them already."""
        if self._options.table is not None or self._options.selection.tables:
            return chosen
        left_out = set(find_tool_tables(snapshot)).intersection(chosen).difference(self._kept, in_dataset)
        if left_out:
            names = format_names(sorted(left_out), _MOST_LEFT_OUT)
            self._notes.append(
                f"left out of {location}, because a migration tool keeps its state there: {names}"
            )
        return [name for name in chosen if name not in left_out]

    def _snapshot(self, location: Location) -> Snapshot:
        """Return the snapshot of a database, which is opened once, however many sources name it."""
        key = (
            replace(location, path=location.path.resolve())
            if isinstance(location, PathLocation)
            else location
        )
        if key not in self._snapshots:
            options = ReadOptions(
                self._options.schemas,
                self._schemas.get(location, ()),
                on_progress=self._workspace.on_progress,
            )
            self._snapshots[key] = self._stack.enter_context(
                open_snapshot(location, lambda: self._workspace.engine, options)
            )
        return self._snapshots[key]

    def _chosen(
        self,
        location: Location,
        names: Sequence[str],
        relations: Mapping[str, str],
        in_dataset: Mapping[str, str],
    ) -> list[str]:
        """Return what to read of a database: tables, and of other relations only those that are named.

        Args:
            in_dataset: other names that tables have in the dataset, by which they may be chosen, too.
        """
        named = (self._options.table, *self._options.selection.tables)
        known = [*names, *(name for name in relations if name in named)]
        self._names.update(names)
        if not known:
            raise SourceError.unreadable(
                str(location),
                "the database has no tables.",
                remedy="check the path."
                if isinstance(location, PathLocation)
                else "check the name of the database, and name its schemas with --schema.",
            )
        if self._options.table is None:
            takes = self._options.selection.takes_table
            return [name for name in known if takes(name, in_dataset.get(name, name))]
        chosen = [name for name in known if self._options.table in (name, in_dataset.get(name))]
        if not chosen:
            raise NotFoundError.named("table", self._options.table, [*names, *relations], where=str(location))
        return chosen


def _within(source: SourceTable, tables: Collection[str]) -> SourceTable:
    """Return a file's table without references to tables that are not there: a fixture may have one model of many."""
    kept = tuple(one for one in source.schema.references if one.table in tables)
    if source.is_database or kept == source.schema.references:
        return source
    return replace(source, schema=replace(source.schema, references=kept))


def _own_folder(workspace: Workspace, source: Path) -> list[str]:
    """Return the path of the datasets in a folder that holds them: what is added there was added before."""
    datasets = (workspace.root / workspace.config.datasets_folder).resolve()
    folder = source.resolve()
    return [datasets.relative_to(folder).as_posix()] if folder in datasets.parents else []
