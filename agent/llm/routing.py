"""Who is asked: rows of the configuration as chains of providers and models."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import get_args

from agent.llm.config import Chain, LLMConfig
from agent.llm.types import OFFLINE, Fallback, Purpose, Route, Step
from errors import BadSetting

__all__ = [
    "LAST",
    "OWN_ROWS",
    "check_rows",
    "expand",
    "models_of",
    "plan",
    "resolve",
    "rule_of",
]

LAST = Step(OFFLINE, "template")
# A reply's wording goes by [llm.routes]; a test asks the one provider that is tested.
OWN_ROWS = frozenset(get_args(Purpose)) - {"compose", "test"}


def check_rows(config: LLMConfig, *, intents: Collection[str], domains: Collection[str]) -> None:
    """Every row of the routing tables is one that something asks for. Raises BadSetting."""
    for key in config.routes:
        if key not in {*intents, *domains, "default"}:
            known = ", ".join([*domains, *(name for name in intents if name not in domains)])
            raise BadSetting(
                f"[llm.routes]의 {key}는 모르는 의도나 업무입니다. default나 다음 가운데에서 "
                f"적어 주세요: {known}"
            )
    for key in config.purposes:
        if key not in OWN_ROWS:
            known = ", ".join(sorted(OWN_ROWS))
            raise BadSetting(
                f"[llm.purposes]의 {key}는 모르는 용도입니다. 다음 가운데에서 적어 주세요: {known}"
            )


def rule_of(config: LLMConfig, *, intent: str, domain: str, purpose: Purpose) -> str:
    """The row that decides: the purpose's own, else the intent's, its domain's, the default."""
    if purpose in config.purposes and purpose in OWN_ROWS:
        return f"purposes.{purpose}"
    key = next((name for name in (intent, domain) if name and name in config.routes), "default")
    return f"routes.{key}"


def _chain_of(config: LLMConfig, rule: str) -> Chain:
    """The row's chain as written; () for a rule that the configuration does not have."""
    table, _, key = rule.partition(".")
    rows = {"routes": config.routes, "purposes": config.purposes}.get(table, {})
    return rows.get(key, ())


def expand(config: LLMConfig, chain: Chain) -> Iterator[Step]:
    """The chain's steps: groups opened, the provider's own model where none is named.

    A step that came before is dropped, as is all that stands behind "offline".
    """
    groups = {"local": config.local, "cloud": config.cloud}
    seen: set[Step] = set()
    for entry in (name for part in chain for name in groups.get(part, (part,))):
        provider, _, model = entry.partition(":")
        if provider == OFFLINE:
            return
        step = Step(provider, model or config.providers[provider].model)
        if step not in seen:
            seen.add(step)
            yield step


def models_of(config: LLMConfig) -> dict[str, tuple[str, ...]]:
    """By provider: the models by which it can be asked, its own first."""
    models = {name: [row.model] if row.model else [] for name, row in config.providers.items()}
    for chain in (config.local, config.cloud, *config.routes.values(), *config.purposes.values()):
        for step in expand(config, chain):
            if step.model:
                models[step.provider].append(step.model)
    return {name: tuple(dict.fromkeys(found)) for name, found in models.items()}


def resolve(config: LLMConfig, rule: str, why_not: Callable[[Step], str]) -> Route:
    """The row's route now; ``why_not`` tells why a step cannot be asked ("" when it can)."""
    steps: list[Step] = []
    skipped: list[Fallback] = []
    for step in expand(config, _chain_of(config, rule)):
        if reason := why_not(step):
            skipped.append(Fallback(step.provider, reason))
        else:
            steps.append(step)
    return Route(rule, (*steps, LAST), tuple(skipped))


def plan(config: LLMConfig, route: Route) -> tuple[Step | Fallback, ...]:
    """The route's models in turn, with those passed over where they stand in the chain.

    One that is not configured is nobody who could have answered, and is left out.
    """
    chain = [step.provider for step in expand(config, _chain_of(config, route.rule))]

    def place(provider: str) -> int:
        return chain.index(provider) if provider in chain else len(chain)

    over = [row for row in route.skipped if not row.reason.startswith("unconfigured")]
    over.sort(key=lambda row: place(row.provider))
    whole: list[Step | Fallback] = []
    for step in route.models:
        while over and place(over[0].provider) < place(step.provider):
            whole.append(over.pop(0))
        whole.append(step)
    return (*whole, *over)
