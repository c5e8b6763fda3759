"""From a folder that a user brings to a canonical snapshot, with every error named."""
