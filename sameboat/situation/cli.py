"""`sameboat situation …`: the outbreak's numbers from files alone, its forecasts and its report."""

import os
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from sameboat.situation import round_commands

app = typer.Typer()
situation = typer.Typer(no_args_is_help=True, help="The outbreak: Rt, nowcasts, forecasts and their scores.")
app.add_typer(situation, name="situation")
round_commands.add_to(situation)


class Method(StrEnum):
    """How Rt is estimated."""

    CORI = "cori"
    HEADLINE = "headline"


DAY = ["%Y-%m-%d"]
Output = Annotated[Path | None, typer.Option("-o", "--output", help="Write the table to this file, not here.")]


@situation.command("evaluate")
def evaluate(
    folder: Annotated[Path, typer.Argument(help="A forecast hub's record, or reports with their delays.")],
    first: Annotated[
        datetime | None, typer.Option("--from", formats=DAY, help="The first round; without it, the earliest.")
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--until", formats=DAY, help="The last round; without it, the latest.")
    ] = None,
) -> Any:
    """Forecast a folder's past again, each time from what was known on the day, and score it beside others.

    \b
    sameboat situation evaluate europe_hub --from 2021-07-01
    sameboat situation evaluate us_covid_hub --json
    sameboat situation evaluate nowcast
    """
    _one_core()
    from sameboat.progress import progress_bar
    from sameboat.situation.evaluation import evaluate_folder

    with progress_bar("rounds forecast and scored") as progress:
        return evaluate_folder(folder, _day(first), _day(last), progress)


@situation.command("rt")
def rt(
    file: Annotated[Path, typer.Argument(help="A CSV file: one series of daily new cases a column.")],
    method: Annotated[Method, typer.Option(help="cori as EpiEstim has it, or the headline.")] = Method.HEADLINE,
    si: Annotated[
        Path | None, typer.Option(help="The serial interval: probabilities of 0, 1, 2, … days, one a line.")
    ] = None,
    si_mean: Annotated[float, typer.Option(help="Without --si: its mean in days.")] = 4.8,
    si_sd: Annotated[float, typer.Option(help="Without --si: its standard deviation.")] = 2.3,
    window: Annotated[int, typer.Option(help="cori: days in a window.")] = 7,
    prior_mean: Annotated[float, typer.Option(help="cori: mean of R's prior.")] = 5.0,
    prior_sd: Annotated[float, typer.Option(help="cori: standard deviation of R's prior.")] = 5.0,
    level: Annotated[float, typer.Option(help="Probability of the band.")] = 0.95,
    output: Output = None,
) -> Any:
    """Estimate Rt of every series in a table; a first column of dates or day numbers names the days.

    Writes CSV: series, day, mean, median, lower, upper, above_one (probability of R > 1), told (1 where the day itself
    told of R). A window of cori is filed under its last day.

    \b
    sameboat situation rt cases.csv
    sameboat situation rt cases.csv --method cori --si si_distr.csv -o rt.csv
    """
    _one_core()
    from sameboat.progress import progress_bar
    from sameboat.situation.tables import rt as rt_table
    from sameboat.situation.tables.series import read_series

    series = read_series(file, date.today())
    interval = (
        rt_table.default_serial_interval(si_mean, si_sd, len(series.days))
        if si is None
        else rt_table.read_serial_interval(si)
    )
    with progress_bar("series estimated") as progress:
        table = rt_table.estimate_table(
            series,
            method.value,
            interval,
            window=window,
            prior_mean=prior_mean,
            prior_sd=prior_sd,
            level=level,
            done=progress,
        )
    if output is not None:
        output.write_text(table.as_csv(), "utf-8")
    else:
        for note in series.notes:
            typer.echo(f"note: {note}", err=True)
    return rt_table.RtReport(table, output)


@situation.command("nowcast")
def nowcast(
    file: Annotated[Path, typer.Argument(help="Counts by day and delay, or single cases; CSV or Parquet.")],
    as_of: Annotated[
        datetime | None, typer.Option("--as-of", formats=DAY, help="As known on this day; without it, the latest.")
    ] = None,
    output: Output = None,
) -> Any:
    """Say what the counts of the last days will become once the late reports are in.

    The table has the columns reference_date, count, and delay or report_date (perhaps location and age_group), or a
    line a case with the dates of its event and its report.

    \b
    sameboat situation nowcast triangle.csv
    sameboat situation nowcast cases.parquet --as-of 2021-07-01 -o nowcast.csv
    """
    from sameboat.situation.tables.nowcast import nowcast_file

    made = nowcast_file(file, _day(as_of))
    if output is not None:
        output.write_text("\n".join(made.as_text()) + "\n", "utf-8")
        return {"written": str(output), "rows": len(made.rows), "notes": "; ".join(made.notes) or "none"}
    for note in made.notes:
        typer.echo(f"note: {note}", err=True)
    return made


