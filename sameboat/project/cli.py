"""The `sameboat` command: one group a room."""

import os

import typer

app = typer.Typer(help="Sameboat (同舟): every public claim can be checked.", no_args_is_help=True)


def main() -> None:
    """Run the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sameboat.project.settings")
    app()
