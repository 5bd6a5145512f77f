"""Every change of this room's state: a round of forecasts, put on the log before anyone knows what comes of it."""

from sameboat.figures.models import Vintage
from sameboat.registry.acting import OPERATOR, Act, action
from sameboat.registry.models import Place, Role
from sameboat.registry.refusals import Conflict
from sameboat.situation import events
from sameboat.situation.engine import forecast_file
from sameboat.situation.forecasting import Computed, as_row
from sameboat.situation.models import Estimate, Round
from sameboat.transparency.actions import append

_AT_ONCE = 500


@action
def store_round(act: Act, *, computed: Computed) -> Round:
    """Store the forecasts made from a vintage, and put the hash of their file on the log; once for each vintage.

    Whoever may publish the figures may: the operator, or a member of the publisher.

    Raises
    ------
    Conflict
        Where forecasts of this signal were made from this vintage before: they stand.
    """
    vintage = computed.vintage
    publisher = vintage.feed.publisher
    if act.operator or publisher is None:
        act.require_operator()
        actor = OPERATOR
    else:
        act.require(publisher, Role.FIGURES)
        actor = publisher.public_id
    Vintage.objects.select_for_update().get(pk=vintage.pk)
    if Round.objects.filter(vintage=vintage, signal=computed.signal).exists():
        raise Conflict(f"Forecasts of {computed.signal.code} were made from {vintage.public_id} already; they stand.")
    data = forecast_file.encode(computed.signal.code, computed.last, computed.forecasts)
    made = Round(
        public_id=act.new_id("fcst"),
        feed=vintage.feed,
        signal=computed.signal,
        vintage=vintage,
        day=computed.day,
        last=computed.last,
        made_at=act.now,
        sha256=forecast_file.sha256(data),
        standings=[as_row(each) for each in computed.standings],
    )
    entry = append(
        events.ForecastMade(
            forecast=made.public_id,
            feed=vintage.feed.public_id,
            vintage=vintage.public_id,
            from_sha256=vintage.sha256,
            signal=computed.signal.code,
            last=computed.last.isoformat(),
            ends=[end.isoformat() for end in computed.ends],
            places=len({each.place for each in computed.forecasts}),
            sha256=made.sha256,
        ),
        actor=actor,
        event_time=act.now,
        recorded_at=act.now,
    )
    made.entry = entry.leaf_hash
    made.save()
    places = Place.objects.in_bulk({each.place for each in computed.forecasts}, field_name="code")
    Estimate.objects.bulk_create(
        [
            Estimate(
                round=made,
                place=places[each.place],
                model=each.model,
                end=each.end,
                quantiles=list(each.quantiles),
            )
            for each in computed.forecasts
        ],
        batch_size=_AT_ONCE,
    )
    return made
