"""The agency's own private keys."""

from __future__ import annotations

from agency.storage.connection import Connection


def keep(db: Connection, name: str, private: str) -> str:
    """Keep a private key (base64) under ``name`` where there is none yet; return the one that is kept."""
    db.execute("INSERT INTO agency_key (name, private) VALUES (?, ?) ON CONFLICT DO NOTHING", (name, private))
    row = db.execute("SELECT private FROM agency_key WHERE name = ?", (name,)).fetchone()
    return str(row[0])
