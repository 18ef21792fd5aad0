"""Manifests merged by structure."""
