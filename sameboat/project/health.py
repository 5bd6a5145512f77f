"""`/healthz`: whether this installation can do its work, for load balancers and people on call."""

import time
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.utils import timezone

import sameboat
from sameboat.project.presenting import database_trouble
from sameboat.transparency import queries as log

LONGEST_WAIT = 30.0
"""Seconds for which one entry may wait before the sequencer counts as stopped."""


@dataclass
class _Waiting:
    """The oldest entry that waits, and since when this process has seen it wait."""

    entry: int | None = None
    since: float = 0.0

    def seconds(self, oldest: int | None) -> float:
        if oldest is None or oldest != self.entry:
            self.entry, self.since = oldest, time.monotonic()
        return time.monotonic() - self.since


_waiting = _Waiting()


def healthz(_request: HttpRequest) -> JsonResponse:
    """Return how the installation stands; 503 where it cannot do its work."""
    try:
        state = log.state()
    except DatabaseError as error:
        problem = database_trouble(error)
        told = {"status": "broken", "database": "down", "problem": problem, "version": sameboat.__version__}
        return JsonResponse(told, status=503)
    waited = _waiting.seconds(state.oldest_waiting)
    stuck = waited > LONGEST_WAIT
    age = None if state.signed_at is None else round((timezone.now() - state.signed_at).total_seconds(), 1)
    standing: dict[str, Any] = {
        "status": "broken" if stuck else "ok",
        "database": "up",
        "log_size": state.size,
        "waiting": state.waiting,
        "checkpoint_age_seconds": age,
        "version": sameboat.__version__,
    }
    if state.witnessed_size is not None:
        standing["witnessed_size"] = state.witnessed_size
    if stuck:
        standing["problem"] = f"an entry has waited for {waited:.0f} seconds: no sequencer runs; see the server's log"
    return JsonResponse(standing, status=503 if stuck else 200)
