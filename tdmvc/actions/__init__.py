"""The verbs. Each brings columns together, takes a workspace and plain values, returns model values, prints nothing."""
