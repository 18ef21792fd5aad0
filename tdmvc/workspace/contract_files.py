"""Reads contracts: those of states, files in any format, and catalogs of databases."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from tdmvc.contracts import reader_for
from tdmvc.contracts.base import ImportedContract, ImportOptions
from tdmvc.contracts.odcs.reading import CONTRACT_FILE
from tdmvc.databases import find_engine
from tdmvc.errors import NotFoundError, UsageError
from tdmvc.formats.versions import contract_path
from tdmvc.model.dataset import DatasetState
from tdmvc.model.location import Location, PathLocation
from tdmvc.model.schema import Contract
from tdmvc.workspace.live_state import open_live_database
from tdmvc.workspace.states import resolve_state
from tdmvc.workspace.workspace import Workspace

_MOST_BYTES = 64 * 1024 * 1024
"""Of a file. The largest contracts of applications are a few megabytes."""


@dataclass(frozen=True, slots=True)
class OpenedContract:
    """A contract, and where it is from."""

    name: str
    """The reference, the path or the address of the database, as people write it."""
    path: str
    """Of its file, from the root of the repository if it is in there; the address of a database."""
    found: ImportedContract
    text: str = ""
    """Of its file; empty for a database."""

    @property
    def contract(self) -> Contract:
        return self.found.contract

    @property
    def notes(self) -> tuple[str, ...]:
        """What it declares without effect, each with its place."""
        return tuple(f"{note.place}: {note.message}" for note in self.found.notes)


@dataclass(frozen=True, slots=True)
class FileForm:
    """What a file alone does not say."""

    format: str | None = None
    """By default, the one that its content has."""
    options: ImportOptions = field(default_factory=ImportOptions)


def open_contract(workspace: Workspace, text: str, location: Location) -> OpenedContract:
    """Return the contract that a word of a command names: a reference, a file or a database.

    Args:
        location: the same word as a path or URL.

    Raises:
        ConfigError: the contract is wrong; the file and the line are named.
        DatabaseError: the database cannot be read.
        NotFoundError: there is no such state or file.
        UsageError: the state has no contract.
    """
    if not isinstance(location, PathLocation) or location.scheme:
        return read_database_contract(workspace, location)
    if text.partition("@")[0] not in workspace.datasets() and _is_path(text, location.path):
        if find_engine(location) is not None:
            return read_database_contract(workspace, location)
        return read_contract_file(workspace, location.path)
    return read_contract_of(workspace, resolve_state(workspace, text))


def read_contract_of(workspace: Workspace, state: DatasetState) -> OpenedContract:
    """Return the contract of a state.

    Raises:
        ConfigError: it is wrong; the line is named.
        UsageError: there is none.
    """
    folder = workspace.dataset_path(state.name)
    path = f"{folder}/{CONTRACT_FILE}"
    if not state.contract_text:
        raise UsageError(
            f"{state.ref} has no contract.",
            where=path,
            remedy=f"`tdmvc add {state.name} SOURCE` writes one, and `tdmvc contract import` takes one over.",
        )
    if state.version is not None:
        path = contract_path(folder, state.version.contract)
    found = reader_for(state.contract_text, path, "odcs").read(state.contract_text, path, ImportOptions())
    return OpenedContract(state.ref, path, found, state.contract_text)


def read_contract_file(workspace: Workspace, file: Path, form: FileForm | None = None) -> OpenedContract:
    """Return what a file in any contract format declares.

    Raises:
        ConfigError: it is wrong, or in no format that tdmvc reads.
        NotFoundError: there is no such file.
        UsageError: it is no text.
    """
    form = form or FileForm()
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
    found = reader_for(text, shown, form.format).read(text, shown, form.options)
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


def _is_path(text: str, path: Path) -> bool:
    """Whether a word names a file, even one that does not exist, and not a reference."""
    return path.is_file() or os.sep in text or (bool(Path(text).suffix) and "@" not in text)


def _shown_path(workspace: Workspace, file: Path) -> str:
    path = os.path.relpath(file, workspace.root).replace(os.sep, "/")
    return file.as_posix() if path.startswith("../") else path
