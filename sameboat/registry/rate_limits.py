"""How often one address or one member may do what costs us or others something."""

import functools
import ipaddress
import time

from django.conf import settings
from django.utils.translation import gettext as _
from limits import RateLimitItem, parse_many
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from sameboat.registry.refusals import TooMany

LIMITS: dict[str, list[RateLimitItem]] = {
    "anonymous-write": parse_many("10/minute; 100/day"),
    "sign-in": parse_many("5/minute; 50/hour"),
    "sign-in-address": parse_many("30/minute; 300/hour"),
    "write": parse_many("6000/minute"),
    "export": parse_many("30/minute"),
}
"""The limits of each kind of doing; all of a kind's limits hold at once. A whole hospital may share one address."""


@functools.cache
def _limiter() -> MovingWindowRateLimiter:
    return MovingWindowRateLimiter(storage_from_string(settings.RATE_LIMIT_STORAGE))


def check(kind: str, who: str) -> None:
    """Count one doing of `kind` by `who`; raise TooMany, which says when to try again, where a limit is reached."""
    for limit in LIMITS[kind]:
        if not _limiter().hit(limit, kind, who):
            reset_at, _left = _limiter().get_window_stats(limit, kind, who)
            seconds = max(1, round(reset_at - time.time()))
            raise TooMany(_("Too many at once. Try again in %(seconds)s seconds.") % {"seconds": seconds}, seconds)


def forget() -> None:
    """Forget what was counted."""
    _limiter().storage.reset()


def network_of(address: str) -> str:
    """Return whom an address counts for: itself, or the /64 network of an IPv6 address, which one household owns."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
