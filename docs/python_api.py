"""The reference of the Python API, from the docstrings and signatures of the package."""

from collections.abc import Iterator
from pathlib import Path

import griffe

ROOT = Path(__file__).parents[1]
PARTS = {
    "rows": ("Rows", "RowMethods"),
    "history": ("Versions and reviews", "HistoryMethods"),
    "contracts": ("Contracts", "ContractMethods"),
    "migrations": ("Migrations and environments", "MigrationMethods"),
}
HEAD = """\
<!-- `make docs` writes this page from the docstrings of the package; edit those. -->

# Python API

Everything that the commands do, from Python. [Ten minutes with pandas](python.md) is an introduction.

```python
import tdmvc

with tdmvc.open(".") as repository:
    orders = repository.table("golden@1.0.0", "orders").to_pandas()
```

A *reference* names a state of a dataset: `golden` is the working copy, `golden@1.0.0` a version, `golden@HEAD~2` a
commit ([concepts](concepts.md)). Methods return frozen values, and raise the
[errors](#errors) below.
"""

ERRORS = """\
Import them from `tdmvc.errors`. All are a `TdmvcError`, which has `what`, `where` and `remedy` (what to do), and
`exit_code`, with which the command of the same name ends. No message has the value of a row or a password.
"""


def render_api() -> str:
    """Return the page."""
    package = griffe.load("tdmvc", search_paths=[str(ROOT)], docstring_parser="google", submodules=False)
    api = griffe.load("tdmvc.api", search_paths=[str(ROOT)], docstring_parser="google")
    errors = griffe.load("tdmvc.errors", search_paths=[str(ROOT)], docstring_parser="google")
    parts = [HEAD, "## Opening a repository\n", _function("tdmvc.open", package["open"])]
    base = api["base.OpenRepository"]
    parts += [_function(f"repository.{name}", base[name]) for name in ("close",)]
    parts.append(_table(("attribute", "what it is"), _attributes(base)))
    for module, (title, name) in PARTS.items():
        parts.append(f"\n## {title}\n")
        own = api[f"{module}.{name}"].members.values()
        methods = [one for one in own if one.is_function and not one.name.startswith("_")]
        parts += [_function(f"repository.{one.name}", one) for one in methods]
    parts.append("\n## Errors\n")
    parts.append(ERRORS)
    parts.append(_table(("error", "is a", "raised if", "exit code"), _errors(errors)))
    return "\n".join(parts).rstrip() + "\n"


def _attributes(base: griffe.Object) -> Iterator[tuple[str, ...]]:
    for one in base.attributes.values():
        if one.docstring is not None and "property" in one.labels:
            yield f"`repository.{one.name}`", one.docstring.value


def _errors(module: griffe.Object) -> Iterator[tuple[str, ...]]:
    classes = [module[name].final_target for name in module.exports or () if module[name].is_class]
    by_name = {one.name: one for one in classes}

    def parent(one: griffe.Object) -> str:
        return str(one.bases[0].name) if one.bases and one.bases[0].name in by_name else ""

    def code(one: griffe.Object) -> str:
        if "exit_code" in one.members:
            return str(one["exit_code"].value)
        return code(by_name[parent(one)]) if parent(one) else ""

    def family(root: str) -> Iterator[griffe.Object]:
        for name in sorted(by_name):
            if parent(by_name[name]) == root:
                yield by_name[name]
                yield from family(name)

    for one in family(""):
        words = " ".join(one.docstring.value.split("\n\n")[0].split()) if one.docstring else ""
        yield f"`{one.name}`", f"`{parent(one)}`" if parent(one) else "`Exception`", words, code(one)


def _function(title: str, function: griffe.Object) -> str:
    parameters = [one for one in function.parameters if one.name not in ("self", "cls")]
    lines = [
        f"### {title.rpartition('.')[2]}\n",
        "```python",
        f"{title}({_signature(parameters)}) -> {function.returns}",
        "```\n",
    ]
    assert function.docstring is not None, title
    for section in function.docstring.parse("google"):
        match section.kind.value:
            case "text":
                lines.append(f"{section.value}\n")
            case "parameters":
                rows = ((f"`{one.name}`", " ".join(one.description.split())) for one in section.value)
                lines.append(_table(("argument", "meaning"), rows) + "\n")
            case "raises":
                rows = (
                    (
                        f"`{str(one.annotation).removeprefix('tdmvc.errors.')}`",
                        " ".join(one.description.split()),
                    )
                    for one in section.value
                )
                lines.append(_table(("raises", "if"), rows) + "\n")
            case other:
                raise AssertionError(f"{title}: a section that this page does not show: {other}")
    return "\n".join(lines)


def _signature(parameters: list[griffe.Parameter]) -> str:
    """Return the parameters as they are written, on lines of their own if they are many."""
    written: list[str] = []
    for one in parameters:
        kind = one.kind.value if one.kind else ""
        if (
            kind == "keyword-only"
            and "*" not in written
            and not any(word.startswith("*") for word in written)
        ):
            written.append("*")
        star = "*" if kind == "variadic positional" else ""
        default = f" = {one.default}" if one.default is not None and not star else ""
        written.append(f"{star}{one.name}: {str(one.annotation).strip(chr(34))}{default}")
    if len(", ".join(written)) <= 70:
        return ", ".join(written)
    return "\n    " + ",\n    ".join(written) + ",\n"


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines)
