"""The commands of `tdmvc contract`."""
