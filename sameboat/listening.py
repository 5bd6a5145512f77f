"""The address that a server listens on."""

import socket

from sameboat.transparency.errors import BadInput


def bind(host: str, port: int) -> socket.socket:
    """Return a socket bound to an address; port 0 takes a free one. Raises BadInput where it cannot be had."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        taken = socket.socket(family, socket.SOCK_STREAM)
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((host, port))
    except (OSError, OverflowError) as error:
        raise BadInput(
            f"cannot listen on {host}:{port}: {error}. Stop what runs there, or choose another with --port or PORT."
        ) from error
    taken.set_inheritable(True)
    return taken


def address_of(taken: socket.socket, host: str) -> str:
    """Return the address to type into a browser."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{taken.getsockname()[1]}/"
