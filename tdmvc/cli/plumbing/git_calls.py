"""What the commands that Git calls share: they print for Git, and no error of theirs may stop it."""

import os
import sys
import traceback


def answer(text: str | bytes) -> None:
    """Print for Git: always UTF-8 and in one piece, whatever the locale."""
    sys.stdout.buffer.write(text if isinstance(text, bytes) else text.encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()


def trace(error: Exception) -> None:
    """Report an error if GIT_TRACE is set; without it, the report would get between the lines of Git's pager."""
    if os.environ.get("GIT_TRACE"):
        # The message of an unknown exception may quote rows, so only its place and type are printed.
        traceback.print_tb(error.__traceback__)
        sys.stderr.write(f"tdmvc: {type(error).__name__}\n")
