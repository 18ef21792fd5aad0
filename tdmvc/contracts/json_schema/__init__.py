"""JSON Schema as a contract: read in five versions, and written in the newest."""
