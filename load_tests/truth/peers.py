"""What others would do with the same reports: a plain rule, and Splink on DuckDB.

Both get what our matching gets: reports that the intake has checked and located, with the middle of their circle and span.
Splink is set up as its documentation advises: random sampling for u, expectation and maximisation for m in two rounds, and
connected components above a threshold. It is given the best of several thresholds, chosen by the truth, which nobody has.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from load_tests.truth.ours import Located
from load_tests.truth.score import Agreement, Key, agreement
from streams.core.claims import Account, Reading
from streams.core.geometry import distance_m
from streams.core.terms import DAY, HOUR, Terms

PLAIN_M, PLAIN_S = 5_000, 24 * HOUR
THRESHOLDS = (0.5, 0.8, 0.9, 0.95, 0.99, 0.999)


class Outcome(NamedTuple):
    agreement: Agreement
    seconds: float


def plain(reports: Sequence[Located], terms: Terms, truth: Mapping[Key, int]) -> Outcome:
    """Two reports are one incident where they are at most 5 km and 24 hours apart, and so is whatever hangs together."""
    began = time.perf_counter()
    accounts = _accounts(reports, terms)
    order = sorted(range(len(accounts)), key=lambda number: _middle(accounts[number]))
    parent = list(range(len(accounts)))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    first = 0
    for position, number in enumerate(order):
        here = accounts[number]
        while _middle(here) - _middle(accounts[order[first]]) > PLAIN_S:
            first += 1
        for other in order[first:position]:
            there = accounts[other]
            if distance_m(*here.features[:2], *there.features[:2]) <= PLAIN_M:
                parent[root(number)] = root(other)
    found = {_key(account): root(number) for number, account in enumerate(accounts)}
    return Outcome(agreement(truth, found), time.perf_counter() - began)


def splink(reports: Sequence[Located], terms: Terms, truth: Mapping[Key, int]) -> Outcome:
    """Raises `ModuleNotFoundError` where the group `peers` is not installed."""
    import splink.comparison_level_library as level
    import splink.comparison_library as compare
    from splink import Linker, SettingsCreator, block_on
    from splink.backends.duckdb import DuckDBAPI

    accounts = _accounts(reports, terms)
    rows = [
        {"unique_id": number} | _row(account, located)
        for number, (account, located) in enumerate(zip(accounts, reports, strict=True))
    ]
    began = time.perf_counter()
    backend = DuckDBAPI()
    settings = SettingsCreator(
        link_type="dedupe_only",
        blocking_rules_to_generate_predictions=[
            block_on(cell, day) for cell in ("cell", "shifted_cell") for day in ("day", "shifted_day")
        ],
        comparisons=[
            compare.DistanceInKMAtThresholds("lat", "lon", [0.5, 1, 3, 10]),
            compare.CustomComparison(
                [
                    level.NullLevel("at"),
                    *(
                        level.CustomLevel(f"abs(at_l - at_r) <= {seconds}", label)
                        for seconds, label in ((300, "5 minutes"), (900, "15 minutes"), (HOUR, "an hour"), (6 * HOUR, "6 hours"))
                    ),
                    level.ElseLevel(),
                ],
                output_column_name="at",
            ),
            compare.ExactMatch("weapon"),
            *(
                compare.CustomComparison(
                    [
                        level.NullLevel(count),
                        level.ExactMatchLevel(count),
                        level.CustomLevel(f"abs({count}_l - {count}_r) <= 1 + 0.3 * greatest({count}_l, {count}_r)", "near"),
                        level.ElseLevel(),
                    ],
                    output_column_name=count,
                )
                for count in ("killed", "injured")
            ),
            compare.ExactMatch("by"),
            compare.JaroWinklerAtThresholds("text", [0.95, 0.85]),
        ],
    )
    linker = Linker(backend.register(_table(rows)), settings, log_level="ERROR")
    linker.training.estimate_probability_two_random_records_match([block_on("cell", "day", "killed", "weapon")], recall=0.3)
    linker.training.estimate_u_using_random_sampling(max_pairs=1_000_000, seed=1)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("cell", "day"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("killed", "weapon", "shifted_day"))
    pairs = linker.inference.predict(threshold_match_probability=min(THRESHOLDS))
    best: Agreement | None = None
    for threshold in THRESHOLDS:
        clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, threshold).as_record_list()
        found = {_key(accounts[row["unique_id"]]): row["cluster_id"] for row in clusters}
        scored = agreement(truth, found)
        if best is None or scored.f1 > best.f1:
            best = scored
    assert best is not None
    return Outcome(best, time.perf_counter() - began)


def _table(rows: list[dict[str, Any]]) -> Any:
    import pyarrow

    return pyarrow.Table.from_pylist(rows)


def _row(account: Account, located: Located) -> dict[str, Any]:
    at = _middle(account)
    lat, lon = account.features.lat_e6 / 1e6, account.features.lon_e6 / 1e6
    return {
        "lat": lat,
        "lon": lon,
        "at": at,
        "weapon": None if account.weapon == "undetermined" else account.weapon.value,
        "killed": None if account.killed is None else account.killed[1],
        "injured": None if account.injured is None else account.injured[1],
        "by": account.by,
        "text": located.report.text,
        # Cells of about 20 km and a day, and the same moved by half, so that near pairs meet in one of them.
        "cell": f"{lat // 0.2:.0f}/{lon // 0.2:.0f}",
        "shifted_cell": f"{(lat + 0.1) // 0.2:.0f}/{(lon + 0.1) // 0.2:.0f}",
        "day": at // DAY,
        "shifted_day": (at + DAY // 2) // DAY,
    }


def _accounts(reports: Sequence[Located], terms: Terms) -> list[Account]:
    reading = Reading(terms)
    return [Account(report, circle, telling.received_at, reading) for telling, report, circle in reports]


def _middle(account: Account) -> int:
    return (account.start + account.end) // 2


def _key(account: Account) -> Key:
    return account.source_name, account.report_id


__all__ = ["Outcome", "plain", "splink"]
