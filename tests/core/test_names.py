import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core import names

# One name a line, in spellings that are the same name however it is looked at.
SAME = """
Al-Bāb | al bab | El Bab | AL BAB | Al-Bab city | Bab | al‑Bab
الباب | باب | مدينة الباب | البــاب | الْبَاب
Ma'rib | Ma’rib | Maʾrib | Marib
Hayy al-Zahra | al Zahra quarter | az-Zahrā'
إدلب | ادلب | أدلب
حماة | حماه
كفر زيتا | كفرزيتا | كفر‎ زيتا | ﻛﻔﺮ ﺯﻳﺘﺎ
على | علي | علی
Al Malikiyyah | al-Mālikīyah
Kharkiv | Kharkiv Oblast | KHARKIV
Ізюмський район | Ізюмський
"""

# One place a line, in spellings that only the loose key sees as one.
ALIKE = """
Kafr Zita | KafrZita | Kafr Zaytā | Kafer Zeita | كفر زيتا
Khan Sheikhoun | Khān Shaykhūn | Xan Shekhun | خان شيخون
Deir ez-Zor | Deir Ezzor | Dayr az-Zawr | دير الزور
Saraqib | Saraqeb | Seraqib
Alatarib | Al-Atarib | Atareb
Dhameer | Ad Dumayr
Tadif | Tadaf | Tadef | تادف
Qamishli | Kamishly | Qamishlī
"""

DIFFERENT = [
    ("Homs", "Hama"),
    ("Duma", "Dara"),
    ("Yabrud", "Jobar"),
    ("حلب", "حماة"),
    ("Maskanah", "Misqan"),
    ("Dhiban", "Tibni"),
]


def rows(table: str) -> list[list[str]]:
    return [[name.strip() for name in line.split("|")] for line in table.strip().splitlines()]


@pytest.mark.parametrize("spellings", rows(SAME), ids=lambda row: row[0])
def test_spellings_of_one_name_have_one_strict_key(spellings: list[str]) -> None:
    assert len({names.strict(name) for name in spellings}) == 1


@pytest.mark.parametrize("spellings", rows(ALIKE), ids=lambda row: row[0])
def test_transliterations_of_one_name_have_one_loose_key(spellings: list[str]) -> None:
    keys = {names.loose(name) for name in spellings}
    assert len(keys) == 1
    assert keys != {""}


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_names_have_different_keys(one: str, other: str) -> None:
    assert names.strict(one) != names.strict(other)
    assert names.loose(one) != names.loose(other) or not names.loose(one)


def test_a_name_of_few_consonants_has_no_loose_key() -> None:
    assert [names.loose(name) for name in ("Duma", "Nawa", "Al Bab", "")] == [""] * 4


def test_a_name_made_of_articles_and_words_of_kind_is_kept() -> None:
    assert names.strict("Al An") == "alan"
    assert names.strict("City") == "city"


def test_invisible_characters_are_not_part_of_a_name() -> None:
    assert names.strict("Al\u200e-\u202bBab\u202c\x00") == names.strict("Al-Bab")
    assert names.clean("A\u202ele\x1bppo\n  city\u200b") == "Aleppo city"


@pytest.mark.parametrize(
    ("name", "city"),
    [
        ("Aleppo countryside", "aleppo"),
        ("Northern Homs countryside", "homs"),
        ("Rif Dimashq", "dimashq"),
        ("rural Hama", "hama"),
        ("ريف دمشق", "دمشق"),
        ("ريف حماة الشمالي", "حماه"),
        ("Aleppo", None),
        ("countryside", None),
    ],
)
def test_the_countryside_of_a_place_is_not_the_place(name: str, city: str | None) -> None:
    assert names.countryside_of(name) == city


@given(st.text(max_size=60))
def test_any_text_has_keys_and_they_do_not_depend_on_how_it_is_composed(text: str) -> None:
    for form in ("NFC", "NFD", "NFKC"):
        assert names.strict(unicodedata.normalize(form, text)) == names.strict(unicodedata.normalize("NFD", text))
    assert isinstance(names.loose(text), str)
    assert names.clean(text).isprintable()


@given(st.text("abcdefghijklmnopqrstuvwxyz '-", min_size=1, max_size=30))
def test_case_and_surrounding_space_do_not_matter(text: str) -> None:
    assert names.strict(f"  {text.upper()} ") == names.strict(text)
    assert names.loose(f"  {text.upper()} ") == names.loose(text)
