"""What the files of `init --ci` run, as the hosts run it: real clones, a remote, and the variables of each event."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tdmvc.hosts import read_templates
from tests.builders import add_remotes, commit_all, copy_repo, git, run_quietly
from tests.hosts.fake_servers import GitHubServer, GitLabServer, Server, running
from tests.series import long_only
from tests.yaml_files import load_yaml

ROWS = "id,name\n1,Ann\n2,Bob\n"
MORE = "id,name\n1,Ann\n2,Bob\n3,Cat\n"


@dataclass(frozen=True)
class Outcome:
    """How a job ended: the exit code of each step that ran, and all that they printed."""

    codes: dict[str, int]
    output: str

    @property
    def is_green(self) -> bool:
        return not any(self.codes.values())


class Project:
    """A repository on a host with its DVC remote, branches, and the clones that jobs get."""

    def __init__(self, folder: Path, app: Path) -> None:
        self.folder = folder
        self.app = copy_repo(app, folder / "app")
        self.store = folder / "store"
        self.store.mkdir()
        add_remotes(self.app, "store")
        self.load(ROWS)
        commit_all(self.app, "Golden data")
        run_quietly(self.app, "push")
        git(folder, "clone", "-q", "--bare", "app", "project.git")

    def load(self, rows: str) -> None:
        (self.folder / "rows").mkdir(exist_ok=True)
        (self.folder / "rows" / "customers.csv").write_text(rows)
        run_quietly(self.app, "add", "golden", self.folder / "rows", "--key", "customers=id")

    def branch(self, name: str, *, rows: str | None, is_pushed: bool = True, to: str = "project.git") -> str:
        """Make a branch that changes code, and rows if given; return its commit."""
        git(self.app, "switch", "-q", "-c", name, "main")
        (self.app / "code.txt").write_text(name)
        if rows is not None:
            self.load(rows)
        commit = commit_all(self.app, name)
        if is_pushed:
            run_quietly(self.app, "push")
        git(self.app, "push", "-q", str(self.folder / to), f"HEAD:refs/heads/{name}")
        return commit

    def clone(self, branch: str, source: str = "project.git") -> Path:
        """Clone as a runner does: without a cache, at a commit without a branch."""
        clone = self.folder / "job"
        git(self.folder, "clone", "-q", f"file://{self.folder / source}", "job")
        git(clone, "checkout", "-q", "--detach", f"origin/{branch}")
        return clone

    def close_the_remote(self) -> None:
        """Take the DVC remote away, as it is for a run without secrets."""
        self.store.rename(self.folder / "closed")
        self.store.write_text("no folder")

    def variables(self, **more: str) -> dict[str, str]:
        """Return the environment of a job: tools, the host's variables, and nothing of this process's CI."""
        tools = self.folder / "tools"
        tools.mkdir(exist_ok=True)
        for name, text in (("pip", "exit 0"), ("tdmvc", f'exec "{sys.executable}" -m tdmvc "$@"')):
            (tools / name).write_text(f"#!/bin/sh\n{text}\n")
            (tools / name).chmod(0o755)
        kept = {
            name: os.environ[name] for name in ("HOME", "PYTHONPATH", "XDG_CACHE_HOME") if name in os.environ
        }
        path = f"{tools}{os.pathsep}{os.environ['PATH']}"
        return kept | {"PATH": path, "CI": "true", "LANG": "C.UTF-8"} | more


@pytest.fixture
def project(template: Path, tmp_path: Path) -> Project:
    return Project(tmp_path, template)


def run_script(script: str, folder: Path, variables: Mapping[str, str], *shell: str) -> tuple[int, str]:
    done = subprocess.run(
        [*shell, script],
        cwd=folder,
        env=dict(variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, f"$ {script}\n{done.stdout}"


# GitHub.


class Actions:
    """Runs a job of a workflow as far as its steps are scripts: conditions, variables, exit codes."""

    def __init__(self, project: Project, event: str, payload: dict[str, Any], **variables: str) -> None:
        self._project = project
        self._event = event
        self._payload = payload
        self._variables = variables

    def run(self, clone: Path, server: Server) -> Outcome:
        event = self._project.folder / "event.json"
        event.write_text(json.dumps(self._payload))
        variables = self._project.variables(
            GITHUB_EVENT_PATH=str(event),
            GITHUB_API_URL=server.url,
            GITHUB_REPOSITORY="acme/shop",
            GITHUB_STEP_SUMMARY=str(self._project.folder / "summary.md"),
            GITHUB_ACTIONS="true",
            **self._variables,
        )
        text = read_templates("github")[".github/workflows/tdmvc.yml"]
        workflow = load_yaml(re.sub(r"^on:", '"on":', text, flags=re.MULTILINE))
        (job,) = workflow["jobs"].values()
        shared = variables | self._values(workflow["env"]) | self._values(job["env"])
        codes, printed = dict[str, int](), ""
        for step in job["steps"]:
            if "run" not in step or not self._runs(
                step.get("if", "success()"), is_ok=not any(codes.values())
            ):
                continue
            own = shared | self._values(step.get("env", {}))
            shell = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")
            codes[step["name"]], output = run_script(step["run"], clone, own, *shell)
            printed += output
        return Outcome(codes, printed)

    def _runs(self, condition: str, *, is_ok: bool) -> bool:
        words = (
            condition.replace("&&", "and").replace("!cancelled()", "True").replace("success()", str(is_ok))
        )
        return bool(eval(words.replace("github.event_name", repr(self._event))))

    def _values(self, texts: Mapping[str, str]) -> dict[str, str]:
        return {
            name: re.sub(r"\$\{\{ (.*?) \}\}", lambda found: self._value(found[1]), text)
            for name, text in texts.items()
        }

    def _value(self, expression: str) -> str:
        match expression:
            case "github.token":
                return "sesame"
            case "github.event.merge_group.base_sha || format('origin/{0}', github.base_ref)":
                queued = self._payload.get("merge_group", {}).get("base_sha")
                return queued or f"origin/{self._variables['GITHUB_BASE_REF']}"
        value: Any = {"github": {"event": self._payload}}
        for key in expression.split("."):
            value = value[key]
        return str(value)


def pull_request(project: Project, head: str, *, owner: str = "acme", actor: str = "ada") -> Actions:
    repos = {"base": {"repo": {"full_name": "acme/shop"}}}
    heads = {"head": {"sha": head, "repo": {"full_name": f"{owner}/shop"}}}
    payload = {"pull_request": {"number": 7, **repos, **heads}}
    return Actions(
        project,
        "pull_request",
        payload,
        GITHUB_REF="refs/pull/7/merge",
        GITHUB_BASE_REF="main",
        GITHUB_ACTOR=actor,
    )


@pytest.fixture
def github() -> Iterator[GitHubServer]:
    server = GitHubServer()
    with running(server):
        yield server


def test_a_pull_request_with_rows_is_checked_reviewed_and_commented(
    project: Project, github: GitHubServer
) -> None:
    head = project.branch("topic", rows=MORE)
    clone = project.clone("topic")
    outcome = pull_request(project, head).run(clone, github)
    assert outcome.is_green, outcome.output
    assert len(outcome.codes) == 4
    assert len(github.comments) == 1
    assert sorted(file.name for file in (clone / "tdmvc-review").iterdir()) == [
        "pull-request",
        "review.html",
        "review.json",
        "review.md",
    ]


@pytest.mark.parametrize(
    ("owner", "actor"), [("stranger", "mallory"), pytest.param("acme", "dependabot[bot]", marks=long_only)]
)
def test_a_run_without_secrets_is_green_if_no_row_changed(
    project: Project, github: GitHubServer, owner: str, actor: str
) -> None:
    head = project.branch("topic", rows=None)
    clone = project.clone("topic")
    project.close_the_remote()
    github.is_read_only = True
    outcome = pull_request(project, head, owner=owner, actor=actor).run(clone, github)
    assert outcome.is_green, outcome.output
    assert github.comments == []


@long_only
def test_a_fork_that_changes_rows_which_nobody_else_has_is_red_and_says_so(
    project: Project, github: GitHubServer
) -> None:
    head = project.branch("topic", rows=MORE, is_pushed=False)
    clone = project.clone("topic")
    github.is_read_only = True
    outcome = pull_request(project, head, owner="stranger").run(clone, github)
    codes = list(outcome.codes.values())
    assert codes[1] == 1, outcome.output
    assert "not-on-remote" in outcome.output, outcome.output


@long_only
def test_a_branch_that_breaks_a_rule_is_red_though_its_comment_was_posted(
    project: Project, github: GitHubServer
) -> None:
    head = project.branch("topic", rows="id,name\n1,Ann\n1,Bob\n")
    outcome = pull_request(project, head).run(project.clone("topic"), github)
    assert not outcome.is_green, outcome.output
    assert len(github.comments) == 1


@long_only
def test_the_merge_queue_reviews_against_its_own_base(project: Project, github: GitHubServer) -> None:
    project.branch("topic", rows=MORE)
    base = git(project.app, "rev-parse", "main")
    queue = Actions(
        project,
        "merge_group",
        {"merge_group": {"base_sha": base}},
        GITHUB_REF="refs/heads/gh-readonly-queue/main/pr-7-abc",
        GITHUB_BASE_REF="",
    )
    outcome = queue.run(project.clone("topic"), github)
    assert outcome.is_green, outcome.output
    assert "Review of the merge queue" in outcome.codes
    assert github.comments == []


# GitLab.


@pytest.fixture
def gitlab() -> Iterator[GitLabServer]:
    server = GitLabServer()
    with running(server):
        yield server


def run_gitlab(
    project: Project, clone: Path, server: Server, job: str = "tdmvc", **variables: str
) -> Outcome:
    text = read_templates("gitlab")[".gitlab/tdmvc.yml"]
    usual = {
        "CI_API_V4_URL": f"{server.url}/api/v4",
        "CI_PROJECT_ID": "11",
        "CI_PROJECT_PATH": "acme/shop",
        "CI_DEFAULT_BRANCH": "main",
        "CI_JOB_TOKEN": "job",
        "GITLAB_CI": "true",
    }
    given = project.variables(**usual | variables)
    (script,) = load_yaml(text)[job]["script"]
    code, output = run_script(script, clone, given, "sh", "-ec")
    return Outcome({job: code}, output)


def merge_request(project: Project, **more: str) -> dict[str, str]:
    return {
        "CI_MERGE_REQUEST_IID": "3",
        "CI_MERGE_REQUEST_PROJECT_ID": "11",
        "CI_MERGE_REQUEST_PROJECT_URL": f"file://{project.folder / 'project'}",
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        **more,
    }


def test_a_merge_request_from_a_fork_is_compared_with_the_project(
    project: Project, gitlab: GitLabServer
) -> None:
    # The fork's own main is older than the project's, and its branch starts from the project's.
    git(project.folder, "clone", "-q", "--bare", "project.git", "fork.git")
    project.load(MORE)
    commit_all(project.app, "More rows in the project")
    run_quietly(project.app, "push")
    git(project.app, "push", "-q", str(project.folder / "project.git"), "main")
    project.branch("topic", rows=None, to="fork.git")
    clone = project.clone("topic", "fork.git")
    project.close_the_remote()
    outcome = run_gitlab(project, clone, gitlab, **merge_request(project, CI_PROJECT_ID="99"))
    assert outcome.is_green, outcome.output


@pytest.mark.parametrize(("listed", "notes"), [pytest.param("acme/shop!3", 1, marks=long_only), ("", 0)])
def test_a_branch_pipeline_reviews_against_the_default_branch(
    project: Project, gitlab: GitLabServer, listed: str, notes: int
) -> None:
    project.branch("topic", rows=MORE)
    clone = project.clone("topic")
    outcome = run_gitlab(
        project,
        clone,
        gitlab,
        CI_COMMIT_BRANCH="topic",
        CI_OPEN_MERGE_REQUESTS=listed,
        TDMVC_GITLAB_TOKEN="sesame",
    )
    assert outcome.is_green, outcome.output
    assert len(gitlab.notes) == notes
    for name in ("tdmvc-review.html", "tdmvc-codequality.json", "tdmvc-junit.xml", "tdmvc-merge.xml"):
        assert (clone / name).is_file()


@long_only
def test_a_merge_train_reviews_without_a_note(project: Project, gitlab: GitLabServer) -> None:
    project.branch("topic", rows=MORE)
    variables = merge_request(project, CI_MERGE_REQUEST_EVENT_TYPE="merge_train", TDMVC_GITLAB_TOKEN="sesame")
    outcome = run_gitlab(project, project.clone("topic"), gitlab, **variables)
    assert outcome.is_green, outcome.output
    assert gitlab.notes == []


@long_only
def test_rows_that_were_not_pushed_make_the_job_red(project: Project, gitlab: GitLabServer) -> None:
    project.branch("topic", rows=MORE, is_pushed=False)
    variables = merge_request(project, TDMVC_GITLAB_TOKEN="sesame")
    outcome = run_gitlab(project, project.clone("topic"), gitlab, **variables)
    assert not outcome.is_green
    assert "not-on-remote" in outcome.output, outcome.output


@long_only
def test_the_nightly_job_checks_everything(project: Project, gitlab: GitLabServer) -> None:
    outcome = run_gitlab(project, project.clone("main"), gitlab, job="tdmvc-nightly")
    assert outcome.is_green, outcome.output
