"""What the log stores: entries, the books they move, the tree's tiles and the checkpoints signed over it."""

from django.db import models

HASH_SIZE = 32


class Entry(models.Model):
    """One event, accepted in the transaction of the action that made it; `index` is its leaf once sequenced."""

    index = models.BigIntegerField(null=True, unique=True)
    leaf_hash = models.BinaryField(max_length=HASH_SIZE, unique=True)
    body = models.BinaryField()
    type = models.CharField(max_length=40)
    actor = models.CharField(max_length=48)
    event_time = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["id"], name="entry_pending", condition=models.Q(index__isnull=True)),
            models.Index(fields=["type", "-id"], name="entry_type"),
        ]

    def __str__(self) -> str:
        return f"{self.type} #{self.index}"


class EntrySubject(models.Model):
    """An entry is about this public id."""

    # No index of its own: an entry's subjects stand in its body.
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="subjects", db_index=False)
    subject = models.CharField(max_length=48)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subject", "entry"], name="subject_entry")]

    def __str__(self) -> str:
        return self.subject


class PrivatePart(models.Model):
    """What the log only commits to. Erasing this row erases the person; every proof stays valid."""

    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="private")
    key = models.BinaryField(max_length=32)
    data = models.JSONField()

    def __str__(self) -> str:
        return f"private part of {self.entry_id}"


class LedgerPosting(models.Model):
    """One line of the books; `amount` in whole smallest units of `asset`."""

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="postings")
    account = models.CharField(max_length=64)
    asset = models.CharField(max_length=80)
    amount = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["account", "asset"], name="posting_account")]

    def __str__(self) -> str:
        return f"{self.account} {self.amount:+} {self.asset}"


class Balance(models.Model):
    """The sum of an account's postings, kept in the same transaction, so that reading it never grows with history."""

    account = models.CharField(max_length=64)
    asset = models.CharField(max_length=80)
    amount = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "asset"], name="balance_account"),
            models.CheckConstraint(
                condition=models.Q(amount__gte=0) | models.Q(account__startswith="outside:"),
                name="balance_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account}: {self.amount} {self.asset}"


class Tile(models.Model):
    """Up to 256 hashes of one level of the tree (C2SP tlog-tiles); only the last of a level still grows."""

    level = models.SmallIntegerField()
    index = models.BigIntegerField()
    hashes = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["level", "index"], name="tile_place")]

    def __str__(self) -> str:
        return f"tile {self.level}/{self.index}"


class Checkpoint(models.Model):
    """A signed statement of the tree's size and root; published with the entries it covers, in one transaction.

    Witnesses' cosignatures are added to the note afterwards; `witnessed_at` is when enough of them were there.
    """

    size = models.BigIntegerField(unique=True)
    root = models.BinaryField(max_length=HASH_SIZE)
    note = models.TextField()
    signed_at = models.DateTimeField()
    witnessed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["-size"], name="checkpoint_witnessed", condition=models.Q(witnessed_at__isnull=False))
        ]

    def __str__(self) -> str:
        return f"checkpoint {self.size}"


class WitnessContact(models.Model):
    """How it stands between the log and one witness, named by its key: what it cosigned last, and what went wrong."""

    name = models.CharField(max_length=255)
    key_id = models.CharField(max_length=8)
    size = models.BigIntegerField(default=0)
    cosigned_at = models.DateTimeField(null=True)
    failures = models.IntegerField(default=0)
    trouble = models.TextField(default="")
    next_try = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "key_id"], name="witness_key")]

    def __str__(self) -> str:
        return self.name
