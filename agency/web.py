"""The agency over HTTP: one POST path, a limit on bodies, and a sentence for whatever goes wrong."""

from __future__ import annotations

import logging
from time import perf_counter
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from agency.service import Agency, Answer
from engine.protocol.wire import ProtocolError

LARGEST_BODY = 1024 * 1024
_log = logging.getLogger("agency")
_NOT_FOUND, _NOT_ALLOWED, _BUG = 404, 405, 500
_SENTENCES = {
    _NOT_FOUND: "没有这个接口地址，请核对经办端地址和路径。",
    _NOT_ALLOWED: "接口只接受 POST，请核对调用方式。",
}


def make_web(agency: Agency) -> Starlette:
    """Return the ASGI application that serves ``agency``."""

    async def call(request: Request) -> Response:
        began = perf_counter()
        body = await _body(request)
        if body is None:
            too_large = ProtocolError("报文超过 1 MiB，请分批发送。", "too_large")
            answer = agency.refusal(too_large)
        else:
            answer = await run_in_threadpool(agency.answer, request.headers, body)
        _log.info("%s %s %d %.1fms", answer.infno, answer.verdict, answer.status, _ms_since(began))
        return _response(answer)

    async def trouble(_request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else _BUG
        text = _SENTENCES.get(status, "医保中心程序出错，本次没有办理，请稍后重试并联系医保中心。")
        return _response(agency.refusal(ProtocolError(text, f"http_{status}"), status=status))

    handlers: dict[type[Exception], Any] = {HTTPException: trouble, Exception: trouble}
    return Starlette(routes=[Route(agency.path, call, methods=["POST"])], exception_handlers=handlers)


async def _body(request: Request) -> bytes | None:
    """Return the body, or None as soon as it is over the limit: no more of it is kept than that."""
    body = bytearray()
    async for chunk in request.stream():
        if len(body) + len(chunk) > LARGEST_BODY:
            return None
        body += chunk
    return bytes(body)


def _response(answer: Answer) -> Response:
    return Response(answer.text, status_code=answer.status, media_type="application/json")


def _ms_since(began: float) -> float:
    return (perf_counter() - began) * 1000
