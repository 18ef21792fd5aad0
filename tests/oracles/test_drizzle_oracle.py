"""Compares the reader with Drizzle's own migrator on random journals."""

import json
from hashlib import sha256

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.agreement import read
from tests.series import trials

TAGS = st.builds("{:04d}_{}".format, st.integers(0, 12), st.sampled_from(["a", "b", "red_wick"]))


@st.composite
def journals(draw):
    """Random journals: times may be equal or go back, and files may be missing or not listed."""
    tags = draw(st.lists(TAGS, min_size=1, max_size=7, unique=True))
    entries, when = [], 1_700_000_000_000
    for position, tag in enumerate(tags):
        when += draw(st.sampled_from([0, 1, 1000, 1000, 1000, 86_400_000, -2000]))
        entries.append({"idx": position, "version": "7", "when": when, "tag": tag, "breakpoints": True})
    files = {f"m/{tag}.sql": f"select '{tag}';\n--> statement-breakpoint\nselect 2;\n" for tag in tags}
    if draw(st.integers(0, 9)) == 0:
        del files[draw(st.sampled_from(sorted(files)))]
    if draw(st.integers(0, 9)) == 0:
        files["m/0099_forgotten.sql"] = "select 99;\n"
    journal = {"version": "7", "dialect": "sqlite", "entries": entries}
    return files | {"m/meta/_journal.json": json.dumps(journal, indent=2)}


@settings(max_examples=trials(150, 30), deadline=None)
@given(journals())
def test_order_and_skipped_entries_are_those_of_drizzle_itself(ask, files):
    answer = ask("drizzle", files)
    state = read("drizzle", files)
    if answer.refusal:
        assert state is None or "unreadable-file" in {problem.kind for problem in state.problems}
        return
    tags = {sha256(text.encode()).hexdigest(): path[2:-4] for path, text in files.items()}
    ran = [tags[hash_] for hash_ in answer.ids["ran"]]
    assert [migration.id for migration in state.migrations] == ran
    assert state.heads == (ran[-1],)
    gaps = [problem.message.split()[0] for problem in state.problems if problem.kind == "gap"]
    assert gaps == [ran[position] for position in answer.ids["skipped"]]
    others = {problem.path for problem in state.problems if problem.kind != "gap"}
    assert others == {path for path in files if path.endswith("_forgotten.sql")}
