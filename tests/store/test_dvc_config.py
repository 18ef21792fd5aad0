"""DVC's configuration, read as DVC itself reads it."""

from pathlib import Path

import platformdirs
import pytest
from dvc.config import Config

from tdmvc.errors import ConfigError
from tdmvc.store.dvc_config import _shared_folders, read_dvc_config


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "a root"
    (folder / ".dvc").mkdir(parents=True)
    for level in ("system", "global"):
        (tmp_path / level).mkdir()
        monkeypatch.setenv(f"DVC_{level.upper()}_CONFIG_DIR", str(tmp_path / level))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return folder


def write(root: Path, level: str, text: str) -> None:
    files = {"repo": root / ".dvc" / "config", "local": root / ".dvc" / "config.local"}
    files.get(level, root.parent / level / "config").write_text(text, encoding="utf-8")


def assert_read_as_dvc_does(root: Path) -> None:
    ours = read_dvc_config(root)
    theirs = Config(str(root / ".dvc"), validate=True)
    cache = theirs["cache"].get("dir") or str(root / ".dvc" / "cache")
    assert str(ours.cache_dir) == str(cache)
    assert list(ours.link_types) == list(theirs["cache"].get("type") or ["reflink", "copy"])
    remote = theirs["core"].get("remote")
    # DVC folds the name when it looks the remote up.
    assert ours.default_remote == (remote.lower() if remote else None)
    assert set(ours.remotes) == set(theirs["remote"])


CONFIGS = {
    "nothing": "",
    "a relative cache": "[cache]\n    dir = ../../shared cache\n",
    "an absolute cache": "[cache]\n    dir = /var/dvc\n",
    "a cache at home": "[cache]\n    dir = ~/dvc\n",
    "quotes": '[cache]\n    dir = "/var/d # vc"\n    type = "reflink,hardlink,copy"\n',
    "single quotes": "[cache]\n    dir = '../x'\n    type = 'symlink'\n",
    "comments": "# all\n[cache] # the cache\n    dir = /var/dvc # here\n    # type = symlink\n",
    "link types": "[cache]\n    type = hardlink, symlink\n",
    "a default remote": "[core]\n    remote = origin\n['remote \"origin\"']\n    url = s3://bucket/path\n",
    "two remotes": "['remote \"a\"']\n    url = /tmp/a\n['remote \"b-2.x\"']\n    url = ../../b\n",
    "no indent": "[core]\nremote=origin\nautostage = true\n['remote \"origin\"']\nurl = gs://x/y=z:1\n",
    "upper case": "[CORE]\n    Remote = Origin\n['remote \"Origin\"']\n    URL = /tmp/o\n[Cache]\n    DIR = /v\n",
    "odd indents": "[core]\n      remote = origin\n   autostage = true\n  ['remote \"origin\"']\n        url = /x\n",
    "plain names": '[remote "plain"]\n    url = /x\n',
    "a percent sign": "['remote \"origin\"']\n    url = s3://bucket/a%20b\n[cache]\n    dir = /var/100%\n",
    "spaces": "[ cache ]\n\tdir\t=\t/var/dvc\t\n",
}


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("level", ["repo", "local", "global", "system"])
def test_every_spelling_on_every_level_is_read_as_dvc_reads_it(root: Path, level: str, name: str) -> None:
    write(root, level, CONFIGS[name])
    assert_read_as_dvc_does(root)


def test_the_nearer_level_wins(root: Path) -> None:
    for number, level in enumerate(("system", "global", "repo", "local")):
        write(root, level, f"[cache]\n    dir = /{level}\n[core]\n    remote = r{number}\n")
        assert str(read_dvc_config(root).cache_dir) == f"/{level}"
        assert read_dvc_config(root).default_remote == f"r{number}"
        assert_read_as_dvc_does(root)


def test_a_remote_may_be_spread_over_levels(root: Path) -> None:
    write(root, "repo", "['remote \"origin\"']\n    url = s3://bucket\n")
    write(root, "local", "['remote \"origin\"']\n    access_key_id = secret\n")
    assert read_dvc_config(root).remotes == {"origin": "s3://bucket"}
    assert_read_as_dvc_does(root)


def test_a_file_that_cannot_be_read_is_named(root: Path) -> None:
    write(root, "local", "[core\nremote = x\n")
    with pytest.raises(ConfigError) as caught:
        read_dvc_config(root)
    assert "config.local" in caught.value.where
    assert "dvc config" in caught.value.remedy


def test_without_dvc_the_remedy_is_init(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read_dvc_config(tmp_path)
    assert "tdmvc init" in caught.value.remedy


@pytest.mark.parametrize("variables", [{}, {"XDG_CONFIG_HOME": "/x/home"}, {"XDG_CONFIG_DIRS": "/x/a:/x/b"}])
def test_the_shared_folders_are_those_that_dvc_asks_platformdirs_for(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    for name in ("DVC_SYSTEM_CONFIG_DIR", "DVC_GLOBAL_CONFIG_DIR", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert _shared_folders() == (
        platformdirs.site_config_dir("dvc", "iterative"),
        platformdirs.user_config_dir("dvc", "iterative"),
    )
