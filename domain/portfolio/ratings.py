"""Ratings: two scales of one ladder, known by their form."""

SCALE = (
    *("AAA", "AA+", "AA", "AA-", "A+", "A", "A-", "BBB+", "BBB", "BBB-", "BB+", "BB", "BB-"),
    *("B+", "B", "B-", "CCC+", "CCC", "CCC-", "CC", "C", "D"),
)
"""S&P and Fitch, the best first: a notch is a place in it."""
MOODYS = (
    *("Aaa", "Aa1", "Aa2", "Aa3", "A1", "A2", "A3", "Baa1", "Baa2", "Baa3", "Ba1", "Ba2", "Ba3"),
    *("B1", "B2", "B3", "Caa1", "Caa2", "Caa3", "Ca", "C", "D"),
)
UNRATED_TEXTS = ("", "NR", "UNRATED", "WR")
UNRATED, UNKNOWN = -1, -2
"""In place of a notch."""

FACTORS = (
    *(1, 10, 20, 40, 70, 120, 180, 260, 360, 610, 940, 1350, 1766, 2220, 2720, 3490, 4770, 6500, 8070),
    *[10_000] * 3,
)
"""Moody's idealised rating factors, notch by notch."""


def notch_of(text: str) -> int:
    if text in UNRATED_TEXTS:
        return UNRATED
    for scale in (SCALE, MOODYS):
        if text in scale:
            return scale.index(text)
    return UNKNOWN


def notches_of_band(band: str) -> range:
    """`A+..A-` is from the one to the other, `<B-` all below, `CCC` its three."""
    if band.startswith("<"):
        return range(SCALE.index(band[1:]) + 1, len(SCALE))
    if ".." in band:
        first, last = band.split("..")
        return range(SCALE.index(first), SCALE.index(last) + 1)
    if band == "CCC":
        return range(SCALE.index("CCC+"), SCALE.index("CCC-") + 1)
    return range(SCALE.index(band), SCALE.index(band) + 1)
