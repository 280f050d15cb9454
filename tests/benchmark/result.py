"""What an operation under load came to: a row of a table."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.benchmark.installation import Meter
from tests.benchmark.load import Load, Measured

WARM_UP_SECONDS = 2


@dataclass(frozen=True)
class Result:
    """One operation under load; CPU in seconds over the whole run."""

    name: str
    measured: Measured
    web: float
    database: float

    @property
    def web_each(self) -> float:
        return self.web / len(self.measured.latencies)

    @property
    def database_each(self) -> float:
        return self.database / len(self.measured.latencies)

    @property
    def each(self) -> float:
        return self.web_each + self.database_each

    @property
    def client_each(self) -> float:
        return self.measured.cpu / len(self.measured.latencies)

    @classmethod
    def sum(cls, parts: Sequence[Result]) -> Result:
        """Of the same operation, measured more than once."""
        measured = Measured(
            [latency for part in parts for latency in part.measured.latencies],
            sum(part.measured.seconds for part in parts),
            sum(part.measured.cpu for part in parts),
        )
        return cls(parts[0].name, measured, sum(part.web for part in parts), sum(part.database for part in parts))

    def row(self) -> str:
        measured = self.measured
        return (
            f"{self.name:<30}{measured.rate:>9.0f}{self.web_each * 1000:>10.2f}{self.database_each * 1000:>10.2f}"
            f"{1 / self.each:>12.0f}{measured.percentile(50) * 1000:>9.1f}{measured.percentile(99) * 1000:>9.1f}"
        )


HEADINGS = (
    f"{'':<30}{'req/s':>9}{'web CPU':>10}{'db CPU':>10}{'req/s':>12}{'p50':>9}{'p99':>9}\n"
    f"{'':<30}{'':>9}{'ms/req':>10}{'ms/req':>10}{'per core':>12}{'ms':>9}{'ms':>9}"
)


def measure(meter: Meter, name: str, load: Load, *, seconds: float) -> Result:
    time.sleep(WARM_UP_SECONDS)
    load.mark()
    meter.lap()
    time.sleep(seconds)
    web, database = meter.lap()
    return Result(name, load.stop(), web, database)
