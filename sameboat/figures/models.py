"""What is stored: who publishes which figures, and every value that was ever stated, by vintage."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.db import models
from django.utils.translation import gettext_lazy as _

from sameboat.registry.models import Named, Organisation, Place

END_OF_DAY = time(23, 59, 59)
"""When a vintage counts as published of which only the day is known."""


class Feed(Named):
    """A stream of vintages from one source; `zone` is that of its days, `cadence_days` how often it should speak."""

    public_id = models.CharField(max_length=48, unique=True)
    code = models.SlugField(max_length=48, unique=True)
    publisher = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="feeds")
    url = models.CharField(max_length=300, blank=True)
    licence = models.CharField(max_length=120, blank=True)
    zone = models.CharField(max_length=48)
    cadence_days = models.PositiveSmallIntegerField(default=1)
    registered_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.code


class Signal(Named):
    """What is counted or measured; values are whole smallest units, 10^`decimals` of which make one unit."""

    class Form(models.TextChoices):
        CUMULATIVE = "cumulative", _("total so far")
        INCIDENCE = "incidence", _("new in the period")
        PREVALENCE = "prevalence", _("on the day")
        INDEX = "index", _("index")

    code = models.CharField(max_length=48, unique=True)
    form = models.CharField(max_length=16, choices=Form)
    unit_en = models.CharField(max_length=60)
    unit_zh = models.CharField(max_length=60)
    decimals = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return self.code


class Definition(Named):
    """What exactly a signal counts; the first of a signal has an empty code."""

    public_id = models.CharField(max_length=48, unique=True)
    signal = models.ForeignKey(Signal, on_delete=models.PROTECT, related_name="definitions")
    code = models.CharField(max_length=48, blank=True)
    text_en = models.TextField(blank=True)
    text_zh = models.TextField(blank=True)
    url = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["signal", "code"], name="definition_once")]

    def __str__(self) -> str:
        return f"{self.signal_id} {self.code}"


class Break(models.Model):
    """From `date` on a place's figures cannot be compared with those before.

    `within`: nor can those of what lies in it. Without it the sum of a country breaks where one of its provinces counts
    otherwise, and the other provinces do not.
    """

    class Kind(models.TextChoices):
        DEFINITION = "definition", _("counted otherwise")
        CORRECTION = "correction", _("corrected at once")
        BACKLOG = "backlog", _("late reports entered at once")

    public_id = models.CharField(max_length=48, unique=True)
    feed = models.ForeignKey(Feed, on_delete=models.PROTECT, related_name="breaks")
    signal = models.ForeignKey(Signal, on_delete=models.PROTECT, related_name="+")
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+")
    date = models.DateField()
    within = models.BooleanField(default=True)
    kind = models.CharField(max_length=16, choices=Kind)
    text_en = models.TextField(blank=True)
    text_zh = models.TextField(blank=True)
    url = models.CharField(max_length=300, blank=True)
    declared_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["feed", "signal", "place", "date"], name="break_once")]

    def __str__(self) -> str:
        return f"{self.place_id} {self.date}"


class Series(models.Model):
    """Figures of one place, signal and definition from one feed, over days."""

    feed = models.ForeignKey(Feed, on_delete=models.PROTECT, related_name="series")
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+")
    signal = models.ForeignKey(Signal, on_delete=models.PROTECT, related_name="+")
    definition = models.ForeignKey(Definition, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["place", "signal", "definition", "feed"], name="series_once"),
        ]
        verbose_name_plural = "series"

    def __str__(self) -> str:
        return f"series {self.pk}"


class Vintage(models.Model):
    """What a feed published at one moment: the changes against the vintage before, hashed on the log.

    `sha256` is that of the canonical file of changes; `entry` the leaf hash of the entry which says so.
    """

    public_id = models.CharField(max_length=48, unique=True)
    feed = models.ForeignKey(Feed, on_delete=models.PROTECT, related_name="vintages")
    number = models.PositiveIntegerField()
    published_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    sha256 = models.CharField(max_length=64)
    entry = models.BinaryField(max_length=32)
    new = models.PositiveIntegerField()
    revised = models.PositiveIntegerField()
    withdrawn = models.PositiveIntegerField()
    rejected = models.PositiveIntegerField()
    first_date = models.DateField(null=True)
    last_date = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["feed", "number"], name="vintage_number"),
            models.UniqueConstraint(fields=["feed", "published_at"], name="vintage_moment"),
        ]

    def __str__(self) -> str:
        return f"vintage {self.number} of {self.feed_id}"

    @property
    def said(self) -> date | datetime:
        """When it was published; a day where only that is known, for it then counts as published at the day's end."""
        local = self.published_at.astimezone(ZoneInfo(self.feed.zone))
        return local.date() if local.time() == END_OF_DAY else local


