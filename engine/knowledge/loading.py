"""From the texts of the knowledge files to the knowledge; what is wrong in any of them is said, all of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from engine.knowledge.check import check_files
from engine.knowledge.library import Knowledge
from engine.knowledge.parse import FAMILIES, parse_file
from engine.policy.problems import Problem


class KnowledgeError(Exception):
    """Knowledge files that cannot be used; ``problems`` lists everything wrong with all of them."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


def load_knowledge(texts: Mapping[str, str]) -> Knowledge:
    """Return the knowledge of ``texts`` (by file name); raise KnowledgeError listing all that is wrong."""
    problems: list[Problem] = []
    parsed = [parse_file(name, texts[name], problems) for name in sorted(texts)]
    files = [file for file in parsed if file is not None]
    if not problems:  # A file that does not read as it should would only be found wrong a second time.
        problems += check_files(files)
    if problems:
        raise KnowledgeError(tuple(sorted(set(problems))))
    told = {
        family: [made.fact for file in files for made in file.facts.get(family, ())] for family in FAMILIES
    }
    words = next(file.words for file in files if file.words is not None)
    content = json.dumps(sorted(texts.items()))
    return Knowledge(told, words, hashlib.sha256(content.encode()).hexdigest())
