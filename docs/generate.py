"""Write what is generated of docs/: the reference from what `--help` prints, tables of types and fields, files of CI.

`python docs/generate.py` writes it; `--check` fails if it is not up to date. It needs no database server: the tests of
all engines compare the tables of types with what the engines do.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import yaml
from manual import man_pages
from python_api import render_api

from tdmvc.cli.group import COMMANDS, cli
from tdmvc.contracts import READERS, WRITERS
from tdmvc.contracts.odcs.fields import FIELDS, LOGICAL_OPTIONS, Field, Kind
from tdmvc.hosts import HOSTS, read_templates

PAGE = Path(__file__).parent / "reference.md"
WIDTH = 100
DATABASES = PAGE.parent / "databases"
DIALECTS = ("duckdb", "mysql", "postgresql", "sqlite")
TYPES = PAGE.parents[1] / "tests" / "cases" / "database_types"
BEGIN, END = "<!-- types: `make docs` writes this table -->", "<!-- end of types -->"
CONTRACT = PAGE.parent / "formats" / "contract.md"
BEGIN_FIELDS, END_FIELDS = "<!-- fields: `make docs` writes these tables -->", "<!-- end of fields -->"
CI = PAGE.parent / "ci.md"
MAN = PAGE.parent / "man"
FORMATS = PAGE.parents[1] / "tests" / "cases" / "contract_formats"
CONTRACTS = PAGE.parent / "contracts"
BEGIN_FORMATS, END_FORMATS = "<!-- formats: `make docs` writes this table -->", "<!-- end of formats -->"
BEGIN_READ, END_READ = "<!-- read: `make docs` writes these tables -->", "<!-- end of read -->"
HEAD = """\
# Command reference

`make docs` writes this page from what `tdmvc help COMMAND` prints; edit the commands, not this page.

- **Exit codes**: 0 done; 1 done, and the answer is "no" (differences with `--exit-code`, drift, damage found by
  `verify`); 2 the arguments, the configuration or a manifest are wrong; 3 no such dataset, version, table or release;
  4 a merge needs a person, or local changes would be overwritten; 5 a policy forbids it; 6 the store: a part is
  missing or damaged, a disk is full, a remote cannot be reached; 7 a database; 70 a bug in tdmvc; 130 interrupted.
- **Pager**: on a terminal, the reading commands (`diff`, `log`, `blame`, `review` and others) show long output in the
  pager that `TDMVC_PAGER`, `GIT_PAGER` or `PAGER` names, or in `less`, with Git's settings. `tdmvc --no-pager COMMAND`,
  or an empty `TDMVC_PAGER`, turns it off. Output of a pipe, of CI and of `--format json` is never paged.
- **`-q` and `-v`** mean the same before and after the command. `-v` prints on standard error what each step did and how
  long it took, and the log of a bug.
"""


def render() -> str:
    """Return the page."""
    sections = [
        HEAD,
        _section(
            "tdmvc",
            cli,
            click.Context(
                cli, info_name="tdmvc", max_content_width=WIDTH, help_option_names=["-h", "--help"]
            ),
        ),
    ]
    root = click.Context(cli, info_name="tdmvc", max_content_width=WIDTH, help_option_names=["-h", "--help"])
    for name in COMMANDS:
        command = cli.get_command(root, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=root, max_content_width=WIDTH)
        sections.append(_section(f"tdmvc {name}", command, context))
        if isinstance(command, click.Group):
            for sub_name in command.list_commands(context):
                found = command.get_command(context, sub_name)
                assert found is not None
                within = click.Context(found, info_name=sub_name, parent=context, max_content_width=WIDTH)
                sections.append(_section(f"tdmvc {name} {sub_name}", found, within))
    return "\n".join(sections)


def _section(title: str, command: click.Command, context: click.Context) -> str:
    context.terminal_width = WIDTH
    text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    return f"## {title}\n\n```text\n{text}\n```\n"


def render_types(dialect: str) -> str:
    """Return the tables of types of one engine, as Markdown."""
    lines = yaml.safe_load((TYPES / f"{dialect}.yaml").read_text(encoding="utf-8"))
    made = yaml.safe_load((TYPES / "made.yaml").read_text(encoding="utf-8"))
    plain = [line for line in lines if "when" not in line]
    usual = {line["type"]: line["canonical"] for line in plain}
    by_canonical: dict[str, list[str]] = {}
    for line in plain:
        by_canonical.setdefault(line["canonical"], []).append(_type(line))
    tables = [
        _table(
            ("type in the database", "type in a dataset"),
            ((", ".join(types), f"`{canonical}`") for canonical, types in by_canonical.items()),
        ),
    ]
    if by_value := [
        line for line in lines if "when" in line and line["canonical"] != usual.get(line["type"])
    ]:
        tables.append(
            "Some values decide:\n\n"
            + _table(
                ("type in the database", "if", "type in a dataset"),
                ((_type(line), line["when"], f"`{line['canonical']}`") for line in by_value),
            )
        )
    tables.append(
        "In a table that tdmvc makes, a column gets the type that the contract records, if the engine has it, "
        "and otherwise:\n\n"
        + _table(
            ("type in a dataset", "type in the database"),
            ((f"`{canonical}`", f"`{types[dialect]}`") for canonical, types in made.items()),
        )
    )
    return "\n\n".join(tables)


def render_fields() -> str:
    """Return the tables of a contract's fields, as Markdown."""
    tables = []
    for kind, fields in FIELDS.items():
        if kind is Kind.OPTIONS:
            rows = [
                (logical, name, field)
                for logical, names in LOGICAL_OPTIONS.items()
                for name, field in names.items()
            ]
            merged: dict[tuple[str, Field], list[str]] = {}
            for logical, name, field in rows:
                merged.setdefault((name, field), []).append(logical)
            cells = (
                (f"`{name}`", ", ".join(types), field.effect or "no effect")
                for (name, field), types in merged.items()
            )
            tables.append(f"### `{kind}`\n\n" + _table(("option", "of", "what tdmvc does with it"), cells))
            continue
        by_effect: dict[str, list[str]] = {}
        for name, field in fields.items():
            by_effect.setdefault(field.effect or "no effect", []).append(f"`{name}`")
        without = by_effect.pop("no effect", None)
        lines = [(", ".join(names), effect) for effect, names in by_effect.items()]
        lines += [(", ".join(without), "no effect")] if without else []
        title = f"`{kind}`" if kind else "The contract"
        tables.append(f"### {title}\n\n" + _table(("field", "what tdmvc does with it"), iter(lines)))
    return "\n\n".join(tables)


