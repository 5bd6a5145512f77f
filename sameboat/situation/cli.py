"""`sameboat situation update | report`: forecasts of a vintage, and a place's situation on paper."""

import typer

from sameboat.situation import round_commands

app = typer.Typer()
situation = typer.Typer(no_args_is_help=True, help="The outbreak: Rt, nowcasts, forecasts and their scores.")
app.add_typer(situation, name="situation")
round_commands.add_to(situation)
