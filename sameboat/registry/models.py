"""The nouns every service shares, and who may act for whom."""

from django.conf import settings
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class Named(models.Model):
    """Has a name in English and in Chinese; `name` is the reader's."""

    name_en = models.CharField(max_length=200, blank=True)
    name_zh = models.CharField(max_length=200, blank=True)

    class Meta:
        abstract = True

    @property
    def name(self) -> str:
        """The name in the reader's language, or in the other where that is all there is."""
        chinese = (get_language() or "").startswith("zh")
        return (self.name_zh or self.name_en) if chinese else (self.name_en or self.name_zh)


class Place(Named):
    """A node of the versioned tree of places, by its GB/T 2260, ISO 3166 or P-code.

    Latitude and longitude are degrees of WGS 84 of a point in it, where known, to draw it on a map.
    """

    code = models.CharField(max_length=24, unique=True)
    level = models.CharField(max_length=16)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    valid_from = models.DateField(null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True)
    latitude = models.DecimalField(max_digits=8, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class Unit(Named):
    """What is counted: a piece, a pair, a carton."""

    code = models.CharField(max_length=24, unique=True)
    kind = models.CharField(max_length=16)
    plural_en = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return self.name

    def counted(self, number: int | None) -> str:
        """The unit's name behind a number, in the reader's language."""
        chinese = (get_language() or "").startswith("zh")
        return self.name if chinese or number == 1 else self.plural_en or self.name


class Item(Named):
    """A kind of goods, the standard it must meet, and the unit in which its quantities are kept."""

    code = models.CharField(max_length=48, unique=True)
    category = models.CharField(max_length=48, db_index=True)
    base_unit = models.ForeignKey(Unit, on_delete=models.PROTECT)
    standard = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Pack(models.Model):
    """How many base units of an item one unit holds, where that is known."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="packs")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT)
    base_quantity = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "unit"], name="pack_item_unit")]

    def __str__(self) -> str:
        return f"{self.unit} = {self.base_quantity}"


class Emergency(Named):
    """A declaration: a hazard at a place from a day on."""

    public_id = models.CharField(max_length=48, unique=True)
    hazard = models.CharField(max_length=80)
    place = models.ForeignKey(Place, on_delete=models.PROTECT)
    declared_from = models.DateField()
    until = models.DateField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class Organisation(Named):
    """A donor, hospital, charity, carrier …; one row whatever its roles."""

    class Kind(models.TextChoices):
        HOSPITAL = "hospital", _("Hospital")
        CHARITY = "charity", _("Charity")
        COMPANY = "company", _("Company")
        GOVERNMENT = "government", _("Government")
        ASSOCIATION = "association", _("Association")
        SCHOOL = "school", _("School")
        OTHER = "other", _("Organisation")

    public_id = models.CharField(max_length=48, unique=True)
    kind = models.CharField(max_length=16, choices=Kind)
    place = models.ForeignKey(Place, null=True, blank=True, on_delete=models.PROTECT)
    part_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="parts")
    registered_at = models.DateTimeField()
    source = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [models.Index(fields=["kind", "id"], name="organisation_kind")]

    def __str__(self) -> str:
        return self.name


class OrganisationAlias(models.Model):
    """Another spelling of an organisation's name, and why it is taken for the same."""

    text = models.CharField(max_length=200, unique=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="aliases")
    rule = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.text


class Role(models.TextChoices):
    """What a member may do for an organisation."""

    ASK = "ask", _("publish needs")
    SIGN = "sign", _("sign for what arrives")
    STORE = "store", _("receive, allocate and hand over goods")
    MONEY = "money", _("receive and pay out money")
    GIVE = "give", _("pledge gifts")
    FIGURES = "figures", _("publish figures")
    ADMIN = "admin", _("manage members and keys")


class Membership(models.Model):
    """A person's role in an organisation; the only place where a person appears."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "organisation", "role"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.role} at {self.organisation_id}"


class SigningKey(models.Model):
    """A member's device key: with it a hand-over is signed in a way this server could not forge."""

    public_id = models.CharField(max_length=48, unique=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="signing_keys")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    public_key = models.CharField(max_length=64, unique=True)
    registered_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.public_id


class AccessToken(models.Model):
    """A token with which a member's own programs call the API; only its hash is kept."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"token of {self.user_id}"


class Request(models.Model):
    """A request already carried out, so that the same one sent twice is done once."""

    scope = models.CharField(max_length=64)
    key = models.CharField(max_length=128)
    action = models.CharField(max_length=64)
    fingerprint = models.CharField(max_length=64)
    model = models.CharField(max_length=64)
    object_id = models.BigIntegerField()
    entries = models.JSONField(default=list)
    made_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="request_once")]

    def __str__(self) -> str:
        return f"{self.action} {self.key}"


class Bulk(models.Model):
    """What became of each row of a request of many, so that sent again it gets the same answer.

    `outcomes` holds, for each row in its order, the public id of what it made, or the refusal.
    """

    outcomes = models.JSONField()
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{len(self.outcomes)} rows"
