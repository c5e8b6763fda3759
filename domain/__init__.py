"""What is true in Tenor: events, rules, terms and ports. Standard library and pydantic only."""
