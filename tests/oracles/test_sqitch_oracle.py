"""Compares the reader with Sqitch on random plans and configurations."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tdmvc.gitrepo.trees import WorkTree
from tests.migrations.states import CASES
from tests.oracles.agreement import read
from tests.series import trials

CONFIGS = {
    "": ("", "deploy", "deploy"),
    "\ttop_dir = database\n": ("database/", "database/deploy", "database/deploy"),
    "\tplan_file = plans/main.plan\n": ("plans/main.plan", "deploy", "deploy"),
    "\ttop_dir = db\n\tdeploy_dir = sql/up\n": ("db/", "sql/up", "db/deploy"),
    '\ttop_dir = "db" ; a comment\n\textension = ddl\n': ("db/", "db/deploy", "db/deploy"),
    '\ttop_dir = db\n[engine "sqlite"]\n\tdeploy_dir = lite\n': ("db/", "lite", "db/deploy"),
    '[engine "sqlite"]\n\tplan_file = lite.plan\n\ttop_dir = lite\n': (
        "lite.plan",
        "lite/deploy",
        "lite/deploy",
    ),
    '\ttarget = prod\n\ttop_dir = db\n[target "prod"]\n\turi = db:sqlite:x.db\n\tdeploy_dir = up\n': (
        "db/",
        "up",
        "db/deploy",
    ),
    '[engine "sqlite"]\n\ttarget = db:sqlite:x.db\n\ttop_dir = lite\n[engine "pg"]\n\tdeploy_dir = lite/deploy\n': (
        "lite/",
        "lite/deploy",
        "lite/deploy",
    ),
    "\treworked_dir = old\n": ("", "deploy", "old/deploy"),
    "\ttop_dir = db\n\treworked_deploy_dir = old\n": ("db/", "db/deploy", "old"),
    "\tdeploy_dir = .\n": ("", ".", "deploy"),
}
"""What a configuration adds to its core section, and where the plan, the scripts and reworked ones are then."""

NAMES = st.sampled_from(["a", "b", "c", "users", "views/open", "x-1", "add.x", "é", "f" * 39])
ODD_NAMES = st.sampled_from(
    ["+a", "a b", "a-", "-a", "x~1", "x@y", "HEAD", "_a", "a_", "f" * 40, "a:b", "a\\"]
)
TAGS = st.sampled_from(["v1", "v2", "v1.0", "v1.1", "beta"])
ODD_TAGS = st.sampled_from(["v/1", "v1-", "ROOT", "v~1", "v 1"])
STAMP = " 2024-01-01T10:00:00Z Ada Tester <ada@example.test>"
ODD_LINES = st.sampled_from(["a", f"@v9 [a]{STAMP}", "%x=1", f"a{STAMP[:21]}", f"[a]{STAMP}", f"a []{STAMP}"])
BETWEEN = st.sampled_from(["", "# a comment", "   ", "\t"])
NOTES = st.sampled_from(["", "", " # a note", " # a [note] @v1"])
PRAGMAS = ["%project=shop\n", "%syntax-version=1.0.0\n%project=shop\n%uri=https://example.test/shop\n"]


@st.composite
def lines(draw, is_odd):
    """Random lines of a plan, which Sqitch accepts unless some are odd, and names of scripts."""
    written, names, tags, since_tag = [], [], [], set()

    def is_to_be_odd():
        return is_odd and draw(st.integers(0, 3)) == 0

    for _ in range(draw(st.integers(1, 9))):
        kind = draw(st.integers(0, 11))
        if kind < 4 and names:
            tag = draw(ODD_TAGS if is_to_be_odd() else TAGS)
            if tag not in tags or is_to_be_odd():
                written.append(f"@{tag}{STAMP}{draw(NOTES)}")
                tags.append(tag)
                since_tag.clear()
        elif kind == 4:
            written.append(draw(ODD_LINES if is_to_be_odd() else BETWEEN))
        else:
            name = draw(ODD_NAMES if is_to_be_odd() else NAMES)
            if name in since_tag and not is_to_be_odd():
                continue
            known = [*names, "other:a", "!gone", *[f"@{tag}" for tag in tags]]
            among = ["gone", "a@v9", "@v9", name, "a", "a b", "!", "@HEAD"] if is_to_be_odd() else known
            requires = draw(st.lists(st.sampled_from(among), max_size=2, unique=not is_to_be_odd()))
            references = f" [{' '.join(requires)}]" if requires else ""
            written.append(
                f"{draw(st.sampled_from(['', '', '', '+', '+ ', ' ']))}{name}{references}{STAMP}{draw(NOTES)}"
            )
            names.append(name)
            since_tag.add(name)
    return written, sorted({*names, *[f"{name}@{tag}" for name in names for tag in tags]})


@st.composite
def projects(draw):
    """A configuration, a plan, and scripts of which some may be missing."""
    more, (plan, deploy, reworked) = draw(st.sampled_from(sorted(CONFIGS.items())))
    extension = "ddl" if "ddl" in more else "sql"
    is_odd = draw(st.integers(0, 2)) == 0
    written, scripts = draw(lines(is_odd))
    pragmas = draw(st.sampled_from([*PRAGMAS, "# none\n"] if is_odd else PRAGMAS))
    end = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    text = (pragmas + "\n" + "".join(f"{line}\n" for line in written)).replace("\n", end)
    files = {f"m/{plan + 'sqitch.plan' if plan.endswith('/') or not plan else plan}": text}
    kept = draw(st.sampled_from([1, 1, 2]))
    scripts = [script for script in scripts if not script.startswith("/")]
    for script in scripts[::kept]:
        folder = reworked if "@" in script else deploy
        files[f"m/{folder}/{script}.{extension}".replace("/./", "/")] = "select 1;\n"
    return files | {"m/sqitch.conf": f"[core]\n\tengine = sqlite\n{more}"}


@settings(max_examples=trials(80, 20), deadline=None)
@given(projects())
def test_changes_scripts_and_order_are_those_of_sqitch_itself(ask, files):
    assert_agreed(files, ask("sqitch", files))


def test_a_realistic_project_is_read_as_by_sqitch(ask):
    tree = WorkTree(CASES / "sqitch")
    files = {f"m/{path}": tree.read_text(path) for path in tree.list_files()}
    answer = ask("sqitch", files)
    assert len(answer.ids) > 5
    assert_agreed(files, answer)


def assert_agreed(files, answer):
    state = read("sqitch", files)
    if state is None or answer.refusal:
        kinds = {problem.kind for problem in state.problems} if state else set()
        assert state is None or kinds - {"unreadable-file"}, answer.refusal
        assert answer.refusal or not answer.ids, "the reader found nothing"
        return
    found = [(migration.id.partition("@")[0], migration.path) for migration in state.migrations]
    assert found == [(change["name"], f"m/{change['script']}") for change in answer.ids]
    assert state.heads == (state.migrations[-1].id,)
    missing = [path for _, path in found if path not in files]
    assert [problem.kind for problem in state.problems] == ["unreadable-file"] * len(missing)
