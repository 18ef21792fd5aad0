"""The settings by which a repo's Git asks tdmvc for rows."""

import pytest

from tdmvc.errors import UsageError
from tdmvc.gitrepo.branch_tips import texts_at_tips
from tdmvc.gitrepo.config import SETTINGS, read_setting, remove_settings, wanted_settings, write_settings
from tests.builders import git


def test_settings_read_back_as_written(repo, app):
    wanted = wanted_settings("/a b/it's/python")
    assert set(write_settings(repo, wanted)) == set(SETTINGS)
    assert {name: git(app, "config", name) for name in wanted} == wanted
    assert write_settings(repo, wanted) == ()


def test_another_interpreter_replaces_the_old_one(repo):
    write_settings(repo, wanted_settings("/old/python"))
    assert set(write_settings(repo, wanted_settings("/new/python"))) == {
        "diff.tdmvc.command",
        "diff.tdmvc.textconv",
        "merge.tdmvc.driver",
    }


def test_removed_settings_leave_no_trace(repo, app):
    before = (app / ".git/config").read_bytes()
    write_settings(repo, wanted_settings("/p"))
    assert set(remove_settings(repo)[0]) == set(SETTINGS)
    assert (app / ".git/config").read_bytes() == before
    assert remove_settings(repo) == ((), ())


def test_another_tools_setting_stops_everything_before_anything_is_written(repo, app):
    git(app, "config", "diff.tdmvc.textconv", "cat")
    with pytest.raises(UsageError, match=r"diff\.tdmvc\.textconv"):
        write_settings(repo, wanted_settings("/p"))
    assert read_setting(repo, "diff.tdmvc.command") == ()
    assert remove_settings(repo) == ((), ("diff.tdmvc.textconv",))


def test_a_setting_with_several_values_is_read_whole(repo, app):
    git(app, "config", "--add", "x.y", "a\nb")
    git(app, "config", "--add", "x.y", "")
    assert read_setting(repo, "x.y") == ("a\nb", "")


def test_a_percent_sign_in_the_interpreter_is_no_placeholder_of_git():
    driver = wanted_settings("/a%Ob/python")["merge.tdmvc.driver"]
    assert "[ -x /a%%Ob/python ] && /a%%Ob/python -P -m tdmvc git-merge" in driver
    assert driver.endswith("f %O %A %B %L %P %S %X %Y")


def test_a_missing_interpreter_is_reported_at_once():
    with pytest.raises(UsageError, match="interpreter"):
        wanted_settings("")


def test_texts_at_tips_are_those_of_every_branch_once(repo, app):
    for branch, text in (("one", "a"), ("two", "b"), ("three", "b")):
        git(app, "switch", "-q", "-c", branch)
        (app / "data sets/golden").mkdir(parents=True, exist_ok=True)
        (app / "data sets/golden/contract.yaml").write_text(text)
        git(app, "add", "-A")
        git(app, "commit", "-q", "--allow-empty", "-m", branch)
    git(app, "switch", "-q", "--detach", "one")
    found = sorted(texts_at_tips(repo, "data sets", "contract.yaml"))
    assert found == [("data sets/golden/contract.yaml", text) for text in "ab"]
    assert list(texts_at_tips(repo, "nowhere", "contract.yaml")) == []