def render_format(path: Path) -> str:
    """Return the tables of what is read of a contract format, as Markdown, from the cases that its tests run."""
    tables = []
    for section in yaml.safe_load(path.read_text(encoding="utf-8")):
        by_effect: dict[str, list[str]] = {}
        for case in section["cases"]:
            if "keyword" in case:
                by_effect.setdefault(case["does"], []).append(f"`{case['keyword']}`")
        if by_effect:
            rows = ((", ".join(names), does) for does, names in by_effect.items())
            tables.append(
                f"### {section['title']}\n\n" + _table(("you write", "what tdmvc does with it"), rows)
            )
    return "\n\n".join(tables)


def render_formats() -> str:
    """Return the table of contract formats, as Markdown."""
    rows: list[tuple[str, ...]] = []
    for name in dict.fromkeys((*READERS, *WRITERS)):
        page = CONTRACTS / f"{name}.md"
        link = page.name if page.exists() else "../formats/contract.md"
        title = (
            page.read_text(encoding="utf-8").partition("\n")[0] if page.exists() else "# contract.yaml (ODCS)"
        )
        yes_or_no = ["yes" if name in registry else "no" for registry in (READERS, WRITERS)]
        rows.append((f"[{title.removeprefix('# ')}]({link})", f"`{name}`", *yes_or_no))
    rows.append(("[migrations in SQL](sql.md#your-migrations)", "`migrations`, a folder", "yes", "no"))
    rows.append(("the catalog of a live database", "its URL", "yes", "no"))
    return _table(("format", "name", "read", "written"), iter(rows))


def _type(line: dict[str, Any]) -> str:
    if "shown" in line:
        return str(line["shown"])
    only = f" ({line['only']})" if "only" in line else ""
    return (f"`{line['type']}`" if line["type"] else "none") + only


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines)


def pages() -> Iterator[tuple[Path, str]]:
    """Yield each page with generated text, and what it should be."""
    yield PAGE, render()
    yield PAGE.parent / "api.md", render_api()
    yield from ((MAN / name, text) for name, text in man_pages())
    for dialect in DIALECTS:
        path = DATABASES / f"{dialect}.md"
        text = path.read_text(encoding="utf-8")
        begin, _, rest = text.partition(BEGIN)
        end = rest.partition(END)[2]
        yield path, f"{begin}{BEGIN}\n\n{render_types(dialect)}\n\n{END}{end}"
    for cases in sorted(FORMATS.glob("*.yaml")):
        path = PAGE.parent / "contracts" / f"{cases.stem}.md"
        begin, _, rest = path.read_text(encoding="utf-8").partition(BEGIN_READ)
        yield (
            path,
            f"{begin}{BEGIN_READ}\n\n{render_format(cases)}\n\n{END_READ}{rest.partition(END_READ)[2]}",
        )
    overview = CONTRACTS / "README.md"
    begin, _, rest = overview.read_text(encoding="utf-8").partition(BEGIN_FORMATS)
    end = rest.partition(END_FORMATS)[2]
    yield overview, f"{begin}{BEGIN_FORMATS}\n\n{render_formats()}\n\n{END_FORMATS}{end}"
    yield CI, render_ci(CI.read_text(encoding="utf-8"))
    text = CONTRACT.read_text(encoding="utf-8")
    begin, _, rest = text.partition(BEGIN_FIELDS)
    yield (
        CONTRACT,
        f"{begin}{BEGIN_FIELDS}\n\n{render_fields()}\n\n{END_FIELDS}{rest.partition(END_FIELDS)[2]}",
    )


def render_ci(page: str) -> str:
    """Return the page about CI with the files that `init --ci` writes, each behind its path."""
    for host in HOSTS:
        for path, text in read_templates(host).items():
            block = re.compile(rf"(`{re.escape(path)}`:\n\n```yaml\n).*?(```\n)", re.DOTALL)
            page, count = block.subn(lambda found, text=text: found[1] + text + found[2], page)
            assert count == 1, path
    return page


def main() -> None:
    """Write the pages, or check them."""
    for path, text in pages():
        if "--check" not in sys.argv[1:]:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            sys.exit(
                f"docs/{path.relative_to(PAGE.parent)} is not up to date: run `make docs` and commit it."
            )


if __name__ == "__main__":
    main()
