"""Portfolios as data on the command line: trees, segments, comparison, history."""
