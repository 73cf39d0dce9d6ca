"""The closed lists of the published language.

Every word here is a value on a topic, a metric label or a row of the README. Words are added, never given a new meaning.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Why a message was refused."""

    NOT_JSON = "not_json"
    TOO_LARGE = "too_large"
    TOO_DEEP = "too_deep"
    WRONG_TYPE = "wrong_type"
    MISSING_FIELD = "missing_field"
    UNKNOWN_KIND = "unknown_kind"
    NO_USABLE_TIME = "no_usable_time"
    IN_THE_FUTURE = "in_the_future"
    TOO_LATE = "too_late"
    NOT_LOCATABLE = "not_locatable"
    SOURCE_NOT_ALLOWED = "source_not_allowed"
    LIMIT_REACHED = "limit_reached"
    INTERNAL_ERROR = "internal_error"


class ReportType(StrEnum):
    VIOLATION = "violation"
    NIL = "nil"
    ALIVE = "alive"
    ACCESS = "access"
    TALLY = "tally"
    DECLARATION = "declaration"
    FINDING = "finding"
    DENIAL = "denial"
    ACKNOWLEDGEMENT = "acknowledgement"


class Kind(StrEnum):
    ATTACK = "attack"
    TERRITORY = "territory"
    ACCESS_DENIED = "access_denied"
    DISPROPORTIONATE_FORCE = "disproportionate_force"
    WITHDRAWAL_BREACH = "withdrawal_breach"
    MONITOR_RESTRICTED = "monitor_restricted"
    DETENTION = "detention"
    OTHER = "other"


class Weapon(StrEnum):
    SMALL_ARMS = "small_arms"
    MORTAR = "mortar"
    ROCKET = "rocket"
    ARTILLERY = "artillery"
    TANK = "tank"
    ATGM = "atgm"
    AIRSTRIKE = "airstrike"
    UAV = "uav"
    IED_MINE = "ied_mine"
    UNDETERMINED = "undetermined"


class TimePrecision(StrEnum):
    """From sharp to blunt; the order is the order of preference when an anchor is chosen."""

    EXACT = "exact"
    HOUR = "hour"
    PART_OF_DAY = "part_of_day"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Method(StrEnum):
    """How a place was found."""

    COORDINATES = "coordinates"
    MGRS = "mgrs"
    PHRASE = "phrase"
    PLACE_IN_PROVINCE = "place_in_province"
    PLACE = "place"
    QUARTER = "quarter"
    DISTRICT = "district"
    PROVINCE = "province"
    COUNTRY = "country"
    TEXT = "text"


class Grade(StrEnum):
    WEAK = "weak"
    FAIR = "fair"
    CONFIRMED = "confirmed"


class Scope(StrEnum):
    IN_SCOPE = "in_scope"
    DISPUTED = "disputed"
    OUT_OF_SCOPE = "out_of_scope"


class Outcome(StrEnum):
    """What a day of a zone came to. Those after `QUIET` are of days that are not settled or not whole."""

    VIOLENT = "violent"
    DENIED = "denied"
    CONTESTED = "contested"
    UNKNOWN = "unknown"
    QUIET = "quiet"
    PENDING = "pending"
    VOID = "void"
    BEFORE = "before"


class Condition(StrEnum):
    """A condition for a quiet day that failed."""

    VIOLENT = "violent"
    DENIED = "denied"
    CONTESTED = "contested"
    NOT_WATCHED = "not_watched"
    ACCESS_NOT_REPORTED = "access_not_reported"
    MARKER_STANDS = "marker_stands"
    NO_BASELINE = "no_baseline"


class Phase(StrEnum):
    ANNOUNCED = "announced"
    IN_FORCE = "in_force"
    QUALIFIED = "qualified"
    ENDED = "ended"


class ChangeKind(StrEnum):
    ADVANCE = "advance"
    RETURN = "return"
    END = "end"
    VOID = "void"
    WITHDRAWN = "withdrawn"
    WAIVER = "waiver"


class ChangeReason(StrEnum):
    """Why a phase changed."""

    D_HOUR = "d_hour"
    RUN_COMPLETE = "run_complete"
    VIOLENT_DAY = "violent_day"
    ENDED_BY_PARTY = "ended_by_party"
    EXPIRED = "expired"
    COLLAPSED = "collapsed"
    WITHDRAWAL_DECLARED = "withdrawal_declared"
    LATE_NEWS = "late_news"
    TERMS_CHANGED = "terms_changed"
    RULES_CHANGED = "rules_changed"
    WAIVED = "waived"


class Side(StrEnum):
    """Only this side has a name of ours; the opposed ones are named by the terms."""

    INDEPENDENT = "independent"


class Trust(StrEnum):
    VIOLENCE = "violence"
    ACCESS = "access"
    WATCH = "watch"
    FINDING = "finding"


class ThresholdMode(StrEnum):
    ZERO = "zero"
    AT_MOST = "at_most"
    REDUCTION = "reduction"


class Metric(StrEnum):
    INCIDENTS = "incidents"
    SEVERITY = "severity"
    KILLED = "killed"


UNLISTED = "unlisted"
"""The one lineage of all sources that terms do not list."""

WHOLE = "all"
"""The name of the truce as a whole where a zone is named."""
