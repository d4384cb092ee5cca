"""What differs from one agency's platform to another: settings of a profile, never a branch in the code."""

from __future__ import annotations

import hashlib

from msgspec import Struct

from engine.protocol.catalogue_rows import ListProfile


class Profile(Struct, frozen=True, kw_only=True):
    """How one platform is spoken to (facts: the national interface leaves these to the region)."""

    path: str = "/mbs/fmi/fsi/api/callFsiService/callService"
    upper_hex: bool = False  # Whether x-tif-signature is in capitals.
    recer_sys_code: str = "SHANYAO"
    infver: str = "V1.0"
    opter_type: str = "1"
    clock_tolerance_s: int = 300
    repeats_safe: bool = True  # Whether a 2102 may be sent again under its msgid when no answer came.
    batches: bool = True  # Whether SY06 is spoken.
    lists: ListProfile = ListProfile()


class Credentials(Struct, frozen=True, kw_only=True):
    """What the agency issued to a shop's software; ``secret`` is never sent and never logged."""

    paasid: str
    secret: str

    def __repr__(self) -> str:
        return f"Credentials(paasid={self.paasid!r})"


DEMONSTRATION = Credentials(paasid="shanyao_demonstration", secret="shan-yao-demonstration-only")
"""What the embedded agency of the demonstration accepts; a real agency is given its own."""


def signature(profile: Profile, secret: str, timestamp: str, nonce: str) -> str:
    """Return the x-tif-signature of a call: SHA-256 over timestamp, secret, nonce and timestamp again."""
    digest = hashlib.sha256(f"{timestamp}{secret}{nonce}{timestamp}".encode()).hexdigest()
    return digest.upper() if profile.upper_hex else digest


def headers(profile: Profile, credentials: Credentials, timestamp: int, nonce: str) -> dict[str, str]:
    """Return the headers that authenticate a call made at ``timestamp``, in epoch seconds."""
    stamp = str(timestamp)
    return {
        "Content-Type": "application/json; charset=utf-8",
        "x-tif-paasid": credentials.paasid,
        "x-tif-timestamp": stamp,
        "x-tif-nonce": nonce,
        "x-tif-signature": signature(profile, credentials.secret, stamp, nonce),
    }
