"""The application's releases: the current one, names that mean the same release, and their commits."""

import contextlib
import json
import re
import shlex
import subprocess
import tomllib
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches
from itertools import chain, zip_longest
from typing import TYPE_CHECKING

from tdmvc.errors import ConfigError, UsageError
from tdmvc.gitrepo.repository import GitRepo
from tdmvc.model.dataset import ReleaseSource, RepoConfig
from tdmvc.model.tree import FileTree

if TYPE_CHECKING:
    from packaging.version import Version

_COMMAND_SECONDS = 60
_RELEASE_FILES = ("pyproject.toml", "package.json", "VERSION")
_RELEASE_TAG = re.compile(r"(?P<prefix>(?:[^0-9].*?)?)(?P<version>[0-9]+(?:\.[0-9]+)+[^/@]*)")


def current_release(git: GitRepo, config: RepoConfig, *, run_command: bool = False) -> str | None:
    """Return the application's current release, found as tdmvc.yaml says, or None if there is none.

    A command is run only if `run_command` is true, without a shell, in the repository's root.

    Raises:
        ConfigError: the file with the release is missing or contains none.
        UsageError: the command fails.
    """
    match config.release_source:
        case ReleaseSource.TAGS:
            tag = git.describe_release(config.release_value)
            return release_of_tag(tag, config.release_value) if tag is not None else None
        case ReleaseSource.FILE:
            return _read_file(git.work_tree(), config.release_value)
        case ReleaseSource.COMMAND:
            return _run(config.release_value, git) if run_command else None


def read_release(git: GitRepo, config: RepoConfig, *, run_command: bool = False) -> tuple[str | None, str]:
    """Return the current release, and, if there is none, why and what to do about it.

    Raises:
        UsageError: the command for the release fails.
    """
    try:
        release = current_release(git, config, run_command=run_command)
    except ConfigError as error:
        return None, f"No release can be read: {error.what} ({error.where}) {error.remedy}".rstrip()
    if release is not None or config.release_source is ReleaseSource.COMMAND:
        return release, ""
    why = f"No release can be read: no tag in HEAD's history matches '{config.release_value}'"
    if git.is_shallow:
        return None, f"{why}, and this clone is shallow. Run `git fetch --unshallow --tags`."
    return None, f"{why}. Run `git fetch --tags`, or name another source in tdmvc.yaml (app.release)."


def release_of_tag(tag: str, pattern: str) -> str:
    """Return the text that matches the `*` in a tag pattern: `2.14.0` of `v2.14.0` under `v*`."""
    head, star, tail = pattern.partition("*")
    is_plain = bool(star) and not re.search(r"[*?\[]", head + tail)
    fits = tag.startswith(head) and tag.endswith(tail) and len(tag) > len(head) + len(tail)
    return tag[len(head) : len(tag) - len(tail)] if is_plain and fits else tag


def normalize_release(config: RepoConfig, name: str) -> str:
    """Return the release that a name means: `1.2.3` of the tag `app@1.2.3`, as CI passes it.

    The tag may match the pattern of tdmvc.yaml, or begin with the application's name.
    """
    name = name.strip().removeprefix("refs/tags/")
    if config.release_source is ReleaseSource.TAGS:
        name = release_of_tag(name, config.release_value)
    app = config.app_name
    if app and name[: len(app)] == app and name[len(app) : len(app) + 1] in {"@", "-", "/", "_"}:
        rest = name[len(app) + 1 :]
        if _version(_without_v(rest)) is not None:
            return rest
    return name


def suggest_source(git: GitRepo, tree: FileTree, app_name: str) -> tuple[ReleaseSource, str]:
    """Return where the release of a new repository can be read from.

    Tags of finished releases in HEAD's history come first, then a file that names a version, then tags of
    pre-releases; if there is nothing, the default is `v*`.
    """
    tags = [match for tag in git.merged_tags() if (match := _RELEASE_TAG.fullmatch(tag)) is not None]
    finished = [match for match in tags if not _is_pre_release(match["version"])]
    if finished:
        return ReleaseSource.TAGS, _pattern(finished, app_name)
    for name in _RELEASE_FILES:
        if tree.read_text(name) is not None:
            with contextlib.suppress(ConfigError):
                _read_file(tree, name)
                return ReleaseSource.FILE, name
    return ReleaseSource.TAGS, _pattern(tags, app_name) if tags else "v*"


def _pattern(tags: Sequence[re.Match[str]], app_name: str) -> str:
    """Return the pattern of the tags that most likely name the application's releases."""
    prefixes = Counter(match["prefix"] for match in tags)
    for wanted in ("v", "", *(f"{app_name}{sign}{v}" for sign in "@-/_" for v in ("v", ""))):
        if wanted in prefixes:
            # An asterisk alone would also match the tags of datasets.
            return f"{wanted}*" if wanted else "[0-9]*"
    return f"{prefixes.most_common(1)[0][0]}*"


def _is_pre_release(name: str) -> bool:
    version = _version(name)
    return version is None or version.is_prerelease


