"""Where people review and CI runs: GitHub and GitLab, each a file with its own words for the same things.

A host posts one comment for a pull or merge request and keeps it up to date, and has
the files that set its CI up (`templates/`, copied by `tdmvc init --ci`). It reads what
CI sets from a mapping that it is given, never from the process. To add a host, write
its file beside the others and its folder of templates, and name it in `HOSTS`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from tdmvc.errors import NotFoundError
from tdmvc.hosts.base import Host
from tdmvc.hosts.github import open_github, write_summary
from tdmvc.hosts.gitlab import open_gitlab
from tdmvc.hosts.http import Patience

__all__ = ["HOSTS", "Host", "HostKind", "Patience", "open_host", "read_templates", "write_summary"]


@dataclass(frozen=True, slots=True)
class HostKind:
    """One host, and what sets it up."""

    open: Callable[[Mapping[str, str], Patience], Host]
    templates: dict[str, str]
    """The file's name in `templates/<host>/` by its path in a repository."""


HOSTS: Final[dict[str, HostKind]] = {
    "github": HostKind(
        open_github,
        {
            f".github/workflows/{name}": name
            for name in ("tdmvc.yml", "tdmvc-review.yml", "tdmvc-comment.yml", "tdmvc-nightly.yml")
        },
    ),
    "gitlab": HostKind(open_gitlab, {".gitlab/tdmvc.yml": "tdmvc.yml", ".gitlab-ci.yml": "gitlab-ci.yml"}),
}
"""Every host by its name."""


def open_host(name: str, environ: Mapping[str, str], *, patience: Patience | None = None) -> Host:
    """Open the pull or merge request that a run of CI is for; nothing is sent yet.

    Raises:
        NotFoundError: there is no such host.
        UsageError: CI has not set what is needed, or the run is for no request.
    """
    return _kind(name).open(environ, patience or Patience())


def read_templates(name: str) -> dict[str, str]:
    """Return the files that set up CI on a host, by their path in a repository.

    Raises:
        NotFoundError: there is no such host.
    """
    folder = files("tdmvc.hosts") / "templates" / name
    return {path: (folder / file).read_text(encoding="utf-8") for path, file in _kind(name).templates.items()}


def _kind(name: str) -> HostKind:
    if name not in HOSTS:
        raise NotFoundError.named("host", name, sorted(HOSTS))
    return HOSTS[name]
