"""Who comes in, as whom, and what is written of it."""
