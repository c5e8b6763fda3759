"""A deal's lines and its waterfall, one distribution at a time, as contract_cash_flows 1a and 2a word them.

Plain and slow, written before the program's own and sharing nothing with it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from tests.walk.oracle.behaviour import QUOTED, mdr, smm
from tests.walk.oracle.dates import add_months, adjusted, thirty_360

Row = dict[str, str]
Speed = tuple[str, float] | None
Forward = Callable[[str, date, date, str], float]
"""(index, start, end, day count) -> simple forward rate, or the fixing where the start is not after as_of"""


def number(row: Row, name: str, default: float = 0.0) -> float:
    return float(row[name]) if row.get(name) else default


def number_or_none(row: Row, name: str) -> float | None:
    return float(row[name]) if row.get(name) else None


def flag(row: Row, name: str, default: bool = False) -> bool:
    return row[name].lower() in ("true", "1", "yes") if row.get(name) else default


def speed_of(text: str | None) -> Speed:
    if not text:
        return None
    kind, _, argument = text.partition(" ")
    return (argument, 100.0) if kind == "MODEL" else (kind, float(argument))


@dataclass(frozen=True)
class Shocks:
    """What a scenario does to a deal: multipliers or other speeds, more severity, a call exercised."""

    prepayment: float = 1.0
    default: float = 1.0
    severity_add: float = 0.0
    prepayment_speed: str | None = None
    default_speed: str | None = None
    called: bool = False
    band: str | None = None
    """the speed at which a PAC is planned: of every line, and without default"""

    def prepaid(self, quoted: str | None) -> Speed:
        if self.band is not None:
            return speed_of(self.band)
        speed = speed_of(quoted if quoted is None or self.prepayment_speed is None else self.prepayment_speed)
        return None if speed is None else (speed[0], speed[1] * self.prepayment)

    def defaulted(self, quoted: str | None) -> Speed:
        if self.band is not None:
            return None
        speed = speed_of(quoted if quoted is None or self.default_speed is None else self.default_speed)
        return None if speed is None else (speed[0], speed[1] * self.default)


@dataclass
class Month:
    """What a line pays in a month, and what it leaves: performing, and defaulted still to be recovered."""

    interest: float = 0.0
    principal: float = 0.0
    defaulted: float = 0.0
    loss_as_defaulted: float = 0.0
    loss_as_realised: float = 0.0
    performing: float = 0.0
    unrecovered: float = 0.0


Modelled = Callable[[str, int, float, int, float, float], float]
"""(model, month, gross rate, age, what is left of the original balance, multiplier) -> single monthly mortality"""


def line_months(
    line: Row, shocks: Shocks, rate_of: Callable[[int], float] | None = None, modelled: Modelled | None = None
) -> list[Month]:
    """Month 1 first. `rate_of` gives the gross rate of a month where the line has an index."""
    wam, age, lag = int(number(line, "wam")), int(number(line, "age")), int(number(line, "recovery_lag_months"))
    prepayment, default = shocks.prepaid(line.get("prepayment")), shocks.defaulted(line.get("default"))
    severity = min(max(number(line, "severity") + shocks.severity_add, 0.0), 1.0)
    advances, servicing = flag(line, "servicer_advances"), number(line, "servicing_fee")
    io, kind = int(number(line, "io_months")), line.get("amortization") or "LEVEL_PAY"
    months = [Month() for _ in range(wam)]
    balance = number(line, "balance")
    rates = [rate_of(m) if rate_of else number(line, "wac") for m in range(1, wam + 1)]
    share = [_share(kind, rates[m - 1] / 12, wam - m + 1, age + m <= io) for m in range(1, wam + 1)]
    for m in range(1, wam + 1):
        now = months[m - 1]
        lost = min(mdr(default, age + m), 1.0) if m <= wam - lag else 0.0
        due = share[m - 1]
        defaulted = lost * balance
        scheduled = (1 - lost) * due * balance
        speed = smm(prepayment, age + m) if prepayment is None or prepayment[0] in QUOTED else math.nan
        if math.isnan(speed):
            assert modelled is not None and prepayment is not None
            left = balance / number(line, "original_balance", number(line, "balance"))
            speed = modelled(prepayment[0], m, rates[m - 1], age + m, left, prepayment[1] / 100)
        prepaid = min(speed * (1 - due), (1 - lost) * (1 - due)) * balance
        now.interest += (balance - defaulted) * (rates[m - 1] - servicing) / 12
        now.principal += scheduled + prepaid
        now.defaulted = defaulted
        now.loss_as_defaulted = severity * defaulted
        if defaulted:
            owed = defaulted
            for j in range(m, m + lag):
                months[j - 1].unrecovered += owed if not advances else 0.0
                if advances:
                    paid = owed * share[j - 1]
                    months[j - 1].principal += paid
                    owed -= paid
                    months[j - 1].unrecovered += owed
            recovered = max(owed - severity * defaulted, 0.0)
            months[m + lag - 1].principal += recovered
            months[m + lag - 1].loss_as_realised += owed - recovered
        balance -= defaulted + scheduled + prepaid
        now.performing = balance if m < wam else 0.0
    return months


def _share(kind: str, r: float, n: int, interest_only: bool) -> float:
    """Of the balance, what the schedule pays in a month with n left."""
    if n == 1:
        return 1.0
    if interest_only or kind == "BULLET":
        return 0.0
    if kind == "LINEAR" or r == 0:
        return 1.0 / n
    return r / ((1 + r) ** n - 1)


@dataclass
class Tranche:
    row: Row
    balance: float
    carried: float = 0.0
    """interest owed from before"""
    due: float = 0.0
    paid: float = 0.0
    principal: float = 0.0
    loss: float = 0.0
    capitalised: float = 0.0
    opening: float = 0.0
    rate: float = 0.0

    @property
    def kind(self) -> str:
        return self.row["kind"]

    @property
    def name(self) -> str:
        return self.row["instrument_id"]

    @property
    def rank(self) -> float:
        return number(self.row, "rank")

    @property
    def interest_rank(self) -> float:
        return number(self.row, "interest_rank", self.rank)

    @property
    def is_note(self) -> bool:
        return self.kind not in ("NOTIONAL", "RESIDUAL")


@dataclass
class Deal:
    """One deal under one scenario; `project` fills `tranche_rows` and `pool_rows`."""

    row: Row
    lines: list[Row]
    tranches: list[Row]
    triggers: list[Row] = field(default_factory=list)
    schedules: list[Row] = field(default_factory=list)
    as_of: date = date.min
    shocks: Shocks = field(default_factory=Shocks)
    forward: Forward | None = None
    speed_by_model: Callable[[str, date, float, int, float, float], float] | None = None
    """as `Modelled`, of the date of the distribution that collects the month"""
    tranche_rows: list[dict[str, object]] = field(default_factory=list)
    pool_rows: list[dict[str, object]] = field(default_factory=list)

    # dates

    def distribution(self, k: int) -> date:
        """Unadjusted; number 0 is the start of the first accrual."""
        first = date.fromisoformat(self.row["first_payment_date"])
        if k == 0 and self.row.get("accrual_start_date"):
            return date.fromisoformat(self.row["accrual_start_date"])
        return add_months(first, k - 1)

    def paid_on(self, k: int) -> date:
        holidays, rule = self.row.get("calendar") or "NONE", self.row.get("business_day") or "UNADJUSTED"
        return adjusted(holidays, rule, self.distribution(k))

    def fraction(self, day_count: str, k: int) -> float:
        start, end = self.distribution(k - 1), self.distribution(k)
        if day_count == "30/360":
            by_date = k == 1 and bool(self.row.get("accrual_start_date"))
            return thirty_360(start, end, european=False) if by_date else 1 / 12
        return (end - start).days / (360.0 if day_count == "ACT/360" else 365.0)

    # collateral

    def line_rate(self, line: Row) -> Callable[[int], float] | None:
        if not line.get("index"):
            return None

        def rate(month: int) -> float:
            start, end = self.distribution(month - 1), self.distribution(month)
            assert self.forward is not None
            simple = self.forward(line["index"], start, end, "MONTH") + number(line, "margin")
            return _clipped(simple, line)

        return rate

    def modelled(self, first: int) -> Modelled:
        def speed(name: str, month: int, gross: float, age: int, left: float, multiplier: float) -> float:
            assert self.speed_by_model is not None
            on = self.distribution(max(month - first + 1, 1))
            return self.speed_by_model(name, on, gross, age, left, multiplier)

        return speed

    def collected(self, shocks: Shocks) -> list[Month]:
        """The lines together, a row a distribution: the first takes the months that it collects."""
        total: list[Month] = []
        for line in self.lines:
            first = int(number(line, "first_collection_months", 1.0))
            months = line_months(line, shocks, self.line_rate(line), self.modelled(first))
            taken = [months[:first], *([each] for each in months[first:])]
            while len(total) < len(taken):
                total.append(Month())
            for into, parts in zip(total, taken, strict=False):
                for part in parts:
                    into.interest += part.interest
                    into.principal += part.principal
                    into.defaulted += part.defaulted
                    into.loss_as_defaulted += part.loss_as_defaulted
                    into.loss_as_realised += part.loss_as_realised
                into.performing += parts[-1].performing if parts else 0.0
                into.unrecovered += parts[-1].unrecovered if parts else 0.0
        return total

    # the waterfall

    def project(self) -> None:
        deal, lines = self.row, self.collected(self.shocks)
        writes, basis = flag(deal, "write_down"), deal.get("principal_basis") or "COLLECTIONS"
        pool = sum(number(line, "balance") for line in self.lines)
        original = number(deal, "original_balance", pool)
        tranches = [Tranche(row, number(row, "balance"), number(row, "interest_shortfall")) for row in self.tranches]
        notes = [each for each in tranches if each.is_note]
        self._notionals(tranches, pool)
        reserve, losses, failed_for_good = number(deal, "reserve_balance"), number(deal, "losses_to_date"), set[str]()
        planned = self.planned(notes)
        for k, month in enumerate(lines, start=1):
            last = k == len(lines)
            before, pool = pool, month.performing + (month.unrecovered if writes else 0.0)
            loss_k = month.loss_as_realised if writes else month.loss_as_defaulted
            losses += loss_k
            start_notes = sum(each.balance for each in notes)
            failing = self.failing(k, losses / original, pool, month.principal, start_notes, original, failed_for_good)
            requirement = max(number(deal, "reserve_target") * pool, number(deal, "reserve_floor") * original)
            for each in tranches:
                each.opening, each.due, each.paid, each.principal = each.balance, 0.0, 0.0, 0.0
                each.loss, each.capitalised = 0.0, 0.0
            self.interest_due(tranches, k)
            called = self.is_called(month, reserve, tranches, notes, before, original)
            state = _Step(month.interest + month.principal, reserve)
            if called:
                state.available += month.performing + state.reserve
                state.reserve = 0.0
            else:
                freed = max(state.reserve - requirement, 0.0)
                state.available, state.reserve = state.available + freed, state.reserve - freed
            fees = state.pay(number(deal, "fee_rate") * before / 12 + number(deal, "fee_amount"))
            accreted = self.accrete(tranches, notes, called)
            covered = self.pay_interest(state, tranches, notes, pool, month.principal, basis)
            interest_paid = sum(each.paid for each in tranches)
            if called:
                for each in notes:
                    state.principal(each, each.balance)
            else:
                moment = Moment(
                    k, last, month, before, pool, accreted, covered, failing, requirement, original, planned
                )
                self.pay_principal(state, notes, moment)
            residual, over = state.available, [each for each in tranches if each.kind == "RESIDUAL"]
            if not any(each.balance > 1e-9 for each in notes):
                residual, state.reserve = residual + state.reserve, 0.0
            units = sum(each.balance for each in over)
            for each in over:
                each.paid = residual * each.balance / units if units else 0.0
            if writes and not called:
                self.write_down(notes, pool)
            end = last or called
            if end:
                for each in notes:
                    each.loss, each.balance = each.loss + each.balance, 0.0
            self._notionals(tranches, 0.0 if called else pool)
            reserve = state.reserve
            self.tell(k, tranches)
            self.pool_rows.append(
                {
                    "period": k, "pay_date": self.paid_on(k), "opening_balance": before, "interest": month.interest,
                    "principal": month.principal, "defaulted": month.defaulted, "loss": loss_k,
                    "closing_balance": 0.0 if called else pool, "fees": fees, "interest_paid": interest_paid,
                    "principal_paid": sum(each.principal for each in notes), "reserve_balance": reserve,
                    "residual": residual, "triggers": " ".join(sorted(failing)), "called": called,
                }
            )  # fmt: skip
            if called:
                break

    def interest_due(self, tranches: list[Tranche], k: int) -> None:
        for each in tranches:
            if each.kind == "RESIDUAL":
                continue
            day_count = each.row.get("day_count") or "30/360"
            part = self.fraction(day_count, k)
            each.rate = number(each.row, "coupon")
            if each.row.get("index"):
                assert self.forward is not None
                start, end = self.distribution(k - 1), self.distribution(k)
                forward = self.forward(each.row["index"], start, end, day_count)
                multiplier = number(each.row, "index_multiplier", 1.0)
                each.rate = _clipped(multiplier * forward + number(each.row, "margin"), each.row)
            bears = flag(self.row, "shortfall_interest", True)
            late = each.carried * (1 + each.rate * part if bears else 1.0)
            each.due = each.opening * max(each.rate * part, 0.0) + late

    def accrete(self, tranches: list[Tranche], notes: list[Tranche], called: bool) -> float:
        """A Z's interest joins its balance while a note of lower rank is there at the start; at a call it is paid."""
        total = 0.0
        for each in tranches:
            if each.kind == "Z" and not called and any(x.opening > 0 and x.rank < each.rank for x in notes):
                each.capitalised, each.due = each.due, 0.0
                each.carried = 0.0
                each.balance += each.capitalised
                total += each.capitalised
        return total

    def pay_interest(
        self, state: "_Step", tranches: list[Tranche], notes: list[Tranche], pool: float, principal: float, basis: str
    ) -> float:
        covered = 0.0
        for rank in sorted({each.interest_rank for each in tranches if each.kind != "RESIDUAL"}):
            tied = [each for each in tranches if each.kind != "RESIDUAL" and each.interest_rank == rank]
            owed = sum(each.due for each in tied)
            paid = state.pay(owed)
            for each in tied:
                each.paid = each.due * paid / owed if owed else 0.0
                each.carried = each.due - each.paid
            for each in sorted(tied, key=lambda x: x.rank):
                test = number_or_none(each.row, "coverage_test")
                if test is None:
                    continue
                senior = [x for x in notes if x.rank <= each.rank]
                held = pool + principal if basis == "COLLECTIONS" else pool
                need = sum(x.balance for x in senior) - held / test
                covered += state.in_rank_order(senior, max(need, 0.0))
        return covered

    def pay_principal(self, state: "_Step", notes: list[Tranche], at: "Moment") -> None:
        k, last, month, pool, failing = at.k, at.last, at.month, at.pool, at.failing
        requirement, original, planned = at.requirement, at.original, at.planned
        basis = self.row.get("principal_basis") or "COLLECTIONS"
        deal = self.row
        balance = sum(each.balance for each in notes)
        regular = (month.principal if basis == "COLLECTIONS" else at.before - pool - at.covered) + at.accreted
        targets = [number_or_none(deal, name) for name in ("oc_target", "oc_initial", "oc_floor")]
        has_target = any(each is not None for each in targets)
        turbo = "TURBO" in failing
        if not has_target or turbo:
            target = balance
        else:
            step = date.fromisoformat(deal["step_down_date"]) if deal.get("step_down_date") else None
            initial = step is not None and self.distribution(k) < step
            t = number(deal, "oc_initial") * original if initial else number(deal, "oc_target") * pool
            if flag(deal, "oc_counts_reserve"):
                t -= requirement
            target = max(0.0, balance - max(0.0, pool - max(number(deal, "oc_floor") * original, t)))
        if last:
            state.available, state.reserve = state.available + state.reserve, 0.0
            target = due = balance
        else:
            due = min(max(regular, 0.0), target)
        plan = {name: values[k - 1] if k <= len(values) else 0.0 for name, values in planned.items()}
        paid = self.share(state, notes, due, plan, k, failing)
        if not last:
            filled = min(state.available, max(requirement - state.reserve, 0.0))
            state.available, state.reserve = state.available - filled, state.reserve + filled
        if has_target or turbo:
            self.share(state, notes, target - paid, plan, k, failing)

    def share(
        self, state: "_Step", notes: list[Tranche], due: float, plan: dict[str, float], k: int, failing: set[str]
    ) -> float:
        """Rules (a) to (c) of the contract; returns what was paid."""
        start = left = min(max(due, 0.0), state.available)
        pacs = [each for each in notes if each.kind == "PAC"]
        for rank in sorted({each.rank for each in pacs}):
            tied = [each for each in pacs if each.rank == rank]
            needs = [max(each.balance - plan.get(each.name, 0.0), 0.0) for each in tied]
            left -= state.pro_rata(tied, needs, left)
        others = [each for each in notes if each.kind != "PAC"]
        locked = [each for each in others if self._locked(each, k)]
        free = [each for each in others if not self._locked(each, k)]
        pro_rata = [each for each in others if each.kind == "PRO_RATA"]
        lowest = min((each.rank for each in pro_rata), default=0.0)
        together = "SEQUENTIAL" not in failing

        def place(each: Tranche) -> float:
            return lowest if each.kind == "PRO_RATA" and together else each.rank

        for rank in sorted({place(each) for each in free}):
            tied = [each for each in free if place(each) == rank]
            left -= state.pro_rata(tied, [each.balance for each in tied], left)
        rest = [*locked, *pacs]
        for rank in sorted({each.rank for each in rest}):
            tied = [each for each in rest if each.rank == rank]
            left -= state.pro_rata(tied, [each.balance for each in tied], left)
        return start - left

    def _locked(self, each: Tranche, k: int) -> bool:
        until = each.row.get("lockout_date")
        return bool(until) and self.paid_on(k) <= date.fromisoformat(str(until))

    def write_down(self, notes: list[Tranche], pool: float) -> None:
        left = max(sum(each.balance for each in notes) - pool, 0.0)
        for rank in sorted({each.rank for each in notes}, reverse=True):
            tied = [each for each in notes if each.rank == rank]
            total = sum(each.balance for each in tied)
            taken = min(left, total)
            for each in tied:
                cut = taken * each.balance / total if total else 0.0
                each.balance, each.loss = each.balance - cut, each.loss + cut
            left -= taken

    def is_called(
        self, month: Month, reserve: float, tranches: list[Tranche], notes: list[Tranche],
        before: float, original: float,
    ) -> bool:  # fmt: skip
        share = number(self.row, "clean_up_call")
        exercised = flag(self.row, "call_exercised") or self.shocks.called
        if not exercised or share <= 0 or month.performing > share * original:
            return False
        fees = number(self.row, "fee_rate") * before / 12 + number(self.row, "fee_amount")
        owed = fees + sum(each.due for each in tranches) + sum(each.balance for each in notes)
        return month.performing + month.interest + month.principal + reserve >= owed

    def failing(
        self, k: int, loss: float, pool: float, principal: float, notes: float, original: float, for_good: set[str]
    ) -> set[str]:
        failing = set[str]()
        for test, action in {(row["test"], row["action"]) for row in self.triggers}:
            key = f"{test} {action}"
            on = self.distribution(k)
            rows = [
                row for row in self.triggers
                if (row["test"], row["action"]) == (test, action) and date.fromisoformat(row["from_date"]) <= on
            ]  # fmt: skip
            if rows:
                row = max(rows, key=lambda each: each["from_date"])
                level = number(row, "level")
                fails = {
                    "CUMULATIVE_LOSS": loss > level,
                    "OC_RATIO": notes > 0 and (pool + principal) / notes < level,
                    "POOL_FACTOR": pool / original < level,
                }[test]
                if fails and not flag(row, "curable", True):
                    for_good.add(key)
                if fails:
                    failing.add(action)
            if key in for_good:
                failing.add(action)
        return failing

    def planned(self, notes: list[Tranche]) -> dict[str, list[float]]:
        """Balances of the PACs after each distribution: as scheduled, or by their bands."""
        plan: dict[str, list[float]] = {}
        taken: list[tuple[float, list[float]]] = []
        for each in sorted((x for x in notes if x.kind == "PAC"), key=lambda x: x.rank):
            rows = sorted(
                (row for row in self.schedules if row["instrument_id"] == each.name), key=lambda row: row["date"]
            )
            if rows:
                plan[each.name] = self._scheduled(rows, each.balance)
                continue
            low, high = (
                [month.principal for month in self.collected(Shocks(band=each.row[name]))]
                for name in ("pac_low", "pac_high")
            )
            balance, balances, paid = each.balance, [], []
            for k, amounts in enumerate(zip(low, high, strict=True)):
                senior = sum(amount[k] for rank, amount in taken if rank < each.rank)
                part = min(max(min(amounts) - senior, 0.0), balance)
                balance -= part
                paid.append(part)
                balances.append(balance)
            taken.append((each.rank, paid))
            plan[each.name] = balances
        return plan

    def _scheduled(self, rows: list[Row], balance: float) -> list[float]:
        balances, last = [], max(int(number(line, "wam")) for line in self.lines)
        for k in range(1, last + 1):
            on = self.distribution(k)
            held = [number(row, "balance") for row in rows if date.fromisoformat(row["date"]) <= on]
            balances.append(held[-1] if held else balance)
        return balances

    def _notionals(self, tranches: list[Tranche], pool: float) -> None:
        """A strip's notional moves in proportion to what it stands on."""
        by_name = {each.name: each for each in tranches}
        for each in tranches:
            if each.kind != "NOTIONAL":
                continue
            base, now = self._stands_on(each, by_name, pool)
            each.balance = number(each.row, "balance") * (now / base if base else 0.0)

    def _stands_on(self, each: Tranche, by_name: dict[str, Tranche], pool: float) -> tuple[float, float]:
        if each.row["notional_of"] == "POOL":
            return sum(number(line, "balance") for line in self.lines), pool
        base = now = 0.0
        for name in each.row["notional_of"].split():
            other = by_name[name]
            if other.kind == "NOTIONAL":
                was, share = self._stands_on(other, by_name, pool)
                base += number(other.row, "balance")
                now += number(other.row, "balance") * (share / was if was else 0.0)
            else:
                base += number(other.row, "balance")
                now += other.balance
        return base, now

    def tell(self, k: int, tranches: list[Tranche]) -> None:
        for each in tranches:
            original = number(each.row, "original_balance", number(each.row, "balance"))
            self.tranche_rows.append(
                {
                    "instrument_id": each.name, "period": k, "pay_date": self.paid_on(k), "rate": each.rate,
                    "opening_balance": each.opening, "interest_due": each.due, "interest": each.paid,
                    "interest_shortfall": each.carried, "principal": each.principal, "capitalised": each.capitalised,
                    "loss": each.loss, "closing_balance": each.balance,
                    "percent_outstanding": 100 * each.balance / original if original else None,
                }
            )  # fmt: skip


