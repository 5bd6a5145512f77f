"""Sameboat (同舟): one program for the response to an epidemic, in which every public claim can be checked."""

__version__ = "0.1.0"
