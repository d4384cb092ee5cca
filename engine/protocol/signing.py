"""Signatures: what a till says is its own, what the agency answers is the agency's (Ed25519).

A message's signature covers all that decides what it does; an answer's covers the question it answers, so
that no answer can be passed off as that to another. Keys are raw 32 bytes; texts hold them in base64.
"""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

KEY_LENGTH = 32
SIGN_TYPE = "Ed25519"


def public_key(private: bytes) -> bytes:
    """Return the public key that belongs to a raw private one."""
    return Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def sign(private: bytes, text: str) -> str:
    """Return the signature of ``text`` in base64."""
    return to_text(_key(private).sign(text.encode()))


@lru_cache(maxsize=4)
def _key(private: bytes) -> Ed25519PrivateKey:
    """Return the key ready for use: making it so costs half as much as a signature."""
    return Ed25519PrivateKey.from_private_bytes(private)


def verify(public: bytes, text: str, signature: str) -> bool:
    """Tell whether ``signature`` (base64) of ``text`` was made with the key of ``public``."""
    try:
        _public(public).verify(base64.b64decode(signature, validate=True), text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(maxsize=64)
def _public(public: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public)


def to_text(raw: bytes) -> str:
    """Return ``raw`` in base64."""
    return base64.b64encode(raw).decode()


def from_text(text: str) -> bytes:
    """Return the bytes of base64 ``text``; raise ValueError for anything else."""
    return base64.b64decode(text, validate=True)


def message_text(
    *, infno: str, msgid: str, provider: str, inf_time: str, insured_in: str, device: str, content: bytes
) -> str:
    """Return what a till signs of a message: ``device`` is its ``dev_safe_info``, ``content`` its input.

    ``insured_in`` is its ``insuplc_admdvs``, by which a message may be refused for good; empty without.
    """
    digest = hashlib.sha256(content).hexdigest()
    return "\n".join(("message", infno, msgid, provider, inf_time, insured_in, device, digest))


def answer_text(*, infcode: int, msgid: str, asked: str, output: bytes, err_code: str, err_msg: str) -> str:
    """Return what the agency signs of an answer; ``asked`` is ``digest_of`` the question's content."""
    digest = hashlib.sha256(output).hexdigest()
    # The reason is believed, too: it is shown to people, and it tells a till the epoch that it has reached.
    return "\n".join(("answer", str(infcode), msgid, asked, digest, err_code, err_msg))
