"""Campaigns, restricted funds, pledges, gifts, payments, and the day's totals of money."""

from datetime import date
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from sameboat.registry.engine.quantity import money
from sameboat.registry.models import Emergency, Item, Organisation, Unit
from sameboat.supplies.models import Lot, Need


class Campaign(models.Model):
    """What a charity collects for."""

    public_id = models.CharField(max_length=48, unique=True)
    charity = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="campaigns")
    emergency = models.ForeignKey(Emergency, null=True, on_delete=models.PROTECT)
    title_en = models.CharField(max_length=200, blank=True)
    title_zh = models.CharField(max_length=200, blank=True)
    filing_number = models.CharField(max_length=80, blank=True)
    filed_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """The title in the reader's language, or in the other where that is all there is."""
        chinese = (get_language() or "").startswith("zh")
        return (self.title_zh or self.title_en) if chinese else (self.title_en or self.title_zh)


class Fund(models.Model):
    """Money that may be spent on one purpose only."""

    public_id = models.CharField(max_length=48, unique=True)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="funds")
    need = models.ForeignKey(Need, null=True, on_delete=models.PROTECT, related_name="funds")
    purpose_en = models.CharField(max_length=300, blank=True)
    purpose_zh = models.CharField(max_length=300, blank=True)
    opened_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.purpose

    @property
    def charity(self) -> Organisation:
        """The charity that holds the fund."""
        return self.campaign.charity

    @property
    def purpose(self) -> str:
        """The purpose in the reader's language, or in the other where that is all there is."""
        chinese = (get_language() or "").startswith("zh")
        return (self.purpose_zh or self.purpose_en) if chinese else (self.purpose_en or self.purpose_zh)


class Kind(models.TextChoices):
    """What is given."""

    GOODS = "goods", _("goods")
    MONEY = "money", _("money")


class Pledge(models.Model):
    """A promise of goods or money. Who has its code may follow and cancel it; only the code's hash is kept."""

    class State(models.TextChoices):
        MADE = "made", _("promised")
        RECEIVED = "received", _("received")
        CANCELLED = "cancelled", _("cancelled")

    public_id = models.CharField(max_length=48, unique=True)
    kind = models.CharField(max_length=8, choices=Kind)
    donor = models.ForeignKey(Organisation, null=True, on_delete=models.PROTECT, related_name="pledges")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    need = models.ForeignKey(Need, null=True, on_delete=models.PROTECT, related_name="pledges")
    fund = models.ForeignKey(Fund, null=True, on_delete=models.PROTECT, related_name="pledges")
    item = models.ForeignKey(Item, null=True, on_delete=models.PROTECT)
    quantity = models.BigIntegerField(null=True)
    unit = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT)
    currency = models.CharField(max_length=3, blank=True)
    money_units = models.BigIntegerField(null=True)
    state = models.CharField(max_length=12, choices=State, default=State.MADE)
    code_hash = models.CharField(max_length=64)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind=Kind.GOODS, quantity__gt=0) | models.Q(kind=Kind.MONEY, money_units__gt=0),
                name="pledge_amount",
            )
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def amount(self) -> Decimal:
        """The money promised."""
        return money(self.money_units or 0, self.currency)


class Gift(models.Model):
    """Goods or money that a charity received; what a donor follows to a signature."""

    public_id = models.CharField(max_length=48, unique=True)
    kind = models.CharField(max_length=8, choices=Kind)
    charity = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="gifts_received")
    donor = models.ForeignKey(Organisation, null=True, on_delete=models.PROTECT, related_name="gifts_given")
    pledge = models.OneToOneField(Pledge, null=True, on_delete=models.PROTECT, related_name="gift")
    lot = models.OneToOneField(Lot, null=True, on_delete=models.PROTECT, related_name="gift")
    fund = models.ForeignKey(Fund, null=True, on_delete=models.PROTECT, related_name="gifts")
    currency = models.CharField(max_length=3, blank=True)
    money_units = models.BigIntegerField(null=True)
    receipt = models.CharField(max_length=80, blank=True)
    received_at = models.DateTimeField()
    source_line = models.IntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["kind", "-id"], name="gift_kind"),
            models.Index(fields=["donor", "-id"], name="gift_donor"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def received_day(self) -> date:
        """The day of receipt in the installation's zone."""
        return timezone.localdate(self.received_at)

    @property
    def amount(self) -> Decimal:
        """The money received."""
        return money(self.money_units or 0, self.currency)


class Payment(models.Model):
    """Money paid out of a fund; received only when the recipient has signed."""

    public_id = models.CharField(max_length=48, unique=True)
    fund = models.ForeignKey(Fund, on_delete=models.PROTECT, related_name="payments")
    recipient = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="payments")
    need = models.ForeignKey(Need, null=True, on_delete=models.PROTECT)
    currency = models.CharField(max_length=3)
    money_units = models.BigIntegerField()
    purpose = models.CharField(max_length=300)
    paid_at = models.DateTimeField()
    signed_at = models.DateTimeField(null=True)
    receiver_method = models.CharField(max_length=12, blank=True)

    def __str__(self) -> str:
        return self.public_id

    @property
    def amount(self) -> Decimal:
        """The money paid."""
        return money(self.money_units, self.currency)


class MoneyDayTotal(models.Model):
    """What happened to money in one currency on one day; pages sum days, never the history."""

    class Measure(models.TextChoices):
        RECEIVED = "received", _("came in")
        PAID = "paid", _("paid out")
        SIGNED_FOR = "signed-for", _("signed for")

    day = models.DateField()
    measure = models.CharField(max_length=12, choices=Measure)
    currency = models.CharField(max_length=3)
    units = models.BigIntegerField(default=0)
    lines = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "measure", "currency"], name="money_day_total_once")]

    def __str__(self) -> str:
        return f"{self.day} {self.measure} {self.units} {self.currency}"
