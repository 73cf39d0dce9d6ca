"""Every word that a reader sees, in English and in Arabic.

Sentences are put together from whole phrases with numbers in them, never from word endings, so that they hold in both
languages. A word of the closed lists that is missing here would stop the page: a test holds the two together.
"""

from collections.abc import Iterable
from typing import Any

from markupsafe import Markup

LANGUAGES = {"en": "English", "ar": "العربية"}
DIRECTIONS = {"en": "ltr", "ar": "rtl"}

_MONTHS = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "ar": (
        *("كانون الثاني", "شباط", "آذار", "نيسان", "أيار", "حزيران"),
        *("تموز", "آب", "أيلول", "تشرين الأول", "تشرين الثاني", "كانون الأول"),
    ),
}
_WEEKDAYS = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "ar": ("الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد"),
}

_WORDS: dict[str, tuple[str, str]] = {
    # the page
    "title": ("Truce monitor", "مرصد الهدنة"),
    "truces": ("Truces", "الهدن"),
    "no_truces": ("No truce has been published yet.", "لم تُنشر أي هدنة بعد."),
    "reading": ("Reading what has been published …", "تجري قراءة ما نُشر …"),
    "skip": ("Skip to the content", "انتقل إلى المحتوى"),
    "theme": ("Light or dark", "فاتح أو داكن"),
    "live": ("live", "مباشر"),
    "lost": ("connection lost, trying again", "انقطع الاتصال، تجري المحاولة من جديد"),
    "simulated": ("simulated time", "زمن محاكى"),
    "computed": (
        "Computed from reports, unverified; not a determination by anyone.",
        "محسوب من بلاغات غير متحقق منها، وليس حكماً من أي جهة.",
    ),
    "as_of": ("As of", "حتى"),
    "utc": ("UTC", "UTC"),
    "clock_stands": ("The clock stands still: nothing has come in since.", "الساعة متوقفة: لم يرد شيء منذ ذلك الحين."),
    "unreadable": ("Messages that this version cannot read: {}", "رسائل لا تستطيع هذه النسخة قراءتها: {}"),
    "whole": ("The truce as a whole", "الهدنة كلها"),
    "gated": ("decides", "حاسمة"),
    "watched_zones": ("Zones that are watched and do not decide", "مناطق مراقبة لا تدخل في القرار"),
    "everywhere": ("everywhere", "كل مكان"),
    "day_number": ("Day {}", "اليوم {}"),
    "or": ("or", "أو"),
    "to": ("{} to {}", "{} إلى {}"),
    "not_known": ("not known", "غير معروف"),
    "none": ("none", "لا شيء"),
    # the phase
    "phase": ("Where the truce stands", "أين تقف الهدنة"),
    "since": ("Since {}: {}.", "منذ {}: {}."),
    "quiet_of": ("current run: {} of {} quiet days", "السلسلة الحالية: {} من {} أيام هادئة"),
    "over": ("The truce is over; late news may still amend its days.", "انتهت الهدنة؛ وقد تُعدّل أيامها أخبار متأخرة."),
    "before_d_hour": ("It takes effect at {}.", "تدخل حيز التنفيذ في {}."),
    "access_open": ("{}: days in a row reported open: {}", "{}: أيام متتالية أُبلغ أنه مفتوح فيها: {}"),
    "last_day": ("Last day decided", "آخر يوم حُسم"),
    "no_day": ("no day is decided yet", "لم يُحسم أي يوم بعد"),
    "assumptions_made": (
        "Values that stand in no agreement, but are assumptions: {}",
        "قيم لا ترد في أي اتفاق، وإنما هي افتراضات: {}",
    ),
    "assumed": (
        "Sources assumed to have watched throughout: {}. This is a trial, not an observation.",
        "مصادر يُفترض أنها راقبت طوال الوقت: {}. هذه تجربة وليست رصداً.",
    ),
    # the days
    "days": ("Days", "الأيام"),
    "days_intro": (
        "24 hours each, from the hour of effect, {}. Point at a day, or move with the arrow keys, to see why.",
        "كل يوم 24 ساعة من ساعة النفاذ، {}. أشر إلى يوم أو تنقّل بالأسهم لمعرفة السبب.",
    ),
    "zone": ("Zone", "المنطقة"),
    "limit": ("Limit", "الحد"),
    "measure": ("Violence", "العنف"),
    "watched_share": ("Watched", "المراقبة"),
    "heard_from": ("Heard from", "من سُمع منهم"),
    "access": ("Access", "الوصول"),
    "why": ("Why", "السبب"),
    "amended": ("Amended: it was {} before", "عُدّل: كان {} من قبل"),
    "blocked_by": ("Incidents that may have broken the limit", "حوادث ربما تجاوزت الحد"),
    "bulletins": ("Counts stated by bulletins", "أعداد تذكرها النشرات"),
    "its_incidents": ("Its incidents", "حوادثه"),
    "interval": ("{} to {}, likeliest {}", "من {} إلى {}، والأرجح {}"),
    "exactly": ("{}", "{}"),
    "or_more": ("{} or more, likeliest {}", "{} أو أكثر، والأرجح {}"),
    "no_limit": ("no baseline, so no limit", "لا خط أساس، فلا حد"),
    "metric_incidents": ("incidents", "حوادث"),
    "metric_severity": ("severity", "شدة"),
    "metric_killed": ("killed", "قتلى"),
    "percent_of_day": ("{} % of the day", "{} % من اليوم"),
    "legend": ("What the signs mean", "معاني الرموز"),
    # the level
    "levels": ("The last seven days, day by day", "الأيام السبعة الأخيرة، يوماً بيوم"),
    "levels_intro": (
        "Violence in the seven days that end with each day. The band is what is sure to what is possible, the line the "
        "likeliest; the dashed line is seven days at the daily limit.",
        "العنف في الأيام السبعة المنتهية بكل يوم. الشريط من المؤكد إلى الممكن، والخط هو الأرجح، "
        "والخط المتقطع سبعة أيام عند الحد اليومي.",
    ),
    "level_now": ("Now: {}", "الآن: {}"),
    "seven_limits": ("seven days at the limit: {}", "سبعة أيام عند الحد: {}"),
    "table": ("The same as a table", "القيم نفسها في جدول"),
    "day": ("Day", "اليوم"),
    "ends": ("Ends", "ينتهي"),
    "low": ("Sure", "المؤكد"),
    "best": ("Likeliest", "الأرجح"),
    "high": ("Possible", "الممكن"),
    "above": ("Above", "فوق الحد"),
    # the map
    "map": ("Map", "الخريطة"),
    "map_intro": (
        "Zones show their last decided day; circles show the incidents of the last seven days, larger for more.",
        "تُظهر المناطق آخر يوم حُسم لها، والدوائر حوادث الأيام السبعة الأخيرة، وتكبر بعددها.",
    ),
    "map_made": (
        "Each hexagon belongs to the province of the nearest known place; these are no official borders.",
        "كل شكل سداسي يتبع محافظة أقرب مكان معروف؛ وليست هذه حدوداً رسمية.",
    ),
    "map_vague": ("Known no closer than a province, so not drawn: {}", "لا يُعرف موقعها بأدق من المحافظة فلم تُرسم: {}"),
    "incidents_here": ("{}: incidents {}", "{}: حوادث {}"),
    # incidents
    "incidents": ("Incidents", "الحوادث"),
    "incidents_intro": (
        "As reported and unverified, newest first. Sources that copy each other count once.",
        "كما وردت في البلاغات ودون تحقق، الأحدث أولاً. المصادر التي ينقل بعضها عن بعض تُعد مرة واحدة.",
    ),
    "shown_of": ("{} of {}", "{} من {}"),
    "more": ("Show more", "اعرض المزيد"),
    "all": ("all", "الكل"),
    "filter_zone": ("In zone", "في المنطقة"),
    "filter_grade": ("How sure", "درجة التأكد"),
    "filter_status": ("State", "الحالة"),
    "filter_day": ("On day", "في اليوم"),
    "apply": ("Show", "اعرض"),
    "killed": ("Killed", "القتلى"),
    "injured": ("Injured", "الجرحى"),
    "sources": ("Sources", "المصادر"),
    "sources_count": ("{} ({}); reports: {}", "{} ({})؛ البلاغات: {}"),
    "located": ("Located", "تحديد الموقع"),
    "within": ("within {} km", "ضمن {} كم"),
    "within_m": ("within {} m", "ضمن {} م"),
    "attributed": ("Attributed to", "منسوب إلى"),
    "disputed": ("denied by the accused", "ينفيه المتهم"),
    "not_counted": ("not counted in any level", "لا يُحتسب في أي مستوى"),
    "scope_disputed": ("whether the truce covers it is disputed", "شمول الهدنة له موضع خلاف"),
    "out_of_scope": ("outside the truce", "خارج الهدنة"),
    "withdrawn": ("Withdrawn", "مسحوب"),
    "now_told_in": ("told now in", "يُروى الآن في"),
    "told_nowhere": ("told nowhere else", "لا يُروى في مكان آخر"),
    "explain": ("Why this is one incident", "لماذا هو حادث واحد"),
    "severity_is": ("Severity", "الشدة"),
    "live_only": ("standing", "قائم"),
    "withdrawn_only": ("withdrawn", "مسحوب"),
    "no_incidents": ("No incident fits.", "لا حادث يطابق."),
    # heard
    "heard": ("Who was heard from", "من سُمع منهم"),
    "heard_intro": (
        "Settled days only. The bar is the share of the day that enough sources watched at once; the number counts the sources "
        "that spoke of the zone that day; those that copy each other count once.",
        "للأيام المحسومة فقط. العمود حصة اليوم التي راقبها عدد كافٍ من المصادر معاً، "
        "والرقم عدد المصادر التي تحدثت عن المنطقة ذلك اليوم؛ وما ينقل بعضه عن بعض يُعد مرة واحدة.",
    ),
    "enough": ("enough", "كافية"),
    "not_enough": ("not enough", "غير كافية"),
    "nobody": ("nobody", "لا أحد"),
    # changes
    "changes": ("Changes of phase", "تغيرات المرحلة"),
    "changes_intro": (
        "Kept for ever, each bound to the one before. What no longer holds is struck through, never removed.",
        "تُحفظ إلى الأبد، وكل منها مرتبط بما قبله. ما لم يعد قائماً يُشطب ولا يُحذف.",
    ),
    "decided": ("decided {}", "تقرر {}"),
    "no_longer": ("no longer holds", "لم يعد قائماً"),
    "takes_back": ("Taken back: {} → {}", "سُحب: {} ← {}"),
    "moves": ("{} → {}", "{} ← {}"),
    "withdrew": ("A withdrawal is noted; by the terms it does not end the truce", "سُجّل انسحاب؛ ولا يُنهي الهدنة وفق أحكامها"),
    "ledger": ("The days it rests on", "الأيام التي يستند إليها"),
    "revisable": ("can be revised until {}", "قابل للمراجعة حتى {}"),
    "no_changes": ("None yet.", "لا شيء بعد."),
    "waived": ("Waiver", "تنازل"),
    # disagreement
    "disagreement": ("Where sources disagree", "أين تختلف المصادر"),
    "disagreement_intro": (
        "Of the incidents of seven days, how many are told by only one of two sources that both watched the zone, matched one by "
        "one and not by their totals.",
        "من حوادث سبعة أيام، نسبة ما يرويه واحد فقط من مصدرين راقبا المنطقة معاً، بمطابقة كل حادث لا بالمجاميع.",
    ),
    "to_day": ("seven days to day {}", "سبعة أيام حتى اليوم {}"),
    "fewer_than_two": ("fewer than two sources to compare", "أقل من مصدرين للمقارنة"),
    "pairs": ("Pairs of sources: {}", "أزواج المصادر: {}"),
    "both_tell": ("both tell", "يرويها كلاهما"),
    "only_one": ("only the first", "الأول فقط"),
    "only_other": ("only the second", "الثاني فقط"),
    "counted_in": ("Counted by bulletins, {}", "ما أحصته النشرات، {}"),
    "counts_of": ("{} counts {}", "{} يحصي {}"),
    "at_least_apart": (
        "whatever they tell of, they differ by at least {} %",
        "أياً كان ما تحصيه فهي تختلف بنسبة {} % على الأقل",
    ),
    "bulletins_more": ("and {} more bulletins", "و{} نشرة أخرى"),
    # about
    "about": ("About these numbers", "عن هذه الأرقام"),
    "basis_agreement": ("The seven days stand in the agreement.", "الأيام السبعة واردة في الاتفاق."),
    "basis_illustrative": (
        "The agreement has no such rule; it is illustrative.",
        "لا يتضمن الاتفاق قاعدة كهذه؛ وهي للتوضيح.",
    ),
    "as_json": ("Every number here as JSON", "كل رقم هنا بصيغة JSON"),
    "api": ("How to read it (OpenAPI)", "كيف يُقرأ (OpenAPI)"),
    "terms_hash": ("Terms", "الأحكام"),
    "rules_version": ("Rules", "القواعد"),
    "silence": (
        "Silence is not peace: a day that nobody vouches for never counts as quiet.",
        "الصمت ليس سلاماً: اليوم الذي لا يشهد له أحد لا يُحتسب هادئاً.",
    ),
    "printed": ("Situation report", "تقرير الحالة"),
    "report_made": ("Everything up to {}", "كل ما ورد حتى {}"),
}

