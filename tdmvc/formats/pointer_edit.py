"""Writes pointers as DVC writes them."""

from tdmvc.model.dataset import Pointer
from tdmvc.model.names import folder_name
from tdmvc.yaml.editor import render_as_dvc


def render_pointer(folder: str, object: str, size_bytes: int, files: int) -> str:
    """Return the text of `<folder>.dvc` exactly as DVC 3 writes it."""
    out = {"md5": object, "size": size_bytes, "nfiles": files, "hash": "md5", "path": folder}
    return render_as_dvc({"outs": [out]})


def pointer_text(pointer: Pointer) -> str:
    """Return the text of a pointer's file, with what is known of it."""
    facts = {"md5": pointer.object, "size": pointer.size_bytes, "nfiles": pointer.files, "hash": "md5"}
    known = {name: value for name, value in facts.items() if value is not None}
    return render_as_dvc({"outs": [{**known, "path": pointer.folder or folder_name(pointer.table)}]})
