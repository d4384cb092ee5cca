"""The agency over HTTP: one POST path, limits on bodies and patience, a sentence for whatever goes wrong."""

from __future__ import annotations

import asyncio
import logging
import re
from contextlib import AsyncExitStack
from time import perf_counter
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from agency.operations import Operations
from agency.patience import PATIENCE, Patience, TooLarge, read_body
from agency.service import Agency, Answer
from engine.protocol.wire import ProtocolError

LARGEST_BODY = 1024 * 1024
LARGEST_BATCH = 16 * 1024 * 1024
"""For a batch (SY06) and an uploaded file (9101), of a caller whose headers are signed."""

_LARGE_AT_ONCE = 4
"""Bodies over LARGEST_BODY that are held at one time; the next ones are read when there is room."""

_large = re.compile(rb'\s*\{\s*"infno"\s*:\s*"(SY06|9101)"').match
_log = logging.getLogger("agency")
_TOO_SLOW, _NOT_FOUND, _NOT_ALLOWED, _BUG = 408, 404, 405, 500
_SENTENCES = {
    _NOT_FOUND: "没有这个接口地址，请核对经办端地址和路径。",
    _NOT_ALLOWED: "接口只接受 POST，请核对调用方式。",
}


def make_web(
    agency: Agency, operations: Operations | None = None, patience: Patience = PATIENCE
) -> Starlette:
    """Return the ASGI application that serves ``agency``, and to its people its operations page."""
    room = asyncio.Semaphore(_LARGE_AT_ONCE)

    async def call(request: Request) -> Response:
        began = perf_counter()
        async with AsyncExitStack() as held:
            answer = await _answer(agency, request, patience, room, held)
        _log.info("%s %s %d %.1fms", answer.infno, answer.verdict, answer.status, _ms_since(began))
        return _response(answer)

    async def trouble(_request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else _BUG
        text = _SENTENCES.get(status, "医保中心程序出错，本次没有办理，请稍后重试并联系医保中心。")
        return _response(agency.refusal(ProtocolError(text, f"http_{status}"), status=status))

    handlers: dict[type[Exception], Any] = {HTTPException: trouble, Exception: trouble}
    routes = [Route(agency.path, call, methods=["POST"])]
    if operations is not None:
        routes.append(Route("/operations", operations.answer, methods=["GET"]))
    return Starlette(routes=routes, exception_handlers=handlers)


async def _answer(
    agency: Agency, request: Request, patience: Patience, room: asyncio.Semaphore, held: AsyncExitStack
) -> Answer:
    async def grant(begin: bytes) -> int:
        if not (_large(begin) and agency.admits(request.headers)):
            return LARGEST_BODY
        await held.enter_async_context(room)
        return LARGEST_BATCH

    try:
        body = await read_body(request, patience, LARGEST_BODY, grant)
    except TooLarge:
        return agency.refusal(ProtocolError("报文超过 1 MiB（批量为 16 MiB），请分批发送。", "too_large"))
    except TimeoutError:
        slow = ProtocolError("报文传得太慢，没有办理，请检查网络后重试。", "too_slow")
        return agency.refusal(slow, status=_TOO_SLOW)
    except ClientDisconnect:
        return agency.refusal(ProtocolError("报文没有收完，没有办理。", "disconnected"), status=_TOO_SLOW)
    return await run_in_threadpool(agency.answer, request.headers, body)


def _response(answer: Answer) -> Response:
    # Where the body was not read to its end, the connection is of no more use.
    unread = answer.verdict in ("too_large", "too_slow")
    headers = {"Connection": "close"} if unread else None
    if answer.file is not None:
        return Response(answer.file, status_code=answer.status, media_type="application/zip")
    return Response(answer.text, status_code=answer.status, media_type="application/json", headers=headers)


def _ms_since(began: float) -> float:
    return (perf_counter() - began) * 1000
