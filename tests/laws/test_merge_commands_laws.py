"""Merges whose names clash, through the command line: the printed commands settle every conflict."""

import csv
import json
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import commit_all, copy_repo, git
from tests.laws.test_merge_names_laws import Table, tables
from tests.series import trials

LAW = settings(max_examples=trials(30, 2), deadline=None, suppress_health_check=list(HealthCheck))
MOST_STEPS = 20


@dataclass(frozen=True)
class Repo:
    """A repository with one table, and the command line in it."""

    app: Path
    capsys: pytest.CaptureFixture[str]

    def tdmvc(self, *words: str) -> tuple[int, str, str]:
        from tdmvc.cli.main import run

        self.capsys.readouterr()
        code = run(["-C", str(self.app), *words])
        said = self.capsys.readouterr()
        assert code in (0, 4), f"{words}: {code} {said.out}{said.err}"
        return code, said.out, said.err

    def commit(self, table: Table) -> None:
        source = self.app.parent / "goods.csv"
        with source.open("w", newline="") as file:
            writer = csv.DictWriter(file, table.rows.schema.column_names)
            writer.writeheader()
            writer.writerows(table.rows.rows)
        self.tdmvc("add", "golden", str(source), "--key", "goods=id")
        commit_all(self.app, "Goods")

    def rows(self) -> tuple[list[str], list[list[object]]]:
        _, out, _ = self.tdmvc("sql", "select * from goods", "--at", "golden@HEAD", "--format", "json")
        found = json.loads(out)
        return [one["name"] if isinstance(one, dict) else one for one in found["columns"]], found["rows"]


def settle(repo: Repo, out: str, data: st.DataObject) -> None:
    """Do what the messages say, a command at a time, until the merge is committed."""
    for _ in range(MOST_STEPS):
        assert "Broken" not in out, out
        code, shown, _ = repo.tdmvc("resolve")
        if code:
            printed = [line.split("  ")[0] for line in map(str.strip, shown.splitlines())]
            commands = [line for line in printed if line.startswith("tdmvc resolve golden ")]
            assert commands, shown
            repo.tdmvc(*data.draw(st.sampled_from(commands)).split()[1:])
        for path in git(repo.app, "diff", "--name-only", "--diff-filter=U").split():
            if not path.endswith(".dvc"):
                # Such a file is resolved in an editor; a person who takes one side does this.
                git(repo.app, "checkout", data.draw(st.sampled_from(["--ours", "--theirs"])), "--", path)
                git(repo.app, "add", path)
        code, out, error = repo.tdmvc("merge", "--continue")
        if not code:
            return
    raise AssertionError(f"the merge is never committed: {out}{error}")


@pytest.mark.slow
@LAW
@given(sides=tables(), data=st.data())
def test_a_merge_of_clashing_names_is_committed_with_all_rows_by_the_printed_commands(
    template: Path,
    capsys: pytest.CaptureFixture[str],
    sides: tuple[Table, Table, Table],
    data: st.DataObject,
) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        repo = Repo(copy_repo(template, folder / "app"), capsys)
        base, ours, theirs = sides
        repo.commit(base)
        git(repo.app, "switch", "-q", "-c", "feature")
        repo.commit(theirs)
        git(repo.app, "switch", "-q", "main")
        repo.tdmvc("checkout", "golden")
        repo.commit(ours)
        code, out, _ = repo.tdmvc("merge", "feature")
        if code:
            settle(repo, out, data)
        names, rows = repo.rows()
        texts = {value for row in rows for value in row}
        if not code:
            assert ours.changes(base, theirs) | theirs.changes(base, ours) <= texts
        assert len({name.casefold() for name in names}) == len(names)
        contract = subprocess.run(
            ["git", "show", "HEAD:datasets/golden/contract.yaml"],
            cwd=repo.app,
            capture_output=True,
            encoding="utf-8",
            check=True,
        ).stdout
        declared = [line.split("name: ")[1] for line in contract.splitlines() if "- name: " in line]
        assert sorted(names) == sorted(name.strip('"') for name in declared if name != "goods")
        assert git(repo.app, "status", "--porcelain") == ""
    finally:
        shutil.rmtree(folder)
