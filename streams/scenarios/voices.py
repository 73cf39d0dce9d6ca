"""Who speaks in the scenarios, in which language, and how long they take.

Delays are minutes from what is told to its arrival: an observatory checks first, an outlet does not, a public body speaks
the next morning. Those whom the terms do not list are the anonymous crowd: together they are one lineage.
"""

from typing import NamedTuple


class Voice(NamedTuple):
    """`slug` begins the ids of its reports. `delay_min`: the least and the most minutes until a report arrives."""

    source: str
    slug: str
    language: str
    delay_min: tuple[int, int]


NORTH_WELL = Voice("North Well Observatory", "north-well", "en", (40, 240))
GREY_HERON = Voice("Grey Heron Observatory", "grey-heron", "en", (60, 360))

OCHA = Voice("UN OCHA", "ocha", "en", (120, 300))
ICRC = Voice("ICRC", "icrc", "en", (180, 480))

BLUE_LANTERN = Voice("Blue Lantern Wire", "blue-lantern", "en", (15, 90))
FOURTH_BRIDGE = Voice("Fourth Bridge Post", "fourth-bridge", "en", (30, 180))
JASMINE_GATE = Voice("راديو بوابة الياسمين", "jasmine-gate", "ar", (10, 60))
CEDAR_LINE = Voice("Cedar Line Agency", "cedar-line", "en", (60, 300))

STATE_DEPARTMENT = Voice("US State Department", "us-state", "en", (5, 30))
CENTRAL_COMMAND = Voice("US Central Command", "us-centcom", "en", (60, 240))

RECONCILIATION_CENTRE = Voice("Russian Reconciliation Centre", "ru-centre", "en", (60, 300))
RUSSIAN_MINISTRY = Voice("Russian Ministry of Defence", "ru-mod", "en", (20, 90))
STATE_NEWS = Voice("Syrian State News Agency", "sy-state-news", "en", (20, 120))
ARMY_COMMAND = Voice("Syrian Army General Command", "sy-army", "ar", (10, 40))

COMMITTEE = Voice("Opposition Negotiating Committee", "committee", "en", (60, 300))
ORCHARD = Voice("مكتب البستان الإعلامي", "orchard", "ar", (5, 60))

SADDLE_BRIDGE = Voice("@saddlebridge", "saddlebridge", "en", (3, 15))
PAPER_KITE = Voice("شبكة الطائرة الورقية", "paper-kite", "ar", (10, 90))
COTTON_MARKET = Voice("Cotton Market Voice", "cotton-market", "en", (20, 120))
COPPER_STREET = Voice("Copper Street Journal", "copper-street", "en", (1_400, 1_800))
WEST_RIDGE = Voice("West Ridge Relief", "west-ridge", "en", (30, 150))
SEVEN_MILLS = Voice("إذاعة الطواحين السبع", "seven-mills", "ar", (15, 120))
