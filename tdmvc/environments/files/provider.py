"""Provides databases that are files: the one that the configuration names, and copies beside it."""

import itertools
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from tdmvc.environments.base import (
    DatabaseSource,
    EphemeralDatabase,
    StoredTemplate,
    TemplateBuild,
    TemplateKey,
)
from tdmvc.environments.files.base import EngineFiles
from tdmvc.environments.files.template_file import TemplateFile
from tdmvc.environments.files.working_files import InUseError, WorkingFile, remove_abandoned
from tdmvc.environments.templates.metadata import Template
from tdmvc.environments.templates.store import TemplateStore
from tdmvc.model.environment import TemplateOrigin
from tdmvc.model.location import Location, PathLocation
from tdmvc.store.reflinks import copy_file

_NAME = "database"
"""The file in the folder of a template."""


class FileProvider:
    """Databases of one engine at one place.

    The first database has the place's own name, so that programs find it that know no other. If another run, or
    another worker of this one, is using it, the database is a copy beside it: `db-2.sqlite3`.
    """

    def __init__(self, location: PathLocation, engine: EngineFiles) -> None:
        self._location = location
        self._engine = engine
        self._store = TemplateStore(engine.name, engine.version)

    @property
    def version(self) -> str:
        return self._engine.version

    @contextmanager
    def open(self, key: TemplateKey, build: TemplateBuild) -> Iterator[DatabaseSource]:
        remove_abandoned()
        with (
            self._store.open(key, partial(self._make, build)) as template,
            TemplateFile(template.content / _NAME) as template_file,
            ExitStack() as databases,
        ):
            yield _FileSource(self, template, template_file, databases)

    def shuffle_rows(self, location: Location, seed: int) -> None:
        """Leave the rows where they are: SQLite can return them backwards instead."""

    def list_templates(self) -> Sequence[StoredTemplate]:
        return self._store.list()

    def remove_template(self, key: TemplateKey) -> bool:
        return self._store.remove(key)

    def claim(self) -> WorkingFile:
        """Take the first name that no other run uses.

        Raises:
            DatabaseError: the file is there, and tdmvc did not make it; or the folder cannot be written.
        """
        path = self._location.path.absolute()
        for number in itertools.count(1):
            numbered = path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")
            try:
                return WorkingFile.claim(numbered, self._engine.side_suffixes)
            except InUseError:
                pass
        raise AssertionError("there is always another number")

    def location(self, path: Path) -> PathLocation:
        """Return the location of a database of this engine."""
        return PathLocation(path, self._location.scheme)

    def database(self, working: WorkingFile, template_file: TemplateFile) -> EphemeralDatabase:
        """Return the database at a place that this run has taken; it is a copy of a template.

        Raises:
            DatabaseError: there is no room.
        """
        working.place(template_file.copy_to)
        return self._engine.open(working, template_file, self.location(working.path))

    def _make(self, build: TemplateBuild, content: Path, nearest: Template | None) -> str:
        """Build a database where programs expect it, and keep it as a template."""
        with self.claim() as working:
            location = self.location(working.path)
            if nearest is None:
                working.place(self._engine.make_empty)
                build.migrate(location)
            else:
                working.place(partial(copy_file, nearest.content / _NAME))
            build.seed(location)
            self._engine.settle(working.path)
            copy_file(working.path, content / _NAME)
        return ""


class _FileSource:
    def __init__(
        self, provider: FileProvider, template: Template, template_file: TemplateFile, databases: ExitStack
    ) -> None:
        self._provider = provider
        self._template = template
        self._template_file = template_file
        self._databases = databases

    @property
    def origin(self) -> TemplateOrigin:
        return self._template.origin

    def create(self) -> EphemeralDatabase:
        working = self._databases.enter_context(self._provider.claim())
        return self._provider.database(working, self._template_file)
