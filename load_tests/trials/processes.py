"""What happens to workers: killed at any moment and between any two things, frozen, joining and leaving."""

import time
from pathlib import Path

from load_tests.bench import wait_until
from load_tests.trials.trial import Trial
from load_tests.verdict import Verdict
from streams.worker.failpoints import POINTS
from streams.worker.failures import FENCED


def killed_at_random(trial: Trial, rounds: int = 50) -> Verdict:
    """SIGKILL at a random moment of a worker under load, again and again."""
    for name in ("intake", "monitor"):
        trial.start(name)
    for number in range(rounds):
        if number % max(1, rounds // 18) == 0:
            trial.tell()
        time.sleep(trial.random.uniform(0.1, 2.5))
        name = trial.random.choice(("intake", "monitor"))
        trial.kill(name)
        trial.start(name)
    return trial.finish()


def killed_between(trial: Trial, points: tuple[str, ...] = POINTS) -> Verdict:
    """SIGKILL at every point between reading, sending, committing and acknowledging."""
    for point in points:
        stage = point.partition(".")[0]
        other = "monitor" if stage == "intake" else "intake"
        if stage in trial.running and trial.running[stage].process.poll() is None:
            trial.stop(stage)  # two of one name would take the place in the group from each other
        trial.start(stage, failpoints=f"{point}=kill@{trial.random.randrange(1, 4)}")
        trial.keep_running(other)
        trial.tell()
        worker = trial.running[stage]
        deadline = time.monotonic() + 90
        while worker.process.poll() is None and time.monotonic() < deadline:
            trial.tell_again()
            time.sleep(0.5)
        code = worker.process.poll()
        assert code == -9, f"{point}: ended with {code}: {worker.said()}"
        trial.say(f"killed at {point}")
    return trial.finish()


def failing_between(trial: Trial) -> Verdict:
    """An error of the broker at each point of a transaction: it is aborted, and decided once more."""
    # Apart from each other: a batch that fails three times in a row ends the process, which may come about all the same, for two
    # partitions take turns. Then it is started again, and nothing may be lost by that either.
    forced = {"monitor.begun": (2, 6, 9), "monitor.sent": (4, 8, 10)}
    trial.start("intake")
    monitor = trial.start("monitor", failpoints=",".join(f"{point}=raise@{count}" for point in forced for count in forced[point]))
    trial.wait_for_work("monitor")
    for _ in range(14):
        trial.tell()
        time.sleep(0.7)
    deadline = time.monotonic() + 90
    while (aborted := monitor.said().count("transaction aborted")) < 5 and monitor.process.poll() is None:
        assert time.monotonic() < deadline, f"not aborted five times: {monitor.said()}"
        trial.tell_again()
        time.sleep(0.7)
    assert aborted >= 3, f"ended by {monitor.process.poll()}: {monitor.said()}"
    trial.stop("intake")
    intake = trial.start("intake", failpoints="intake.sent=raise@1")
    trial.tell(4)
    assert intake.ended(60) != 0, "an intake that could not write must not go on"
    return trial.finish()


def frozen(trial: Trial) -> Verdict:
    """SIGSTOP of a worker past its session, then SIGCONT: somebody else owns its partitions, it is fenced and ends."""
    trial.start("intake")
    # It stops itself with a transaction open, so that it has something to write when it goes on.
    zombie = trial.start("monitor", instance_id="one", failpoints="monitor.sent=pause@3")
    trial.tell(4)
    deadline = time.monotonic() + 90
    while " T " not in Path(f"/proc/{zombie.process.pid}/stat").read_text():
        assert time.monotonic() < deadline, f"the first is not frozen: {zombie.said()}"
        trial.tell_again()  # on a busy machine all that was told may fit into one batch
        time.sleep(0.5)
    trial.start("monitor-2", instance_id="two")
    wait_until(lambda: trial.running["monitor-2"].said().count("state rebuilt") > 0, "the second takes over", 90)
    trial.tell(4)
    time.sleep(3)
    trial.thaw("monitor")
    assert zombie.ended(60) == FENCED, f"ended otherwise: {zombie.said()}"
    return trial.finish(names=("intake", "monitor-2"))


def coming_and_going(trial: Trial, seconds: float = 120) -> Verdict:
    """Three workers join and leave every few seconds: no two commit for one partition, and none is left without."""
    trial.start("intake")
    names = ("monitor", "monitor-2", "monitor-3")
    started = time.monotonic()
    while time.monotonic() - started < seconds:
        trial.tell()
        name = trial.random.choice(names)
        if name in trial.running and trial.running[name].process.poll() is None:
            trial.random.choice((trial.kill, trial.stop))(name)
        else:
            trial.start(name, instance_id=f"{name}-{trial.random.randrange(1_000)}")
        time.sleep(trial.random.uniform(1, 4))
    for name in names:
        if name in trial.running and trial.running[name].process.poll() is None:
            trial.stop(name)
    return trial.finish()


__all__ = ["coming_and_going", "failing_between", "frozen", "killed_at_random", "killed_between"]
