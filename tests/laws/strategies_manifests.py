"""Three sides of a manifest, as values and as the texts that people might have written for them."""

import zlib
from dataclasses import dataclass
from itertools import dropwhile
from typing import Any

from hypothesis import strategies as st

WORDS = st.sampled_from(["a", "b", "c", "no", "0001", "x y", "a: b", "ü#1", " z"])
TEXTS = st.sampled_from(["one", "two", "it's: so", "true", "12", "# no comment", "long text over lines"])


@dataclass(frozen=True)
class Spelling:
    """How one side writes: nothing of it is a change."""

    offset: int = 2
    """How far the dashes of a list are indented below its key."""
    is_flow: bool = False
    """Lists of scalars, and mappings of them, stand in brackets."""
    quote: str = ""


SPELLINGS = st.builds(Spelling, st.sampled_from([0, 2]), st.booleans(), st.sampled_from(["", '"']))


def render(value: dict[str, Any], spelling: Spelling, seeds: tuple[tuple[str, int], ...]) -> str:
    """Return the YAML of a value, with the comments that each seed scatters over it."""
    return "".join(f"{line}\n" for line in _mapping(value, 0, (), spelling, seeds))


def comments(path: tuple[str, ...], seeds: tuple[tuple[str, int], ...]) -> tuple[list[str], str]:
    """Return the comments above and after the entry at a path."""
    above, beside = [], ""
    for word, seed in seeds:
        chance = zlib.crc32(repr((word, seed, path)).encode()) % 10 if seed else 9
        if chance == 0:
            above.append(f"# {word} above {'/'.join(path)}")
        elif chance == 1:
            beside = f"  # {word} beside {'/'.join(path)}"
    return above, beside


def identity(value: Any) -> str:
    """Return what an element of a list is told by."""
    return value if isinstance(value, str) else value["name"] if "name" in value else value["to"]


def _mapping(value: Any, indent: int, path: Any, spelling: Spelling, seeds: Any) -> list[str]:
    lines: list[str] = []
    for key, inner in value.items():
        above, beside = comments((*path, key), seeds)
        lines += [" " * indent + comment for comment in above]
        head = f"{' ' * indent}{_scalar(key, '')}:"
        if inner is True:
            lines.append(f"{head} true{beside}")
        elif isinstance(inner, str):
            lines.append(f"{head} {_scalar(inner, spelling.quote)}{beside}")
        elif not inner or (spelling.is_flow and _is_plain(inner)):
            lines.append(f"{head} {_flow(inner, spelling)}{beside}")
        elif isinstance(inner, dict):
            lines += [head + beside, *_mapping(inner, indent + 2, (*path, key), spelling, seeds)]
        else:
            lines += [head + beside, *_list(inner, indent + spelling.offset, (*path, key), spelling, seeds)]
    return lines


def _list(value: Any, indent: int, path: Any, spelling: Spelling, seeds: Any) -> list[str]:
    lines: list[str] = []
    for inner in value:
        place = (*path, identity(inner))
        above, beside = comments(place, seeds)
        lines += [" " * indent + comment for comment in above]
        if isinstance(inner, str):
            lines.append(f"{' ' * indent}- {_scalar(inner, spelling.quote)}{beside}")
        else:
            # The first key follows the dash, and has no comment above it.
            first, *rest = dropwhile(
                lambda line: line.lstrip().startswith("# "),
                _mapping(inner, indent + 2, place, spelling, seeds),
            )
            lines += [f"{' ' * indent}- {first.lstrip()}", *rest]
    return lines


def _is_plain(value: Any) -> bool:
    inner = value.values() if isinstance(value, dict) else value
    return all(isinstance(one, str) or (isinstance(one, list) and _is_plain(one)) for one in inner)


def _flow(value: Any, spelling: Spelling) -> str:
    if isinstance(value, str):
        return _scalar(value, spelling.quote)
    if isinstance(value, list):
        return "[" + ", ".join(_flow(one, spelling) for one in value) + "]"
    return "{" + ", ".join(f"{_scalar(key, '')}: {_flow(one, spelling)}" for key, one in value.items()) + "}"


def _scalar(text: str, quote: str) -> str:
    if quote or text.strip("abcdefghijklmnopqrstuvwxyz_.") or text in ("no", "true", ""):
        return '"' + text.replace('"', '\\"') + '"'
    return text


@st.composite
def changed(draw: st.DrawFn, old: Any, fresh: st.SearchStrategy[Any]) -> Any:
    """Return the value with some of its parts redrawn, added or removed."""
    new = draw(fresh)
    if draw(st.integers(0, 4)) == 0:
        return new
    if isinstance(old, dict) and isinstance(new, dict):
        kept = {key: value for key, value in old.items() if key in FIXED or draw(st.integers(0, 7))}
        mixed = {
            key: _mix(draw, value, new[key]) if key in new and draw(st.booleans()) else value
            for key, value in kept.items()
        }
        return mixed | {key: value for key, value in new.items() if key not in old and draw(st.booleans())}
    return old


