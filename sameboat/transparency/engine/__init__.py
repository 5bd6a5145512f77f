"""Formats and proofs of the log as pure functions: no Django, no database, no clock, no network."""
