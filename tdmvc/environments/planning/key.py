"""The key of a template: a digest of everything that the migrated and seeded database depends on."""

import contextlib
import glob
import hashlib
import os
import posixpath
import re
import shlex
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from tdmvc import __version__
from tdmvc.environments.base import TemplateKey
from tdmvc.environments.planning.migrations import MigrationPlan
from tdmvc.migrations.paths import is_inside, normalize_folder
from tdmvc.model.environment import Environment, RowLayout
from tdmvc.model.placeholders import fill_placeholders, find_placeholders
from tdmvc.model.seeding import SeedMode
from tdmvc.seeding.states import StateToSeed
from tdmvc.workspace.migrations import tree_at
from tdmvc.workspace.workspace import Workspace

_LOADER = f"tdmvc {__version__}, 1"
"""Changes whenever the same rows may be loaded in another way."""
USUAL_LAYOUT = RowLayout()
_DEPENDENCIES = (
    "requirements*.txt", "requirements/*.txt", "constraints*.txt", "pyproject.toml", "setup.py", "setup.cfg",
    "poetry.lock", "uv.lock", "pdm.lock", "pylock*.toml", "Pipfile.lock", "package.json", "package-lock.json",
    "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "Gemfile.lock", "composer.lock", "mix.lock",
    "Cargo.lock", "go.sum", "pom.xml", "build.gradle", "build.gradle.kts", "gradle.lockfile", "*.csproj",
    "packages.lock.json", "node_modules/.package-lock.json",
)  # fmt: skip
"""Files that say which libraries an application uses: their own migrations are part of its schema."""
_SETTINGS = (
    "DJANGO_SETTINGS_MODULE",
    "FLASK_APP",
    "FLASK_ENV",
    "APP_ENV",
    "RAILS_ENV",
    "NODE_ENV",
    "MIX_ENV",
)
"""Variables that choose the settings with which an application is migrated."""
_GENERATED = ("__pycache__", ".git", ".tdmvc")
_SEPARATORS = re.compile(r"[\s;&|()<>\"'`=]+")
"""What separates words in a shell's command."""
_FIRST_BYTES = 1024
"""Where a script says what runs it; a path that is long or has spaces is in the second line."""
_NO_DIGEST = (".pyc", ".pyo")


def template_key(
    workspace: Workspace,
    environment: Environment,
    plan: MigrationPlan,
    states: Sequence[StateToSeed],
    engine: str,
    layout: RowLayout = USUAL_LAYOUT,
) -> TemplateKey:
    """Return the key for an environment as the work tree is now.

    States that replace all rows of their tables may differ between a template and one that is derived from it;
    everything else is part of the schema, because no difference of rows would lead from one to the other.

    Args:
        engine: the version of the provider.
    """
    schema = _Digest()
    schema.add("engine", engine)
    schema.add("loader", _LOADER, str(layout.sequence_offset))
    if layout.shuffle_seed is not None:
        schema.add("shuffle", str(layout.shuffle_seed))
    for command in plan.commands:
        schema.add("migrate", command.command, command.folder, *_flat(command.variables))
    if plan.commands:
        schema.add("exports", *_flat(_constants(environment)))
        schema.add("settings", *(os.environ.get(name, "") for name in _SETTINGS))
        schema.add("programs", *_installed(workspace, environment, plan))
    for path in _inputs(workspace, environment, plan) if plan.is_needed else ():
        schema.add_file(workspace.root, path)
    rows = _Digest()
    for state in states:
        # Only without migrations does a contract say how tables are made.
        contract = "" if plan.is_needed else state.state.contract_text
        schema.add("state", state.name, state.mode, contract, *sorted(state.tables))
        (rows if state.mode is SeedMode.REPLACE else schema).add("rows", state.name, state.content)
    return TemplateKey(schema.hex, rows.hex, ", ".join(state.ref for state in states) or "no datasets")


def missing_inputs(workspace: Workspace, environment: Environment) -> list[str]:
    """Return the patterns of `migrate_inputs` that name no file."""
    return [
        pattern
        for pattern in environment.migrate_inputs
        if not any(_matches(workspace.root, _pattern(environment, pattern)))
    ]


