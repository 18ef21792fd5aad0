"""The verbs. Each takes a workspace and plain values, returns model values, and prints nothing."""