class Figure(models.Model):
    """One value as a vintage stated it; it stands until a later vintage states another for the same day."""

    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="figures", db_index=False)
    date = models.DateField()
    vintage = models.ForeignKey(Vintage, on_delete=models.PROTECT, related_name="figures")
    value = models.BigIntegerField(null=True)
    missing = models.CharField(max_length=16, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "date", "vintage"], name="figure_once")]

    def __str__(self) -> str:
        return f"{self.series_id} {self.date}: {self.value}"


class RejectedLine(models.Model):
    """A line of a source that could not be used, kept as it came, with what is wrong."""

    vintage = models.ForeignKey(Vintage, on_delete=models.PROTECT, related_name="rejected_lines")
    line = models.PositiveIntegerField()
    raw = models.JSONField()
    problem = models.CharField(max_length=300)

    def __str__(self) -> str:
        return f"line {self.line}"


class QualityFlag(models.Model):
    """What a check noticed in a vintage; it is published beside the figure, which stays as it was stated.

    `cleared` is the vintage in which it was no longer so. A flag of the whole feed has no place and no signal.
    """

    vintage = models.ForeignKey(Vintage, on_delete=models.PROTECT, related_name="flags")
    cleared = models.ForeignKey(Vintage, null=True, on_delete=models.PROTECT, related_name="+")
    place = models.ForeignKey(Place, null=True, on_delete=models.PROTECT, related_name="+")
    signal = models.ForeignKey(Signal, null=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=32)
    date = models.DateField()
    until = models.DateField()
    numbers = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["place", "-date"], name="flag_place"),
            models.Index(fields=["-vintage", "kind"], name="flag_vintage"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.date}"


class Explanation(models.Model):
    """Why figures were changed or look odd, in the words of whoever publishes them; nothing is guessed."""

    public_id = models.CharField(max_length=48, unique=True)
    feed = models.ForeignKey(Feed, on_delete=models.PROTECT, related_name="explanations")
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+")
    signal = models.ForeignKey(Signal, null=True, on_delete=models.PROTECT, related_name="+")
    date = models.DateField()
    until = models.DateField()
    text_en = models.TextField(blank=True)
    text_zh = models.TextField(blank=True)
    url = models.CharField(max_length=300, blank=True)
    explained_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["place", "-date"], name="explanation_place")]

    def __str__(self) -> str:
        return f"{self.place_id} {self.date}"


class FeedStop(models.Model):
    """A source that could not be read at all: yesterday's figures stand. `data_sha256` is the file's that came."""

    feed = models.ForeignKey(Feed, on_delete=models.PROTECT, related_name="stops")
    stopped_at = models.DateTimeField()
    code = models.CharField(max_length=32)
    reason = models.TextField()
    data_sha256 = models.CharField(max_length=64)

    class Meta:
        indexes = [models.Index(fields=["feed", "-stopped_at"], name="feed_stop")]

    def __str__(self) -> str:
        return f"{self.feed_id} stopped {self.stopped_at}"


class FeedMapping(models.Model):
    """How the files of a source are read, as `engine.readers.load_mapping` takes it; a feed's last one holds."""

    feed = models.ForeignKey(Feed, on_delete=models.PROTECT, related_name="mappings")
    text = models.TextField()
    sha256 = models.CharField(max_length=64)
    set_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"mapping {self.pk} of {self.feed_id}"


class SourceFile(models.Model):
    """The file that a vintage was read from: its hash, how many rows of data it had, and how it was read."""

    vintage = models.OneToOneField(Vintage, on_delete=models.PROTECT, related_name="source_file")
    mapping = models.ForeignKey(FeedMapping, on_delete=models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64)
    rows = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"file of {self.vintage_id}"