_LISTS: dict[str, dict[str, tuple[str, str]]] = {
    "outcome": {
        "quiet": ("quiet", "هادئ"),
        "violent": ("violent", "عنيف"),
        "denied": ("access denied", "الوصول ممنوع"),
        "contested": ("contested", "مختلف عليه"),
        "unknown": ("unknown", "مجهول"),
        "pending": ("not decided yet", "لم يُحسم بعد"),
        "void": ("cut short", "مبتور"),
        "before": ("before the truce", "قبل الهدنة"),
    },
    "meaning": {
        "quiet": (
            "watched by enough sources, violence surely low, access open where required: counts",
            "راقبته مصادر كافية، والعنف منخفض يقيناً، والوصول مفتوح حيث يلزم: يُحتسب",
        ),
        "violent": ("violence surely above the limit: the count starts again", "العنف فوق الحد يقيناً: يبدأ العد من جديد"),
        "denied": ("required access was denied: the count starts again", "مُنع الوصول المطلوب: يبدأ العد من جديد"),
        "contested": ("violence perhaps above the limit: does not count", "ربما تجاوز العنف الحد: لا يُحتسب"),
        "unknown": ("nobody can vouch for it: does not count", "لا أحد يشهد له: لا يُحتسب"),
        "pending": ("not over, or time is left for late news", "لم ينته، أو ما زال الوقت متاحاً لأخبار متأخرة"),
        "void": ("the truce ended before the day did", "انتهت الهدنة قبل انتهاء اليوم"),
        "before": ("before the hour of effect", "قبل ساعة النفاذ"),
    },
    "condition": {
        "violent": ("too much violence", "عنف زائد"),
        "denied": ("access was denied", "مُنع الوصول"),
        "contested": ("perhaps too much violence", "ربما عنف زائد"),
        "not_watched": ("not watched enough", "مراقبة غير كافية"),
        "access_not_reported": ("nobody says that access was open", "لا أحد يقول إن الوصول كان مفتوحاً"),
        "marker_stands": ("a report was refused through a fault of ours", "رُفض بلاغ بسبب خلل لدينا"),
        "no_baseline": ("nothing to compare with", "لا شيء للمقارنة به"),
    },
    "phase": {
        "announced": ("Announced", "معلنة"),
        "in_force": ("In force", "سارية"),
        "qualified": ("Qualified", "استوفت الشرط"),
        "ended": ("Ended", "انتهت"),
    },
    "reason": {
        "d_hour": ("the hour of effect has come", "حلّت ساعة النفاذ"),
        "run_complete": ("the quiet days are complete", "اكتملت الأيام الهادئة"),
        "violent_day": ("a violent day", "يوم عنيف"),
        "ended_by_party": ("a party ended it", "أنهاها أحد الأطراف"),
        "expired": ("nobody renewed it in time", "لم يجددها أحد في الوقت المحدد"),
        "collapsed": ("too much violence for days in a row", "عنف زائد أياماً متتالية"),
        "withdrawal_declared": ("a party declared its withdrawal", "أعلن أحد الأطراف انسحابه"),
        "late_news": ("late news changed what it rested on", "غيّرت أخبار متأخرة ما استند إليه"),
        "terms_changed": ("the terms were changed", "تغيرت الأحكام"),
        "rules_changed": ("the rules of computing were changed", "تغيرت قواعد الحساب"),
        "waived": ("an authority waived it", "تنازلت عنه سلطة مخولة"),
    },
    "grade": {
        "weak": ("one voice, or one side only", "صوت واحد أو طرف واحد فقط"),
        "fair": ("told independently", "ترويه مصادر مستقلة"),
        "confirmed": ("admitted by those who did it", "أقرّ به من فعله"),
    },
    "kind": {
        "attack": ("attack", "هجوم"),
        "territory": ("taking of ground", "استيلاء على أرض"),
        "access_denied": ("access denied", "منع وصول"),
        "disproportionate_force": ("disproportionate force", "قوة غير متناسبة"),
        "withdrawal_breach": ("breach of withdrawal", "خرق للانسحاب"),
        "monitor_restricted": ("monitors restricted", "تقييد المراقبين"),
        "detention": ("detention", "احتجاز"),
        "other": ("other violation", "خرق آخر"),
    },
    "weapon": {
        "small_arms": ("small arms", "أسلحة خفيفة"),
        "mortar": ("mortar", "هاون"),
        "rocket": ("rocket", "صاروخ"),
        "artillery": ("artillery", "مدفعية"),
        "tank": ("tank", "دبابة"),
        "atgm": ("anti-tank missile", "صاروخ مضاد للدروع"),
        "airstrike": ("air strike", "غارة جوية"),
        "uav": ("drone", "طائرة مسيّرة"),
        "ied_mine": ("mine or bomb", "لغم أو عبوة"),
        "undetermined": ("weapon not known", "سلاح غير محدد"),
    },
    "method": {
        "coordinates": ("from coordinates", "من إحداثيات"),
        "mgrs": ("from a grid reference", "من مرجع شبكي"),
        "phrase": ("from a direction and distance", "من اتجاه ومسافة"),
        "place_in_province": ("from a place and its province", "من مكان ومحافظته"),
        "place": ("from the name of a place", "من اسم مكان"),
        "quarter": ("from the name of a quarter", "من اسم حي"),
        "district": ("from the name of a district", "من اسم منطقة"),
        "province": ("from the name of a province", "من اسم محافظة"),
        "country": ("from the country only", "من البلد فقط"),
        "text": ("from names in the account", "من أسماء في نص البلاغ"),
    },
    "precision": {
        "exact": ("", ""),
        "hour": ("within the hour", "خلال الساعة"),
        "part_of_day": ("part of the day", "جزء من اليوم"),
        "day": ("that day", "في ذلك اليوم"),
        "week": ("that week", "في ذلك الأسبوع"),
        "month": ("that month", "في ذلك الشهر"),
    },
    "state": {
        "open": ("open", "مفتوح"),
        "denied": ("denied", "ممنوع"),
        "unreported": ("not reported", "لم يُبلّغ عنه"),
    },
    "side": {
        "independent": ("independent", "مستقل"),
        "government": ("government", "الحكومة"),
        "opposition": ("opposition", "المعارضة"),
        "unlisted": ("not listed", "غير مدرج"),
    },
}


class Words:
    """The words of one language. A phrase that is not there is a fault of ours; a word that terms made up is shown as it is."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.direction = DIRECTIONS[language]
        self.months, self.weekdays = _MONTHS[language], _WEEKDAYS[language]
        self._at = list(LANGUAGES).index(language)

    def __call__(self, key: str, *parts: Any) -> str:
        """Markup where a part is, with the other parts escaped."""
        phrase = _WORDS[key][self._at]
        return (Markup(phrase) if any(isinstance(part, Markup) for part in parts) else phrase).format(*parts)

    def of(self, kind: str, word: str | None) -> str:
        """A word of a closed list, or of a truce's own making: its sides, say."""
        if word is None:
            return self("not_known")
        both = _LISTS[kind].get(word)
        return word.replace("_", " ") if both is None else both[self._at]

    def listed(self, words: Iterable[str]) -> str:
        return (", " if self.language == "en" else "، ").join(words)

    def joined(self, phrases: list[str]) -> str:
        return ("; " if self.language == "en" else "؛ ").join(phrases)


__all__ = ["DIRECTIONS", "LANGUAGES", "Words"]
