"""What is stored: the forecasts made of a vintage, before anyone knew what came of them."""

from datetime import timedelta

from django.db import models

from sameboat.figures.models import Feed, Signal, Vintage
from sameboat.registry.models import Place


class Round(models.Model):
    """The forecasts of every place, made from one vintage alone.

    `sha256` is that of the canonical file of its estimates, `entry` the leaf hash of the entry which says so. `last` is
    the last day of the figures it was made from. `standings` tells, for each week ahead, how the rounds before had done
    by then and whether this one may be shown (`sameboat.situation.forecasting.Standing`).
    """

    public_id = models.CharField(max_length=48, unique=True)
    feed = models.ForeignKey(Feed, on_delete=models.PROTECT, related_name="+")
    signal = models.ForeignKey(Signal, on_delete=models.PROTECT, related_name="+")
    vintage = models.ForeignKey(Vintage, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    last = models.DateField()
    made_at = models.DateTimeField()
    sha256 = models.CharField(max_length=64)
    entry = models.BinaryField(max_length=32)
    standings = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["vintage", "signal"], name="round_once")]
        indexes = [models.Index(fields=["feed", "signal", "-day"], name="round_day")]

    def __str__(self) -> str:
        return f"round of {self.day}"

    @property
    def in_time(self) -> bool:
        """Whether it was put on the log before the first week that it forecasts was over."""
        return self.made_at.date() < self.last + timedelta(7)


class Estimate(models.Model):
    """What one model forecast of one place for the week that ends on `end`: 23 quantiles in hundredths of a count."""

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="estimates")
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+")
    model = models.CharField(max_length=20)
    end = models.DateField()
    quantiles = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["round", "place", "model", "end"], name="estimate_once")]

    def __str__(self) -> str:
        return f"{self.model} of {self.place_id} to {self.end}"
