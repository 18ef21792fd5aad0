"""A second remote that nobody may delete from: versions go there, are looked for there, and come back from there."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import Tdmvc, copy_repo, git
from tests.journeys.gc_story import Story, names_in, objects_in, quiet_story


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """A repository with one published version whose rows no pointer of the tip holds."""
    repo = copy_repo(template, tmp_path_factory.mktemp("release-remote") / "app")
    ran = quiet_story(repo)
    ran.set_up()
    with (repo / "tdmvc.yaml").open("a") as file:
        file.write("store: {release_remote: archive}\n")
    ran.add("published")
    ran.commit("Rows")
    ran.tdmvc("publish", "golden", "1.0.0", "--push")
    ran.add("later")
    ran.commit("Later rows, and the version")
    ran.tdmvc("push")
    git(repo, "push", "-q", "origin", "main")
    return ran


@pytest.fixture
def story(made: Story, repo: Path, tdmvc: Tdmvc) -> Story:
    """A copy of that repository."""
    return made.copied_to(repo, tdmvc)


def archive_of(story: Story) -> Path:
    return story.repo.parent / "archive" / "files/md5"


def storage_of(story: Story) -> Path:
    return story.remote / "files/md5"


def closure_of_version(story: Story) -> set[str]:
    text = (story.repo / "datasets/golden/versions/1.0.0.yaml").read_text()
    oid = text.split("object: ")[1].split(",")[0].strip('"')
    return story.closure(oid, archive_of(story))


def test_publish_sends_versions_to_both_remotes_and_nothing_else_to_the_release_remote(story: Story) -> None:
    assert names_in(archive_of(story)) == closure_of_version(story)
    assert names_in(archive_of(story)) < names_in(storage_of(story))
    assert story.tdmvc("verify", "--remote").code == 0


def test_dvc_gc_deletes_published_versions_and_pull_restores_them(story: Story) -> None:
    """The story of the second remote: `dvc gc` sees no versions, and the archive keeps them."""
    wanted = closure_of_version(story)
    words = [sys.executable, "-m", "dvc", "gc", "-w", "-c", "-f", "-q"]
    done = subprocess.run(words, cwd=story.repo, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not wanted & names_in(storage_of(story))
    assert not wanted & names_in(story.cache)
    ran = story.tdmvc("pull", "golden@1.0.0")
    assert "came from the remote 'archive'" in ran.err
    assert "`tdmvc push golden@1.0.0` puts it back" in ran.err
    assert ran.out.startswith("Pulled: 2 objects from archive;")
    assert wanted <= names_in(story.cache)
    findings = story.tdmvc("verify", "--remote", "--format", "json", code=1).json["findings"]
    assert {(one["rule"], one["details"]["remote"]) for one in findings} == {("not-on-remote", "storage")}
    assert findings[0]["remedy"] == "run `tdmvc push golden@1.0.0`."
    story.tdmvc("push", "golden@1.0.0")
    assert story.tdmvc("verify", "--remote", "--format", "json").json["findings"] == []


@pytest.mark.parametrize(
    "words", [("pull", "golden@1.0.0"), ("checkout", "golden@1.0.0"), ("diff", "golden@1.0.0")]
)
def test_a_clone_finds_a_version_on_the_release_remote(story: Story, words: tuple[str, ...]) -> None:
    for path in objects_in(storage_of(story)):
        if path.parent.name + path.name in closure_of_version(story):
            path.unlink()
    theirs = story.clone("theirs")
    assert "came from the remote 'archive'" in story.tdmvc(*words, folder=theirs).err
    assert closure_of_version(story) <= names_in(theirs / ".dvc/cache/files/md5")


def test_the_release_remote_helps_if_the_default_one_is_broken(story: Story) -> None:
    theirs = story.clone("theirs")
    config = theirs / ".dvc/config"
    config.write_text(config.read_text().replace("url = ../../storage", "url = http://127.0.0.1:9/none"))
    assert story.tdmvc("pull", "golden@1.0.0", folder=theirs).code == 0
    # What only the first has stays an error of the first.
    assert "storage" in story.tdmvc("pull", "golden", folder=theirs, code=6).err


def test_only_the_named_remote_is_used(story: Story) -> None:
    for path in objects_in(storage_of(story)):
        path.unlink()
    theirs = story.clone("theirs")
    story.tdmvc("pull", "golden@1.0.0", "--remote", "storage", folder=theirs, code=6)
    story.tdmvc("pull", "golden@1.0.0", "--remote", "archive", folder=theirs)


def test_a_clone_without_the_release_remote_reports_what_is_missing(story: Story) -> None:
    for path in objects_in(storage_of(story)):
        path.unlink()
    theirs = story.clone("theirs")
    (theirs / ".dvc/config").write_text(
        (theirs / ".dvc/config").read_text().split("['remote \"archive\"']")[0]
    )
    ran = story.tdmvc("pull", "golden@1.0.0", folder=theirs, code=6)
    assert "is missing" in ran.err
    assert "archive" not in ran.err


def test_verify_requires_only_versions_on_the_release_remote(story: Story) -> None:
    lost = sorted(closure_of_version(story))[0]
    (archive_of(story) / lost[:2] / lost[2:]).unlink()
    findings = story.tdmvc("verify", "--remote", "--format", "json", code=1).json["findings"]
    assert [(one["rule"], one["details"]) for one in findings] == [
        (
            "not-on-remote",
            {"file": "datasets/golden/versions/1.0.0.yaml", "remote": "archive", "objects": 1},
        )
    ]
    assert findings[0]["remedy"] == "run `tdmvc push golden@1.0.0 --remote archive`."
    assert story.tdmvc("verify", "golden", "--remote").code == 0
    story.tdmvc("push", "golden@1.0.0", "--remote", "archive")
    assert story.tdmvc("verify", "golden@1.0.0", "--remote").code == 0


def test_verify_reports_that_dvc_does_not_know_the_release_remote(story: Story) -> None:
    config = story.repo / ".dvc/config"
    config.write_text(config.read_text().split("['remote \"archive\"']")[0])
    findings = story.tdmvc("verify", "--remote", "--format", "json").json["findings"]
    assert [one["rule"] for one in findings] == ["release-remote-unknown"]


@pytest.mark.parametrize("place", ["storage", "archive"])
def test_verify_deep_reads_the_objects_on_the_remotes(story: Story, place: str) -> None:
    folder = {"storage": storage_of, "archive": archive_of}[place](story)
    part = next(oid for oid in closure_of_version(story) if not oid.endswith(".dir"))
    path = folder / part[:2] / part[2:]
    good = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(good[:-1] + b"?")
    assert story.tdmvc("verify", "--remote").code == 0
    (finding,) = story.tdmvc("verify", "--deep", "--format", "json", code=1).json["findings"]
    assert (finding["rule"], finding["details"]["names"]) == ("damaged-on-remote", [part])
    assert f"files/md5/{part[:2]}/{part[2:]}" in finding["remedy"]
    path.unlink()
    story.tdmvc("push", "golden@1.0.0", *(("--remote", "archive") if place == "archive" else ()))
    assert path.read_bytes() == good
    assert story.tdmvc("verify", "--deep").code == 0


def test_verify_does_not_infer_parts_from_a_listing(story: Story) -> None:
    (part,) = {oid for oid in story.closure(story.pointer()) if not oid.endswith(".dir")}
    (storage_of(story) / part[:2] / part[2:]).unlink()
    (finding,) = story.tdmvc("verify", "golden", "--remote", "--format", "json", code=1).json["findings"]
    assert finding["details"] == {"file": "datasets/golden/orders.dvc", "remote": "storage", "objects": 1}


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/none", "s3://bucket/none"])
def test_a_remote_that_cannot_be_reached_or_used_is_an_error_of_its_own(story: Story, url: str) -> None:
    """A server that is down is not an empty one, and a plug-in that is missing is no bug of ours."""
    config = story.repo / ".dvc/config"
    config.write_text(config.read_text().replace("url = ../../storage", f"url = {url}"))
    for words in (["verify", "--remote"], ["push"], ["gc", "--remote", "--alone"]):
        assert "storage" in story.tdmvc(*words, code=6).err


def test_gc_of_the_remote_keeps_versions_and_continues_if_deleting_is_forbidden(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    abandoned = story.add("abandoned")
    story.tdmvc("push", "golden")
    story.add("kept")
    story.commit("Kept")
    git(story.repo, "push", "-q", "origin", "main")
    story.tdmvc("push")
    story.age(story.cache, story.remote, archive_of(story))
    before = names_in(storage_of(story))
    # Tests may run as root, whom no permission stops: so the file system itself says no.
    from dvc_objects.fs.local import FsspecLocalFileSystem

    def forbidden(self: object, path: object, **how: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patched:
        patched.setattr(FsspecLocalFileSystem, "rm", forbidden)
        ran = story.tdmvc("gc", "--remote", "--alone", "--apply", code=6)
    assert "Permission denied" in ran.err
    assert names_in(storage_of(story)) == before
    removed = {one["object"] for one in story.gc("--remote", "--alone", "--apply")["garbage"]}
    assert removed == story.closure(abandoned)
    assert names_in(storage_of(story)) == before - removed
    assert story.tdmvc("verify", "--remote").code == 0
    # What left the remote counts as not pushed; a push would bring it back.
    assert closure_of_version(story) == names_in(archive_of(story))


def test_objects_of_unknown_age_are_kept_on_a_remote(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    story.add("abandoned")
    story.tdmvc("push", "golden")
    story.add("kept")
    story.age(story.remote)
    assert len(story.would_go("--remote", "--alone")) == 2
    from tdmvc.store import remote_files

    monkeypatch.setattr(remote_files, "_TIMES", ("no-such-fact",))
    output = story.gc("--remote", "--alone", "--grace", "0")
    assert (output["garbage"], output["kept"]["young"]) == ([], 2)
