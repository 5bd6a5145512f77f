"""What Prometheus reads at `/metrics`: the log's state, how long publishing takes, requests by route name."""

import os
import time
from collections.abc import Callable, Iterable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from sameboat.project.logs import route_name
from sameboat.transparency import queries as log

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

requests_total = Counter("sameboat_requests_total", "Requests answered, by route name.", ["route", "method", "status"])
request_seconds = Histogram(
    "sameboat_request_seconds",
    "Seconds to answer a request, by route name.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2.5, 10),
)
publish_seconds = Histogram(
    "sameboat_log_publish_seconds",
    "Seconds to give what waited its indices and sign a checkpoint.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
published_total = Counter("sameboat_log_published_entries_total", "Entries published since this process started.")


class RequestMetrics:
    """Middleware: counts requests and their seconds by route name, never by path."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        response = self.get_response(request)
        route = route_name(request)
        method = request.method if request.method in _METHODS else "other"
        requests_total.labels(route, method, str(response.status_code)).inc()
        request_seconds.labels(route).observe(time.perf_counter() - started)
        return response


def observe_publishing(seconds: float, entries: int) -> None:
    """Count one round of the sequencer that published."""
    publish_seconds.observe(seconds)
    published_total.inc(entries)


class _LogCollector(Collector):
    """The log's state, read when it is asked for."""

    def collect(self) -> Iterable[Metric]:
        state = log.state()
        yield GaugeMetricFamily("sameboat_log_size", "Entries published.", value=state.size)
        yield GaugeMetricFamily("sameboat_log_waiting", "Entries accepted and not published yet.", value=state.waiting)
        if state.signed_at is not None:
            age = (timezone.now() - state.signed_at).total_seconds()
            yield GaugeMetricFamily("sameboat_log_checkpoint_age_seconds", "Age of the last checkpoint.", value=age)
        if state.witnessed_size is not None:
            words = "Entries under the last checkpoint that enough witnesses cosigned."
            yield GaugeMetricFamily("sameboat_log_witnessed_size", words, value=state.witnessed_size)
            failures = GaugeMetricFamily(
                "sameboat_log_witness_failures",
                "How often a witness failed since it last cosigned.",
                labels=["witness"],
            )
            for witness in log.witness_states():
                failures.add_metric([witness.name], witness.failures)
            yield failures


def metrics(_request: HttpRequest) -> HttpResponse:
    """Return every metric as text."""
    whole = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(whole)  # type: ignore[no-untyped-call]
        counted = b""
    else:
        counted = generate_latest(REGISTRY)
    whole.register(_LogCollector())
    return HttpResponse(counted + generate_latest(whole), content_type=CONTENT_TYPE_LATEST)
