"""The Python API: `tdmvc.open(".")` returns a `Repository` with every command as a method."""

from tdmvc.api.contracts import ContractMethods
from tdmvc.api.history import HistoryMethods
from tdmvc.api.migrations import MigrationMethods
from tdmvc.api.rows import RowMethods

__all__ = ["Repository"]


class Repository(RowMethods, HistoryMethods, ContractMethods, MigrationMethods):
    """An open repository. Methods return frozen values and raise `tdmvc.errors.TdmvcError`."""
