"""The rolling level that a day carries is the one that a reader saw, or would have seen, as the day ended."""

import pytest
from core.builders import TERMS, located, log_of, run, story, tick

from schemas.facts import Day, Level
from schemas.topics import DAYS, LEVELS
from streams.core.intake import terms_record
from streams.core.terms import DAY


@pytest.mark.parametrize("seed", range(6))
def test_the_week_of_a_day_is_the_level_of_its_last_hour(seed: int) -> None:
    told = story(seed, others=False)
    days = run(log_of(told))[0].bodies(DAYS, Day)
    for number in range(-2, 6):
        # All that was ever reported, and a clock that stops in the last hour of the day.
        log = [terms_record(TERMS), *(located(report, offset) for offset, report in enumerate(told.reports, 1))]
        log.append(tick(TERMS.d_hour_s + (number + 1) * DAY - 60, len(log)))
        levels = run(log)[0].bodies(LEVELS, Level)
        for zone in TERMS.zone_ids:
            assert levels[f"laws/{zone}"].measures == days[f"laws/{zone}/{number}"].week, (zone, number)
