"""Figures as files: one series, one day, or a whole signal in six formats; a folder of all of them."""