@situation.command("forecast")
def forecast(
    folder: Annotated[Path, typer.Argument(help="A forecast hub's record: vintages and a baseline's rounds.")],
    day: Annotated[
        datetime | None, typer.Option("--day", formats=DAY, help="A round's day; without it, the newest.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write a hub here: tasks, model output, target data.")
    ] = None,
    parquet: Annotated[bool, typer.Option("--parquet", help="Write Parquet files instead of CSV.")] = False,
) -> Any:
    """Forecast the weeks after a folder's newest day, from what was known then; what failed lately is withheld.

    \b
    sameboat situation forecast europe_hub
    sameboat situation forecast us_covid_hub --day 2025-03-01 -o my_hub --parquet
    """
    _one_core()
    from sameboat.progress import progress_bar
    from sameboat.situation.hub.export import forecast_folder

    with progress_bar("rounds made") as progress:
        return forecast_folder(folder, _day(day), output, ".parquet" if parquet else ".csv", progress)


@situation.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="Forecasts as a hub's model output, CSV or Parquet.")],
    tasks: Annotated[Path, typer.Option(help="The hub's tasks.json, of schema version 5.")],
    round_id: Annotated[str, typer.Option("--round", help="Without it, the date that begins the file's name.")] = "",
) -> Any:
    """Say what a forecast hub would refuse in a file of forecasts. Exits with 1 if it would.

    \b
    sameboat situation check 2025-03-01-team-model.csv --tasks hub-config/tasks.json
    """
    from sameboat.situation.hub.export import check_file

    return check_file(file, tasks, round_id or None)


@situation.command("simulate")
def simulate(
    population: Annotated[int, typer.Option(help="People.")],
    first: Annotated[datetime, typer.Option("--from", formats=DAY, help="The first day.")],
    days: Annotated[int, typer.Option(help="Days to simulate.")] = 180,
    infected: Annotated[int, typer.Option(help="People infected at the start.")] = 10,
    r0: Annotated[float, typer.Option("--r0", help="People infected by one, if all are susceptible.")] = 2.5,
    latent: Annotated[float, typer.Option(help="Mean days from infection to being infectious.")] = 3.0,
    infectious: Annotated[float, typer.Option(help="Mean days of being infectious.")] = 5.0,
    dispersion: Annotated[float, typer.Option(help="How much the infections of a day cluster; 0: not at all.")] = 0.0,
    measure: Annotated[
        list[str] | None, typer.Option(help="START[..END]=FACTOR multiplies transmission from a day on. Repeatable.")
    ] = None,
    runs: Annotated[int, typer.Option(help="How often.")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="Of the random numbers: the same seed gives the same runs.")] = 1,
    model: Annotated[str, typer.Option(help="compartments, or a plug-in such as starsim.")] = "compartments",
) -> Any:
    """Simulate what an outbreak might become under assumptions: a scenario and no forecast.

    \b
    sameboat situation simulate --population 11000000 --from 2020-01-01 --measure 2020-01-23=0.3
    sameboat situation simulate --population 50000 --from 2020-01-01 --measure 2020-01-23..2020-04-08=0.4 --runs 20
    """
    from sameboat.progress import progress_bar
    from sameboat.situation.engine.simulate import Disease
    from sameboat.situation.scenarios import Scenario, parsed_measure, project

    scenario = Scenario(
        disease=Disease(r0, latent, infectious, dispersion),
        population=population,
        infected=infected,
        first=first.date(),
        days=days,
        runs=runs,
        seed=seed,
        measures=tuple(parsed_measure(text) for text in measure or ()),
    )
    with progress_bar("runs simulated") as progress:
        return project(scenario, model, progress)


def _one_core() -> None:
    """Keep NumPy, not loaded yet, from splitting small matrices over cores: waiting for each other takes longer."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()
