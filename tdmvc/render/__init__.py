"""Values as text: a folder for each subject, a file for each output format.

Renderers take model values and return text or JSON values. They print nothing,
decide nothing, and never show a value of a personal column.
"""
