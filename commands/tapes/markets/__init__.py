"""Markets from quotes: a document built of a file's lines, each number with the line that it came from."""
