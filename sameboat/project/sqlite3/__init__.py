"""Django's backend for SQLite, with one thing added: the writers of one process wait in line for each other."""
