"""What the documents promise is there, and what people read is whole sentences."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tree import ROOT, modules, parsed

DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
TOOLING = [
    ROOT / "Makefile",
    ROOT / ".ci" / "run",
    *sorted((ROOT / "scripts").iterdir()),
    *sorted((ROOT / "requirements").iterdir()),
]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_every_make_command_of_the_documents_exists(document: Path) -> None:
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", document.read_text(encoding="utf-8"), re.MULTILINE))

    assert named <= TARGETS


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_links_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
    broken = [link for link in links if "://" not in link and not (document.parent / link).exists()]

    assert not broken


@pytest.mark.parametrize("path", [*DOCUMENTS, *TOOLING], ids=relative)
def test_nothing_depends_on_one_machine_or_registry(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert not re.search(r"/work\b", text)
    if path in TOOLING:
        assert not re.search(r"https?://|\bpypi\b", text)


def test_the_readme_names_the_two_commands() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert "make run" in readme
    assert "make test" in readme


def test_the_changelog_has_this_version() -> None:
    version = re.search(
        r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE
    )
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

    assert version is not None
    assert f"## [{version[1]}]" in changelog


def test_every_policy_pack_is_explained() -> None:
    packs = sorted((ROOT / "resources" / "policies").glob("*.toml"))
    explained = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")

    assert packs
    assert not [pack.stem for pack in packs if pack.stem not in explained]


def user_errors() -> Iterator[tuple[str, ast.ClassDef]]:
    """Yield every class that is told to people: those that derive, near or far, from UserError."""
    classes = [
        (path, node)
        for path in modules("app", "agency", "ui")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ClassDef)
    ]
    known = {"UserError"}
    for _ in range(3):
        known |= {node.name for _, node in classes if bases(node) & known}
    yield from ((path, node) for path, node in classes if node.name in known and node.name != "UserError")


def bases(node: ast.ClassDef) -> set[str]:
    return {ast.unparse(base).rsplit(".", maxsplit=1)[-1] for base in node.bases}


def sentence(node: ast.ClassDef, name: str) -> str | None:
    """Return the text of the class attribute ``name``; None where the class inherits it."""
    for item in node.body:
        targets = item.targets if isinstance(item, ast.Assign) else []
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            value = ast.literal_eval(item.value)  # type: ignore[attr-defined]
            return str(value)
    return None


@pytest.mark.parametrize("name", ["what", "advice"])
def test_every_trouble_told_to_people_is_a_sentence(name: str) -> None:
    told = [(path, node, sentence(node, name)) for path, node in user_errors()]
    # A text that ends in a field is finished by who raises it.
    cut = [
        f"{path}: {node.name}"
        for path, node, text in told
        if text is not None and not text.endswith(("。", "}"))
    ]

    assert told
    assert not cut


def test_no_two_troubles_have_one_name() -> None:
    names = Counter(node.name for _, node in user_errors())

    assert not [name for name, times in names.items() if times > 1]


def test_every_trouble_says_what_happened_and_what_to_do() -> None:
    errors = {node.name: node for _, node in user_errors()}
    families = {base for node in errors.values() for base in bases(node)}
    silent = [
        name
        for name in errors.keys() - families
        if not inherited(errors, name, "what") or not inherited(errors, name, "advice")
    ]

    assert not silent


def inherited(errors: dict[str, ast.ClassDef], name: str, attribute: str) -> str | None:
    """Return the text of ``attribute`` as class ``name`` has it, from itself or from where it derives."""
    if name not in errors:
        return None
    own = sentence(errors[name], attribute)
    return own or next(
        filter(None, (inherited(errors, base, attribute) for base in bases(errors[name]))), None
    )
