"""What commands of figures are asked with and answer: sources, moments, vintages."""

from datetime import date, datetime
from typing import Annotated, Any

import typer

FeedCode = Annotated[str, typer.Argument(metavar="FEED", help="The source's code or id.")]


def feed_named(code: str) -> Any:
    """Return the source with a code or id; raises NotFound, which names those there are."""
    from sameboat.figures import queries
    from sameboat.registry.refusals import NotFound

    found = queries.feed(code)
    if found is None:
        known = ", ".join(each.code for each in queries.feeds()) or "none"
        raise NotFound(f"There is no source “{code[:48]}” here. There are: {known}.", "feed")
    return found


def moment(text: str, field: str) -> date | datetime:
    """Return a day or a moment with its offset; raises InvalidInput."""
    from pydantic import TypeAdapter, ValidationError

    from sameboat.figures.asked import Moment
    from sameboat.registry.refusals import Fault, InvalidInput

    try:
        found: date | datetime = TypeAdapter(Moment).validate_python(text)
    except ValidationError as error:
        raise InvalidInput([Fault(field, str(error.errors()[0]["ctx"]["error"]))]) from None
    return found


def day_of(text: str, field: str) -> date:
    """Return a day; raises InvalidInput."""
    from sameboat.registry.refusals import Fault, InvalidInput

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput([Fault(field, "Write the day as YYYY-MM-DD, such as 2020-02-12.")]) from None


def vintage_row(vintage: Any) -> dict[str, Any]:
    """Return a vintage as a row."""
    return {
        "vintage": vintage.public_id,
        "number": vintage.number,
        "published_at": vintage.published_at,
        "new": vintage.new,
        "revised": vintage.revised,
        "withdrawn": vintage.withdrawn,
        "rejected": vintage.rejected,
        "sha256": vintage.sha256,
    }
