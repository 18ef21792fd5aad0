"""YAML: one event-driven composer, a strict and a lenient reader, an editor and a writer."""
