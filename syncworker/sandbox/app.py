"""What does the sandbox answer? One application over its shops: each in its own dialect, and the control API."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from syncworker.sandbox.control import control_router, ring_at
from syncworker.sandbox.dialects import DIALECTS, MARKETPLACE, Dialect
from syncworker.sandbox.house import House
from syncworker.sandbox.manners import Manners
from syncworker.sandbox.refusal import RefusedError

_DESCRIPTION = "The REST contract of the pretend marketplaces. In words: docs/marketplace-api.md."


def create_app(house: House) -> FastAPI:
    """The application over these shops: each dialect's endpoints under `/{shop}`, the control API under `/control`."""
    app = FastAPI(
        title="Marketplace API",
        version="1",
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    strange = {front.dialect for front in house.shops.values()} - set(DIALECTS)
    if strange:
        raise ValueError(f"no shop can speak {', '.join(sorted(strange))}; there are: {', '.join(DIALECTS)}")
    for front in house.shops.values():
        if front.webhook_url is not None:
            ring_at(front, front.webhook_url, house)
    _answer_errors(app, house)
    app.include_router(control_router(house))
    app.include_router(MARKETPLACE.router(house))
    foreign = {
        name: _foreign(house, dialect) for name, dialect in DIALECTS.items() if dialect is not MARKETPLACE
    }
    app.add_middleware(_ByDialect, house=house, foreign=foreign)
    return app


def _foreign(house: House, dialect: Dialect) -> ASGIApp:
    """The endpoints of another dialect, which do not see those of any other one."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    _answer_errors(app, house)
    app.include_router(dialect.router(house))
    return app


class _ByDialect:
    """Hands each request to the endpoints of the dialect that the shop in its path speaks, and to no others."""

    def __init__(self, app: ASGIApp, *, house: House, foreign: Mapping[str, ASGIApp]) -> None:
        self._app = app
        self._house = house
        self._foreign = foreign

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        front = self._house.shops.get(scope.get("path", "").partition("/")[2].partition("/")[0])
        app = self._app if front is None else self._foreign.get(front.dialect, self._app)
        await app(scope, receive, send)


def _manners(house: House, request: Request) -> Manners:
    """Those of the shop that the path names."""
    front = house.shops.get(request.url.path.split("/", 2)[1])
    return DIALECTS[front.dialect].manners if front else Manners()


def _answer_errors(app: FastAPI, house: House) -> None:
    def no(request: Request, status: int, code: str, words: str) -> Response:
        return _manners(house, request).refusal(RefusedError(status, code, words), house.clock())

    @app.exception_handler(RefusedError)
    def refused(request: Request, error: RefusedError) -> Response:
        return _manners(house, request).refusal(error, house.clock())

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> Response:
        problems = error.errors()
        if any(problem["type"] == "json_invalid" for problem in problems):
            return no(request, 400, "invalid_json", "the body is not JSON")
        words = "; ".join(f"{_place(problem['loc'])}: {problem['msg']}" for problem in problems[:20])
        return no(request, 422, "invalid_request", words)

    @app.exception_handler(404)
    def no_such_path(request: Request, _error: Exception) -> Response:
        return no(request, 404, "not_found", f"there is no {request.url.path}")

    @app.exception_handler(405)
    def no_such_method(request: Request, _error: Exception) -> Response:
        return no(request, 405, "not_allowed", f"{request.method} is not possible at {request.url.path}")


def _place(steps: tuple[int | str, ...]) -> str:
    return ".".join(str(step) for step in steps)
