"""Digests of keys are compared in constant time: never with `==`, `!=` or `in`."""

import ast
from collections.abc import Iterator

from tests.house import tree

_OPERATORS = (ast.Eq, ast.NotEq, ast.In, ast.NotIn)


def compared(code: ast.AST) -> Iterator[int]:
    """Lines where something called a digest stands beside such an operator."""
    for node in ast.walk(code):
        if not isinstance(node, ast.Compare) or not any(isinstance(one, _OPERATORS) for one in node.ops):
            continue
        if any(_is_digest(side) for side in (node.left, *node.comparators)):
            yield node.lineno


def _is_digest(side: ast.expr) -> bool:
    names = (part.attr if isinstance(part, ast.Attribute) else getattr(part, "id", "") for part in ast.walk(side))
    return any("digest" in name for name in names)


def test_no_digest_is_compared_by_an_operator() -> None:
    found = [f"{path}:{line}" for path in tree.python(*tree.PACKAGES) for line in compared(tree.parse(path))]
    assert found == [], "use keys.matches, which compares in constant time"


def test_such_a_comparison_is_seen() -> None:
    seen = ["key.digest == digest(token)", "a != stored_digest", "digest(t) in known", "x[key.digest] == 1"]
    fine = ["hmac.compare_digest(a, b)", "entry.digest is None", "if key.digest: pass", "key.id == other.id"]
    assert [list(compared(ast.parse(code))) for code in seen] == [[1]] * len(seen)
    assert [list(compared(ast.parse(code))) for code in fine] == [[]] * len(fine)
