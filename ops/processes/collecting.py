"""How often Python looks for garbage: a start makes many objects and hardly any garbage."""

import gc

OBJECTS = 50_000
"""Python's own 700 (2,000 from 3.14) takes a tenth of the time of a command that asks one question."""


def collect_seldom() -> None:
    gc.set_threshold(OBJECTS, *gc.get_threshold()[1:])
