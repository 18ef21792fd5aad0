"""Knows how the bytes around a text's words are spelled: line ends, byte order mark, the last line's end."""

from dataclasses import dataclass

from tdmvc.errors import ConfigError

_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class TextForm:
    """How a text is spelled, whatever it says."""

    has_mark: bool = False
    """It begins with a byte order mark."""
    line_end: str = "\n"
    is_open: bool = False
    """The last line has no end."""


def form_of(text: str, path: str) -> TextForm:
    """Return the form of a text.

    Raises:
        ConfigError: its lines end in different ways.
    """
    windows = text.count("\r\n")
    if windows not in (0, text.count("\n")) or windows != text.count("\r"):
        raise ConfigError.at("Its lines do not all end in the same way.", path)
    is_open = text.removeprefix(_MARK) != "" and not text.endswith("\n")
    return TextForm(text.startswith(_MARK), "\r\n" if windows else "\n", is_open)


def without_form(text: str) -> str:
    """Return the text without a mark, with line feeds at the end of all lines."""
    plain = text.removeprefix(_MARK).replace("\r\n", "\n")
    return plain if not plain or plain.endswith("\n") else plain + "\n"


def with_form(text: str, form: TextForm) -> str:
    """Return a text of plain lines in the form."""
    if form.is_open:
        text = text.removesuffix("\n")
    return (_MARK if form.has_mark else "") + text.replace("\n", form.line_end)
