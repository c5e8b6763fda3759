"""Portfolios looked at as data: their trees with what was decided, two of them compared, what happened to one thing."""
