"""Any text as Markdown that shows exactly this text, on GitHub and on GitLab.

Every value goes into a code span: there no markup, mention, issue number, commit id or
address is recognised. Sentences keep their plain words, and each word that could mean something
to a Markdown reader becomes a code span of its own.
"""

import html
import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from tdmvc.model.text import number, plural
from tdmvc.render.cells import visible

NULL = "*NULL*"

_QUOTED = re.compile(r"`([^`]+)`")
_WORD = re.compile(r"(?P<lead>[(']*)(?P<core>.*?)(?P<tail>[,;:.?)']*)", re.DOTALL)
_PLAIN = re.compile(r"[+−]?\d+(?:[.,]\d+)*%?|[^\W_]+(?:[-'’,/][^\W_]+)*|[→–—…·%−]")
# A commit, a telephone number, GH-123 and what other trackers link, an address without its scheme.
_SPECIAL = re.compile(r"[0-9a-f]{7}|[a-z]-\d|www", re.IGNORECASE)
_LIST_MARK = re.compile(r"\d+[.)].*", re.DOTALL)
_OPENED = re.compile(r"\w\(")
_MOST_IN_BRACKETS = 8
"""Words."""
_RUN = re.compile("`+")
_IN_ADDRESS = ":/?#[]@!$&'()*+,;=%-._~"


def code(text: str) -> str:
    """Return a code span that shows the text, whatever it holds; the empty text is `''`."""
    shown = visible(text) or "''"
    fence = "`" * (1 + _longest_run(shown))
    # A space at each end keeps a backtick off the fence, and is not shown.
    room = " " if shown[0] == "`" or shown[-1] == "`" else ""
    return f"{fence}{room}{shown}{room}{fence}"


def value(text: str, *, is_null: bool) -> str:
    """Return a cell's text as a code span; null is emphasised, to differ from the text NULL."""
    return NULL if is_null else code(text)


def prose(text: str) -> str:
    """Return a sentence with its plain words as they are, and all else in code spans."""
    shown = ""
    for index, piece in enumerate(_QUOTED.split(visible(text))):
        more = code(piece) if index % 2 else _words(piece, is_first=index == 0)
        # Two code spans without a space between would be read as one.
        shown += " " + more if shown.endswith("`") and more.startswith("`") else more
    return shown


def link(words: str, address: str) -> str:
    """Return a link; `words` is already Markdown. Only http and https addresses are linked."""
    if not address.lower().startswith(("http://", "https://")):
        return words
    safe = quote(address, safe=_IN_ADDRESS, errors="replace").replace("&", "&amp;")
    return f"[{words}](<{safe}>)"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, align: str = "") -> list[str]:
    """Return the lines of a table of Markdown cells; `align` has `r` for a column of numbers."""
    rules = ["--:" if align[index : index + 1] == "r" else "---" for index in range(len(head))]
    return [_row(head), "|" + "|".join(rules) + "|", *map(_row, rows)]


def fence(lines: Sequence[str], language: str) -> list[str]:
    """Return a block of code that nothing in the lines can end."""
    shown = [visible(line) for line in lines]
    mark = "`" * max(3, 1 + max(map(_longest_run, shown), default=0))
    return [f"{mark}{language}", *shown, mark]


def folded(summary: Sequence[tuple[str, bool]], lines: Sequence[str], *, is_open: bool = False) -> list[str]:
    """Return lines below a summary that opens with a click; the summary's pieces are (text, whether it is code)."""
    pieces = [
        f"<code>{html.escape(visible(text))}</code>" if is_code else html.escape(visible(text))
        for text, is_code in summary
    ]
    return [
        f"<details{' open' if is_open else ''}><summary>{''.join(pieces)}</summary>",
        "",
        *lines,
        "",
        "</details>",
    ]


def long_list(lines: Sequence[str], noun: str, *, most: int = 10) -> list[str]:
    """Return a list of which a click opens what comes after the first lines."""
    if len(lines) <= most + 1:
        return list(lines)
    rest = folded([(f"{plural(len(lines) - most, f'more {noun}')}", False)], lines[most:])
    return [*lines[:most], "", *rest]


def more(count: int, noun: str) -> list[str]:
    """Return a line that says how many more there are, or nothing if there are none."""
    return [f"*… and {plural(count, f'more {noun}')}*"] if count > 0 else []


def more_item(count: int, noun: str) -> list[str]:
    """Return a list item that says how many more there are, or nothing if there are none."""
    return [f"- … and {plural(count, f'more {noun}')}"] if count > 0 else []


def more_below(count: int) -> list[str]:
    """Return a paragraph that says how many more rows a table has, or nothing if it has none."""
    return ["", f"… and {number(count)} more", ""] if count > 0 else []


def comment(words: str, name: str = "") -> str:
    """Return a hidden mark, which no name can end early."""
    safe = quote(name, safe="-._", errors="replace").replace("--", "-%2D")
    return f"<!-- {words}{':' if name else ''}{safe} -->"


def _word(text: str) -> str:
    match = _WORD.fullmatch(text)
    if match is None or not match["core"]:
        return text
    core, tail = match["core"], match["tail"]
    # The brackets of a type belong to its name: `decimal(10,4)`.
    while ")" in tail and not _is_closed(core):
        end = tail.index(")") + 1
        core, tail = core + tail[:end], tail[end:]
    if _PLAIN.fullmatch(core) and not _SPECIAL.search(core):
        return text
    return f"{match['lead']}{code(core)}{tail}"


def _words(text: str, *, is_first: bool) -> str:
    first, *others = _split(text)
    is_list = is_first and _LIST_MARK.fullmatch(first) is not None
    return " ".join([code(first) if is_list else _word(first), *map(_word, others)])


def _split(text: str) -> list[str]:
    """Return the words of a text; what follows a name in brackets is one word with it: `numeric(10, 4)`."""
    words: list[str] = []
    pieces = text.split(" ")
    while pieces:
        taken = 1
        if _OPENED.search(pieces[0]) and not _is_closed(pieces[0]):
            ends = (count for count in range(1, _MOST_IN_BRACKETS) if _is_closed(" ".join(pieces[:count])))
            taken = next(ends, 1)
        words.append(" ".join(pieces[:taken]))
        del pieces[:taken]
    return words


def _is_closed(text: str) -> bool:
    return text.count("(") <= text.count(")")


def _longest_run(text: str) -> int:
    return max(map(len, _RUN.findall(text)), default=0)


def _row(cells: Sequence[str]) -> str:
    """Return the cells as a row; a bar is only in code spans, and must be escaped in a table."""
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"
