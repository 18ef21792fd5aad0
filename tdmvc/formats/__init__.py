"""The project's own files: tdmvc.yaml, dataset.yaml, versions, pointers and contracts."""
