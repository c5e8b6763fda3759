"""The filter that people type: `fico>=700 and state in (CA, NY) and not status=FAILED`. Read here, tested elsewhere.

filter     = all {"or" all}
all        = one {"and" one}
one        = "not" one | "(" filter ")" | comparison
comparison = NAME ("=" | "!=" | "<" | "<=" | ">" | ">=") VALUE
           | NAME ["not"] "in" "(" VALUE {"," VALUE} ")"
           | NAME "is" ["not"] "empty"
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from query_api.errors import BadFilter

GRAMMAR = (
    "NAME = != < <= > >= VALUE, NAME in (A, B), NAME not in (A, B), NAME is empty, NAME is not empty, "
    "joined by and, or, not and ( ); texts with spaces stand in 'quotes'"
)
MAX_CHARACTERS = 4_000
MAX_DEPTH = 50
OPERATORS = ("<=", ">=", "!=", "<>", "==", "=", "<", ">")
SAME_AS = {"==": "=", "<>": "!="}
WORDS = ("and", "or", "not", "in", "is", "empty")

TOKEN = re.compile(
    r"\s*(?:(?P<quoted>'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")|(?P<sign><=|>=|!=|<>|==|=|<|>|\(|\)|,)"
    r"|(?P<word>[^\s'\"()<>=!,]+))"
)


@dataclass(frozen=True)
class Comparison:
    name: str
    operator: str
    value: str


@dataclass(frozen=True)
class OneOf:
    name: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Empty:
    name: str


@dataclass(frozen=True)
class Not:
    condition: "Condition"


@dataclass(frozen=True)
class AllOf:
    conditions: tuple["Condition", ...]


@dataclass(frozen=True)
class AnyOf:
    conditions: tuple["Condition", ...]


Leaf: TypeAlias = Comparison | OneOf | Empty
Condition: TypeAlias = Leaf | Not | AllOf | AnyOf


@dataclass(frozen=True)
class Token:
    text: str
    kind: str
    """quoted, sign, word, or end"""

    def is_word(self, word: str) -> bool:
        return self.kind == "word" and self.text.lower() == word


END = Token("", "end")


def parse_filter(text: str) -> Condition:
    if len(text) > MAX_CHARACTERS:
        raise BadFilter(f"a filter has at most {MAX_CHARACTERS:,} characters", GRAMMAR)
    return _Reader(_tokens(text)).whole()


def names_in(condition: Condition) -> list[str]:
    """In their order, each once."""
    match condition:
        case Not(inner):
            return names_in(inner)
        case AllOf(parts) | AnyOf(parts):
            return list(dict.fromkeys(name for part in parts for name in names_in(part)))
        case _:
            return [condition.name]


def holds(condition: Condition, test: Callable[[Leaf], Any]) -> Any:
    """bool [positions], from what `test` says of each comparison."""
    match condition:
        case Not(inner):
            return ~holds(inner, test)
        case AllOf(parts):
            found = holds(parts[0], test)
            for part in parts[1:]:
                found = found & holds(part, test)
            return found
        case AnyOf(parts):
            found = holds(parts[0], test)
            for part in parts[1:]:
                found = found | holds(part, test)
            return found
        case _:
            return test(condition)


def _tokens(text: str) -> list[Token]:
    tokens, place = [], 0
    while text[place:].strip():
        found = TOKEN.match(text, place)
        if found is None:
            raise _unreadable(f"at {text[place:].strip()[:20]!r}")
        kind = str(found.lastgroup)
        said = found.group(kind)
        tokens.append(Token(_unquoted(said) if kind == "quoted" else said, kind))
        place = found.end()
    return tokens


def _unquoted(said: str) -> str:
    return said[1:-1].replace(said[0] * 2, said[0])


def _unreadable(where: str) -> BadFilter:
    return BadFilter(f"the filter cannot be read {where}", f"write {GRAMMAR}")


class _Reader:
    """Descends by the grammar, a token of look-ahead."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens, self._next, self._depth = tokens, 0, 0

    def whole(self) -> Condition:
        if not self._tokens:
            raise BadFilter("the filter is empty", f"write {GRAMMAR}")
        found = self._any()
        if self._seen() is not END:
            raise self._unexpected()
        return found

    def _any(self) -> Condition:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise BadFilter(f"the filter is nested more than {MAX_DEPTH} deep", f"write {GRAMMAR}")
        parts = [self._all()]
        while self._took("or"):
            parts.append(self._all())
        self._depth -= 1
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _all(self) -> Condition:
        parts = [self._one()]
        while self._took("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _one(self) -> Condition:
        nots = 0
        while self._took("not"):
            nots += 1
        found = self._bare()
        return Not(found) if nots % 2 else found

    def _bare(self) -> Condition:
        if self._took_sign("("):
            found = self._any()
            self._expect(")")
            return found
        return self._comparison()

    def _comparison(self) -> Condition:
        name = self._name()
        if self._took("is"):
            negated = self._took("not")
            if not self._took("empty"):
                raise self._unexpected()
            return Not(Empty(name)) if negated else Empty(name)
        negated = self._took("not")
        if self._took("in"):
            values = self._list()
            return Not(OneOf(name, values)) if negated else OneOf(name, values)
        if negated:
            raise self._unexpected()
        token = self._seen()
        if token.kind != "sign" or token.text not in OPERATORS:
            raise self._unexpected()
        self._next += 1
        return Comparison(name, SAME_AS.get(token.text, token.text), self._value())

    def _list(self) -> tuple[str, ...]:
        self._expect("(")
        values = [self._value()]
        while self._took_sign(","):
            values.append(self._value())
        self._expect(")")
        return tuple(values)

    def _name(self) -> str:
        token = self._seen()
        if token.kind not in ("word", "quoted") or (token.kind == "word" and token.text.lower() in WORDS):
            raise self._unexpected()
        self._next += 1
        return token.text

    def _value(self) -> str:
        """A word that only joins conditions stands in quotes where it is meant as a text."""
        token = self._seen()
        if token.kind not in ("word", "quoted") or any(token.is_word(each) for each in ("and", "or", "not")):
            raise self._unexpected()
        self._next += 1
        return token.text

    def _seen(self) -> Token:
        return self._tokens[self._next] if self._next < len(self._tokens) else END

    def _took(self, word: str) -> bool:
        if self._seen().is_word(word):
            self._next += 1
            return True
        return False

    def _took_sign(self, sign: str) -> bool:
        if self._seen().kind == "sign" and self._seen().text == sign:
            self._next += 1
            return True
        return False

    def _expect(self, sign: str) -> None:
        if not self._took_sign(sign):
            raise self._unexpected()

    def _unexpected(self) -> BadFilter:
        token = self._seen()
        return _unreadable("at its end" if token is END else f"at {token.text[:40]!r}")
