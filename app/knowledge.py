"""The knowledge that comes with the program, read from disk; the engine judges it."""

from __future__ import annotations

from app.resources import resource
from engine.knowledge.library import Knowledge


def knowledge_texts() -> dict[str, str]:
    """Return the text of every knowledge file that comes with the program, by file name."""
    files = resource("knowledge").glob("*.toml")
    return {file.name: file.read_text(encoding="utf-8") for file in files}


def read_knowledge() -> Knowledge:
    """Return the knowledge that comes with the program; raise KnowledgeError where it cannot be used."""
    from engine.knowledge.loading import load_knowledge  # noqa: PLC0415 - when the first drug is looked at

    return load_knowledge(knowledge_texts())
