"""Mappings proposed for files: what is seen in the header and the values, how sure it is, and what is to be asked."""
