"""How columns of results are packed: what writes them and what reads them agree here."""

from collections.abc import Sequence

PART_POSITIONS = 2_048
"""Of a packed column: what is opened to read one number."""
Packed = Sequence[Sequence[Sequence[bytes | memoryview]]]
"""[columns][parts][scenarios] zstd frames: eight byte planes, lowest first, of bits XOR those of the first scenario."""
