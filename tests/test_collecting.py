"""How often a process looks for garbage, in a process of its own: the setting is of the whole process."""

import subprocess
import sys
from ast import literal_eval

import pytest

LOOKS = """
import gc
from collections import Counter
from streams.collecting import YOUNG, collect_seldom

collect_seldom(by_itself=False)
looks = Counter()
gc.callbacks.append(lambda phase, about: looks.update([about["generation"]] if phase == "stop" else []))
kept = [[number] for number in range(20 * YOUNG)]
print(sorted(looks.items()))
"""

OLD_GARBAGE = """
import weakref
from streams import collecting

class Ring:
    pass

collecting.OLD = 5
collecting.collect_seldom(by_itself={by_itself})
ring = Ring()
ring.itself, seen = ring, weakref.ref(ring)
kept = [[number] for number in range(2 * collecting.YOUNG)]
del ring
kept += [[number] for number in range(10 * collecting.YOUNG)]
print(seen() is None)
"""


def test_what_outlives_one_look_is_not_looked_through_again_with_the_young() -> None:
    # Of the second generation each time: what is left of it counts as old, and there is no look at everything.
    generations = dict(literal_eval(said_by(LOOKS)))
    assert list(generations) == [1]
    assert 18 <= generations[1] <= 20


@pytest.mark.parametrize("by_itself", [True, False])
def test_what_is_old_is_looked_through_by_itself_or_only_when_somebody_calls_for_it(by_itself: bool) -> None:
    assert literal_eval(said_by(OLD_GARBAGE.format(by_itself=by_itself))) is by_itself


def said_by(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
