"""The program as people meet it: its own server, a real browser."""
