"""Why ingestion refuses or warns: the closed list, each with the line that the documentation shows."""

from enum import StrEnum


class Code(StrEnum):
    # the source
    MISSING_SOURCE = "MISSING_SOURCE"
    MISSING_TABLE = "MISSING_TABLE"
    DUPLICATE_TABLE = "DUPLICATE_TABLE"
    UNKNOWN_TABLE = "UNKNOWN_TABLE"
    EMPTY_FILE = "EMPTY_FILE"
    NO_ROWS = "NO_ROWS"
    ENCODING = "ENCODING"
    UNREADABLE = "UNREADABLE"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    ARCHIVE_BOMB = "ARCHIVE_BOMB"
    MACRO = "MACRO"
    # the header and the shape of rows
    DUPLICATE_COLUMN = "DUPLICATE_COLUMN"
    UNNAMED_COLUMN = "UNNAMED_COLUMN"
    UNKNOWN_COLUMN = "UNKNOWN_COLUMN"
    MISSING_COLUMN = "MISSING_COLUMN"
    UNSUPPORTED_TYPE = "UNSUPPORTED_TYPE"
    WRONG_FIELD_COUNT = "WRONG_FIELD_COUNT"
    # a cell
    FORMULA = "FORMULA"
    ROUNDED_ID = "ROUNDED_ID"
    SURROUNDING_BLANKS = "SURROUNDING_BLANKS"
    CONTROL_CHARACTER = "CONTROL_CHARACTER"
    TOO_LONG = "TOO_LONG"
    REQUIRED = "REQUIRED"
    NOT_A_NUMBER = "NOT_A_NUMBER"
    NOT_FINITE = "NOT_FINITE"
    NOT_AN_INTEGER = "NOT_AN_INTEGER"
    NOT_A_DATE = "NOT_A_DATE"
    NOT_A_FLAG = "NOT_A_FLAG"
    NOT_IN_LIST = "NOT_IN_LIST"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    UNKNOWN_CURRENCY = "UNKNOWN_CURRENCY"
    UNKNOWN_PRODUCT_TYPE = "UNKNOWN_PRODUCT_TYPE"
    INVALID_IDENTIFIER = "INVALID_IDENTIFIER"
    INVALID_SPEED = "INVALID_SPEED"
    INVALID_PAIR = "INVALID_PAIR"
    INVALID_PAYOFF = "INVALID_PAYOFF"
    INVALID_TAGS = "INVALID_TAGS"
    # a row against others
    DUPLICATE_ID = "DUPLICATE_ID"
    UNKNOWN_REFERENCE = "UNKNOWN_REFERENCE"
    NOT_A_BOOK = "NOT_A_BOOK"
    CYCLE = "CYCLE"
    WRONG_NESTING = "WRONG_NESTING"
    DEPENDS_ON_REJECTED = "DEPENDS_ON_REJECTED"
    # an instrument's terms
    MISSING_TERM = "MISSING_TERM"
    INCONSISTENT_TERMS = "INCONSISTENT_TERMS"
    DATE_ORDER = "DATE_ORDER"
    WRONG_CURRENCY = "WRONG_CURRENCY"
    MISSING_CASHFLOWS = "MISSING_CASHFLOWS"
    MISSING_SEVERITY = "MISSING_SEVERITY"
    EMPTY_DEAL = "EMPTY_DEAL"
    PERCENT_SUSPECTED = "PERCENT_SUSPECTED"
    EDIT_MISFIT = "EDIT_MISFIT"
    # warnings only
    OFF_GRID = "OFF_GRID"
    NO_EXERCISES = "NO_EXERCISES"
    TRANCHES_EXCEED_POOL = "TRANCHES_EXCEED_POOL"
    LAG_TOO_LONG = "LAG_TOO_LONG"
    NEVER_AMORTISES = "NEVER_AMORTISES"
    TERM_NOT_USED = "TERM_NOT_USED"
    ZERO_NOTIONAL = "ZERO_NOTIONAL"
    ACQUIRED_BEFORE_ISSUE = "ACQUIRED_BEFORE_ISSUE"
    OUTLIER = "OUTLIER"


