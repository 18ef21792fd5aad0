"""What an engine does whose databases are files."""

from pathlib import Path
from typing import Protocol

from tdmvc.environments.base import EphemeralDatabase
from tdmvc.environments.files.template_file import TemplateFile
from tdmvc.environments.files.working_files import WorkingFile
from tdmvc.model.location import PathLocation


class EngineFiles(Protocol):
    """An engine whose databases are files."""

    @property
    def name(self) -> str:
        """For the names of files: `sqlite`."""

    @property
    def version(self) -> str:
        """For people, and for the keys of templates."""

    @property
    def side_suffixes(self) -> tuple[str, ...]:
        """Of files that belong to a database: `-wal`."""

    def make_empty(self, path: Path) -> None:
        """Make an empty database."""

    def settle(self, path: Path) -> None:
        """Bring all that was written into the file itself.

        Raises:
            DatabaseError: another program still uses it.
        """

    def open(
        self, working: WorkingFile, template_file: TemplateFile, location: PathLocation
    ) -> EphemeralDatabase:
        """Return the database that was just placed there."""
