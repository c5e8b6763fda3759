"""Who may come in: keys, the access log, and where a server listens."""
