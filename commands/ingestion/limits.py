"""How much ingestion reads: generous, stated, and counted before anything is unpacked."""

MAX_FILE_BYTES = 8 * 1024**3
MAX_ROWS = 50_000_000
MAX_COLUMNS = 1_000
MAX_ID_CHARS = 200
MAX_TEXT_CHARS = 65_536
MAX_TAG_KEYS = 1_000

MAX_WORKBOOK_MEMBERS = 200
MAX_WORKBOOK_BYTES = 300 * 1024**2
MAX_WORKBOOK_RATIO = 100
