"""The public log: what the program claims, in an order nobody can change without being seen."""
