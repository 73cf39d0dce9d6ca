"""A histogram that takes a whole batch at once.

The library's own takes one value a call, which for every report would cost more than a hundredth of the work on it. The
records of a batch come in order of time, so how many fall into each bucket is found by bisection.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from prometheus_client.metrics_core import HistogramMetricFamily
from prometheus_client.registry import Collector


class AgeHistogram(Collector):
    """Seconds, by stage. `buckets_s` ascend; the last one, without an upper end, is added here."""

    def __init__(self, name: str, text: str, stages: Sequence[str], buckets_s: Sequence[float]) -> None:
        self._name = name
        self._text = text
        self._buckets_s = buckets_s
        self._counts = {stage: [0] * (len(buckets_s) + 1) for stage in stages}
        self._sums = dict.fromkeys(stages, 0.0)

    def observe(self, stage: str, timestamps_ms: Sequence[int], now_s: float) -> None:
        """Ages at `now_s` of what bears these times, milliseconds since 1970. Sorted here, which costs little where they
        are in order already."""
        counts, times = self._counts[stage], sorted(timestamps_ms)
        younger = 0
        for position, upper_s in enumerate(self._buckets_s):
            up_to = len(times) - bisect_right(times, (now_s - upper_s) * 1_000 - 0.5)
            counts[position] += up_to - younger
            younger = up_to
        counts[-1] += len(times) - younger
        self._sums[stage] += now_s * len(times) - sum(times) / 1_000

    def describe(self) -> Iterator[HistogramMetricFamily]:
        yield HistogramMetricFamily(self._name, self._text, labels=["stage"])

    def collect(self) -> Iterator[HistogramMetricFamily]:
        family = HistogramMetricFamily(self._name, self._text, labels=["stage"])
        for stage, counts in self._counts.items():
            if not any(counts):
                continue
            total, buckets = 0, []
            for upper_s, count in zip((*self._buckets_s, float("inf")), counts, strict=True):
                total += count
                buckets.append(("+Inf" if upper_s == float("inf") else str(float(upper_s)), total))
            family.add_metric([stage], buckets, max(0.0, self._sums[stage]))
        yield family


__all__ = ["AgeHistogram"]
