"""What is fast and what is not, measured beside a peer in the same run. `make bench` runs all of it."""
