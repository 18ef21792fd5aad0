"""Imports that wait until they are needed: a library that is slow to load, and not needed by most commands."""

import importlib
import sys
from types import ModuleType


class _Late(ModuleType):
    """Stands for a module, and imports it when something of it is first asked for.

    Not `importlib.util.LazyLoader`: of two threads that ask for something at once, one
    may find the module half loaded. The import statement has a lock for that.
    """

    def __getattr__(self, name: str) -> object:
        return getattr(importlib.import_module(self.__name__), name)


def import_late(name: str) -> ModuleType:
    """Return a stand-in for a module whose code runs when something of it is first asked for.

    Raises there, not here, `ModuleNotFoundError` where the module is not installed.
    """
    return sys.modules.get(name) or _Late(name)


def import_alone(name: str, *, without: str) -> None:
    """Import a module as if another one were not installed, which it would load although it can do without.

    Does nothing where one of the two is loaded. The other one can be imported afterwards, and
    knows nothing of it.
    """
    if name in sys.modules or without in sys.modules:
        return
    # This is how Python itself spells that a module must not be found.
    sys.modules[without] = None  # type: ignore[assignment]
    try:
        importlib.import_module(name)
    finally:
        del sys.modules[without]
