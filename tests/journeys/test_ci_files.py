"""What `init --ci` writes: whole, safe, equal to the documentation, and never over a person's file."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from tdmvc import __version__
from tdmvc.cli.group import cli
from tdmvc.hosts import HOSTS, read_templates
from tests.builders import Tdmvc, commit_all, git
from tests.yaml_files import load_yaml

DOCS = Path(__file__).parents[2] / "docs"
FILES = {(host, path): text for host in HOSTS for path, text in read_templates(host).items()}
WORKFLOWS = {path: text for (host, path), text in FILES.items() if host == "github"}
READ_ONLY = {"contents": "read"}


def _parsed(text: str) -> dict[str, Any]:
    # "on" is a text in GitHub's YAML, and true in PyYAML's.
    value = load_yaml(re.sub(r"^on:", '"on":', text, flags=re.MULTILINE))
    assert isinstance(value, dict)
    return value


def _steps(text: str) -> Iterator[dict[str, Any]]:
    for job in _parsed(text)["jobs"].values():
        yield from job["steps"]


# Writing.


@pytest.mark.parametrize("host", HOSTS)
def test_init_writes_the_files_once_and_lists_them(tdmvc: Tdmvc, repo: Path, host: str) -> None:
    written = tdmvc("init", "--ci", host, "--format", "json").json
    assert written["created"] == list(read_templates(host))
    for path, text in read_templates(host).items():
        assert (repo / path).read_text() == text
    again = tdmvc("init", "--ci", host, "--format", "json").json
    assert (again["created"], again["notes"]) == ([], [])


def test_init_without_ci_writes_none(tdmvc: Tdmvc, repo: Path) -> None:
    tdmvc("init")
    assert not (repo / ".github").exists()
    assert not (repo / ".gitlab-ci.yml").exists()
    tdmvc("init", "--ci", "jenkins", code=2)


def test_a_changed_workflow_is_kept_and_the_message_says_so(tdmvc: Tdmvc, repo: Path) -> None:
    ours = repo / ".github" / "workflows" / "tdmvc.yml"
    ours.parent.mkdir(parents=True)
    ours.write_text("name: ours\n")
    ran = tdmvc("init", "--ci", "github")
    assert ours.read_text() == "name: ours\n"
    printed = " ".join(ran.out.split())
    assert "note: .github/workflows/tdmvc.yml exists and was not changed" in printed
    assert ".github/workflows/tdmvc-nightly.yml" in printed
    assert (repo / ".github" / "workflows" / "tdmvc-nightly.yml").is_file()


@pytest.mark.parametrize(
    ("present", "is_noted"),
    [
        ("stages: [test]\n", True),
        ("# include: .gitlab/tdmvc.yml\nstages: [test]\n", True),
        ("include: .gitlab/tdmvc.yml\n", False),
        ("include:\n  - local: /.gitlab/tdmvc.yml\n", False),
    ],
)
def test_an_existing_gitlab_pipeline_is_kept_and_the_include_is_shown(
    tdmvc: Tdmvc, repo: Path, present: str, is_noted: bool
) -> None:
    (repo / ".gitlab-ci.yml").write_text(present)
    printed = tdmvc("init", "--ci", "gitlab", "--format", "json").json
    assert (repo / ".gitlab-ci.yml").read_text() == present
    assert printed["created"] == [".gitlab/tdmvc.yml"]
    assert bool(printed["notes"]) is is_noted
    assert not is_noted or "include: [{local: .gitlab/tdmvc.yml}]" in printed["notes"][0]


# What is written.


@pytest.mark.parametrize(
    ("host", "schema"), [("github", "vendor.github-workflows"), ("gitlab", "vendor.gitlab-ci")]
)
def test_the_files_follow_the_hosts_schemas(tmp_path: Path, host: str, schema: str) -> None:
    paths = []
    for number, text in enumerate(read_templates(host).values()):
        paths.append(tmp_path / f"{number}.yml")
        paths[-1].write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *map(str, paths)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_workflows_are_safe_by_githubs_own_rules(tmp_path: Path) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    for path, text in WORKFLOWS.items():
        (folder / Path(path).name).write_text(text)
    done = subprocess.run(
        [Path(sys.executable).with_name("zizmor"), "--offline", "--no-progress", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


GITLAB_LINT = Path(__file__).parents[1] / "oracles" / "node_modules" / ".bin" / "gitlab-ci-local"
GITLAB_PROJECTS = {
    "without a pipeline": (None, "test"),
    "with other stages": ("stages: [build]\nmake:\n  stage: build\n  script: [make]\n", ".post"),
    "with rules": ("workflow:\n  rules: [{if: $CI_COMMIT_BRANCH}]\nmake:\n  script: [make]\n", ".post"),
}


@pytest.mark.skipif(
    not GITLAB_LINT.exists() and not os.environ.get("CI"),
    reason="gitlab-ci-local is missing (`make oracles`)",
)
@pytest.mark.parametrize("project", GITLAB_PROJECTS)
def test_gitlab_takes_the_jobs_in_whatever_project(tdmvc: Tdmvc, repo: Path, project: str) -> None:
    pipeline, stage = GITLAB_PROJECTS[project]
    if pipeline is not None:
        (repo / ".gitlab-ci.yml").write_text(f"include: [{{local: .gitlab/tdmvc.yml}}]\n{pipeline}")
    tdmvc("init", "--ci", "gitlab")
    git(repo, "remote", "add", "origin", "git@gitlab.example.com:acme/shop.git")
    commit_all(repo, "CI")
    done = subprocess.run(
        [GITLAB_LINT, "--list-csv-all"], cwd=repo, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    stages = {line.split(";")[0]: line.split(";")[2] for line in done.stdout.splitlines() if ";" in line}
    assert (stages["tdmvc"], stages["tdmvc-nightly"]) == (stage, stage)


@pytest.mark.parametrize(("host", "path"), FILES)
def test_the_documentation_shows_the_very_file(host: str, path: str) -> None:
    page = (DOCS / "ci.md").read_text(encoding="utf-8")
    assert f"`{path}`:\n\n```yaml\n{FILES[host, path]}```\n" in page


@pytest.mark.parametrize(("host", "path"), FILES)
def test_every_command_in_the_files_exists(host: str, path: str) -> None:
    commands = _commands(FILES[host, path])
    if path != ".gitlab-ci.yml":
        assert commands
    for words in commands:
        name = words[0]
        command = cli.get_command(click.Context(cli), name)
        assert command is not None, words
        # A file that a run makes is not here; anything else that is wrong would be told.
        command.make_context(name, [word for word in words[1:] if word], resilient_parsing=name == "post")


def _commands(text: str) -> list[list[str]]:
    """Return the words of every call of tdmvc, folded and continued lines joined, variables left as words."""
    found = []
    for script in _scripts(_parsed(text)):
        for line in script.replace("\\\n", " ").splitlines():
            line = line.split(" || ")[0].split(" > ")[0].strip()
            if line.startswith("tdmvc "):
                found.append([word for word in shlex.split(line)[1:] if word != "$ONLY"])
    return found


def _scripts(value: object) -> Iterator[str]:
    match value:
        case dict():
            for key, inner in value.items():
                if key in ("run", "script") and isinstance(inner, str):
                    yield inner
                else:
                    yield from _scripts(inner)
        case list():
            for inner in value:
                if isinstance(inner, str):
                    yield inner
                else:
                    yield from _scripts(inner)


@pytest.mark.parametrize("path", WORKFLOWS)
def test_actions_are_githubs_own_and_pinned_by_commit_with_the_version_beside_it(path: str) -> None:
    lines = [line for line in WORKFLOWS[path].splitlines() if "uses:" in line]
    assert len(lines) == sum("uses" in step for step in _steps(WORKFLOWS[path])) > 0
    for line in lines:
        assert re.fullmatch(r" +- uses: actions/[a-z-]+@[0-9a-f]{40} # v[0-9]+\.[0-9]+\.[0-9]+", line)


def test_all_files_pin_the_same_actions() -> None:
    pins = {
        tuple(step["uses"].split("@"))
        for text in WORKFLOWS.values()
        for step in _steps(text)
        if "uses" in step
    }
    assert len(pins) == len({name for name, _ in pins})


@pytest.mark.parametrize(("host", "path"), FILES)
def test_what_is_installed_is_one_variable_with_the_version_that_wrote_the_file(host: str, path: str) -> None:
    text = FILES[host, path]
    if path == ".gitlab-ci.yml":
        return
    parsed = _parsed(text)
    variables = parsed["env"] if host == "github" else parsed[".tdmvc"]["variables"]
    assert variables["TDMVC_INSTALL"] == f"tdmvc=={__version__}"
    assert f"git+https://git.example.com/team/tdmvc@v{__version__}" in text
    installs = re.findall(r"pip install (.*)", text)
    assert installs
    assert set(installs) == {"$TDMVC_INSTALL"}


def test_rows_are_kept_between_runs() -> None:
    for name in ("tdmvc.yml", "tdmvc-nightly.yml"):
        steps = list(_steps(WORKFLOWS[f".github/workflows/{name}"]))
        (cache,) = [step for step in steps if step.get("uses", "").startswith("actions/cache@")]
        assert cache["with"]["path"] == ".dvc/cache"
        assert steps.index(cache) < min(i for i, step in enumerate(steps) if "tdmvc " in step.get("run", ""))
    assert ".dvc/cache" in _parsed(FILES["gitlab", ".gitlab/tdmvc.yml"])[".tdmvc"]["cache"]["paths"]


def test_a_gitlab_job_needs_no_stage_and_no_other_job() -> None:
    jobs = _parsed(FILES["gitlab", ".gitlab/tdmvc.yml"])
    assert (jobs[".tdmvc"]["stage"], jobs[".tdmvc"]["needs"]) == (".post", [])
    for name, job in jobs.items():
        assert name == ".tdmvc" or (job["extends"], set(job) & {"stage", "needs"}) == (".tdmvc", set())


@pytest.mark.parametrize("path", WORKFLOWS)
def test_no_expression_is_interpolated_into_a_script(path: str) -> None:
    # A branch may be called `$(…)`: what comes from outside goes through the environment.
    for step in _steps(WORKFLOWS[path]):
        assert "${{" not in step.get("run", "")


def test_each_workflow_has_minimal_permissions() -> None:
    given = {path.rpartition("/")[2]: _parsed(text)["permissions"] for path, text in WORKFLOWS.items()}
    assert given == {
        "tdmvc.yml": READ_ONLY,
        "tdmvc-comment.yml": {"actions": "read", "pull-requests": "write"},
        "tdmvc-nightly.yml": READ_ONLY,
    }
    jobs = _parsed(WORKFLOWS[".github/workflows/tdmvc.yml"])["jobs"]
    assert jobs["tdmvc"]["permissions"] == {"contents": "read", "pull-requests": "write"}


def test_a_checkout_keeps_no_credentials_and_fetches_the_merge_base() -> None:
    seen = 0
    for text in WORKFLOWS.values():
        for step in _steps(text):
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"] == {"fetch-depth": 0, "persist-credentials": False}
                seen += 1
    assert seen == 2


def test_the_workflow_that_has_a_token_for_forks_runs_none_of_their_files() -> None:
    review, comment = (WORKFLOWS[f".github/workflows/{name}.yml"] for name in ("tdmvc", "tdmvc-comment"))
    assert "checkout" not in comment
    assert not re.search(r"^[^#\n]*secrets\.", review, re.MULTILINE)
    (listened_to,) = _parsed(comment)["on"]["workflow_run"]["workflows"]
    assert listened_to == _parsed(review)["name"]


def test_one_job_reviews_every_pull_request_and_the_merge_queue_and_is_never_skipped() -> None:
    parsed = _parsed(WORKFLOWS[".github/workflows/tdmvc.yml"])
    assert set(parsed["on"]) == {"pull_request", "merge_group"}
    (job,) = parsed["jobs"].values()
    assert not {"if", "needs"} & set(job)
    assert not any(step.get("continue-on-error") for step in job["steps"])


# The step that reads what a stranger wrote.


@pytest.mark.skipif(
    shutil.which("jq") is None and not os.environ.get("CI"),
    reason="the step calls jq, which GitHub's runners have",
)
@pytest.mark.parametrize(
    ("number", "head", "verdict", "code", "output"),
    [
        ("7\n", "c0ffee", "attention", 0, "number=7\n"),
        ("7\n", "c0ffee", "unchanged", 0, "number=7\nonly=--only-update\n"),
        ("7\n", "an-older-commit", "attention", 0, ""),
        ("8\n", "c0ffee", "attention", 0, ""),
        ("7/../8\n", "c0ffee", "attention", 1, ""),
        ("7\nonly=x\n", "c0ffee", "attention", 1, ""),
        ("$(touch pwned)\n", "c0ffee", "attention", 1, ""),
        ("", "c0ffee", "attention", 1, ""),
    ],
)
def test_the_pull_request_number_is_numeric_and_belongs_to_the_commit(
    tmp_path: Path, number: str, head: str, verdict: str, code: int, output: str
) -> None:
    (step,) = (s for s in _steps(WORKFLOWS[".github/workflows/tdmvc-comment.yml"]) if s.get("id"))
    review = tmp_path / "review"
    review.mkdir()
    (review / "pull-request").write_text(number)
    (review / "review.json").write_text(f'{{"verdict": "{verdict}"}}')
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "gh").write_text('#!/bin/sh\n[ "$2" = repos/acme/shop/pulls/7 ] && echo c0ffee || echo 0ther\n')
    (tools / "gh").chmod(0o755)
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=tmp_path,
        env={
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "RUNNER_TEMP": str(tmp_path),
            "GITHUB_OUTPUT": str(tmp_path / "output"),
            "GITHUB_REPOSITORY": "acme/shop",
            "HEAD": head,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert (tmp_path / "output").read_text() == output if output else not (tmp_path / "output").exists()
    assert not (tmp_path / "pwned").exists()
