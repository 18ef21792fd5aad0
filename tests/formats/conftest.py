"""The same plain Git repositories as in tests/gitrepo."""

from tests.gitrepo.conftest import _plain_git, app, commit, repo, shell

__all__ = ["_plain_git", "app", "commit", "repo", "shell"]
