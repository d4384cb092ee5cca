"""The agency's own private keys."""

from __future__ import annotations

from agency.storage.connection import Connection


def keep(db: Connection, name: str, private: str) -> str:
    """Keep a private key (base64) under ``name`` where there is none yet; return the one that is kept."""
    db.execute("INSERT INTO agency_key (name, private) VALUES (?, ?) ON CONFLICT DO NOTHING", (name, private))
    row = db.execute("SELECT private FROM agency_key WHERE name = ?", (name,)).fetchone()
    return str(row[0])


def private_key(db: Connection, name: str) -> str | None:
    """Return the private key kept under ``name``."""
    row = db.execute("SELECT private FROM agency_key WHERE name = ?", (name,)).fetchone()
    return row[0] if row else None
