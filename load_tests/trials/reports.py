"""What reporting systems and clocks do: late, doubled, shuffled, wrong, silent, stuck, and not reports at all."""

import msgspec

from load_tests.bench import wait_until
from load_tests.simulation.story import D_HOUR_S, DAYS, PARTITIONS, STARTS_S, TICK_S, story
from load_tests.trials.trial import TOPIC, Trial, cut, with_ticks
from load_tests.verdict import Verdict
from schemas.facts import Day, PhaseChange
from schemas.topics import DAYS as DAYS_TOPIC
from schemas.topics import PHASES
from streams.core.intake import tick_value
from streams.core.terms import DAY


def _work_off(trial: Trial) -> Verdict:
    trial.start("intake")
    trial.start("monitor")
    return trial.finish()


def told_again(trial: Trial) -> Verdict:
    """Every report up to ten times, shuffled, up to ten days late; so revisions and retractions come out of order too."""
    messages = []
    for message in story(trial.random, 4):
        for _ in range(trial.random.randrange(1, 11)):
            late_s = trial.random.choice((0, 3_600, DAY, 10 * DAY)) * trial.random.random()
            messages.append(message._replace(at_s=message.at_s + late_s, partition=trial.random.randrange(PARTITIONS)))
    trial.pieces = cut(with_ticks(messages, days=DAYS + 10), 20)
    return _work_off(trial)


def wrong_clocks(trial: Trial) -> Verdict:
    """The clock of a source is off by a day, by ten years, by minus three days."""
    moved = []
    for message in story(trial.random, 4):
        off = trial.random.choice((b"2016-03-0", b"2016-03-1", b"2026-03-0", b"2016-02-2", b"2006-03-0"))
        value = message.value.replace(b'"occurred_at":"2016-03-0', b'"occurred_at":"' + off)
        moved.append(message._replace(value=value))
    trial.pieces = cut(with_ticks(moved), 20)
    return _work_off(trial)


def bad_ticks(trial: Trial) -> Verdict:
    """Ticks are doubled, missing for hours, out of order, and on one partition far ahead: the slowest holds time."""
    for piece in trial.pieces:
        for number, messages in piece.items():
            damaged = []
            for message in messages:
                if not message[0].startswith(b'{"tick"'):
                    damaged.append(message)
                    continue
                damaged += [message] * trial.random.choice((0, 1, 1, 1, 2))
                if trial.random.random() < 0.1:
                    earlier_s = STARTS_S + trial.random.randrange(DAYS) * DAY
                    damaged.append((tick_value(earlier_s, {TOPIC: PARTITIONS}), ()))
            piece[number] = damaged
    trial.pieces[5].setdefault(0, []).append((tick_value(D_HOUR_S + 300 * DAY, {TOPIC: PARTITIONS}), ()))
    verdict = _work_off(trial)
    ahead = [change.decided_at for change in _changes(trial) if change.decided_at > D_HOUR_S + 100 * DAY]
    assert not ahead, "one partition that ran ahead took time along"
    return verdict


def silence(trial: Trial) -> Verdict:
    """Nobody says anything from the start: no truce qualifies, and every day says why."""
    trial.pieces = cut(with_ticks([]), 20)
    verdict = _work_off(trial)
    days = [msgspec.json.decode(r.value, type=Day) for rs in trial.installation.read(DAYS_TOPIC).values() for r in rs if r.value]
    settled = [day for day in days if day.day >= 0 and day.outcome != "pending"]
    assert settled and all(day.outcome == "unknown" and "not_watched" in day.failed for day in settled)
    assert all(change.after != "qualified" for change in _changes(trial))
    return verdict


def falling_silent(trial: Trial) -> Verdict:
    """One source stops at D-hour, and a day later all do: a truce that had begun to count does not qualify."""
    messages = [m for m in story(trial.random, 4) if b'"watcher"' not in m.value or m.at_s < D_HOUR_S]
    trial.pieces = cut(with_ticks([m for m in messages if m.at_s < D_HOUR_S + DAY]), 20)
    verdict = _work_off(trial)
    assert all(change.after != "qualified" for change in _changes(trial)), "silence was taken for peace"
    return verdict


def stuck(trial: Trial) -> Verdict:
    """One partition of the reports lags while the other flows: time waits for it."""
    held = [(piece, piece.pop(1)) for piece in trial.pieces[6:] if 1 in piece]
    last_s = _last_tick_s(trial, 6)
    trial.start("intake")
    trial.start("monitor")
    trial.tell(20)
    wait_until(trial.is_decided, "what there is is decided", 120, 1)
    assert all(change.decided_at <= last_s for change in _changes(trial)), "time went on without a partition"
    trial.pieces = [{1: messages} for _, messages in held]
    return trial.finish()


def _last_tick_s(trial: Trial, pieces: int) -> int:
    """The last tick that partition 1 has in the first pieces."""
    values = [value for piece in trial.pieces[:pieces] for value, _ in piece.get(1, ()) if value.startswith(b'{"tick"')]
    return STARTS_S + (len(values) - 1) * TICK_S


def _changes(trial: Trial) -> list[PhaseChange]:
    return [msgspec.json.decode(r.value, type=PhaseChange) for rs in trial.installation.read(PHASES).values() for r in rs]


__all__ = ["bad_ticks", "falling_silent", "silence", "stuck", "told_again", "wrong_clocks"]
