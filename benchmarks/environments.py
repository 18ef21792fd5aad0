"""What a clean database per test costs, compared with a clone per test and with deleting and inserting all rows."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks.databases import fifty_tables
from benchmarks.figures import Figure, in_seconds
from benchmarks.peers_programs import PYTHON_OF_PEERS
from benchmarks.processes import ENVIRONMENT, TDMVC
from benchmarks.repository import DATASET, Repository
from tdmvc.environments.addresses import address_values, client_variables
from tdmvc.environments.base import EmbeddedServer, TemplateBuild, TemplateKey
from tdmvc.environments.postgres import EmbeddedPostgres
from tdmvc.model.location import Location, ServerLocation

KEY = TemplateKey("fifty tables", "their rows", "benchmark")
_TABLES = 50
_CLONES, _DELETE = "pytest-postgresql's clone", "DELETE and COPY of all rows"
_MODULE = (sys.executable, "-m", "benchmarks.environment_tests")
_MIGRATIONS = 50
_ALEMBIC_ENV = """
import os
from alembic import context
from sqlalchemy import create_engine

with create_engine(os.environ["DATABASE_URL"]).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
_PEER_FILE = str(Path(__file__).with_name("environment_tests.py"))


@dataclass(frozen=True, slots=True)
class _Load:
    """How many tests run, and how long each takes."""

    workers: int
    milliseconds: int
    tests: int

    @property
    def text(self) -> str:
        return f"{self.workers} worker{'s' * (self.workers > 1)}, tests of {self.milliseconds} ms"


@dataclass(frozen=True, slots=True)
class _Played:
    """How long the resets of all workers took, and how they were done."""

    seconds: Sequence[float]
    methods: Mapping[str, int]


def cannot_build() -> TemplateBuild:
    """Return what fails, because the template must be there."""

    def fail(location: Location) -> None:
        raise AssertionError("the template is missing")

    return TemplateBuild(fail, fail)


