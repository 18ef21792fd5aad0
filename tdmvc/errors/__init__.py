"""The errors that tdmvc raises, with messages that people can act on, and their exit codes.

A message says *what* went wrong, *where*, and *what to do*. The classes below
are the only exceptions that a package raises on purpose; `cli/main.py` is the only
place that turns them into exit codes. A fault *in the data* is not an error but a
`tdmvc.model.finding.Finding`.
"""

from tdmvc.errors.base import (
    DatabaseError,
    InvalidRowsError,
    LocalWorkError,
    NotFoundError,
    PolicyError,
    SourceError,
    TdmvcError,
    UsageError,
    another_folder,
    did_you_mean,
    format_names,
    near_name,
)
from tdmvc.errors.files import (
    ConfigError,
    MergeConflictError,
    MigrationsError,
    TableConflictError,
    UnreadableFileError,
)
from tdmvc.errors.hosts import (
    HostError,
    HostUnavailableError,
    NoRequestError,
    ReadOnlyTokenError,
    TextTooLongError,
)
from tdmvc.errors.store import DamagedPartError, MislabelledPartError, PartError, StoreError

__all__ = [
    "ConfigError",
    "DamagedPartError",
    "DatabaseError",
    "HostError",
    "HostUnavailableError",
    "InvalidRowsError",
    "LocalWorkError",
    "MergeConflictError",
    "MigrationsError",
    "MislabelledPartError",
    "NoRequestError",
    "NotFoundError",
    "PartError",
    "PolicyError",
    "ReadOnlyTokenError",
    "SourceError",
    "StoreError",
    "TableConflictError",
    "TdmvcError",
    "TextTooLongError",
    "UnreadableFileError",
    "UsageError",
    "another_folder",
    "did_you_mean",
    "format_names",
    "near_name",
]