def matches(spec: str, release: str) -> bool:
    """Return whether a version's `release`, a name or a range (`>=2.13,<2.15`), includes this release.

    Names are equal if their version numbers are (`v2.14` and `2.14.0`); other names are compared
    as text. Ranges include pre-releases.
    """
    mine, other = _without_v(spec), _without_v(release)
    if mine == other:
        return True
    version = _version(other)
    if version is None:
        return False
    if re.match(r"[<>=!~]", mine):
        from packaging.specifiers import InvalidSpecifier, SpecifierSet

        try:
            return SpecifierSet(mine).contains(version, prereleases=True)
        except InvalidSpecifier:
            return False
    return _version(mine) == version


def nearest(release: str, known: Sequence[str]) -> list[str]:
    """Return up to four of the known releases, nearest first: by version number, or else by similar text."""
    version = _version(_without_v(release))
    numbered = sorted((v, name) for name in set(known) if (v := _version(_without_v(name))) is not None)
    if version is None or not numbered:
        return get_close_matches(release, list(known), n=4, cutoff=0.4)
    place = bisect_left([v for v, _ in numbered], version)
    below = [name for _, name in reversed(numbered[:place])]
    above = [name for _, name in numbered[place:]]
    pairs = chain.from_iterable(zip_longest(below, above))
    return [name for name in pairs if name is not None][:4]


def release_commit(git: GitRepo, config: RepoConfig, release: str) -> str | None:
    """Return the commit of a release: of its tag, or else of a revision of that name; None if unknown.

    If a file names the release, it is HEAD's release, which is known even in a clone without tags.
    """
    pattern = config.release_value if config.release_source is ReleaseSource.TAGS else "*"
    tags = git.tags(pattern)
    full, release = release.removeprefix("refs/tags/"), normalize_release(config, release)
    for name in (full, pattern.replace("*", _without_v(release), 1), release):
        if name in tags:
            return tags[name]
    for name, commit in tags.items():
        tagged = normalize_release(config, name)
        if _version(_without_v(tagged)) is not None and matches(tagged, release):
            return commit
    found = git.try_resolve(release)
    if found is None and config.release_source is ReleaseSource.FILE:
        with contextlib.suppress(ConfigError):
            found = (
                git.head() if matches(_read_file(git.work_tree(), config.release_value), release) else None
            )
    return found


def _without_v(name: str) -> str:
    name = name.strip()
    return name[1:] if re.match(r"[vV]\d", name) else name


def _version(name: str) -> "Version | None":
    # Only commands that look for a release need it.
    from packaging.version import InvalidVersion, Version

    try:
        return Version(name)
    except InvalidVersion:
        return None


def _read_file(tree: FileTree, path: str) -> str:
    text = tree.read_text(path)
    if text is None:
        raise ConfigError.at(
            f"The file {path}, which should name the release, does not exist.",
            "tdmvc.yaml",
            key="app.release",
        )
    name = path.rpartition("/")[2]
    try:
        if name.endswith(".toml"):
            found = _from_toml(tomllib.loads(text))
        elif name.endswith(".json"):
            document = json.loads(text)
            found = document.get("version") if isinstance(document, dict) else None
        else:
            found = _from_text(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError.at(f"The file cannot be parsed: {error}", path) from None
    if not isinstance(found, str) or not found.strip():
        raise ConfigError.at(
            "The file contains no version.", path, remedy='read the release from tags: release: {tags: "v*"}.'
        )
    return found.strip()


def _from_toml(document: dict[str, object]) -> object:
    """Return the version of a pyproject.toml (also Poetry's) or a Cargo.toml."""
    for trail in (("project",), ("tool", "poetry"), ("package",), ("workspace", "package"), ()):
        table: object = document
        for key in trail:
            table = table.get(key) if isinstance(table, dict) else None
        if isinstance(table, dict) and isinstance(table.get("version"), str):
            return table["version"]
    return None


def _from_text(text: str) -> str | None:
    """Return the value of a line `version = "…"`, or else the first line."""
    assigned = re.search(
        r"""^\s*_*version_*\s*[:=]\s*["']?([^\s"',;]+)""", text, re.MULTILINE | re.IGNORECASE
    )
    if assigned:
        return assigned[1]
    return next((line.strip() for line in text.splitlines() if line.strip()), None)


def _run(command: str, git: GitRepo) -> str:
    try:
        words = shlex.split(command)
        done = subprocess.run(
            words, cwd=git.root, capture_output=True, text=True, timeout=_COMMAND_SECONDS, check=True
        )
    except (OSError, ValueError, IndexError, subprocess.SubprocessError) as error:
        raise UsageError(
            f"The command for the release failed: {error}",
            where="tdmvc.yaml, key 'app.release.command'",
            remedy="run it by hand; tdmvc runs it without a shell, in the repository's root.",
        ) from None
    name = done.stdout.strip()
    if not name or "\n" in name:
        raise UsageError(
            "The command for the release must print one line.", where="tdmvc.yaml, key 'app.release.command'"
        )
    return name
