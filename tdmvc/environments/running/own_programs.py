"""Finds the programs of the virtual environment from which tdmvc was called, also where it is not active."""

import os
import sys
from pathlib import Path

_MODULE = "__main__.py"


def put_own_programs_first() -> None:
    """Let commands find these programs first, as if somebody had activated the virtual environment.

    PATH stays as it is if it has their folder already, or if tdmvc was called through a link from another folder, as
    pipx and `uv tool` make them: then the environment is tdmvc's own, and has nothing of the application.
    """
    programs = Path(sys.executable).parent
    called = Path(sys.argv[0])
    is_named = called.name == _MODULE or Path(os.path.abspath(called)).parent == programs
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    if sys.prefix == sys.base_prefix or not is_named or str(programs) in folders:
        return
    os.environ["PATH"] = os.pathsep.join([str(programs), *folders])
    os.environ["VIRTUAL_ENV"] = sys.prefix
