"""Publishing a file: uploaded, looked over, then published exactly as it was shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from sameboat.figures import overview, queries
from sameboat.figures.actions.feeds import publisher
from sameboat.figures.actions.uploads import preview, publish_upload, vintage_of
from sameboat.figures.wording import ChangeWords, flag_words
from sameboat.figures.work.forms import UploadForm
from sameboat.registry.acting import Act, Role
from sameboat.registry.work.forms import fresh_key
from sameboat.registry.work.pages import act_from, done, for_members, found, my_organisations, page, sent

if TYPE_CHECKING:
    from sameboat.figures.models import Feed


def publishes(act: Act, feed: Feed) -> bool:
    """Return whether the person may publish in a feed."""
    return act.operator if feed.publisher is None else act.may(feed.publisher, Role.FIGURES)


def my_feed(act: Act, code: str) -> Feed:
    """Return a feed in which the person may publish; raises Http404 or NotPermitted."""
    feed = found(queries.feed(code))
    publisher(act, feed, from_elsewhere=False)
    return feed


@for_members
def mine(request: HttpRequest) -> HttpResponse:
    """List the feeds in which I may publish."""
    act = act_from(request)
    if not act.operator:
        my_organisations(act, Role.FIGURES)
    feeds = [feed for feed in queries.feeds() if publishes(act, feed)]
    return page(request, "figures/work/mine.html", states=overview.feed_states(feeds, act.now))


@for_members
def upload(request: HttpRequest, feed: str) -> HttpResponse:
    """Upload a file and look over what it would publish; nothing is published."""
    act = act_from(request)
    source = my_feed(act, feed)
    form = UploadForm(sent(request), request.FILES if request.method == "POST" else None)
    seen = form.carry_out(
        lambda given: preview(
            act, feed=source, data=given["file"], published=given["published"], complete=given["complete"]
        )
    )
    if seen is None:
        mapping = overview.mapping_of(source)
        state = overview.feed_states([source], act.now)[0]
        return page(request, "figures/work/upload.html", form, feed=source, mapping=mapping, state=state)
    context: dict[str, Any] = {
        "feed": source,
        "seen": seen,
        "once": fresh_key(),
        "revised": [ChangeWords.of(each) for each in seen.revised],
        "flags": [(flag, flag_words(flag)) for flag in seen.flags],
    }
    return page(request, "figures/work/preview.html", **context)


@require_POST
@for_members
def publish(request: HttpRequest, feed: str) -> HttpResponse:
    """Publish what was previewed, or record on the log that the file could not be read."""
    act = act_from(request)
    source = my_feed(act, feed)
    result = publish_upload(act, feed=source, upload=request.POST.get("upload", "")[:48])
    vintage = vintage_of(result)
    if vintage is None:
        words = _("The stop is on the log. The figures published before stand.")
        return done(request, words, reverse("figures-feed", args=[source.code]))
    words = _("Published: this is the page that everyone sees.")
    return done(request, words, reverse("figures-vintage", args=[vintage.public_id]))
