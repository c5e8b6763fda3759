"""Prepayment and default speeds: the text a desk quotes, and the monthly rate it means at a loan's age."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from compute.kernels.kernel import kernel

PREPAYMENT_KINDS = ("CPR", "SMM", "PSA", "ABS", "MODEL")
DEFAULT_KINDS = ("CDR", "SDA", "PD")
SPEED_KINDS = PREPAYMENT_KINDS + DEFAULT_KINDS
NO_SPEED = -1
CPR, SMM, PSA, ABS, MODEL, CDR, SDA, PD = range(len(SPEED_KINDS))
"""Codes of kinds in arrays: the index in SPEED_KINDS, NO_SPEED where a position quotes none."""

_NEVER = 1 << 30


@dataclass(frozen=True)
class Speed:
    """A quoted speed: `quoted_pct` as written (6 for `CPR 6`); MODEL has a name, and is 100 % of it; PD has neither."""

    kind: str
    quoted_pct: float = 0.0
    name: str = ""

    @property
    def code(self) -> int:
        return SPEED_KINDS.index(self.kind)

    @property
    def is_rate(self) -> bool:
        """MODEL and PD need more than their text: a model, an issuer."""
        return self.kind not in ("MODEL", "PD")


def parse_speed(text: str, kinds: Sequence[str] = SPEED_KINDS) -> Speed:
    """The speed that a text such as `CPR 6`, `PSA 165`, `MODEL base` or `PD` quotes.

    Raises ValueError, saying what was expected, when it is none of `kinds` (PREPAYMENT_KINDS or DEFAULT_KINDS).
    """
    kind, _, argument = text.strip().partition(" ")
    kind, argument = kind.upper(), argument.strip()
    if kind not in kinds:
        raise ValueError(f"{text!r} is no speed: it begins with one of {', '.join(kinds)}")
    if kind == "PD":
        if argument:
            raise ValueError(f"{text!r}: PD takes no number, it comes from the issuer or its rating")
        return Speed(kind)
    if kind == "MODEL":
        if not argument:
            raise ValueError(f"{text!r}: MODEL takes the model's name, such as MODEL base")
        return Speed(kind, 100.0, argument)
    return Speed(kind, _percent(text, kind, argument))


def _percent(text: str, kind: str, argument: str) -> float:
    try:
        quoted_pct = float(argument)
    except ValueError:
        raise ValueError(f"{text!r}: {kind} takes one number in percent, such as {kind} 6") from None
    if not math.isfinite(quoted_pct) or quoted_pct < 0:
        raise ValueError(f"{text!r}: a speed is a number of percent that is not negative")
    return quoted_pct


@kernel
def smm(kind: int, quoted_pct: float, age_mo: int, multiplier: float) -> float:
    """Share of the scheduled balance that prepays in the month that ends at loan age `age_mo`.

        CPR c: 1 - (1 - c)^(1/12)      SMM s: s      PSA p: CPR p x 0.2 % x min(age, 30)
        ABS a: a / (1 - a (age - 1)), age from origination

    Args:    kind a code, quoted_pct in percent, multiplier of the speed as quoted; ages below 1 count as 1
    Returns: decimal in [0, 1]; 0 for NO_SPEED, NaN for a kind that is no rate (MODEL)
    Source:  SIFMA (Bond Market Association) Uniform Practices, Standard Formulas B.2 and B.4, 1 February 1999
    """
    speed = quoted_pct * multiplier / 100.0
    month = max(age_mo, 1)
    if kind == NO_SPEED:
        return 0.0
    if kind == CPR:
        return _monthly(speed)
    if kind == PSA:
        return _monthly(speed * 0.002 * min(month, 30))
    if kind == SMM:
        return min(speed, 1.0)
    if kind == ABS:
        left = 1.0 - speed * (month - 1)
        return speed / left if speed < left else 1.0
    return math.nan


@kernel
def mdr(kind: int, quoted_pct: float, age_mo: int, multiplier: float) -> float:
    """Share of the performing balance that defaults in the month that ends at loan age `age_mo`.

        CDR c: 1 - (1 - c)^(1/12)      SDA p: CDR p x curve(age), 0.02 % a month up to 0.6 % at 30, level to 60,
        down 0.0095 % a month to 0.03 % at 120 and after

    Args, returns: as `smm`; NaN for PD
    Source:  SIFMA Standard Formulas C.4
    """
    speed = quoted_pct * multiplier / 100.0
    month = max(age_mo, 1)
    if kind == NO_SPEED:
        return 0.0
    if kind == CDR:
        return _monthly(speed)
    if kind == SDA:
        falling = 0.006 - 0.000095 * (min(month, 120) - 60)
        return _monthly(speed * min(0.0002 * min(month, 30), falling))
    return math.nan


@kernel
def settled_age_mo(kind: int) -> int:
    """The age from which a speed's monthly rate no longer changes."""
    if kind == PSA:
        return 30
    if kind == SDA:
        return 120
    return _NEVER if kind == ABS else 1


@kernel
def _monthly(annual: float) -> float:
    return -math.expm1(math.log1p(-min(annual, 1.0)) / 12.0)