MEANING: dict[Code, str] = {
    Code.MISSING_SOURCE: "There is no such folder or workbook, or it is of a kind that cannot be read.",
    Code.MISSING_TABLE: "portfolio, instruments and positions are required.",
    Code.DUPLICATE_TABLE: "A table was brought twice, as CSV and as Parquet.",
    Code.UNKNOWN_TABLE: "A file or sheet is none of the tables and was left aside (warning).",
    Code.EMPTY_FILE: "The file holds nothing, not even a header.",
    Code.NO_ROWS: "A header without rows, or no row left to store.",
    Code.ENCODING: "The file is not UTF-8.",
    Code.UNREADABLE: "The file is damaged or of another format than its name says.",
    Code.LIMIT_EXCEEDED: "The file is larger than Tenor reads.",
    Code.ARCHIVE_BOMB: "The workbook unpacks to far more than its size.",
    Code.MACRO: "The workbook carries macros.",
    Code.DUPLICATE_COLUMN: "Two columns have the same name.",
    Code.UNNAMED_COLUMN: "A column with values has no name.",
    Code.UNKNOWN_COLUMN: "A column is named nearly as one that Tenor reads, and is kept as an attribute (warning).",
    Code.MISSING_COLUMN: "A required column is not in the header.",
    Code.UNSUPPORTED_TYPE: "A Parquet column is of a type that is neither text, number, flag nor date.",
    Code.WRONG_FIELD_COUNT: "A row has more or fewer fields than the header.",
    Code.FORMULA: "A cell holds a formula or a spreadsheet error instead of a value.",
    Code.ROUNDED_ID: "An id was stored as a number of more than 15 digits, so its last digits are lost.",
    Code.SURROUNDING_BLANKS: "A value begins or ends with blanks: an error in an id, else trimmed with a warning.",
    Code.CONTROL_CHARACTER: "A text, a column's name or a file's name holds a control character.",
    Code.TOO_LONG: "A text is longer than Tenor keeps.",
    Code.REQUIRED: "A required cell is empty.",
    Code.NOT_A_NUMBER: "A number was expected.",
    Code.NOT_FINITE: "NaN and infinity are not values; an absent value is an empty cell.",
    Code.NOT_AN_INTEGER: "A whole number was expected.",
    Code.NOT_A_DATE: "An ISO 8601 date (YYYY-MM-DD) was expected.",
    Code.NOT_A_FLAG: "true or false was expected.",
    Code.NOT_IN_LIST: "The value is not one of the column's list.",
    Code.OUT_OF_RANGE: "The value is outside the column's range.",
    Code.UNKNOWN_CURRENCY: "Not an active ISO 4217 code.",
    Code.UNKNOWN_PRODUCT_TYPE: "Not one of the product types.",
    Code.INVALID_IDENTIFIER: "An LEI (refused) or an attribute such as isin (warning) fails its check.",
    Code.INVALID_SPEED: "A prepayment or default text that cannot be read.",
    Code.INVALID_PAIR: "Not two different ISO 4217 codes, base first.",
    Code.INVALID_PAYOFF: "Not JSON, not of a known kind, or with fields that the kind does not have.",
    Code.INVALID_TAGS: "Neither KEY=VALUE;KEY=VALUE nor a flat JSON object.",
    Code.DUPLICATE_ID: "The key was used by an earlier row.",
    Code.UNKNOWN_REFERENCE: "The row names an id that its table does not have.",
    Code.NOT_A_BOOK: "A position hangs on a node that is not a BOOK.",
    Code.CYCLE: "A node is its own ancestor, or a NOTIONAL stands on itself.",
    Code.WRONG_NESTING: "A node stands below a node of a lower kind, such as a FUND below a DESK.",
    Code.DEPENDS_ON_REJECTED: "The row is sound but needs one that was rejected.",
    Code.MISSING_TERM: "The product needs this column.",
    Code.INCONSISTENT_TERMS: "Two terms of the instrument contradict one another.",
    Code.DATE_ORDER: "A date stands before another that must come first.",
    Code.WRONG_CURRENCY: "The instrument's currency must be its pair's quote currency, a tranche's that of its deal.",
    Code.MISSING_CASHFLOWS: "A CUSTOM loan has no rows in cashflows.",
    Code.MISSING_SEVERITY: "A default speed needs a severity.",
    Code.EMPTY_DEAL: "A deal has no collateral, or no notes.",
    Code.PERCENT_SUSPECTED: "Most values of a rate column are above 0.5, as percent would be; rates are decimals.",
    Code.EDIT_MISFIT: "An edit names a table or a row that was not brought.",
    Code.OFF_GRID: "The first payment is on none of the regular dates, which count back from maturity (warning).",
    Code.NO_EXERCISES: "A callable bond has no rows in exercises (warning).",
    Code.TRANCHES_EXCEED_POOL: "Notes are above their pool, and the deal does not say so: a run fails it (warning).",
    Code.LAG_TOO_LONG: "A recovery lag is not shorter than the months left, so nothing can default (warning).",
    Code.NEVER_AMORTISES: "A payment that is capped may fall below its interest for good (warning).",
    Code.TERM_NOT_USED: "The row fills a column that its product does not read, or that changes no number (warning).",
    Code.ZERO_NOTIONAL: "A loan's notional is nil (warning).",
    Code.ACQUIRED_BEFORE_ISSUE: "The position was acquired before its instrument was issued (warning).",
    Code.OUTLIER: "The value is far from the rest of its product, or looks like another unit (warning).",
}
