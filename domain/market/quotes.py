"""Tables of quotes, from which a market document is built: one row for every node, spot and fixing, or one key each."""

MARKET_COLUMNS: dict[str, tuple[str, ...]] = {
    "quotes": ("date", "key", "value"),
    "market": ("as_of", "base_currency"),
    "curves": (
        "curve_id",
        "currency",
        "kind",
        "interpolation",
        "index",
        "discount_curve",
        "type",
        "tenor",
        "date",
        "rate",
    ),
    "spread_curves": ("curve_id", "tenor", "date", "rate"),
    "credit_curves": ("curve_id", "recovery", "tenor", "date", "hazard_rate", "cds_spread"),
    "fx_spots": ("pair", "spot"),
    "fixings": ("index", "date", "rate"),
}
"""`quotes` are keys as Open Source Risk writes them: IR_SWAP/RATE/EUR/2D/6M/10Y."""
MARKET_TABLES = tuple(MARKET_COLUMNS)
REQUIRED_OF_QUOTES: tuple[str, ...] = ()
