"""Counters for Prometheus: requests by route and status, and how long they took. Each app has its own registry."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "ledger_gateway_requests",
            "Requests answered, by method, route and status.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "ledger_gateway_request_seconds",
            "Seconds from a request's first byte to its answer's last, by route.",
            ("route",),
            registry=self.registry,
            buckets=_BUCKETS_S,
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        # Methods come from clients: unknown ones share a label, so that nobody can grow the table.
        method = method if method in ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS") else "other"
        self._requests.labels(method, route, status).inc()
        self._seconds.labels(route).observe(seconds)

    def watch(self, name: str, what: str, value: Callable[[], float]) -> None:
        """A figure that is asked for whenever the metrics are."""
        Gauge(name, what, registry=self.registry).set_function(value)

    def text(self) -> bytes:
        """In Prometheus's text format 0.0.4."""
        return generate_latest(self.registry)
