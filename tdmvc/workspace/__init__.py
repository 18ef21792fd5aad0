"""An open repository: references, states, tables and the working copy."""
