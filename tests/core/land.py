"""A country of four provinces, and a neighbour, for tests of places."""

from streams.core.gazetteer import Country, Gazetteer, Place

# Of the provinces of XX, 01 is in the west, 02 in the east, and the capital 03 inside the large 04 in the south.
PLACES = [
    Place(1, "Westburg", 36_000_000, 37_000_000, "XX", "01", 900_000, ("Westburg", "غربة")),
    Place(2, "Dupa", 36_100_000, 37_200_000, "XX", "01", 0, ("Dupa",)),
    Place(3, "Twin", 36_050_000, 37_400_000, "XX", "01", 2_000, ("Twin",)),
    Place(4, "Eastburg", 36_000_000, 39_000_000, "XX", "02", 500_000, ("Eastburg",)),
    Place(5, "Twin", 36_200_000, 38_900_000, "XX", "02", 800, ("Twin",)),
    Place(6, "Capital", 34_000_000, 37_000_000, "XX", "03", 1_500_000, ("Capital", "Madinat Capital")),
    Place(7, "Southton", 33_900_000, 36_800_000, "XX", "04", 30_000, ("Southton",)),
    Place(8, "Ring", 34_100_000, 37_300_000, "XX", "04", 10_000, ("Ring",)),
    Place(9, "Twin", 36_000_000, 40_000_000, "YY", "01", 5_000, ("Twin",)),
    Place(10, "Yonder", 36_300_000, 40_100_000, "YY", "", 50_000, ("Yonder",)),
]
COUNTRIES = [
    Country("XX", ("Exland", "XXX"), 35_000_000, 38_000_000, 200_000),
    Country("YY", ("Wyland", "YYY"), 36_100_000, 40_050_000, 40_000),
]
LAND = Gazetteer(PLACES, COUNTRIES, ["XX"])
