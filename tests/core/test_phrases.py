import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core import phrases

# What is said                                   how it is read first: relation, names, metres, degrees
SAID = """
6 km north-east of Aleppo                      | offset    | Aleppo           | 6000  | 45
6km NE of Aleppo                               | offset    | Aleppo           | 6000  | 45
about 10 miles to the south-southwest of Homs  | offset    | Homs             | 16090 | 202.5
some 500 m west of Kafr Zita                   | offset    | Kafr Zita        | 500   | 270
2,5 kilometres northwest from Homs             | offset    | Homs             | 2500  | 315
12 km on a bearing of 45° from Aleppo          | offset    | Aleppo           | 12000 | 45
045 degrees, 12 km from Aleppo                 | offset    | Aleppo           | 12000 | 45
Aleppo, 6 km NE                                | offset    | Aleppo           | 6000  | 45
north of Hama by 5 km                          | offset    | Hama             | 5000  | 0
على بعد 6 كم شمال شرق حلب                      | offset    | حلب              | 6000  | 45
٦ كم إلى الشمال الشرقي من حلب                  | offset    | حلب              | 6000  | 45
5 كيلومترات جنوب حمص                           | offset    | حمص              | 5000  | 180
5 km from Homs                                 | distance  | Homs             | 5000  |
500 m outside Kafr Zita                        | distance  | Kafr Zita        | 500   |
between Anadan and Hreitan                     | between   | Anadan+Hreitan   |       |
road between Anadan and Hreitan                | between   | Anadan+Hreitan   |       |
on the Anadan–Hreitan road                     | between   | Anadan+Hreitan   |       |
the road from Anadan to Hreitan                | between   | Anadan+Hreitan   |       |
بين عندان وحريتان                              | between   | عندان+حريتان     |       |
على الطريق بين عندان و حريتان                  | between   | عندان+حريتان     |       |
طريق حلب دمشق                                  | between   | حلب+دمشق         |       |
near Azaz                                      | near      | Azaz             |       |
in the vicinity of Azaz                        | near      | Azaz             |       |
بالقرب من اعزاز                                | near      | اعزاز            |       |
northern outskirts of Hama                     | outskirts | Hama             |       | 0
Hama outskirts                                 | outskirts | Hama             |       |
أطراف حماة                                     | outskirts | حماة             |       |
Northern Homs countryside                      | countryside | Homs           |       | 0
countryside of Idlib                           | countryside | Idlib          |       |
rural Damascus                                 | countryside | Damascus       |       |
ريف حماة الشمالي                               | countryside | حماة           |       | 0
north of Aleppo                                | direction | Aleppo           |       | 0
شمال من حلب                                    | direction | حلب              |       | 0
northern Aleppo                                | part      | Aleppo           |       | 0
شمال حلب                                       | part      | حلب              |       | 0
Anadan and Hreitan                             | both      | Anadan+Hreitan   |       |
"""


@pytest.mark.parametrize("row", SAID.strip().splitlines(), ids=lambda row: row.split(" |")[0].strip())
def test_a_phrase_is_read(row: str) -> None:
    text, relation, refs, metres, degrees = (cell.strip() for cell in row.split("|"))
    phrase = next(phrases.readings(text))
    assert phrase.relation == relation
    assert "+".join(phrase.refs) == refs
    assert phrase.metres == (int(metres) if metres else None)
    assert phrase.bearing == (int(float(degrees) * 100) if degrees else None)


@pytest.mark.parametrize("name", ["Kafr Zita", "Northampton", "كفر زيتا", "Deir ez-Zor", "Eastleigh", "Tall Rifaat", "وادي بردى"])
def test_a_plain_name_is_no_phrase(name: str) -> None:
    assert list(phrases.readings(name)) == []


def test_a_road_between_names_with_dashes_is_cut_everywhere_it_may_be() -> None:
    pairs = [phrase.refs for phrase in phrases.readings("Deir ez-Zor–Raqqa road")]
    assert ("Deir ez-Zor", "Raqqa") in pairs


def test_sixteen_points_are_sharper_than_eight_and_degrees_sharper_still() -> None:
    spreads = [next(phrases.readings(f"6 km {words} Aleppo")).spread for words in ("N of", "NNE of", "at 20° from")]
    assert spreads == sorted(spreads, reverse=True)
    assert len(set(spreads)) == 3


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Sukkari quarter, Aleppo", ("Sukkari quarter", "Aleppo")),
        ("Sukkari quarter of Aleppo", ("Sukkari quarter", "Aleppo")),
        ("Sukkari neighborhood in the city of Aleppo", ("Sukkari neighborhood", "Aleppo")),
        ("حي السكري في حلب", ("حي السكري", "حلب")),
        ("حي السكري، حلب", ("حي السكري", "حلب")),
        ("Douma (Rif Dimashq)", ("Douma", "Rif Dimashq")),
        ("Avdiivka (17km north of Donetsk)", ("Avdiivka", "17km north of Donetsk")),
        ("Kafr Zita", ("Kafr Zita",)),
        ("", ()),
    ],
)
def test_a_hierarchy_is_taken_apart_the_smallest_first(text: str, parts: tuple[str, ...]) -> None:
    assert phrases.parts(text) == parts


@given(st.text(alphabet="NSEW 0123456789.,-–°'()kmofandbetween شمالجنوبوبينطريقكم", max_size=120))
def test_any_text_is_read_without_fault(text: str) -> None:
    for phrase in phrases.readings(text):
        assert all(phrase.refs)
        assert phrase.bearing is None or 0 <= phrase.bearing < 36_000
    assert all(phrases.parts(text))