@dataclass
class Moment:
    """A distribution when its fees and interest are paid, and its principal is not."""

    k: int
    last: bool
    month: Month
    before: float
    pool: float
    accreted: float
    covered: float
    failing: set[str]
    requirement: float
    original: float
    planned: dict[str, list[float]]


@dataclass
class _Step:
    """Money of one distribution: what is available, and the reserve."""

    available: float
    reserve: float

    def pay(self, owed: float) -> float:
        """From what is available, then the reserve."""
        first = min(owed, self.available)
        second = min(owed - first, self.reserve)
        self.available -= first
        self.reserve -= second
        return first + second

    def principal(self, note: Tranche, amount: float) -> None:
        note.balance -= amount
        if note.balance < 1e-11 * note.opening:
            note.balance = 0.0  # what rounding leaves is no balance
        note.principal += amount
        self.available -= amount

    def pro_rata(self, notes: list[Tranche], needs: list[float], most: float) -> float:
        total = sum(needs)
        paid = min(total, most)
        if total <= 0 or paid <= 0:
            return 0.0
        for note, need in zip(notes, needs, strict=True):
            self.principal(note, need * paid / total)
        return paid

    def in_rank_order(self, notes: list[Tranche], amount: float) -> float:
        left = min(amount, self.available)
        start = left
        for rank in sorted({each.rank for each in notes}):
            tied = [each for each in notes if each.rank == rank]
            left -= self.pro_rata(tied, [each.balance for each in tied], left)
        return start - left


def _clipped(rate: float, row: Row) -> float:
    floor, cap = number_or_none(row, "floor"), number_or_none(row, "cap")
    rate = rate if cap is None else min(rate, cap)
    return rate if floor is None else max(rate, floor)
