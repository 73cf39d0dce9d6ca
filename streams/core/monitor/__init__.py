"""The state of one truce, folded from its log.

`monitor` takes records in and gives what readers should see. The rest are its parts: `governing` (which terms hold when),
`time` (ticks, and when days end and settle), `reports` (which are live, and which must wait or be refused), `markers`,
`days` (what settled days came to), `history` (what follows from them: streaks and changes of phase), `announcing` (bodies),
`basing` (what a restart need not read again).
"""

from streams.core.monitor.monitor import Monitor
from streams.core.monitor.present import RULES

__all__ = ["RULES", "Monitor"]
