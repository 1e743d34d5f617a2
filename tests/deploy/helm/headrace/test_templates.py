"""Hooks: when the chart brings the schema up, what adds before an upgrade and what takes away after it."""

from tests.deploy.chart import EVERYTHING, SECRET, Object, Rendered, render


def test_the_schema_is_brought_up_before_the_code_that_needs_it_and_cleared_after_the_last_that_did() -> None:
    plain, everything = render(SECRET, EVERYTHING)
    for rendered, moment in ((plain, "pre-install,pre-upgrade"), (everything, "post-install,pre-upgrade")):
        hooks = hooked(rendered)
        last = hooks.pop("Job headrace-migrations-post")
        weights = {name: int(one["helm.sh/hook-weight"]) for name, one in hooks.items()}
        assert {one["helm.sh/hook"] for one in hooks.values()} == {moment}
        assert {name.split()[1] for name in hooks} == {"headrace-migrations"}
        assert max(weights, key=weights.__getitem__) == "Job headrace-migrations"
        assert last["helm.sh/hook"] == "post-install,post-upgrade"
        assert int(last["helm.sh/hook-weight"]) > max(weights.values())


def test_what_takes_away_may_be_left_to_the_operator() -> None:
    (rendered,) = render({**SECRET, "migrations": {"post": False}})
    assert [name for name in hooked(rendered) if name.startswith("Job")] == ["Job headrace-migrations"]


def hooked(rendered: Rendered) -> dict[str, Object]:
    """Kind and name of each hook -> its annotations."""
    found = {
        f"{one['kind']} {one['metadata']['name']}": one["metadata"].get("annotations", {}) for one in rendered.objects
    }
    return {name: one for name, one in found.items() if "helm.sh/hook" in one}
