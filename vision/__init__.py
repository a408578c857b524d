"""Photos: decode them safely, judge whether and what is wrong on them, say so in one report.

Importing this is cheap; what needs numpy, OpenCV or onnxruntime is imported when it runs.
"""

from vision.decode import CleanPhoto, Limits, clean_photo, pixels
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
