"""How often a process looks for garbage, in a process of its own: the setting is of the whole process."""

import subprocess
import sys
from ast import literal_eval

LOOKS = """
import gc
from collections import Counter
from streams.worker.collecting import YOUNG, collect_seldom

collect_seldom()
looks = Counter()
gc.callbacks.append(lambda phase, about: looks.update([about["generation"]] if phase == "stop" else []))
kept = [[number] for number in range(20 * YOUNG)]
print(sorted(looks.items()))
"""


def test_what_outlives_one_look_is_not_looked_through_again_with_the_young() -> None:
    said = subprocess.run([sys.executable, "-c", LOOKS], capture_output=True, text=True, check=True).stdout
    # Of the second generation each time: what is left of it counts as old, and there is no look at everything.
    generations = dict(literal_eval(said))
    assert list(generations) == [1]
    assert 18 <= generations[1] <= 20
