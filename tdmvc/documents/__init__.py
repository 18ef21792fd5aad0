"""JSON and YAML texts as plain values with the line of each, and the door to the validator of JSON Schema."""
