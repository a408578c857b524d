"""The parts of one shop that stand alone: each is built on first use and then shared."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from agent.shop.rules import Rules
from agent.weather_client import OpenMeteo, weather_of
from services.catalogue import Catalogue
from settings import ROOT, Settings
from store.database import Database

if TYPE_CHECKING:
    from agent.triage.triager import Triager
    from agent.triage.types import TriageGuess
    from agent.understanding import TrainReport, Understander
    from retrieval import Encoder, PolicyIndex, PolicySearch
    from retrieval.embed import CongEncoder
    from retrieval.tokenize import KoreanTokenizer
    from services.dashboard import Dashboard
    from services.keys import ApiKeys
    from services.limits import RateLimits
    from services.policy_desk import PolicyDesk
    from services.quality import Quality

__all__ = ["Parts"]

_log = logging.getLogger("sangdam.services")
_INTENTS = ROOT / "data" / "intents"


class Parts:
    """Settings, clock and store of a shop, and what is built from these alone."""

    def __init__(self, settings: Settings, *, clock: Callable[[], datetime] | None = None) -> None:
        self.settings = settings
        self.clock = clock or (lambda: datetime.now(UTC))
        self.rules = Rules.of(settings.rules())
        self.database = Database(settings.data_path / "sangdam.db")

    @cached_property
    def tokenizer(self) -> KoreanTokenizer:
        """The process's one Korean analyser (333 MB: never two)."""
        from retrieval.tokenize import KoreanTokenizer

        return KoreanTokenizer()

    @cached_property
    def encoder(self) -> CongEncoder:
        """The dense encoder built from the analyser's own model."""
        from retrieval.embed import CongEncoder

        return CongEncoder(self.tokenizer, self.settings.data_path / "models")

    @property
    def policy_encoder(self) -> Encoder:
        """The encoder of the policy search: the built-in one, or a model of the settings."""
        if not self.settings.embedder_model_dir:
            return self.encoder
        from retrieval.neural import NeuralEncoder

        return NeuralEncoder(Path(self.settings.embedder_model_dir).expanduser())

    @cached_property
    def index(self) -> PolicyIndex:
        """The policy index on disk; empty until :meth:`prepare` has built it."""
        from retrieval import PolicyIndex

        return PolicyIndex(
            self.settings.data_path / "policy_index", self.tokenizer, self.policy_encoder
        )

    @cached_property
    def policies(self) -> PolicySearch:
        """The one search over the index."""
        from retrieval import PolicySearch

        return PolicySearch(self.index)

    @cached_property
    def catalogue(self) -> Catalogue:
        """The catalogue's search; the store's word index answers until it is built."""
        from retrieval.products import ProductIndex

        folder = self.settings.data_path / "product_index"
        return Catalogue(self.database, ProductIndex(folder, self.tokenizer, self.encoder))

    @cached_property
    def understander(self) -> Understander:
        """Intent and slots; trains its model when the examples have changed."""
        from agent.understanding import IntentClassifier, Understander, ensure_model

        parts = (self._intent_model, self.tokenizer, self.encoder)
        ensure_model(_INTENTS, *parts)
        return Understander(IntentClassifier.load(*parts), self.tokenizer)

    @cached_property
    def triager(self) -> Triager:
        """Triage without a model: the shop's own where it was trained with corrections, else
        the delivered one, also where the own one cannot be read: no ticket fails for it."""
        from agent.triage.model import MODEL_PATH, read_hash
        from agent.triage.triager import Triager

        own = self.triage_model
        usable = read_hash(own) is not None
        if own.is_file() and not usable:
            _log.error("%s cannot be read: triage uses the delivered model", own)
        return Triager(self.tokenizer, self.encoder, own if usable else MODEL_PATH)

    def triaged(self, text: str) -> TriageGuess:
        """What triage says of a text; its model is read when it is first asked."""
        return self.triager(text)

    @property
    def triage_model(self) -> Path:
        """Where the triage model of this shop's own corrections lies, if there is one."""
        path: Path = self.settings.data_path / "models" / "triage.npz"
        return path

    @property
    def _intent_model(self) -> Path:
        path: Path = self.settings.data_path / "models" / "intents.npz"
        return path

    def train(self) -> TrainReport:
        """Train the intent classifier anew, whether its examples changed or not."""
        from agent.understanding import train

        return train(_INTENTS, self._intent_model, self.tokenizer, self.encoder)

    @cached_property
    def quality(self) -> Quality:
        """Stored evaluations, and the one under way."""
        from services.quality import Quality

        return Quality(self.settings, self.database)

    @cached_property
    def policy_desk(self) -> PolicyDesk:
        """The policy owner's desk: inspecting, editing, importing, questions."""
        from services.policy_desk import PolicyDesk

        return PolicyDesk(self)

    @cached_property
    def dashboard(self) -> Dashboard:
        """The desk's figures over time, for staff."""
        from services.dashboard import Dashboard

        return Dashboard(self.database, self.rules, self.clock)

    @cached_property
    def weather(self) -> OpenMeteo | None:
        """The configured weather service, or None; its address is checked when it is asked."""
        return weather_of(self.settings)

    @cached_property
    def keys(self) -> ApiKeys:
        """The API keys of service accounts."""
        from services.keys import ApiKeys

        return ApiKeys(self.database, self.clock)

    @cached_property
    def limits(self) -> RateLimits:
        """How often a caller or an address may ask."""
        from services.limits import RateLimits

        return RateLimits(self.settings)
