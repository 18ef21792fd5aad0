"""Output and errors of the commands that Git calls, which must never stop Git."""

import os
import sys
import traceback


def answer(text: str | bytes) -> None:
    """Print for Git: always in UTF-8 and in one piece, in any locale."""
    sys.stdout.buffer.write(text if isinstance(text, bytes) else text.encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()


def trace(error: Exception) -> None:
    """Report an error if GIT_TRACE is set; without it, the report would get between the lines of Git's pager."""
    if os.environ.get("GIT_TRACE"):
        # The message of an unknown exception may quote rows, so only its place and type are printed.
        traceback.print_tb(error.__traceback__)
        sys.stderr.write(f"tdmvc: {type(error).__name__}\n")
