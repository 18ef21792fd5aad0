"""What an environment is made from, as tdmvc.yaml and the work tree say; nothing is started here."""
