"""The tools that tests run: each starts when it is first needed and ends with the session."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.oracles.oracle import Answer, Oracle, java_program, node_program, perl_program, ruby_program

PROGRAMS = {
    "drizzle": lambda: node_program("drizzle", "drizzle-orm"),
    "knex": lambda: node_program("knex", "knex"),
    "kysely": lambda: node_program("kysely", "kysely"),
    "liquibase": lambda: java_program("liquibase"),
    "node-pg-migrate": lambda: node_program("node-pg-migrate", "node-pg-migrate"),
    "prisma": lambda: node_program("prisma"),
    "rails": lambda: ruby_program("active_record", "rails"),
    "sequelize": lambda: node_program("sequelize", "sequelize-cli"),
    "sqitch": lambda: perl_program("sqitch"),
    "typeorm": lambda: node_program("typeorm", "typeorm"),
    "umzug": lambda: node_program("umzug", "umzug"),
}

Ask = Callable[[str, Mapping[str, str]], Answer]


@pytest.fixture(scope="session")
def ask() -> Iterator[Ask]:
    """Return what a tool finds in the folder `m` of some files, or in all of them if there is no such folder."""
    started: dict[str, Oracle] = {}

    def ask_tool(tool: str, files: Mapping[str, str]) -> Answer:
        if tool not in started:
            started[tool] = Oracle(PROGRAMS[tool]())
        with tempfile.TemporaryDirectory() as folder:
            write_files(folder, files)
            top = Path(folder) / "m"
            return started[tool].ask(top if top.is_dir() else folder)

    yield ask_tool
    for oracle in started.values():
        oracle.close()


def write_files(folder: str | Path, files: Mapping[str, str]) -> None:
    """Write files below a folder."""
    for path, text in files.items():
        target = Path(folder) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="")
