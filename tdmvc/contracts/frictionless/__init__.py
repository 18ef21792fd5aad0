"""Table Schemas of Frictionless Data, inside a Data Package or alone."""
