"""`python -m tdmvc` is `tdmvc`."""

from tdmvc.cli.main import main

main()
