"""Suggestions for mistyped commands and options: by spelling, and by the word's meaning in other tools."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from tdmvc.errors import UsageError

_REMOVE = "Did you mean `tdmvc remove DATASET TABLE`? Then `tdmvc gc` lists the rows that nothing needs."
_GC = "Did you mean `tdmvc gc`, which removes rows that nothing needs?"
_VERSIONS = (
    "`tdmvc publish` publishes a version, `tdmvc list` lists them; `tdmvc --version` prints tdmvc's own."
)
_ADD = "Did you mean `tdmvc add DATASET FILE`?"
_EXPORT = "Did you mean `tdmvc checkout REF --into FILE`, which writes a folder, a SQLite or a DuckDB file?"
_CHECK = "Did you mean `tdmvc check` (manifests and pointers) or `tdmvc verify` (rows)?"
_SQL = "Did you mean `tdmvc sql QUERY`?"
_DIFF = "Did you mean `tdmvc diff`?"
_LOG = "Did you mean `tdmvc log`?"
_BLAME = "Did you mean `tdmvc blame`?"
_CHECKOUT = "Did you mean `tdmvc checkout`?"
_UNDO = "`tdmvc revert` undoes a commit's change; `tdmvc checkout DATASET --force` discards your edits."
_LIST = "Did you mean `tdmvc list`?"
_SHOW = "Did you mean `tdmvc show REF`?"
_PULL = "Did you mean `tdmvc pull`?"
_REVIEW = "Did you mean `tdmvc review`?"
_RESOLVE = "Did you mean `tdmvc resolve`?"
_CONFIG = "Edit tdmvc.yaml and datasets/NAME/dataset.yaml; docs/formats describes them."

_BY_MEANING = {
    "rm": _REMOVE,
    "delete": _REMOVE,
    "drop": _REMOVE,
    "clean": _GC,
    "prune": _GC,
    "purge": _GC,
    "version": _VERSIONS,
    "tag": _VERSIONS,
    "release": _VERSIONS,
    "commit": "Run `tdmvc add DATASET`, then `git commit`.",
    "ci": "Did you mean `tdmvc init --ci`, which writes workflow files?",
    "fetch": _PULL,
    "download": _PULL,
    "sync": "Did you mean `tdmvc pull` or `tdmvc push`?",
    "clone": "Run `git clone`, then `tdmvc pull`.",
    "upload": "Did you mean `tdmvc push`?",
    "import": _ADD,
    "load": _ADD,
    "ingest": _ADD,
    "export": _EXPORT,
    "extract": _EXPORT,
    "dump": _EXPORT,
    "archive": _EXPORT,
    "fsck": _CHECK,
    "test": _CHECK,
    "lint": _CHECK,
    "query": _SQL,
    "select": _SQL,
    "compare": _DIFF,
    "changes": _DIFF,
    "history": _LOG,
    "annotate": _BLAME,
    "praise": _BLAME,
    "who": _BLAME,
    "restore": _CHECKOUT,
    "switch": _CHECKOUT,
    "get": _CHECKOUT,
    "use": _CHECKOUT,
    "co": _CHECKOUT,
    "undo": _UNDO,
    "rollback": _UNDO,
    "ls": _LIST,
    "versions": _LIST,
    "datasets": _LIST,
    "describe": _SHOW,
    "info": _SHOW,
    "inspect": _SHOW,
    "schema": _SHOW,
    "head": _SHOW,
    "st": "Did you mean `tdmvc status`?",
    "pr": _REVIEW,
    "report": _REVIEW,
    "mergetool": _RESOLVE,
    "conflicts": _RESOLVE,
    "rebase": "Run `tdmvc install` once; then `git rebase` merges rows.",
    "cherry-pick": "Run `tdmvc install` once; then `git cherry-pick` merges rows.",
    "branch": "Branches are Git's: run `git branch`.",
    "stash": "Run `tdmvc add DATASET`, then `git stash`.",
    "migrate": "Did you mean `tdmvc migrations`, which shows them? tdmvc runs none.",
    "repro": "To run a pipeline, use `dvc repro`; its stages call `tdmvc build`.",
    "config": _CONFIG,
    "settings": _CONFIG,
    "remote": "Remotes are DVC's: run `dvc remote add -d NAME URL`.",
    "setup": "Did you mean `tdmvc init`?",
    "hook": "Did you mean `tdmvc install`?",
}
"""Words of Git, DVC and other tools, with their equivalents here."""

_OPTIONS_BY_MEANING: dict[str, Sequence[str]] = {
    "--to": ("--into", "--output"),
    "--out": ("--into", "--output"),
    "--output": ("--into", "--rows"),
    "--file": ("--into", "--output"),
    "--json": ("--format json",),
    "--csv": ("--format csv",),
    "--markdown": ("--format markdown",),
    "--html": ("--format html",),
    "-f": ("--force", "--format"),
    "--yes": ("--apply",),
    "-y": ("--apply",),
    "--delete": ("--apply",),
    "--limit": ("--max-count", "--rows", "--samples"),
    "-t": ("--table",),
    "--row": ("--key",),
    "--where": ("--key",),
    "--id": ("--key",),
    "--version": ("--versions",),
    "--revision": ("--at", "--head"),
    "--rev": ("--at", "--head"),
    "--mine": ("--ours",),
    "--yours": ("--theirs",),
    "--their": ("--theirs",),
    "--our": ("--ours",),
}


def suggest_command(word: str, commands: Iterable[str]) -> str:
    """Return a sentence that helps whoever typed a command that does not exist."""
    if word in _BY_MEANING:
        return _BY_MEANING[word]
    near = get_close_matches(word, [*commands, *_BY_MEANING], n=1)
    if not near:
        return "`tdmvc help` lists the commands."
    return _BY_MEANING.get(near[0], f"Did you mean '{near[0]}'?")


def suggest_in_group(group: str, args: Sequence[str], commands: Iterable[str]) -> None:
    """Raise a UsageError if the first argument of a group of commands names none of them."""
    names = list(commands)
    if not args or args[0] in names or args[0].startswith("-"):
        return
    near = get_close_matches(args[0], names, n=1)
    remedy = f"did you mean `tdmvc {group} {near[0]}`?" if near else f"choose one of: {', '.join(names)}."
    raise UsageError(f"There is no command `tdmvc {group} {args[0]}`.", remedy=remedy)


def suggest_option(word: str, options: Iterable[str], similar: Sequence[str]) -> str:
    """Return a sentence that helps whoever typed an option that the command does not have; may be empty.

    Args:
        options: the options that the command has.
        similar: those of them that are spelled almost like the word.
    """
    if word == "--no-pager":
        return "It goes before the command: `tdmvc --no-pager COMMAND`."
    if word == "-C":
        return "It goes before the command: `tdmvc -C FOLDER COMMAND`."
    known = set(options)
    if word in ("--table", "--tables") and word not in known:
        return "The command always covers all tables of a dataset."
    by_meaning = [other for other in _OPTIONS_BY_MEANING.get(word, ()) if other.split()[0] in known]
    candidates = by_meaning[:1] or list(similar)
    if candidates:
        return f"Did you mean {' or '.join(candidates)}?"
    return "Nothing is removed without --apply." if word == "--dry-run" and "--apply" in known else ""
