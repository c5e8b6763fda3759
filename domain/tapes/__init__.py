"""Tapes: tables as other systems write them, and the mappings that say what their columns mean."""
