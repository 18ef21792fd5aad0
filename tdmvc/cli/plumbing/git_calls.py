"""What the commands that Git calls share: nothing that goes wrong may stop Git."""

import os
import sys
import traceback


def answer(text: str | bytes) -> None:
    """Print for Git: always UTF-8 and in one piece, whatever the locale."""
    sys.stdout.buffer.write(text if isinstance(text, bytes) else text.encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()


def trace(error: Exception) -> None:
    """Tell with GIT_TRACE=1 what went wrong; else it would stand between the lines of Git's pager."""
    if os.environ.get("GIT_TRACE"):
        # The message of an unknown exception may quote rows, so only its place and type are told.
        traceback.print_tb(error.__traceback__)
        sys.stderr.write(f"tdmvc: {type(error).__name__}\n")
