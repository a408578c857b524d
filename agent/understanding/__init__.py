"""Understanding: from a message to an intent with a calibrated confidence, and slots.

``ensure_model`` trains the classifier when its examples changed; ``Understander`` then
answers a message in a few milliseconds with no network and no scikit-learn.
"""

from agent.understanding.classifier import IntentClassifier
from agent.understanding.measure import classify_file
from agent.understanding.ports import Encoder, MorphemeLike, Tokenizer
from agent.understanding.slots import extract_slots
from agent.understanding.training import TrainReport, ensure_model, train
from agent.understanding.understander import Understander

__all__ = [
    "Encoder",
    "IntentClassifier",
    "MorphemeLike",
    "Tokenizer",
    "TrainReport",
    "Understander",
    "classify_file",
    "ensure_model",
    "extract_slots",
    "train",
]
