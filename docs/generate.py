"""Write the generated pages of docs/: the command reference, from what `--help` prints.

`python docs/generate.py` writes them; `--check` fails if they are not up to date.
"""

import sys
from pathlib import Path

import click

from tdmvc.cli.group import COMMANDS, cli

PAGE = Path(__file__).parent / "reference.md"
WIDTH = 100
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
    return "\n".join(sections)


def _section(title: str, command: click.Command, context: click.Context) -> str:
    context.terminal_width = WIDTH
    text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    return f"## {title}\n\n```text\n{text}\n```\n"


def main() -> None:
    """Write the pages, or check them."""
    text = render()
    if "--check" in sys.argv[1:]:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
            sys.exit("docs/reference.md is not what --help prints: run `make docs` and commit it.")
        return
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
