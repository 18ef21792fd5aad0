"""Man pages, from the commands themselves: one for `tdmvc`, and one for each command, as Git has them."""

import re
from collections.abc import Iterator

import click

from tdmvc import __version__
from tdmvc.cli.group import COMMANDS, GROUPS, cli

_EXIT_STATUS = (
    ("0", "Done."),
    ("1", 'Done, and the answer is "no": differences with --exit-code, drift, broken rules, damage.'),
    ("2", "The arguments, the configuration or a manifest are wrong."),
    ("3", "There is no such dataset, version, table or release."),
    ("4", "A merge needs a person, or local changes would be overwritten."),
    ("5", "A policy forbids it."),
    ("6", "The store: a part is missing or damaged, a disk is full, a remote cannot be reached."),
    ("7", "A database."),
    ("70", "A bug in tdmvc."),
    ("130", "Interrupted."),
)


def man_pages() -> Iterator[tuple[str, str]]:
    """Yield the name of each page's file, and its text."""
    root = click.Context(cli, info_name="tdmvc", help_option_names=["-h", "--help"])
    yield "tdmvc.1", _page(cli, root, _command_list())
    for name in COMMANDS:
        command = cli.get_command(root, name)
        assert command is not None
        yield from _pages_of(command, click.Context(command, info_name=name, parent=root))


def _pages_of(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    yield f"{_title(context)}.1", _page(command, context, [])
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from _pages_of(found, click.Context(found, info_name=name, parent=context))


def _title(context: click.Context) -> str:
    return context.command_path.replace(" ", "-")


def _page(command: click.Command, context: click.Context, more: list[str]) -> str:
    title = _title(context)
    first, _, rest = (command.help or "").replace("\b\n", "\b").strip().partition("\n\n")
    summary = COMMANDS.get(context.info_name or "", "") if context.parent else ""
    name = (summary or " ".join(first.split())).rstrip(".")
    usage = " ".join(command.collect_usage_pieces(context))
    text, examples = _paragraphs(f"{first}\n\n{rest}")
    lines = [
        f'.TH "{title.upper()}" "1" "" "tdmvc {__version__}" "tdmvc manual"',
        # Without hyphens at the ends of lines: names of files and variables are copied as they are.
        ".nh",
        ".SH NAME",
        f"{_escaped(title)} \\- {_escaped(name[:1].lower() + name[1:])}",
        ".SH SYNOPSIS",
        f".B {_escaped(context.command_path)}",
        _escaped(usage),
        ".SH DESCRIPTION",
        *text,
        *more,
        *_options(command, context),
        *([".SH EXAMPLES", ".nf", *examples, ".fi"] if examples else []),
        ".SH EXIT STATUS",
        *(line for code, what in _EXIT_STATUS for line in (".TP", f".B {code}", _escaped(what))),
        ".SH SEE ALSO",
        ".BR git (1)" if title == "tdmvc" else ".BR tdmvc (1)",
    ]
    return "\n".join(lines) + "\n"


def _command_list() -> list[str]:
    lines = [".SH COMMANDS"]
    for group, commands in GROUPS.items():
        lines.append(f'.SS "{_escaped(group)}"')
        for name, summary in commands.items():
            lines += [".TP", f".BR {_escaped(f'tdmvc-{name}')} (1)", _escaped(summary)]
    return lines


def _paragraphs(help_text: str) -> tuple[list[str], list[str]]:
    """Return the paragraphs, and the lines of the examples.

    A paragraph that begins with a backspace keeps its lines, as in Click's help.
    """
    lines: list[str] = []
    examples: list[str] = []
    for paragraph in re.split(r"\n\s*\n", help_text.strip()):
        if not paragraph.lstrip().startswith("\b"):
            lines += [".PP", _escaped(" ".join(paragraph.split()))]
            continue
        kept = [
            _escaped(line.strip()) for line in paragraph.lstrip().removeprefix("\b").strip("\n").split("\n")
        ]
        if kept[0] in ("Example:", "Examples:"):
            examples += kept[1:]
        else:
            lines += [".PP", ".nf", *kept, ".fi"]
    return lines[1:], examples


def _options(command: click.Command, context: click.Context) -> list[str]:
    records = [
        record
        for one in command.get_params(context)
        if (record := one.get_help_record(context)) and record[1]
    ]
    if not records:
        return []
    lines = [".SH OPTIONS"]
    for names, what in records:
        lines += [".TP", f'.B "{_escaped(names)}"', _escaped(" ".join(what.split()))]
    return lines


def _escaped(text: str) -> str:
    """Return text that troff prints as it is."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq").replace("'", "\\(aq")
    ascii_only = "".join(mark if mark.isascii() else f"\\[u{ord(mark):04X}]" for mark in escaped)
    return f"\\&{ascii_only}" if ascii_only.startswith(".") else ascii_only