FIXED = ("name", "format", "kind", "tool")
"""Keys that every side has and none changes."""


def _mix(draw: st.DrawFn, old: Any, new: Any) -> Any:
    if isinstance(old, list) and isinstance(new, list):
        known = {identity(one): one for one in old}
        kept = [one for one in old if draw(st.integers(0, 5))]
        fresh = {identity(one): one for one in new}
        result = [_mix(draw, one, fresh.get(identity(one), one)) for one in kept]
        for one in new:
            if identity(one) not in known and draw(st.booleans()):
                result.insert(draw(st.integers(0, len(result))), one)
        return result
    if isinstance(old, dict) and isinstance(new, dict):
        return draw(changed(old, st.just(new)))
    return draw(st.sampled_from([old, old, new]))


def _some(fields: dict[str, st.SearchStrategy[Any]], **needed: st.SearchStrategy[Any]) -> Any:
    return st.fixed_dictionaries(needed, optional=fields)


_NAMES = st.lists(WORDS, unique=True, max_size=4)
_LOCATION = _some({}, tool=st.just("alembic"), heads=_NAMES)
DATASETS = _some(
    {
        "description": TEXTS,
        "migrations": st.dictionaries(WORDS, _LOCATION, max_size=3),
        "tables": st.dictionaries(
            WORDS, _some({"diff": _some({"key": st.lists(WORDS, max_size=3, unique=True)})}), max_size=3
        ),
        "ignore": st.lists(st.sampled_from(["a.b", "*.x", "t.*", "c.d"]), unique=True),
        "part_rows": st.sampled_from(["10", "20", "30"]),
    },
    format=st.just("tdmvc.dataset/1"),
    name=st.just("golden"),
)


def _listed(fields: dict[str, st.SearchStrategy[Any]], key: str = "name") -> Any:
    return st.lists(_some(fields, **{key: WORDS}), unique_by=lambda one: one[key], max_size=3)


_COLUMNS = _listed(
    {
        "physicalType": st.sampled_from(["integer", "bigint", "text"]),
        "description": TEXTS,
        "tags": _NAMES,
        "logicalTypeOptions": _some({"minimum": TEXTS, "maximum": TEXTS}),
    }
)
CONTRACTS = _some(
    {
        "status": st.sampled_from(["draft", "active"]),
        "tags": _NAMES,
        "schema": _listed({"description": TEXTS, "properties": _COLUMNS, "tags": _NAMES}),
    },
    kind=st.just("DataContract"),
)
_SHORT = st.sampled_from(["a", "b", "c", "no"])
_ENDS = st.builds("{}.{}".format, _SHORT, _SHORT)
_LINKED_COLUMNS = st.lists(
    _some(
        {
            "primaryKey": st.just(True),
            "primaryKeyPosition": st.sampled_from(["1", "2"]),
            "relationships": st.lists(st.fixed_dictionaries({"to": _ENDS}), unique_by=str, max_size=2),
        },
        name=_SHORT,
        logicalType=st.just("integer"),
    ),
    unique_by=lambda one: one["name"],
    max_size=3,
)
LINKED = _some(
    {
        "schema": st.lists(
            _some({"properties": _LINKED_COLUMNS}, name=_SHORT), unique_by=lambda one: one["name"]
        )
    },
    kind=st.just("DataContract"),
)
"""Contracts with keys and references; many of them are refused by the reader."""


@dataclass(frozen=True)
class Sides:
    """A merge: what each side says, and its text."""

    values: tuple[Any, Any, Any]
    texts: tuple[str, str, str]
    seeds: tuple[int, int, int]


@st.composite
def sides(draw: st.DrawFn, documents: st.SearchStrategy[Any]) -> Sides:
    """Return a base and two changes of it; the sides may spell and comment alike, or each in its way."""
    base = draw(documents)
    values = (base, draw(changed(base, documents)), draw(changed(base, documents)))
    seeds = (draw(st.integers(0, 9)), draw(st.integers(0, 9)), draw(st.integers(0, 9)))
    spelled = [draw(SPELLINGS)] * 3
    if not draw(st.integers(0, 3)):
        spelled = [draw(SPELLINGS) for _ in range(3)]
    texts = (
        render(values[0], spelled[0], (("base", seeds[0]),)),
        render(values[1], spelled[1], (("base", seeds[0]), ("ours", seeds[1]))),
        render(values[2], spelled[2], (("base", seeds[0]), ("theirs", seeds[2]))),
    )
    return Sides(values, texts, seeds)
