"""A webhook: where messages go, and which."""

import re
from typing import Annotated, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from domain.documents import InvalidDocument, Part, Text, parse_document

RUN_COMPLETED, RUN_PUBLISHED = "run.completed", "run.published"
LIMIT_BREACHED, INGESTION_REJECTED = "limit.breached", "ingestion.rejected"
MESSAGE_TYPES = (RUN_COMPLETED, RUN_PUBLISHED, LIMIT_BREACHED, INGESTION_REJECTED)
PORTS = {"http": 80, "https": 443}
MAX_URL = 2_048


def _webhook_id(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", text):
        fix = "use letters, digits, and _ . - between them"
        raise PydanticCustomError("invalid_id", "this cannot be an id", {"fix": fix})
    return text


def _url(text: str) -> str:
    fix = "write it as https://host/path, in ASCII, without user, password and fragment"
    if not re.fullmatch(r"[!-~]+", text) or len(text) > MAX_URL:
        raise PydanticCustomError("invalid_url", "this is no address of a receiver", {"fix": fix})
    try:
        parts = urlsplit(text)
        is_usable = parts.scheme in PORTS and parts.hostname and not parts.fragment and port_of(parts) > 0
    except ValueError:
        is_usable = False
    if not is_usable or "@" in parts.netloc or "\\" in text:
        raise PydanticCustomError("invalid_url", "this is no address of a receiver", {"fix": fix})
    return text


def _some(values: tuple[str, ...]) -> tuple[str, ...]:
    if not values:
        raise PydanticCustomError("invalid_value", "the list is empty", {"fix": "name at least one, or leave it out"})
    return values


def port_of(parts: SplitResult) -> int:
    return PORTS[parts.scheme] if parts.port is None else parts.port


class WebhookDocument(Part):
    """`nodes`: messages about these nodes of the portfolio tree and what is below; all without them."""

    webhook_id: Annotated[Text, AfterValidator(_webhook_id)]
    url: Annotated[str, Field(strict=True), AfterValidator(_url)]
    events: Annotated[tuple[Literal[MESSAGE_TYPES], ...], AfterValidator(_some)]  # type: ignore[valid-type]
    nodes: Annotated[tuple[Text, ...], AfterValidator(_some)] | None = None


class InvalidWebhook(InvalidDocument):
    """A webhook that cannot be used."""


def parse_webhook(raw: bytes | str) -> WebhookDocument:
    """Raises InvalidWebhook with everything that is wrong."""
    return parse_document(raw, WebhookDocument, InvalidWebhook)
