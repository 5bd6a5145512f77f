"""An engine's refusal as a mistake in what was asked, so that a command tells it in words and exits with 2."""

from collections.abc import Iterator
from contextlib import contextmanager

from sameboat.situation.engine.forecast.vintage import VintageError
from sameboat.situation.engine.incidence import IncidenceError, ParameterError
from sameboat.situation.engine.nowcast import TriangleError
from sameboat.situation.engine.score import ScoreError
from sameboat.situation.engine.serial_interval import SerialIntervalError
from sameboat.situation.engine.simulate import ScenarioError
from sameboat.transparency.errors import BadInput

ENGINE_ERRORS = (
    IncidenceError,
    ParameterError,
    ScenarioError,
    ScoreError,
    SerialIntervalError,
    TriangleError,
    VintageError,
)


@contextmanager
def told_plainly(what: object) -> Iterator[None]:
    """Turn an engine's error into `BadInput` that begins with what was being worked on."""
    try:
        yield
    except ENGINE_ERRORS as error:
        text = str(error)
        raise BadInput(f"{what}: {text[:1].lower()}{text[1:]}") from error
