"""A log for an unexpected error, which people can attach to their report."""

import os
import platform
import sys
import tempfile
import traceback

from tdmvc import __version__

_PACKAGES = ("dvc", "pyarrow", "duckdb", "gitpython", "click")


def render_bug_report(error: BaseException) -> str:
    """Return versions, the command and the traceback, without the values that an error's message may quote."""
    return "\n".join(
        [
            f"tdmvc {__version__}, Python {platform.python_version()}, {platform.platform()}",
            *(f"{package} {_version_of(package)}" for package in _PACKAGES),
            f"command: tdmvc {sys.argv[1] if len(sys.argv) > 1 else ''}",
            "".join(traceback.format_tb(error.__traceback__)) + type(error).__name__,
        ]
    )


def write_bug_report(text: str) -> str:
    """Write the log to a new file in the folder for temporary files, and return its path."""
    descriptor, path = tempfile.mkstemp(prefix="tdmvc-bug-", suffix=".log")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text + "\n")
    return path


def _version_of(package: str) -> str:
    # Not at the top: every command would pay for it, and it is needed only here.
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"
