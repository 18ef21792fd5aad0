"""Hosts of pull and merge requests: GitHub and GitLab, one file each.

A host keeps one comment on a pull or merge request up to date, and has the files that
set up its CI (`templates/`, copied by `tdmvc init --ci`). It reads the variables of CI
from a mapping, never from the process. To add a host, write its file and its folder of
templates, and add it to `HOSTS`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from tdmvc import __version__
from tdmvc.errors import NotFoundError
from tdmvc.hosts.base import Host
from tdmvc.hosts.github import open_github, write_summary
from tdmvc.hosts.gitlab import open_gitlab
from tdmvc.hosts.http import Patience

__all__ = ["HOSTS", "Host", "HostKind", "Patience", "open_host", "read_templates", "write_summary"]


@dataclass(frozen=True, slots=True)
class HostKind:
    """One host: how to open a request on it, and its CI files."""

    open: Callable[[Mapping[str, str], Patience], Host]
    templates: dict[str, str]
    """The file's name in `templates/<host>/` by its path in a repository."""


HOSTS: Final[dict[str, HostKind]] = {
    "github": HostKind(
        open_github,
        {
            f".github/workflows/{name}": name
            for name in ("tdmvc.yml", "tdmvc-comment.yml", "tdmvc-nightly.yml")
        },
    ),
    "gitlab": HostKind(open_gitlab, {".gitlab/tdmvc.yml": "tdmvc.yml", ".gitlab-ci.yml": "gitlab-ci.yml"}),
}
"""Every host by its name."""


def open_host(name: str, environ: Mapping[str, str], *, patience: Patience | None = None) -> Host:
    """Open the pull or merge request of a CI run; nothing is sent yet.

    Raises:
        NotFoundError: there is no such host.
        NoRequestError: the run is for a branch or a queue, without a request.
        UsageError: a variable is not set, or this is no run of CI.
    """
    return _kind(name).open(environ, patience or Patience())


def read_templates(name: str) -> dict[str, str]:
    """Return the files that set up CI on a host, by their path in a repository. They install this version of tdmvc.

    Raises:
        NotFoundError: there is no such host.
    """
    folder = files("tdmvc.hosts") / "templates" / name
    return {
        path: (folder / file).read_text(encoding="utf-8").replace("@VERSION@", __version__)
        for path, file in _kind(name).templates.items()
    }


def _kind(name: str) -> HostKind:
    if name not in HOSTS:
        raise NotFoundError.named("host", name, sorted(HOSTS))
    return HOSTS[name]
