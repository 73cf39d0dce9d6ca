"""What happens to the broker and the network: gone, killed, frozen, slow, cut off, full."""

import os
import resource
import signal
import time
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource

from load_tests.bench import wait_until
from load_tests.proxy import Proxy
from load_tests.trials.trial import Trial
from load_tests.verdict import Verdict
from schemas.topics import CHECKPOINTS, DAYS, PHASES
from streams.worker.failures import FAILED

PAUSE_S = 30.0


def stopped(trial: Trial) -> Verdict:
    """The broker is stopped in good order and started again."""
    return _gone(trial, lambda: _restart(trial, kill=False))


def killed(trial: Trial, times: int = 2) -> Verdict:
    """The broker is killed and started again."""
    return _gone(trial, lambda: [_restart(trial, kill=True) for _ in range(times)])


def paused(trial: Trial, seconds: float = PAUSE_S) -> Verdict:
    """The broker says nothing for half a minute."""

    def pause() -> None:
        os.kill(trial.broker.pid, signal.SIGSTOP)
        time.sleep(seconds)
        os.kill(trial.broker.pid, signal.SIGCONT)

    return _gone(trial, pause)


def _gone(trial: Trial, fault) -> Verdict:
    trial.start("intake")
    trial.start("monitor")
    trial.tell(6)
    trial.wait_for_work("monitor")
    trial.tell(2)
    fault()
    trial.tell(2)
    return trial.finish(240)


def _restart(trial: Trial, kill: bool) -> None:
    broker = trial.broker
    if kill:
        broker.kill()
    else:
        os.kill(broker.pid, signal.SIGTERM)
        wait_until(lambda: not broker.running, "the broker ends", 60)
    time.sleep(1)
    broker.start()


def bad_network(trial: Trial, proxy: Proxy, seconds: float = 30) -> Verdict:
    """Connections of the workers are slow, cut, and refused for a while."""
    trial.start("intake")
    trial.start("monitor")
    trial.tell(4)
    started = time.monotonic()
    while time.monotonic() - started < seconds:
        proxy.delay_s = trial.random.choice((0.0, 0.02, 0.2))
        proxy.refuse(trial.random.random() < 0.2)
        time.sleep(trial.random.uniform(0.5, 3))
        proxy.cut()
        trial.tell()
        trial.keep_running()
    proxy.delay_s = 0.0
    proxy.refuse(False)
    return trial.finish(240)


def refusing(trial: Trial) -> Verdict:
    """The broker takes none of the records of one topic: the transaction is aborted, and nothing half is there."""
    _set(trial, DAYS, "max.message.bytes", "120")
    trial.tell(8)
    trial.start("intake")
    monitor = trial.start("monitor")
    assert monitor.ended(120) == FAILED, monitor.said()
    assert monitor.said().count("transaction aborted") >= 3, monitor.said()
    assert not any(trial.installation.read(DAYS).values())
    positions = sum(len(records) for records in trial.installation.read(CHECKPOINTS).values())
    changes = sum(len(records) for records in trial.installation.read(PHASES).values())
    trial.say(f"nothing half is there: {positions} positions, {changes} changes")
    _set(trial, DAYS, "max.message.bytes", "1048588")
    return trial.finish()


def _set(trial: Trial, topic: str, name: str, value: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=trial.broker.bootstrap)
    admin.alter_configs([ConfigResource("TOPIC", topic, {name: value})])
    admin.close()
    time.sleep(1)


def disk_full(trial: Trial) -> Verdict:
    """The broker cannot write on: no file of its may grow beyond what it has now. Later there is room again."""
    trial.start("intake")
    trial.start("monitor")
    trial.tell(6)
    trial.wait_for_work("monitor")
    time.sleep(3)
    largest = max(path.stat().st_size for path in Path(trial.broker.data_dir, "log").rglob("*.log"))
    resource.prlimit(trial.broker.pid, resource.RLIMIT_FSIZE, (largest + 1_000, resource.RLIM_INFINITY))
    try:
        trial.tell(4)
    except Exception as fault:
        # Broad, because whoever publishes learns of it in many ways; what was not taken in is told again below.
        trial.say(f"the broker takes no more: {type(fault).__name__}")
    time.sleep(5)
    trial.say(f"broker {'runs' if trial.broker.running else 'ended'}; " + ", ".join(_states(trial)))
    if trial.broker.running:
        trial.broker.kill()
    trial.broker.start()
    return trial.finish(240)


def no_handles(trial: Trial) -> Verdict:
    """A worker cannot open a file or a connection any more: it stops loudly, or goes on with what it has."""
    trial.start("intake")
    trial.start("monitor")
    trial.tell(6)
    trial.wait_for_work("monitor")
    for name in ("intake", "monitor"):
        pid = trial.running[name].process.pid
        most = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (most, resource.prlimit(pid, resource.RLIMIT_NOFILE)[1]))
    # A new broker process, so that every connection has to be made anew.
    _restart(trial, kill=True)
    trial.tell(4)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and any(worker.process.poll() is None for worker in trial.running.values()):
        time.sleep(1)
    trial.say(", ".join(_states(trial)))
    return trial.finish(240)


def _states(trial: Trial) -> list[str]:
    codes = {name: worker.process.poll() for name, worker in trial.running.items()}
    return [f"{name} {'runs' if code is None else f'ended with {code}'}" for name, code in codes.items()]


__all__ = ["bad_network", "disk_full", "killed", "no_handles", "paused", "refusing", "stopped"]
