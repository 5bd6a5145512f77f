"""Needs, lots, allocations, hand-overs, and the day's totals of each kind of goods."""

from datetime import date
from urllib.parse import urlsplit

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sameboat.registry.models import Emergency, Item, Organisation, Place, Unit


class Need(models.Model):
    """An organisation asks for an item; a null quantity means needed, nobody said how many."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        MET = "met", _("met")
        STOPPED = "stopped", _("stopped")

    public_id = models.CharField(max_length=48, unique=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="needs")
    # Needs are searched by place and item under the indexes below, and never by emergency or unit alone.
    place = models.ForeignKey(Place, null=True, on_delete=models.PROTECT, db_index=False)
    emergency = models.ForeignKey(Emergency, null=True, on_delete=models.PROTECT, db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, db_index=False)
    quantity = models.BigIntegerField(null=True)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, db_index=False)
    standard = models.CharField(max_length=200, blank=True)
    note = models.CharField(max_length=500, blank=True)
    source_line = models.IntegerField(null=True)
    source_url = models.CharField(max_length=2000, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    published_at = models.DateTimeField()
    confirmed_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    pledged = models.BigIntegerField(default=0)
    allocated = models.BigIntegerField(default=0)
    handed_over = models.BigIntegerField(default=0)
    signed_for = models.BigIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["state", "-published_at", "-id"], name="need_state"),
            models.Index(fields=["item", "state", "-id"], name="need_item"),
            models.Index(fields=["place", "state", "-id"], name="need_place"),
            models.Index(
                fields=["organisation", "item", "standard"], name="need_open", condition=models.Q(state="open")
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(quantity__isnull=True) | models.Q(quantity__gt=0), name="need_quantity"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def published_day(self) -> date:
        """The day of publication in the installation's zone."""
        return timezone.localdate(self.published_at)

    @property
    def source_host(self) -> str:
        """Whose page the need was first published on."""
        return urlsplit(self.source_url).netloc or self.source_url[:60]

    @property
    def outstanding(self) -> int | None:
        """What nobody has allocated yet; None where the quantity is unknown."""
        return None if self.quantity is None else max(self.quantity - self.allocated, 0)


class Lot(models.Model):
    """Goods of one kind from one origin in one holder's hands; what is left is its account in the books."""

    public_id = models.CharField(max_length=48, unique=True)
    holder = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="lots")
    donor = models.ForeignKey(Organisation, null=True, on_delete=models.PROTECT, related_name="given_lots")
    item = models.ForeignKey(Item, on_delete=models.PROTECT)
    quantity = models.BigIntegerField(null=True)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT)
    stated = models.CharField(max_length=300, blank=True)
    need = models.ForeignKey(Need, null=True, on_delete=models.PROTECT, related_name="earmarked_lots")
    received_at = models.DateTimeField()
    source_line = models.IntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["holder", "-id"], name="lot_holder")]

    def __str__(self) -> str:
        return self.public_id


class Allocation(models.Model):
    """A part of a lot is for a need."""

    class State(models.TextChoices):
        OPEN = "open", _("allocated")
        HANDED_OVER = "handed-over", _("handed over")
        CANCELLED = "cancelled", _("cancelled")

    public_id = models.CharField(max_length=48, unique=True)
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="allocations")
    need = models.ForeignKey(Need, on_delete=models.PROTECT, related_name="allocations")
    quantity = models.BigIntegerField()
    fair_share = models.BigIntegerField()
    reason = models.CharField(max_length=300, blank=True)
    decided_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)

    def __str__(self) -> str:
        return self.public_id


class HandOver(models.Model):
    """Goods passed from a giver to a receiver; delivered only when the receiver has signed.

    No receiver: whoever published the hand-over did not say to whom.
    """

    public_id = models.CharField(max_length=48, unique=True)
    allocation = models.OneToOneField(Allocation, null=True, on_delete=models.PROTECT, related_name="handover")
    lot = models.ForeignKey(Lot, null=True, on_delete=models.PROTECT, related_name="handovers")
    need = models.ForeignKey(Need, null=True, on_delete=models.PROTECT, related_name="handovers")
    giver = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="handovers_given")
    receiver = models.ForeignKey(Organisation, null=True, on_delete=models.PROTECT, related_name="handovers_received")
    item = models.ForeignKey(Item, on_delete=models.PROTECT)
    quantity = models.BigIntegerField(null=True)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT)
    stated = models.CharField(max_length=300, blank=True)
    handed_at = models.DateTimeField()
    signed_at = models.DateTimeField(null=True)
    received_quantity = models.BigIntegerField(null=True)
    giver_method = models.CharField(max_length=12, blank=True)
    receiver_method = models.CharField(max_length=12, blank=True)
    source_line = models.IntegerField(null=True)
    same_as_line = models.IntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["receiver", "-id"], name="handover_receiver"),
            models.Index(fields=["giver", "-id"], name="handover_giver"),
            models.Index(fields=["-id"], name="handover_unsigned", condition=models.Q(signed_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def handed_day(self) -> date:
        """The day of the hand-over in the installation's zone."""
        return timezone.localdate(self.handed_at)

    @property
    def seal(self) -> str:
        """The state of the receiver's signature, as the seal shows it."""
        if self.signed_at is None:
            return "not-confirmed" if self.source_line is not None else "awaiting"
        return "signed" if self.receiver_method == "device-key" else "account"

    @property
    def missing(self) -> int:
        """What was handed over and not signed for, once somebody signed."""
        if self.quantity is None or self.received_quantity is None:
            return 0
        return self.quantity - self.received_quantity


class DayTotal(models.Model):
    """What happened to one kind of goods on one day; pages sum days, never the history."""

    class Measure(models.TextChoices):
        ASKED = "asked", _("asked for")
        CLOSED = "closed", _("met or stopped")
        RECEIVED = "received", _("came in")
        ALLOCATED = "allocated", _("allocated")
        HANDED_OVER = "handed-over", _("handed out")
        SIGNED_FOR = "signed-for", _("signed for")
        MISSING = "missing", _("missing on arrival")

    day = models.DateField()
    measure = models.CharField(max_length=12, choices=Measure)
    item = models.ForeignKey(Item, on_delete=models.PROTECT)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT)
    quantity = models.BigIntegerField(default=0)
    lines = models.IntegerField(default=0)
    lines_unknown = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "measure", "item", "unit"], name="day_total_once")]

    def __str__(self) -> str:
        return f"{self.day} {self.measure} {self.quantity}"


class OrganisationTotal(models.Model):
    """The running total of what one organisation asked for, was handed, signed for, gave; a row an item and unit."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="totals")
    measure = models.CharField(max_length=12, choices=DayTotal.Measure)
    item = models.ForeignKey(Item, on_delete=models.PROTECT)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT)
    quantity = models.BigIntegerField(default=0)
    lines = models.IntegerField(default=0)
    lines_unknown = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "measure", "item", "unit"], name="organisation_total_once")
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} {self.measure} {self.quantity}"
