"""Commands that bring tapes and say how they are read."""
