"""Files at the tips of all branches, read without a checkout."""

from collections.abc import Iterator

from tdmvc.gitrepo.repository import GitRepo


def texts_at_tips(git: GitRepo, folder: str, file: str) -> Iterator[tuple[str, str]]:
    """Yield (path, text) of `<folder>/*/<file>` at HEAD and every branch's tip, each text once.

    One process reads all of them; a folder that is equal on many branches is read once.
    """
    tips = git.commands.run("for-each-ref", "--format=%(objectname)", "refs/heads", "refs/remotes").split(
        "\n"
    )
    folder = "" if folder == "." else folder
    trees = {git.commands.object_id(f"{tip}:{folder}") for tip in ("HEAD", *tips) if tip}
    known: set[str | None] = {None}
    for tree in sorted(filter(None, trees)):
        for name in _folders_of(git.commands.read_object(tree), len(tree) // 2):
            blob = git.commands.object_id(f"{tree}:{name}/{file}")
            if blob not in known:
                known.add(blob)
                yield (
                    f"{folder}/{name}/{file}".lstrip("/"),
                    git.commands.read_object(str(blob)).decode("utf-8-sig", "replace"),
                )


def tree_entries(tree: bytes, id_bytes: int) -> dict[str, tuple[str, str]]:
    """Return (mode, object id) of a tree object's entries, by name."""
    found, at = {}, 0
    while at < len(tree):
        end = tree.index(b"\0", at)
        mode, _, name = tree[at:end].partition(b" ")
        at = end + 1 + id_bytes
        found[name.decode("utf-8", "surrogateescape")] = (mode.decode("ascii"), tree[end + 1 : at].hex())
    return found


def _folders_of(tree: bytes, id_bytes: int) -> list[str]:
    """Return the names of the folders in a tree object."""
    return [name for name, (mode, _) in tree_entries(tree, id_bytes).items() if mode == "40000"]
