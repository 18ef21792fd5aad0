"""Values into text: one file for each kind of value and form of output.

Renderers take model values and return text or JSON values. They print nothing,
decide nothing, and never show a value of a personal column.
"""
