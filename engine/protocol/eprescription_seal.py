"""The platform's signature of a prescription: checked when it comes, and again whenever it is used."""

from __future__ import annotations

from msgspec.structs import replace

from engine.prescription import Prescription, Seal
from engine.protocol import signing
from engine.protocol.wire import ProtocolError, decode, encode


def sealed(private: bytes, prescription: Prescription) -> Prescription:
    """Return ``prescription`` with the signature of its platform."""
    body = encode(without_seal(prescription))
    return replace(
        prescription,
        seal=Seal(body=body, signature=signing.sign(private, _said(body))),
        download_id=None,
    )


def without_seal(prescription: Prescription) -> Prescription:
    """Return what is signed of a prescription: all but the signature, and how it came here."""
    return replace(prescription, seal=None, download_id=None)


def is_authentic(prescription: Prescription, platform_key: bytes | None) -> bool | None:
    """Tell whether the platform signed exactly this prescription; None where that cannot be told.

    That is so without a seal, and while the key of the platform is not known.
    """
    seal = prescription.seal
    if seal is None or platform_key is None:
        return None
    return signed_by_platform(seal, platform_key) == without_seal(prescription)


def signed_by_platform(seal: Seal, platform_key: bytes) -> Prescription | None:
    """Return the prescription that a seal holds; None where the platform did not sign it."""
    if not signing.verify(platform_key, _said(seal.body), seal.signature):
        return None
    try:
        return decode(Prescription, seal.body, "处方")
    except ProtocolError:
        return None


def _said(body: str) -> str:
    return f"prescription\n{body}"
