"""The log as files, in the layout of c2sp.org/tlog-tiles 0.1.0: anyone can mirror and replay it with plain GETs."""

import hashlib

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from sameboat.transparency import queries
from sameboat.transparency.engine import layout, tiles
from sameboat.transparency.http_caching import answered_unchanged, open_to_programs


@require_safe
def checkpoint(request: HttpRequest) -> HttpResponse:
    """Return the latest checkpoint as a signed note."""
    latest = queries.checkpoint()
    if latest is None:
        return _missing(_("The log has published nothing yet."))
    tag = f'"{hashlib.sha256(latest.note.encode()).hexdigest()[:32]}"'
    response = answered_unchanged(request, tag) or HttpResponse(latest.note, content_type=layout.CHECKPOINT_TYPE)
    response["Cache-Control"] = layout.CHECKPOINT_CACHE
    response["ETag"] = tag
    open_to_programs(response)
    return response


@require_safe
def tile(request: HttpRequest, path: str) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Return a tile of hashes or a bundle of entries; only what the latest checkpoint covers."""
    try:
        wanted = layout.parse_path(f"tile/{path}")
    except layout.PathError as error:
        return _missing(str(error))
    latest = queries.checkpoint()
    size = 0 if latest is None else latest.size
    covered = layout.tile_width(size, wanted.level or 0, wanted.index)
    if wanted.width > covered:
        return _missing(
            _("A log of %(size)s entries has %(covered)s of the %(width)s asked for here.")
            % {"size": f"{size:,}", "covered": covered, "width": wanted.width}
        )
    if wanted.level is None:
        content = tiles.encode_bundle(queries.read_entries(wanted.index, wanted.width))
    else:
        content = queries.read_tile(wanted.level, wanted.index, wanted.width)
    response = HttpResponse(content, content_type=layout.TILE_TYPE)
    response["Cache-Control"] = layout.TILE_CACHE
    open_to_programs(response)
    return response


def _missing(message: str) -> HttpResponse:
    response = HttpResponse(message + "\n", status=404, content_type="text/plain; charset=utf-8")
    open_to_programs(response)
    return response
