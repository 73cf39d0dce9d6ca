"""Keep a child process from outliving its parent, whatever becomes of the parent.

Run as a script between the two: `guard.py PARENT_PID COMMAND…`. It prints the child's process id on one line, then waits
until the child ends (and exits as it did) or the parent is gone, even by SIGKILL: then it ends the child too. The kernel
ends the child where the guard itself is killed (Linux). Asking for that in the parent would not do: there the signal
comes when the *thread* that started the child ends.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys

POLL_SECONDS = 0.5
GRACE_SECONDS = 10.0
PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> int:
    """Run the command; its exit code, or 128 + signal."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing)
    # A handler must be there for the pipe to wake us when the child ends.
    signal.signal(signal.SIGCHLD, lambda *_: None)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, preexec_fn=_end_with_guard)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    print(child.pid, flush=True)
    while child.poll() is None:
        if os.getppid() != parent:
            _end(child)
            break
        if select.select([reading], [], [], POLL_SECONDS)[0]:
            os.read(reading, 64)
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


def _end(child: subprocess.Popen) -> None:
    child.terminate()
    try:
        child.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _end_with_guard() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