class _Digest:
    """A digest of named texts and files, in which no two different sequences are the same bytes."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    @property
    def hex(self) -> str:
        return self._hash.hexdigest()

    def add(self, name: str, *texts: str) -> None:
        for text in (name, str(len(texts)), *texts):
            data = text.encode("utf-8", "surrogatepass")
            self._hash.update(b"%d:" % len(data))
            self._hash.update(data)

    def add_file(self, root: Path, path: str) -> None:
        try:
            with open(root / path, "rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            content = "unreadable"
        self.add("file", path, content)


def _flat(values: Mapping[str, str]) -> Iterator[str]:
    for pair in sorted(values.items()):
        yield from pair


def _constants(environment: Environment) -> dict[str, str]:
    """Return the variables that migrate commands see and that may have an effect on the schema.

    Those that only lead to the database or to a service do not: the database is empty, and no service runs yet.
    """
    texts = {name: text for one in environment.services for name, text in one.exports.items()}
    constants = {name: text for name, text in texts.items() if not find_placeholders(text)}
    for name, text in environment.exports.items():
        constants.pop(name, None)
        if not _is_address(text):
            constants[name] = text
    return constants


def _is_address(text: str) -> bool:
    """Whether a text has nothing but placeholders; `{url}?schema=shop` says more than where the database is."""
    names = find_placeholders(text)
    filled = fill_placeholders(text, dict.fromkeys(names, ""))
    return bool(names) and not any(sign.isalnum() for sign in filled)


def _inputs(workspace: Workspace, environment: Environment, plan: MigrationPlan) -> list[str]:
    """Return the files that the schema depends on, sorted."""
    tree = tree_at(workspace, None)
    found: set[str] = set(plan.scripts)
    folders = {environment.folder, "."} if plan.commands else set()
    for location in plan.locations if plan.commands else ():
        path = normalize_folder(location.path)
        if path:
            found.update(tree.list_files(path) or [path])
            folders.add(posixpath.dirname(path) or ".")
    for state in plan.states:
        found.update(migration.path for migration in state.migrations)
    for command in plan.commands:
        folders.add(command.folder or ".")
    patterns = [_pattern(environment, pattern) for pattern in environment.migrate_inputs]
    patterns += [posixpath.join(glob.escape(folder), name) for folder in folders for name in _DEPENDENCIES]
    for pattern in patterns:
        found.update(_matches(workspace.root, pattern))
    datasets = normalize_folder(workspace.config.datasets_folder)
    return sorted(path for path in found if _counts(path) and not is_inside(path, datasets))


def _pattern(environment: Environment, pattern: str) -> str:
    return posixpath.normpath(posixpath.join(glob.escape(environment.folder), pattern))


def _matches(root: Path, pattern: str) -> Iterator[str]:
    """Yield the files that a pattern names, also those that Git ignores; a folder stands for all that is in it.

    `**` does not follow links to folders: they may lead to the file system's root, or in a circle.
    """
    if not glob.has_magic(pattern):
        if (root / pattern).is_file():
            yield pattern
        pattern = posixpath.join(glob.escape(pattern), "**")
    *parents, last = (part if part == "**" else re.sub(r"\*+", "*", part) for part in pattern.split("/"))
    for found in root.glob("/".join([*parents, "**/*" if last == "**" else last])):
        if found.is_file():
            yield found.relative_to(root).as_posix()


def _counts(path: str) -> bool:
    return not path.endswith(_NO_DIGEST) and not any(part in _GENERATED for part in path.split("/"))


def _installed(workspace: Workspace, environment: Environment, plan: MigrationPlan) -> Iterable[str]:
    """Yield the names, with versions, of the Python packages that the migrate commands can import."""
    folders: set[Path] = set()
    for program in _programs(workspace, environment, plan):
        folders.update(program.parent.parent.glob("lib*/python3*/*-packages"))
    for folder in sorted(folders):
        try:
            yield from sorted(
                name for name in os.listdir(folder) if name.endswith((".dist-info", ".egg-info"))
            )
        except OSError:
            continue


def _programs(workspace: Workspace, environment: Environment, plan: MigrationPlan) -> Iterator[Path]:
    """Yield the files that the words of the migrate commands may name: programs, and scripts that a shell reads."""
    # What somebody wrote, such as `make migrate`, may run the Python of PATH; a tool's usual command names it.
    words = {("python", workspace.root)} if environment.migrate is not None else set()
    for command in plan.commands:
        folder = workspace.root / command.folder
        words.update((word, folder) for word in _words(command.command))
    for word, folder in words:
        found = shutil.which(word) if "/" not in word else folder / word
        if found is not None and _leads_to_python(Path(found)):
            yield Path(found)


def _leads_to_python(program: Path) -> bool:
    """Return whether a file is Python, a script that it runs, or one that puts it into the PATH."""
    if program.name.startswith("python") or program.name == "activate":
        return program.is_file()
    try:
        with program.open("rb") as file:
            return b"python" in file.read(_FIRST_BYTES) and program.is_file()
    except OSError:
        return False


def _words(command: str) -> list[str]:
    """Return all texts that may be a word of a shell's command; quotes hold words with spaces, or further commands."""
    words = _SEPARATORS.split(command)
    with contextlib.suppress(ValueError):
        words += shlex.split(command)
    return words