def measure_environments(work: Path, *, rows: int, tests: int) -> Iterator[Figure]:
    """Measure resets between tests that write to five tables.

    Args:
        work: an empty folder.
        rows: in all 50 tables together.
        tests: how many tests each worker runs, if they take 10 ms.
    """
    if not PYTHON_OF_PEERS.exists():
        raise SystemExit(
            "The peers are missing. Run the benchmarks with make, which installs them: make bench"
        )
    templates = work / "templates"
    provider = EmbeddedPostgres(EmbeddedServer("postgresql"), folder=templates)
    with provider.open(KEY, TemplateBuild(lambda location: _fill(location, rows), lambda location: None)):
        pass
    what = f"reset: 50 tables, {rows / 1e6:g} M rows"
    for load in (
        _Load(1, 10, tests),
        _Load(1, 100, tests // 2),
        _Load(4, 10, tests),
        _Load(4, 100, tests // 2),
    ):
        ours = _play_tdmvc(templates, load)
        peer = _play_on_servers(provider, load, "pytest-postgresql", max(3, load.tests // 10))
        yield _ratio(f"{what}, {load.text}", ours, peer, _CLONES, 1 / 20)
        if load.workers == 1:
            peer = _play_on_servers(provider, load, "delete", 3)
            yield _ratio(f"{what}, {load.text}", ours, peer, _DELETE, 1 / 100)


def measure_runs(work: Path, *, runs: int) -> Iterator[Figure]:
    """Measure `tdmvc run` of an application with 50 migrations, cold and warm, step by step.

    Args:
        work: an empty folder.
    """
    environment = {"XDG_CACHE_HOME": str(work / "cache")}
    repository = Repository(work / "application", environment)
    repository.create()
    _write_application(repository.root)
    for i in range(_MIGRATIONS):
        lines = [f"{n},name {n},{n * 7 % 100}" for n in range(1, 21)]
        (work / f"t{i}.csv").write_text("\n".join(["id,name,amount", *lines]) + "\n", encoding="utf-8")
    repository.tdmvc("add", DATASET, *(str(work / f"t{i}.csv") for i in range(_MIGRATIONS)))
    repository.publish("1.0.0")
    cold = _run_once(repository, environment)
    what = f"{_MIGRATIONS} migrations of Alembic, {_MIGRATIONS} tables"
    for step in cold:
        yield Figure(f"cold run, {what}: {step['name']}", in_seconds(float(step["seconds"])), "")
    yield Figure(f"cold run, {what}: until the command starts", in_seconds(_until_command(cold)), "")
    warm = [_run_once(repository, environment) for _ in range(runs)]
    database = statistics.median(
        float(step["seconds"]) for steps in warm for step in steps if step["name"] == "database"
    )
    yield Figure("warm run: the database is ready", in_seconds(database), "", database, 0.5, "s")
    yield Figure(
        "warm run: until the command starts", in_seconds(statistics.median(map(_until_command, warm))), ""
    )


def _write_application(root: Path) -> None:
    """Write an application with Alembic's migrations, one for each table."""
    versions = root / "migrations" / "versions"
    versions.mkdir(parents=True)
    (root / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/migrations\n", encoding="utf-8")
    (root / "migrations" / "env.py").write_text(_ALEMBIC_ENV, encoding="utf-8")
    for i in range(_MIGRATIONS):
        down = f"'r{i - 1:03}'" if i else None
        (versions / f"r{i:03}.py").write_text(
            f"from alembic import op\nimport sqlalchemy as sa\nrevision = 'r{i:03}'\ndown_revision = {down}\n"
            f"def upgrade():\n    op.create_table('t{i}', sa.Column('id', sa.BigInteger, primary_key=True),\n"
            "        sa.Column('name', sa.Text, nullable=False), sa.Column('amount', sa.BigInteger))\n",
            encoding="utf-8",
        )
    with (root / "tdmvc.yaml").open("a", encoding="utf-8") as file:
        file.write(
            f"migrations:\n  main: {{tool: alembic, path: migrations}}\n"
            f"environments:\n  local:\n    datasets: [{DATASET}@1.0.0]\n"
            f'    exports: {{DATABASE_URL: "{{sqlalchemy_url}}"}}\n'
        )


def _run_once(repository: Repository, environment: Mapping[str, str]) -> list[dict[str, object]]:
    """Return the steps of one `tdmvc run`."""
    done = subprocess.run(
        [*TDMVC, "run", "--format", "json", "--", "true"],
        cwd=repository.root,
        env={**ENVIRONMENT, **environment, "PATH": _path()},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    steps: list[dict[str, object]] = json.loads(done.stdout)["steps"]
    return steps


def _until_command(steps: Sequence[Mapping[str, object]]) -> float:
    return sum(float(str(step["seconds"])) for step in steps if step["name"] not in ("command", "tear-down"))


def _path() -> str:
    """Return a PATH where `alembic` is that of the interpreter that runs this."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


def _fill(location: Location, rows: int) -> None:
    with psycopg.connect(address_values(location)["url"], autocommit=True) as connection:
        for statement in fifty_tables(rows // _TABLES):
            connection.execute(statement.encode())


def _play_tdmvc(templates: Path, load: _Load) -> _Played:
    return _play(
        [
            (
                *_MODULE,
                "tdmvc",
                f"--tests={load.tests}",
                f"--milliseconds={load.milliseconds}",
            )
        ]
        * load.workers,
        [{"TEMPLATES": str(templates)}] * load.workers,
    )


def _play_on_servers(provider: EmbeddedPostgres, load: _Load, peer: str, tests: int) -> _Played:
    """Let a peer reset databases on servers like ours, one for each worker."""
    with ExitStack() as stack:
        environments = []
        for _ in range(load.workers):
            location = stack.enter_context(provider.open(KEY, cannot_build())).create().location
            assert isinstance(location, ServerLocation)
            environments.append({**client_variables(location), "TEMPLATE": "tdmvc_template"})
        python = (str(PYTHON_OF_PEERS), _PEER_FILE) if peer == "pytest-postgresql" else _MODULE
        command = (*python, peer, f"--tests={tests}", f"--milliseconds={load.milliseconds}")
        return _play([command] * load.workers, environments)


def _play(commands: Sequence[Sequence[str]], environments: Sequence[Mapping[str, str]]) -> _Played:
    """Run workers at once, and return how long their resets took, by method."""
    processes = [
        subprocess.Popen(command, env={**ENVIRONMENT, **environment}, stdout=subprocess.PIPE, text=True)
        for command, environment in zip(commands, environments, strict=True)
    ]
    seconds: list[float] = []
    methods: dict[str, int] = {}
    for process in processes:
        out, _ = process.communicate()
        if process.returncode:
            raise SystemExit(f"a worker failed: {process.args}")
        found = json.loads(out)
        seconds += found["seconds"]
        for method, count in found["methods"].items():
            methods[method] = methods.get(method, 0) + count
    return _Played(seconds, methods)


def _ratio(what: str, ours: _Played, peer: _Played, name: str, target: float) -> Figure:
    mine, theirs = statistics.median(ours.seconds), statistics.median(peer.seconds)
    methods = ", ".join(f"{count} {method}" for method, count in sorted(ours.methods.items()))
    return Figure(
        what,
        f"{mine * 1000:.1f} ms ({methods})",
        f"{in_seconds(theirs)} {name}",
        mine / theirs,
        target,
        spread=f" ({theirs / mine:.0f} times as fast)",
    )
