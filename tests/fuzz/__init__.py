"""Fuzzing of the parsers of the log's formats, and what it found."""
