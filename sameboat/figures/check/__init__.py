"""The check of the public claim: every figure, replayed from its files and held against the log."""
