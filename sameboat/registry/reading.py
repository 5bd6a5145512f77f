"""What a reader asks of a page: a day to stand at, a place in a long list, words to search for."""

from datetime import date

from django.http import HttpRequest
from django.utils.translation import gettext as _

from sameboat.registry.refusals import Fault, InvalidInput

LONGEST_SEARCH = 200


def day_asked(request: HttpRequest) -> date | None:
    """Return the day of `?as_of=`, None for now."""
    text = request.GET.get("as_of", "").strip()
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or not 2000 <= day.year <= 2999:
        raise InvalidInput([Fault("as_of", _("Write the day as year-month-day, such as 2020-02-12."))])
    return day


def row_asked(request: HttpRequest) -> int | None:
    """Return the row of `?before=` in front of which a list begins, None for its newest end."""
    text = request.GET.get("before", "").strip()
    if not text:
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise InvalidInput([Fault("before", _("This link is broken. Go back to the start of the list."))])
    return int(text)


def words_asked(request: HttpRequest, name: str = "q") -> str:
    """Return the words of `?q=`, cut to what a search takes."""
    return request.GET.get(name, "").replace("\x00", "").strip()[:LONGEST_SEARCH]


def older(request: HttpRequest, rows: list[int], limit: int) -> str:
    """Return the address of the older rows of a list whose row numbers are `rows`, empty at its end."""
    if len(rows) < limit:
        return ""
    query = request.GET.copy()
    query["before"] = str(rows[-1])
    return f"{request.path}?{query.urlencode()}"


def newest(request: HttpRequest) -> str:
    """Return the address of the newest end of a list, empty where the reader stands there."""
    if "before" not in request.GET:
        return ""
    query = request.GET.copy()
    del query["before"]
    return f"{request.path}?{query.urlencode()}" if query else request.path
