"""A hub's tasks.json, by version 5 of the hubverse's schema: what it may hold, and one of our own.

The hubverse (hubverse.io) is how forecast hubs of public-health agencies describe what they ask for. Written after
`tasks-schema.json` v5.0.0 of the repository hubverse-org/schemas; a file of another version is refused, not guessed at.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from sameboat.situation.engine.score import HUB_PROBABILITIES
from sameboat.transparency.errors import BadInput

SCHEMA = "https://raw.githubusercontent.com/hubverse-org/schemas/main/v5.0.0/tasks-schema.json"
KNOWN_SCHEMA = re.compile(r"https://raw\.githubusercontent\.com/[\w-]+/schemas/main/v5\.\d+\.\d+/tasks-schema\.json")
ROUND_ID = re.compile(r"\d{4}-\d{2}-\d{2}|[A-Za-z0-9_]+")
DATES = ("reference_date", "origin_date", "forecast_date", "target_date", "target_end_date")
WEEK = 7

Id = str | float | int | bool
IdDatatype = Literal["auto", "character", "double", "integer", "logical", "Date"]


class TasksError(BadInput):
    """A tasks.json that does not follow the schema; the message names the place in it."""

    code = "hub-tasks"


def _unique(values: list[Id] | None) -> list[Id] | None:
    if values is not None and len({repr(value) for value in values}) != len(values):
        raise ValueError("values must not repeat")
    return values


Values = Annotated[list[Id], AfterValidator(_unique)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class TaskId(_Strict):
    """The values that a task's column must, and those it may hold."""

    required: Values | None
    optional: Values | None

    @property
    def allowed(self) -> list[Id]:
        """Return all of them."""
        return [*(self.required or ()), *(self.optional or ())]

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.allowed:
            raise ValueError("required and optional must not both be empty")
        return self


class Bounds(_Strict):
    """What a forecast's value may be."""

    type: Literal["double", "integer"]
    minimum: float | int | None = None
    maximum: float | int | None = None


class Probability(_Strict):
    """A value that is a probability."""

    type: Literal["double"]
    minimum: Literal[0]
    maximum: Literal[1]


class NoIds(_Strict):
    """The identifiers of a point forecast: none."""

    required: None


class RequiredIds(_Strict):
    """The identifiers that an output must have, all of them."""

    required: Values = Field(min_length=1)


class Point(_Strict):
    """A mean or a median."""

    output_type_id: NoIds
    value: Bounds
    is_required: bool


class Quantiles(_Strict):
    """Quantiles at the levels listed."""

    output_type_id: RequiredIds
    value: Bounds
    is_required: bool

    @model_validator(mode="after")
    def _levels(self) -> Self:
        levels = self.output_type_id.required
        if not all(isinstance(level, float | int) and 0 <= level <= 1 for level in levels):
            raise ValueError("the levels of quantiles are numbers from 0 to 1")
        return self


class Distribution(_Strict):
    """A distribution by categories (pmf) or thresholds (cdf)."""

    output_type_id: RequiredIds
    value: Probability
    is_required: bool


class SampleIds(_Strict):
    """How samples are numbered, and how many there must be."""

    type: Literal["integer", "character"]
    min_samples_per_task: int = Field(ge=1)
    max_samples_per_task: int = Field(ge=1)
    max_length: int | None = Field(default=None, ge=1)
    compound_taskid_set: list[str] | None = None


class Samples(_Strict):
    """Samples of the predictive distribution."""

    output_type_id_params: SampleIds
    value: Bounds
    is_required: bool


class OutputTypes(_Strict):
    """The forms in which a forecast may be given."""

    mean: Point | None = None
    median: Point | None = None
    quantile: Quantiles | None = None
    cdf: Distribution | None = None
    pmf: Distribution | None = None
    sample: Samples | None = None


class TargetMetadata(_Strict):
    """What is forecast, in words and by its key."""

    target_id: str = Field(max_length=30)
    target_name: str = Field(max_length=100)
    target_units: str = Field(max_length=100)
    target_keys: Annotated[dict[str, str], Field(min_length=1, max_length=1)] | None
    target_type: Literal["continuous", "discrete", "date", "binary", "nominal", "ordinal", "compositional"]
    is_step_ahead: bool
    description: str | None = None
    time_unit: Literal["day", "week", "month"] | None = None

    @model_validator(mode="after")
    def _step(self) -> Self:
        if self.is_step_ahead and self.time_unit is None:
            raise ValueError("a target that is step ahead needs its time_unit")
        return self


class ModelTask(_Strict):
    """Columns with their values, the forms of output, and the targets."""

    task_ids: dict[str, TaskId]
    output_type: OutputTypes
    target_metadata: list[TargetMetadata] = Field(min_length=1)

    @model_validator(mode="after")
    def _keys(self) -> Self:
        for name in DATES:
            for value in self.task_ids[name].allowed if name in self.task_ids else ():
                if not isinstance(value, str) or not _is_date(value):
                    raise ValueError(f"task_ids.{name}: {value!r} is not a date like 2020-02-29")
        for target in self.target_metadata:
            for key, value in (target.target_keys or {}).items():
                if key not in self.task_ids or value not in self.task_ids[key].allowed:
                    raise ValueError(f"target_keys: {key} = {value} is no value of task_ids")
        return self


