"""What a fault says may hold the words of a report: a log tells its type and its places, whoever writes the line.

The trial `raising` reads everything that workers write while reports are planted on which the core raises.
"""

import subprocess
import sys

import pytest

BEGIN = """
import asyncio, logging
from streams import metrics
from streams.worker import process
from streams.logs import quieten, tell_unheard
quieten("debug")
class Odd(ValueError): pass
def fail(): raise Odd("the words of a report")
"""
WAYS = {
    "a report that raised": "try: fail()\nexcept Odd as fault: metrics.report_raised('intake', 'reports.a/0/1', fault)",
    "an end by a fault": "try: fail()\nexcept Odd as fault: process._tell('monitor', fault)",
    "a library's line": "try: fail()\nexcept Odd: logging.getLogger('faust').exception('it crashed')",
    "a task that nobody awaits": """
async def task(): fail()
async def main():
    asyncio.get_running_loop().set_exception_handler(tell_unheard)
    asyncio.ensure_future(task())
    await asyncio.sleep(0.01)
    import gc; gc.collect()
asyncio.run(main())
""",
}


@pytest.mark.parametrize("way", WAYS)
def test_a_fault_is_told_by_type_and_place_only(way: str) -> None:
    ran = subprocess.run([sys.executable, "-c", BEGIN + WAYS[way]], capture_output=True, text=True, timeout=60, check=True)
    assert "Odd" in ran.stderr, ran.stderr
    assert "the words of a report" not in ran.stderr + ran.stdout


def test_what_a_library_says_again_and_again_is_said_seldom_and_what_is_new_at_once() -> None:
    say = """
client = logging.getLogger("aiokafka")
for number in range(1_000): client.error("no broker at node %s", number)
client.error("something else")
from streams import logs
logs.SAME_WORDS_S = 0
client.error("no broker at node %s", 1_000)
"""
    ran = subprocess.run([sys.executable, "-c", BEGIN + say], capture_output=True, text=True, timeout=60, check=True)
    assert ran.stderr.splitlines() == [
        "ERROR aiokafka no broker at node 0",
        "ERROR aiokafka something else",
        "ERROR aiokafka no broker at node 1000 (and 999 times since the last line of it)",
    ]
