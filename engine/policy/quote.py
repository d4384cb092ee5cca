"""One request in, one answer out, both as JSON text; what cannot be answered says so in its place."""

from __future__ import annotations

from engine.policy.compute import MissingParameter, answer_claim
from engine.policy.packs import Library
from engine.policy.request import InvalidRequest, read_claim
from engine.policy.wire import write_answer, write_error


def quote(library: Library, request: bytes) -> tuple[bytes, bool]:
    """Return the JSON text for ``request`` and whether it is an answer (a refusal by policy is one).

    Source: contract/quote.
    """
    try:
        return write_answer(answer_claim(library, read_claim(request))), True
    except InvalidRequest as error:
        return write_error("invalid_request", error.path, error.message), False
    except MissingParameter as error:
        return write_error("missing_parameter", error.path, error.message), False
