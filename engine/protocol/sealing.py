"""Sealing: what lies on a stick can be read by the side that it is meant for, and by nobody who finds it.

X25519 between a key made for one bundle and the reader's own, HKDF-SHA256, AES-256-GCM (RFC 7748, 5869, NIST
SP 800-38D). A sealed text proves nothing about who sealed it: that is what a signature is for. Keys are raw
32 bytes; randomness is the caller's, and never used twice.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_LENGTH = 32
_NONCE_LENGTH = 12


def box_key(private: bytes) -> bytes:
    """Return the public key that belongs to a raw private one, of X25519."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


class Seal:
    """What two keys share: it seals parts by their number and opens them again.

    ``purpose`` keeps the keys of one use from those of another. Raises ValueError for a public key that no
    honest side has.
    """

    def __init__(self, private: bytes, public: bytes, purpose: bytes) -> None:
        shared = X25519PrivateKey.from_private_bytes(private).exchange(
            X25519PublicKey.from_public_bytes(public)
        )
        # Both public keys are part of the derivation, in an order that both sides find.
        both = b"".join(sorted((box_key(private), public)))
        key = HKDF(algorithm=SHA256(), length=KEY_LENGTH, salt=both, info=purpose).derive(shared)
        self._cipher = AESGCM(key)

    def close(self, number: int, plain: bytes, about: bytes) -> bytes:
        """Return part ``number`` sealed, each number once; ``about`` is bound to it, not hidden."""
        return self._cipher.encrypt(_nonce(number), plain, about)

    def open(self, number: int, sealed: bytes, about: bytes) -> bytes | None:
        """Return what was sealed as part ``number``; None where it is not that, or was changed."""
        try:
            return self._cipher.decrypt(_nonce(number), sealed, about)
        except InvalidTag:
            return None


def _nonce(number: int) -> bytes:
    # The key is of one bundle alone, so the part's number is enough.
    return number.to_bytes(_NONCE_LENGTH, "big")
