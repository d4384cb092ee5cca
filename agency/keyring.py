"""The agency's own keys: what it signs answers and leases with, and what bundles are sealed to."""

from __future__ import annotations

import secrets

from msgspec import Struct

from agency.storage import keys
from agency.storage.connection import Connection, Database, transaction
from engine.protocol import sealing, signing

_SIGNING, _SEALING = "signing", "sealing"


class Keys(Struct, frozen=True, kw_only=True):
    """Raw private keys; they are never logged."""

    signing: bytes
    sealing: bytes

    def __repr__(self) -> str:
        return "Keys()"

    @property
    def public(self) -> bytes:
        """The key with which everybody may check what the agency signed."""
        return signing.public_key(self.signing)

    @property
    def box(self) -> bytes:
        """The key to which bundles for the agency are sealed."""
        return sealing.box_key(self.sealing)


def open_keys(database: Database) -> Keys:
    """Return the agency's keys, made when it has none; all its processes have the same. Raises NotNow."""
    with database.connection() as db, transaction(db):
        return Keys(signing=_kept(db, _SIGNING), sealing=_kept(db, _SEALING))


def signing_key(db: Connection) -> bytes:
    """Return the key that the agency signs with, inside the caller's transaction."""
    return _kept(db, _SIGNING)


def _kept(db: Connection, name: str) -> bytes:
    fresh = signing.to_text(secrets.token_bytes(signing.KEY_LENGTH))
    return signing.from_text(keys.keep(db, name, fresh))
