"""A file that a person uploads: previewed by publishing it and taking everything back, then published as previewed."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from sameboat.figures import overview, queries
from sameboat.figures.actions.feeds import publisher
from sameboat.figures.actions.sources import read_source
from sameboat.figures.actions.vintages import publish_vintage
from sameboat.figures.asked import moment_of
from sameboat.figures.engine import own_table
from sameboat.figures.models import Feed, FeedMapping, FeedStop, PendingUpload, QualityFlag, RejectedLine, Vintage
from sameboat.figures.queries import Change
from sameboat.registry.acting import Act, action, as_part
from sameboat.registry.refusals import Conflict, Fault, InvalidInput
from sameboat.transparency import promises

MOST_BYTES = 8 << 20
"""Bytes of a file that is uploaded in a browser; larger ones go by the API or the command line."""

KEPT_FOR = timedelta(hours=1)
"""How long a previewed file waits to be published."""

MOST_COMPARED = 5000
"""Revised figures among which the biggest are sought."""

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file would publish; nothing of it is stored but the file, as `upload`.

    `vintage` has the counts, None where the file cannot be read: `stop` says why then. `revised` are the biggest
    revisions, `rejected` the first lines that cannot be used, `flags` what the checks would notice.
    """

    upload: PendingUpload
    vintage: Vintage | None
    stop: FeedStop | None
    revised: list[Change]
    rejected: list[RejectedLine]
    flags: list[QualityFlag]


def preview(act: Act, *, feed: Feed, data: bytes, published: str, complete: bool) -> Preview:
    """Return what a file would publish, and keep the file for an hour; the person's file before it is dropped.

    Raises
    ------
    InvalidInput, NotPermitted
        As publishing it would.
    """
    publisher(act, feed, from_elsewhere=False)
    with promises.taking(), transaction.atomic():
        result = _publish(act, feed, data, moment_of(published, "published"), complete=complete)
        revised, rejected, flags, after, outcome = [], [], [], 0, ""
        if isinstance(result, Vintage):
            after, outcome = result.number - 1, result.sha256
            changes = queries.changes(result, only_revised=True, limit=MOST_COMPARED)
            revised = sorted(changes, key=_size, reverse=True)[:SHOWN]
            rejected, flags = overview.rejected_lines(result), queries.flags_of(result, limit=SHOWN)
        else:
            last = queries.vintage_as_of(feed)
            after = last.number if last else 0
        transaction.set_rollback(True)
    with transaction.atomic():
        forget_expired(act.now)
        PendingUpload.objects.filter(feed=feed, user_id=act.user_id or 0).delete()
        upload = PendingUpload.objects.create(
            public_id=act.new_id("upload"),
            feed=feed,
            user_id=act.user_id or 0,
            data=data,
            sha256=hashlib.sha256(data).hexdigest(),
            published=published,
            complete=complete,
            after=after,
            outcome=outcome,
            sent_at=act.now,
        )
    stop = result if isinstance(result, FeedStop) else None
    return Preview(upload, vintage_of(result), stop, revised, rejected, flags)


def vintage_of(result: Vintage | FeedStop) -> Vintage | None:
    """Return the vintage that a file became; None where it could not be read."""
    return result if isinstance(result, Vintage) else None


@action
def publish_upload(act: Act, *, feed: Feed, upload: str) -> Vintage | FeedStop:
    """Publish exactly what was previewed; or record on the log that the previewed file could not be read.

    Raises
    ------
    Conflict
        Where the file is no longer kept, or it would now publish something else than the preview showed.
    """
    publisher(act, feed, from_elsewhere=False)
    kept = PendingUpload.objects.filter(
        public_id=upload, feed=feed, user_id=act.user_id or 0, sent_at__gt=act.now - KEPT_FOR
    ).first()
    if kept is None:
        raise Conflict(_("This file is no longer kept: a preview holds for an hour. Upload the file again."))
    # The feed's row serialises its vintages: the one that came between is seen here.
    Feed.objects.select_for_update().get(pk=feed.pk)
    last = queries.vintage_as_of(feed)
    if kept.after != (last.number if last else 0):
        raise Conflict(
            _("Somebody published a vintage of this source after your preview. Upload the file again and look anew.")
        )
    result = _publish(act, feed, bytes(kept.data), moment_of(kept.published, "published"), complete=kept.complete)
    if kept.outcome != (result.sha256 if isinstance(result, Vintage) else ""):
        raise Conflict(_("The file would now publish something else than the preview showed. Upload it again."))
    kept.delete()
    return result


def forget_expired(now: datetime) -> int:
    """Delete the files whose hour is over; return how many rows."""
    return PendingUpload.objects.filter(sent_at__lte=now - KEPT_FOR).delete()[0]


def _publish(act: Act, feed: Feed, data: bytes, published: datetime | date, *, complete: bool) -> Vintage | FeedStop:
    """Read and publish in the caller's transaction: through the feed's mapping, or as the plain table."""
    if FeedMapping.objects.filter(feed=feed).exists():
        return as_part(read_source)(act, feed=feed, data=data, published=published, complete=complete)
    try:
        read = own_table.read(data, {each.code: each.decimals for each in queries.signals()})
    except own_table.TableError as error:
        raise InvalidInput([Fault("file", str(error))]) from None
    return as_part(publish_vintage)(
        act,
        feed=feed,
        published=published,
        observations=read.observations,
        complete=complete,
        rejected=read.rejected,
    )


def _size(change: Change) -> int:
    """Return by how much a figure changes; a withdrawn one counts with its whole value."""
    before = change.before.value if change.before else None
    return abs((change.now.value or 0) - (before or 0))
