"""The log proves itself: seals, verification, replay, lineage and certificates."""
