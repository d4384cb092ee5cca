"""The national envelope around every transaction, and the message id that makes a delivery happen once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Raw, Struct

from engine.protocol import signing
from engine.protocol.profile import Profile
from engine.protocol.wire import ProtocolError, compact, compact_millis, decode, encode, seconds

MESSAGE_ID_LENGTH = 30
PROVIDER_LENGTH = 12
SERIALS = 10_000
QUERY_SERIALS = 5_000
"""Serials from here on belong to queries; those below to what a sale writes into the outbox."""

_Text = Annotated[str, Meta(min_length=1, max_length=200)]
_Nothing = Raw(b"null")


class Request(Struct, frozen=True, kw_only=True):
    """A call as the platform receives it; mind ``mdtrtarea_admvs`` beside ``insuplc_admdvs``."""

    infno: Annotated[str, Meta(pattern=r"^[0-9A-Z]{4,5}\Z")]  # It goes into logs.
    msgid: _Text
    mdtrtarea_admvs: _Text
    recer_sys_code: _Text
    infver: _Text
    opter_type: _Text
    opter: _Text
    opter_name: _Text
    inf_time: _Text
    fixmedins_code: _Text
    fixmedins_name: _Text
    input: Raw
    insuplc_admdvs: str | None = None
    dev_no: str | None = None
    dev_safe_info: str | None = None
    cainfo: str | None = None
    signtype: str | None = None
    sign_no: str | None = None


class Sender(Struct, frozen=True, kw_only=True):
    """Who calls: the shop and the person at its counter."""

    provider: str
    name: str
    region: str
    operator: str


class Response(Struct, frozen=True, kw_only=True):
    """An answer as the till reads it: ``output`` is a JSON object, ``err_code`` is ours and may be empty."""

    accepted: bool
    output: Raw = _Nothing
    err_msg: str = ""
    err_code: str = ""
    signature: str = ""  # ``cainfo``: the agency's, over ``signing.answer_text``.

    @property
    def infcode(self) -> int:
        return 0 if self.accepted else -1


class _Answer(Struct, frozen=True, kw_only=True):
    infcode: int | str
    err_msg: str | None = None
    err_code: str | None = None
    cainfo: str | None = None
    output: Raw = _Nothing


def message_id(fixmedins_code: str, instant: datetime, serial: int) -> str:
    """Return the id of a message: shop, second and serial; raise ValueError for parts that do not fit."""
    return message_ids(fixmedins_code, instant, [serial])[0]


def message_ids(fixmedins_code: str, instant: datetime, serials: Sequence[int]) -> list[str]:
    """Return the ids of messages made at one instant; raise ValueError for parts that do not fit."""
    if len(fixmedins_code) != PROVIDER_LENGTH or not all(0 <= serial < SERIALS for serial in serials):
        raise ValueError(f"not a message id: {fixmedins_code!r}, {serials}")
    stem = fixmedins_code + compact(instant)
    return [f"{stem}{serial:04d}" for serial in serials]


def encode_request(
    *,
    profile: Profile,
    sender: Sender,
    infno: str,
    msgid: str,
    input_json: str,
    at: datetime,
    insuplc_admdvs: str | None = None,
    sign_no: str | None = None,
    device: str | None = None,
    private: bytes | None = None,
) -> bytes:
    """Return the body of a call; ``input_json`` goes in to the letter.

    ``device`` is the ``dev_safe_info`` of an enrolled till and ``private`` its key, with which it signs.
    """
    content, stamp, signature = input_json.encode(), seconds(at), None
    if device is not None and private is not None:
        said = signing.message_text(
            infno=infno,
            msgid=msgid,
            provider=sender.provider,
            inf_time=stamp,
            insured_in=insuplc_admdvs or "",
            device=device,
            content=content,
        )
        signature = signing.sign(private, said)
    return encode(
        Request(
            infno=infno,
            msgid=msgid,
            mdtrtarea_admvs=sender.region,
            insuplc_admdvs=insuplc_admdvs,
            recer_sys_code=profile.recer_sys_code,
            dev_safe_info=device,
            cainfo=signature,
            signtype=signing.SIGN_TYPE if signature else None,
            infver=profile.infver,
            opter_type=profile.opter_type,
            opter=sender.operator,
            opter_name=sender.operator,
            inf_time=stamp,
            fixmedins_code=sender.provider,
            fixmedins_name=sender.name,
            sign_no=sign_no,
            input=Raw(content),
        )
    ).encode()


def signed_by(request: Request, public: bytes) -> bool:
    """Tell whether the till with the key ``public`` signed ``request``, device info and content included."""
    said = signing.message_text(
        infno=request.infno,
        msgid=request.msgid,
        provider=request.fixmedins_code,
        inf_time=request.inf_time,
        insured_in=request.insuplc_admdvs or "",
        device=request.dev_safe_info or "",
        content=bytes(request.input),
    )
    return signing.verify(public, said, request.cainfo or "")


def decode_request(body: bytes) -> Request:
    """Return the call in ``body``; raise ProtocolError for what is not the national envelope."""
    request = decode(Request, body, "报文")
    if not bytes(request.input).lstrip().startswith(b"{"):
        raise ProtocolError("报文的 input 应是 JSON 对象，请按接口规范组织交易输入。")
    if not _is_message_id(request.msgid, request.fixmedins_code):
        raise ProtocolError(
            "报文的 msgid 应是 30 位：机构编号 12 位、年月日时分秒 14 位、顺序号 4 位，请重新编号后发送。",
            "bad_msgid",
        )
    return request


def _is_message_id(msgid: str, provider: str) -> bool:
    rest = msgid[PROVIDER_LENGTH:]
    right_shop = len(provider) == PROVIDER_LENGTH and msgid.startswith(provider)
    return right_shop and len(msgid) == MESSAGE_ID_LENGTH and rest.isascii() and rest.isdigit()


def encode_answer(
    *,
    region: str,
    serial: int,
    received: datetime,
    answered: datetime,
    output: str | None = None,
    err_msg: str = "",
    err_code: str = "",
) -> str:
    """Return an answer's text: accepted when there is an ``output``, else refused for ``err_msg``."""
    return encode(
        {
            "infcode": -1 if output is None else 0,
            "inf_refmsgid": f"{region[:6]:0<6}{compact(answered)}{serial % 10**10:010d}",
            "refmsg_time": compact_millis(received),
            "respond_time": compact_millis(answered),
            "err_msg": err_msg,
            "err_code": err_code,
            "output": Raw((output or "{}").encode()),
        }
    )


