"""The few helpers around PyArrow that several rooms share."""
