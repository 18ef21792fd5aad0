"""Reads contracts: those of states, of migrations, files in any format, and catalogs of databases."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tdmvc.contracts import reader_for
from tdmvc.contracts.base import ImportedContract, ImportOptions
from tdmvc.contracts.odcs.reading import CONTRACT_FILE
from tdmvc.databases import find_engine
from tdmvc.errors import NotFoundError, UsageError
from tdmvc.formats.versions import contract_path
from tdmvc.migrations import READERS as MIGRATION_TOOLS
from tdmvc.model.contract_report import ContractSource
from tdmvc.model.dataset import DatasetState
from tdmvc.model.location import Location, PathLocation
from tdmvc.model.schema import Contract
from tdmvc.workspace.live_state import open_live_database
from tdmvc.workspace.migration_contracts import migrations_subject, read_migrations_contract
from tdmvc.workspace.states import resolve_state
from tdmvc.workspace.workspace import Workspace

AS_IT_SAYS: Final = ImportOptions()
"""What a text says is all that is known."""
_MOST_BYTES = 64 * 1024 * 1024
"""Of a file. The largest contracts of applications are a few megabytes."""


@dataclass(frozen=True, slots=True)
class OpenedContract:
    """A contract, and where it is from."""

    name: str
    """The reference, the path or the address of the database, as people write it."""
    path: str
    """Of its file or its migrations, from the root of the repository if in there; the address of a database."""
    found: ImportedContract
    text: str = ""
    """Of its file; empty for migrations and a database."""
    has_rows: bool = False
    """Whether it is the contract of a state."""

    @property
    def contract(self) -> Contract:
        return self.found.contract

    @property
    def notes(self) -> tuple[str, ...]:
        """What it declares without effect, each with its place."""
        return tuple(f"{note.place}: {note.message}" for note in self.found.notes)


def open_contract(
    workspace: Workspace, source: ContractSource, options: ImportOptions = AS_IT_SAYS
) -> OpenedContract:
    """Return the contract that a word of a command names: a reference, migrations, a file or a database.

    Raises:
        ConfigError: the contract is wrong; the file and the line are named.
        DatabaseError: the database cannot be read.
        MigrationsError: the migrations cannot be understood.
        NotFoundError: there is no such state or file.
        UsageError: the state has no contract, or it has no other format than its own.
    """
    text = source.text
    if text.partition("@")[0] not in workspace.datasets() and _is_source(workspace, source):
        return open_source(workspace, source, options)
    if source.format not in (None, "odcs"):
        raise UsageError(
            f"The contract of a dataset is one of ODCS, not of {source.format}.",
            where=text,
            remedy=f"leave out --from; or, if a file is meant, write ./{text}.",
        )
    return read_contract_of(workspace, resolve_state(workspace, text))


def open_source(
    workspace: Workspace, source: ContractSource, options: ImportOptions = AS_IT_SAYS
) -> OpenedContract:
    """Return the contract of a file, of migrations or of a database.

    Raises:
        ConfigError: the contract is wrong; the file and the line are named.
        DatabaseError: the database cannot be read.
        MigrationsError: the migrations cannot be understood.
        NotFoundError: there is no such file.
        UsageError: a folder is named with the format of a file.
    """
    subject = migrations_subject(workspace, source)
    if subject is not None:
        if source.format is not None and source.format not in MIGRATION_TOOLS:
            raise UsageError(
                f"A folder has no contract of the format {source.format}.",
                where=source.text,
                remedy="name a file; or leave out --from, if these are migrations.",
            )
        path, found = read_migrations_contract(workspace, subject, options)
        return OpenedContract(source.text, path, found)
    location = source.location
    is_path = isinstance(location, PathLocation) and not location.scheme
    if not is_path or (source.format is None and find_engine(location) is not None):
        if options.dialect is not None:
            raise _no_script(source.text)
        return read_database_contract(workspace, location)
    assert isinstance(location, PathLocation)
    return read_contract_file(workspace, location.path, source.format, options)


def read_contract_of(workspace: Workspace, state: DatasetState) -> OpenedContract:
    """Return the contract of a state.

    Raises:
        ConfigError: it is wrong; the line is named.
        UsageError: there is none.
    """
    folder = workspace.dataset_path(state.name)
    path = f"{folder}/{CONTRACT_FILE}"
    if not state.contract_text or not state.contract_text.strip():
        raise UsageError(
            f"{state.ref} has no contract.",
            where=path,
            remedy=f"`tdmvc add {state.name} SOURCE` writes one; `tdmvc contract import FILE --dataset {state.name}` "
            "takes one over.",
        )
    if state.version is not None:
        path = contract_path(folder, state.version.contract)
    found = reader_for(state.contract_text, path, "odcs").read(state.contract_text, path, ImportOptions())
    return OpenedContract(state.ref, path, found, state.contract_text, has_rows=True)


def read_contract_file(
    workspace: Workspace, file: Path, file_format: str | None = None, options: ImportOptions = AS_IT_SAYS
) -> OpenedContract:
    """Return what a file in any contract format declares.

    Args:
        file_format: by default, the one that its content has.

    Raises:
        ConfigError: it is wrong, or in no format that tdmvc reads.
        NotFoundError: there is no such file.
        UsageError: it is no text.
    """
    shown = _shown_path(workspace, file)
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise UsageError(
                f"The file is larger than {_MOST_BYTES >> 20} MiB, which no contract is.",
                where=shown,
                remedy="name the file of a contract; `tdmvc add` takes rows.",
            )
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise NotFoundError("There is no such file.", where=shown, remedy="correct the path.") from error
    except OSError as error:
        raise UsageError(f"The file cannot be read: {error.strerror}.", where=shown) from error
    except UnicodeDecodeError as error:
        raise UsageError(
            "The file is not a text in UTF-8.", where=shown, remedy="save it as UTF-8."
        ) from error
    reader = reader_for(text, shown, file_format)
    if options.dialect is not None and reader.name != "sql":
        raise _no_script(shown)
    found = reader.read(text, shown, options)
    return OpenedContract(shown, shown, found, text)


def read_database_contract(workspace: Workspace, location: Location) -> OpenedContract:
    """Return what the catalog of a database declares; no row is read.

    Raises:
        DatabaseError: it cannot be reached or read.
    """
    with workspace.timed("read"), open_live_database(workspace, location) as snapshot:
        tables = {one.schema.name: one.schema for one in snapshot.read_tables(snapshot.read_names())}
        contract = Contract(tables, snapshot.read_others().views)
    return OpenedContract(str(location), str(location), ImportedContract(contract, contract.rules))


def _is_source(workspace: Workspace, source: ContractSource) -> bool:
    """Whether a word names a database, migrations, or a file, even one that does not exist, and not a reference."""
    text, location = source.text, source.location
    if not isinstance(location, PathLocation) or location.scheme:
        return True
    is_path = location.path.is_file() or os.sep in text or (bool(Path(text).suffix) and "@" not in text)
    return is_path or migrations_subject(workspace, source) is not None


def _no_script(where: str) -> UsageError:
    return UsageError(
        "--dialect is for a script of SQL, which this is not.", where=where, remedy="leave it out."
    )


def _shown_path(workspace: Workspace, file: Path) -> str:
    path = os.path.relpath(file, workspace.root).replace(os.sep, "/")
    return file.as_posix() if path.startswith("../") else path
