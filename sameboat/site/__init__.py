"""The shell that pages hang in: layout, languages, home, search, sign-in."""
