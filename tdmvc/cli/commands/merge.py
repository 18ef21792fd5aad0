"""`tdmvc merge`."""

import click

from tdmvc.actions.finish_merge import abort_this_merge, continue_merge
from tdmvc.actions.merge import merge
from tdmvc.cli.output import formats_option, opened, print_as
from tdmvc.errors import LocalWorkError, UsageError
from tdmvc.model.options import FastForward, MergeOptions
from tdmvc.render.merge import MERGE_FORMATS


@click.command(name="merge")
@click.argument("branches", nargs=-1, metavar="[BRANCH]")
@click.option("-m", "--message", metavar="MSG", help="The message of the merge commit. [default: Git's]")
@click.option("--no-commit", is_flag=True, help="Merge and check, but leave the commit to --continue.")
@click.option("--ff-only", is_flag=True, help="Merge only if HEAD can be fast-forwarded.")
@click.option("--no-ff", is_flag=True, help="Make a merge commit even if HEAD can be fast-forwarded.")
@click.option(
    "--continue", "is_continue", is_flag=True, help="Check again and commit, once everything is resolved."
)
@click.option("--abort", "is_abort", is_flag=True, help="Undo the merge: files, rows, conflict files.")
@click.option("--allow-broken", is_flag=True, help="Commit even if the merged rows break a rule.")
@click.option(
    "--force", is_flag=True, help="With --abort: discard rows that you edited since and did not add."
)
@formats_option(MERGE_FORMATS)
@click.pass_context
def command(
    context: click.Context,
    branches: tuple[str, ...],
    message: str | None,
    output_format: str,
    *,
    no_commit: bool,
    ff_only: bool,
    no_ff: bool,
    is_continue: bool,
    is_abort: bool,
    allow_broken: bool,
    force: bool,
) -> int:
    """Merge a branch into HEAD: tables row by row, other files as Git does.

    It is one Git merge, so code and data are merged together, and `tdmvc install` is
    not needed. Before the commit, the merged result is checked: keys, unique columns,
    references between all tables, the contract. If there are conflicts, or if the
    merged rows break a rule, the merge stays open for you and the exit code is 4.

    \b
    Examples:
      tdmvc merge feature/locale
      tdmvc merge main --no-commit
      tdmvc merge --continue
      tdmvc merge --abort
    """
    if is_continue + is_abort + bool(branches) > 1:
        raise UsageError(
            "A branch, --continue and --abort cannot be used together.", remedy="use only one of them."
        )
    if force and not is_abort:
        raise UsageError("--force works only with --abort.", remedy="remove it, or add --abort.")
    if ff_only and no_ff:
        raise UsageError("--ff-only and --no-ff contradict each other.", remedy="use only one of them.")
    options = MergeOptions(
        message,
        is_committed=not no_commit,
        fast_forward=FastForward.ONLY if ff_only else FastForward.NEVER if no_ff else FastForward.AUTO,
        allow_broken=allow_broken,
    )
    with opened(context) as workspace:
        if is_continue or is_abort:
            report = (
                continue_merge(workspace, options)
                if is_continue
                else abort_this_merge(workspace, force=force)
            )
        else:
            report = merge(workspace, branches, options)
    print_as(context, MERGE_FORMATS[output_format], report)
    return LocalWorkError.exit_code if report.needs_person else 0