class RelativeDue(_Strict):
    """Days around a date of the round within which forecasts are taken."""

    relative_to: str
    start: int
    end: int


class AbsoluteDue(_Strict):
    """Dates between which forecasts are taken."""

    start: str
    end: str


class Round(BaseModel):
    """One round, or all that share one description. The schema lets a round hold more than is listed here."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)

    round_id_from_variable: bool
    round_id: str
    model_tasks: list[ModelTask]
    submissions_due: RelativeDue | AbsoluteDue
    round_name: str | None = None
    file_format: list[Literal["csv", "parquet", "arrow"]] | None = None
    derived_task_ids: list[str] | None = None

    @model_validator(mode="after")
    def _round(self) -> Self:
        if not self.round_id_from_variable and not ROUND_ID.fullmatch(self.round_id):
            raise ValueError("round_id must be a date, or letters, digits and underscores")
        if self.round_id_from_variable and not all(self.round_id in task.task_ids for task in self.model_tasks):
            raise ValueError(f"round_id names the column {self.round_id}, which some model_tasks lack")
        return self


class Tasks(_Strict):
    """A whole tasks.json."""

    schema_version: str
    rounds: list[Round] = Field(min_length=1)
    output_type_id_datatype: IdDatatype = "auto"
    derived_task_ids: list[str] | None = None

    @model_validator(mode="after")
    def _version(self) -> Self:
        if not KNOWN_SCHEMA.fullmatch(self.schema_version):
            raise ValueError(f"schema_version {self.schema_version[:120]!r} is not of version 5, the one read here")
        return self

    def tasks_of(self, round_id: str) -> list[ModelTask]:
        """Return the tasks of one round.

        Raises
        ------
        TasksError
            If the hub has no such round.
        """
        for one in self.rounds:
            if one.round_id_from_variable:
                if all(round_id in task.task_ids[one.round_id].allowed for task in one.model_tasks):
                    return one.model_tasks
            elif one.round_id == round_id:
                return one.model_tasks
        raise TasksError(f"tasks.json has no round '{round_id[:40]}'")

    @property
    def ids_are_text(self) -> bool:
        """Whether the column output_type_id holds text: where the file says so, or not all identifiers are numbers."""
        if self.output_type_id_datatype != "auto":
            return self.output_type_id_datatype in ("character", "Date", "logical")
        outputs = [task.output_type for one in self.rounds for task in one.model_tasks]
        ids = [
            value
            for output in outputs
            for part in (output.quantile, output.cdf, output.pmf)
            if part is not None
            for value in part.output_type_id.required
        ]
        texts = [output.sample.output_type_id_params.type == "character" for output in outputs if output.sample]
        return any(texts) or any(isinstance(value, str) for value in ids)


def read_tasks(path: Path) -> Tasks:
    """Return a hub's tasks.json.

    Raises
    ------
    TasksError
        If it does not follow the schema; the message names the first place in it.
    """
    return parsed_tasks(path.read_bytes(), str(path))


def parsed_tasks(text: str | bytes, name: str = "tasks.json") -> Tasks:
    """Return the tasks that a JSON text holds; raises `TasksError` as `read_tasks` does."""
    try:
        return Tasks.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        more = f", and {error.error_count() - 1} more" if error.error_count() > 1 else ""
        raise TasksError(f"{name}: {place}: {first['msg']}{more}") from error


def our_tasks(
    targets: Mapping[str, str],
    *,
    reference_dates: Sequence[date],
    locations: Sequence[str],
    horizons: Sequence[int],
) -> dict[str, Any]:
    """Return the tasks.json of weekly counts in the hubs' 23 quantiles.

    Parameters
    ----------
    targets
        What each target's name (at most 30 letters) means, in at most 100 letters.
    reference_dates
        Saturdays; horizon h is the week that ends 7 h days later.
    """
    ends = sorted({day + timedelta(WEEK * horizon) for day in reference_dates for horizon in horizons})
    task = {
        "task_ids": {
            "reference_date": _may(day.isoformat() for day in sorted(reference_dates)),
            "target": _may(targets),
            "horizon": _may(horizons),
            "location": _may(locations),
            "target_end_date": _may(day.isoformat() for day in ends),
        },
        "output_type": {
            "quantile": {
                "output_type_id": {"required": list(HUB_PROBABILITIES)},
                "is_required": True,
                "value": {"type": "double", "minimum": 0},
            }
        },
        "target_metadata": [
            {
                "target_id": name,
                "target_name": words,
                "target_units": "count",
                "target_keys": {"target": name},
                "description": f"{words}: the total of the week that ends on target_end_date, a Saturday.",
                "target_type": "continuous",
                "is_step_ahead": True,
                "time_unit": "week",
            }
            for name, words in targets.items()
        ],
    }
    return {
        "schema_version": SCHEMA,
        "rounds": [
            {
                "round_id_from_variable": True,
                "round_id": "reference_date",
                "model_tasks": [task],
                "submissions_due": {"relative_to": "reference_date", "start": 0, "end": 6},
            }
        ],
        "output_type_id_datatype": "double",
        "derived_task_ids": ["target_end_date"],
    }


def _may(values: Any) -> dict[str, Any]:
    return {"required": None, "optional": list(values)}


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == len("2020-02-29")
