"""Prometheus metrics, on a registry of their own so that two servers in one process do not share counters."""

from __future__ import annotations

from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

LATENCY = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """What operators watch. Labels are bounded: methods, codes, actions and detector names, never request content."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.calls = Counter("countersign_rpc", "Finished RPCs.", ["method", "code"], registry=self.registry)
        self.call_seconds = Histogram(
            "countersign_rpc_seconds", "Duration of RPCs.", ["method"], buckets=LATENCY, registry=self.registry
        )
        self.decisions = Counter(
            "countersign_decisions", "Recorded decisions.", ["direction", "action"], registry=self.registry
        )
        self.detector_seconds = Histogram(
            "countersign_detector_seconds",
            "Time of a detector per item.",
            ["detector"],
            buckets=LATENCY,
            registry=self.registry,
        )
        self.detector_failures = Counter(
            "countersign_detector_failures", "Media on which a detector raised.", ["detector"], registry=self.registry
        )
        self.policy_stale = Gauge(
            "countersign_policy_stale",
            "1 while the activated policy cannot be used here, and another one goes on deciding.",
            registry=self.registry,
        )
        self.known_stale = Gauge(
            "countersign_known_content_stale",
            "1 while the list of known content cannot be read, and the one before it goes on being looked up.",
            registry=self.registry,
        )
        self.near_stale = Gauge(
            "countersign_near_duplicates_stale",
            "1 while the list of near duplicates cannot be read, and the one before it goes on being looked up.",
            registry=self.registry,
        )
        self.unmarked_outputs = Counter(
            "countersign_unmarked_outputs", "Outputs that hold no watermark.", registry=self.registry
        )
        self.log_size = Gauge("countersign_log_entries", "Entries in the audit log.", registry=self.registry)
        self.unstamped = Counter(
            "countersign_outputs_unstamped",
            "Outputs that left without the timestamp that they should have.",
            registry=self.registry,
        )
        self.certificate = Gauge(
            "countersign_signing_certificate_seconds",
            "Seconds until the signing certificate expires; negative once it has.",
            registry=self.registry,
        )
        self.healthy = Gauge("countersign_healthy", "1 while the audit store answers.", registry=self.registry)

    def certificate_expires(self, not_after: datetime) -> None:
        """Counts down to `not_after`, at every look."""
        self.certificate.set_function(lambda: (not_after - datetime.now(UTC)).total_seconds())
