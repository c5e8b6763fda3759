"""Tapes: single tables as other systems write them, read by a mapping into the tables of a portfolio."""
