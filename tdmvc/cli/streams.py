"""Standard streams that are closed, or that cannot encode every character."""

import codecs
import io
import os
import sys
from typing import IO

_ERRORS = "tdmvc-ascii"
_ASCII = str.maketrans(
    {"→": ">", "←": "<", "…": ".", "·": ".", "–": "-", "—": "-", "─": "-", "│": "|", "×": "x", "≠": "!"}
)
"""What stands for our own marks where they cannot be encoded; each is one character, so that columns stay."""


def prepare_streams() -> None:
    """Open the null device for closed streams, and make sure that no text fails for lack of a character."""
    _open_closed_streams()
    codecs.register_error(_ERRORS, _replace)
    for stream in (sys.stdout, sys.stderr):
        if not is_utf8(stream) and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_ERRORS)


def is_utf8(stream: IO[str]) -> bool:
    """Whether a stream writes UTF-8, or keeps text as it is."""
    encoding = getattr(stream, "encoding", None)
    return encoding is None or codecs.lookup(encoding).name in {"utf-8", "utf-8-sig"}


def _open_closed_streams() -> None:
    """Open the null device for each standard stream that the caller has closed, as Git does.

    Otherwise the next file that is opened would get its number, and what a child process prints.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # The lowest free number is that of the stream.
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115


def _replace(error: UnicodeError) -> tuple[str | bytes, int]:
    """Return what stands for characters that an encoding lacks: one like our mark, or the escape of Python."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end].translate(_ASCII)
    return lacking.encode("ascii", "backslashreplace").decode("ascii"), error.end
