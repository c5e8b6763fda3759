"""The services behind this address: what each is for, where it is alone, and its own OpenAPI document."""

from collections.abc import Mapping
from html import escape

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from query_api.errors import NotFound
from query_api.http.answers import document, html_page
from query_api.http.openapi import API, described

SERVICES = {
    "marketdata": "Markets: the snapshots, and each one's document.",
    "orchestrator": "Runs: asked for, followed, decided on.",
    "results": "Results of runs: positions, totals, the largest.",
    "audit": "The log's evidence: histories, lineage, certificates, seals.",
    "portfolio": "Portfolios: their snapshots and trees, and totals on a tree.",
    "risk": "Key rates, scenarios, value at risk, and the models.",
    "cashflow": "Schedules, deals, ladders, repricing gaps, liquidity, bridges.",
    "regulatory": "Capital, allowance, stress, limits, policies and rules.",
    "scenario": "Scenarios, sets of them, and histories.",
    "ingestion": "Portfolios on their way in: validated, then stored.",
}
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Tenor: services</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}}
td,th{{text-align:left;padding:.3rem 1rem .3rem 0;vertical-align:top}}</style>
<h1>Services</h1><table><tr><th>Service<th>What for<th>Port alone<th>OpenAPI</tr>{rows}</table>
<p><a href="/docs">All operations</a> · <a href="/docs/problems">Problems</a>
 · <a href="/openapi.json">OpenAPI of all</a>
</html>"""
ROW = '<tr><td>{name}<td>{what}<td>{port}<td><a href="{openapi}">{openapi}</a></tr>'


def build_router(ports: Mapping[str, int]) -> APIRouter:
    """`ports`: of the services that are behind this address, each one's when it is served alone."""
    router = APIRouter(include_in_schema=False)

    @router.get("/api/v1")
    def list_services(request: Request) -> Response:
        rows = [
            {"service": name, "what": SERVICES[name], "port": port, "openapi": f"{API}{name}/openapi.json"}
            for name, port in ports.items()
        ]
        if request.headers.get("accept", "").startswith("text/html"):
            listed = "".join(
                ROW.format(name=row["service"], what=escape(str(row["what"])), port=row["port"], openapi=row["openapi"])
                for row in rows
            )
            return html_page(request, PAGE.format(rows=listed))
        return document(request, rows)

    @router.get("/api/v1/{service}/openapi.json")
    async def describe_service(request: Request, service: str) -> JSONResponse:
        if service not in ports:
            raise NotFound(f"there is no service {service!r} here", f"one of {', '.join(ports)}")
        return JSONResponse(described(request.app, service))

    return router
