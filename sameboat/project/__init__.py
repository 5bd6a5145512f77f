"""Settings, addresses and the `sameboat` command: what ties the rooms into one program."""
