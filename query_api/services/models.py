"""The inventory of models and how their versions stand."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from domain.scenarios.versions import split_reference
from domain.valuation_models import model_stream
from query_api.http.answers import AsOfEvent, document, listing
from query_api.reading import Connect, patiently, reading
from query_api.valuation_models import list_models, show_model


def build_router(connect: Connect) -> APIRouter:
    router = APIRouter(prefix="/api/v1/risk", tags=["risk"])

    @router.get("/models", operation_id="risk_list_models")
    def models(request: Request, as_of_event: AsOfEvent = None) -> Response:
        """Every model at the version in use, with its approval."""
        with reading(connect) as connection:
            return listing(request, list_models(connection, as_of_event))

    @router.get("/models/{model}", operation_id="risk_get_model")
    def model(request: Request, model: str, as_of_event: AsOfEvent = None) -> Response:
        """One model, or `model@version`, with every decision on it."""
        stream = str(model_stream(split_reference(model)[0]))
        return document(request, patiently(connect, stream, lambda c: show_model(c, model, as_of_event)))

    return router
