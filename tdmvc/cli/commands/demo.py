"""`tdmvc demo`."""

import os
import shlex
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import click

from tdmvc.actions.demo import Command, plan_story
from tdmvc.cli.output import terminal_width, use_color
from tdmvc.errors import LocalWorkError, TdmvcError
from tdmvc.render.terminal import Style


@click.command(name="demo")
@click.option(
    "--into", type=click.Path(path_type=Path), help="Use this empty folder instead of a temporary one."
)
def command(into: Path | None) -> None:
    """Play the story of a sample shop's test data in a temporary repository.

    Each step says what it does and shows the command. The repository is kept, so that
    you can look around in it.

    \b
    Example:
      tdmvc demo --into /tmp/lumen
    """
    if into is not None and into.exists() and any(into.iterdir()):
        raise LocalWorkError(
            "The folder is not empty.", where=str(into), remedy="name an empty folder or a new one."
        )
    folder = into or Path(tempfile.mkdtemp(prefix="tdmvc-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    style = Style(use_color())
    for number, step in enumerate(plan_story(folder), start=1):
        click.echo(style.bold(f"{number}. {step.title}"))
        click.echo(textwrap.indent(textwrap.fill(step.text, terminal_width() - 3), "   "))
        step.prepare()
        for one in step.commands:
            _run(one, folder, style)
        click.echo()
    shop = folder / "shop"
    click.echo(style.bold("Look around:"))
    click.echo(f"   cd {shlex.quote(str(shop))}")
    click.echo("   tdmvc list && tdmvc show golden@1.0.0")
    click.echo("   tdmvc diff golden@1.0.0..2.0.0")
    click.echo("   cat datasets/golden/versions/1.0.0.yaml && git log --stat")


def _run(one: Command, folder: Path, style: Style) -> None:
    click.echo("   " + style.cyan("$ " + shlex.join(one.words)))
    done = subprocess.run(
        _real_command(one),
        cwd=folder / one.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if one.has_steps else subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            # What `tdmvc run` starts is of this installation, too.
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
            "COLUMNS": str(terminal_width() - 5),
            **({"FORCE_COLOR": "1"} if style.color else {}),
        },
        check=False,
    )
    if done.returncode != one.exit_code:
        raise TdmvcError(
            f"A step of the demo failed with exit code {done.returncode}: {shlex.join(one.words)}",
            where=str(folder / one.folder),
            remedy="please report this: " + (done.stderr or done.stdout).strip(),
        )
    if one.is_shown and done.stdout:
        click.echo(textwrap.indent(done.stdout.rstrip(), "     ", lambda line: True))
    if one.exit_code:
        click.echo(style.dim(f"     (exit code {one.exit_code}, as CI would see it)"))


def _real_command(one: Command) -> list[str]:
    """Return the command with this installation of tdmvc, DVC and Python, whatever PATH says."""
    words = one.words
    match words[0]:
        case "tdmvc":
            # Quiet, because the story itself says what comes next.
            quiet = () if one.has_steps else ("--quiet",)
            return [sys.executable, "-m", "tdmvc", *quiet, *words[1:]]
        case "dvc":
            return [sys.executable, "-m", "dvc", *words[1:]]
        case "python":
            return [sys.executable, *words[1:]]
        case _:
            return list(words)
