"""The smallest terms, and reports under them."""

from typing import Any

import orjson

from streams.core.intake import terms_record
from streams.core.terms import Terms, parse


def some_terms(truce: str = "test", partition: int = 0, **values: Any) -> Terms:
    about = {
        "id": truce,
        "name": "A truce of the tests",
        "countries": ["SY"],
        "d_hour": "2026-11-20T00:00:00Z",
        "time_zone": "Asia/Damascus",
        "salt": "salt of the tests",
        "partition": partition,
        "watch_days_before": 366,
    }
    return parse({"truce": about | values, "opposed": ["north", "south"]})


def record_of(terms: Terms) -> bytes:
    return terms_record(terms)


def a_report(number: int, **values: Any) -> bytes:
    body = {
        "report_id": f"r{number}",
        "source": "observatory",
        "type": "violation",
        "kind": "attack",
        "occurred_at": "2026-11-24T08:00:00Z",
        "location": {"lat": 36.2, "lon": 37.15},
    }
    return orjson.dumps(body | values)
