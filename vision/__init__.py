"""Photos: decode them safely, judge whether and what is wrong on them, say so in one report.

In the order a photo goes through: ``decoding`` makes an upload safe, ``quality`` tells whether
it can be judged, the judges look (``reference`` compares with the catalogue's picture,
``detector`` with its ``card`` is a network, a .pt of the shop's own runs in ``yolo_worker``),
``fusion`` joins what they say, ``inspector`` runs all of it; networks are opened by
``onnx_session``. ``types`` and ``labels`` are what they speak in, ``phrases`` the Korean of a
report, ``wire`` a report as JSON. ``generate`` draws products, damage and photos of them,
``training`` learns from pictures, ``measure`` has the figures.

Importing this is cheap; what needs numpy, OpenCV or onnxruntime is imported when it runs.
"""

from vision.decoding import CleanPhoto, Limits, clean_photo, pixels
from vision.inspector import Inspector
from vision.types import Finding, Opinion, Quality, Recommendation, Reference, Report

__all__ = [
    "CleanPhoto",
    "Finding",
    "Inspector",
    "Limits",
    "Opinion",
    "Quality",
    "Recommendation",
    "Reference",
    "Report",
    "clean_photo",
    "pixels",
]