def sign_answer(text: str, asked: Request, private: bytes) -> str:
    """Return an answer's text signed with the agency's key, as the answer to ``asked`` and to nothing else.

    The same text to the same question is signed to the same bytes.
    """
    answer = decode(dict[str, Raw], text, "应答")
    said = signing.answer_text(
        infcode=msgspec.json.decode(answer["infcode"], type=int),
        msgid=asked.msgid,
        asked=digest_of(bytes(asked.input)),
        output=bytes(answer["output"]),
        err_code=msgspec.json.decode(answer["err_code"], type=str),
        err_msg=msgspec.json.decode(answer["err_msg"], type=str),
    )
    return encode({**answer, "signtype": signing.SIGN_TYPE, "cainfo": signing.sign(private, said)})


def digest_of(content: bytes) -> str:
    """Return the digest of a message's input, to the letter, by which an answer names its question."""
    return hashlib.sha256(content).hexdigest()


def proves(response: Response, public: bytes, *, msgid: str, content: bytes) -> bool:
    """Tell whether ``response`` is the agency's own answer to message ``msgid`` with input ``content``."""
    said = signing.answer_text(
        infcode=response.infcode,
        msgid=msgid,
        asked=digest_of(content),
        output=bytes(response.output),
        err_code=response.err_code,
        err_msg=response.err_msg,
    )
    return signing.verify(public, said, response.signature)


def decode_answer(body: bytes) -> Response:
    """Return the answer in ``body``; raise ProtocolError for anything but a 0 or -1 in the envelope."""
    answer = decode(_Answer, body, "医保中心的应答")
    if str(answer.infcode) not in ("0", "-1"):
        raise ProtocolError("医保中心的应答状态码无法识别，请稍后重试或联系医保中心。")
    accepted = str(answer.infcode) == "0"
    if accepted and not bytes(answer.output).lstrip().startswith(b"{"):
        raise ProtocolError("医保中心的应答没有交易输出，请稍后重试或联系医保中心。")
    return Response(
        accepted=accepted,
        output=answer.output,
        err_msg=answer.err_msg or "",
        err_code=answer.err_code or "",
        signature=answer.cainfo or "",
    )
