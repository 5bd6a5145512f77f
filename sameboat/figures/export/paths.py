"""The paths of exported figures, once: a folder has them under its root, a server under `/api/`."""

INDEX = "figures/index.json"


def change_path(vintage: str) -> str:
    """Return where the file of what a vintage changed stands."""
    return f"figures/vintages/{vintage}/changes.csv"


def table_path(feed: str, signal: str, definition: str, ending: str) -> str:
    """Return where everything of one definition that stands at a feed's last vintage is, in one format."""
    # No code has a tilde in it.
    name = f"{signal}~{definition}" if definition else signal
    return f"figures/feeds/{feed}/{name}.{ending}"


def chain_path(feed: str) -> str:
    """Return where a feed's vintages are listed."""
    return f"figures/feeds/{feed}/vintages.json"
