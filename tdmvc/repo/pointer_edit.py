"""Writes pointers as DVC writes them."""

from tdmvc.repo.yaml_edit import render_as_dvc


def render_pointer(folder: str, object: str, size_bytes: int, files: int) -> str:
    """Return the text of `<folder>.dvc` exactly as DVC 3 writes it."""
    out = {"md5": object, "size": size_bytes, "nfiles": files, "hash": "md5", "path": folder}
    return render_as_dvc({"outs": [out]})
