"""Imports that wait until they are needed: a library that is slow to load, and not needed by most commands."""

import importlib.util
import sys
from types import ModuleType


def import_late(name: str) -> ModuleType:
    """Return a module whose code runs when something of it is first asked for.

    Raises:
        ModuleNotFoundError: it is not installed.
    """
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.find_spec(name)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
