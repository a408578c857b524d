"""Make an untrusted upload safe: ``decode`` guards and re-encodes, ``containers`` takes a file
apart before a decoder sees it, ``strips`` brings its pixels to a small sRGB picture on white."""

from vision.decoding.containers import kind_of
from vision.decoding.decode import KEPT_SIDE_PX, CleanPhoto, Limits, clean_photo, pixels

__all__ = ["KEPT_SIDE_PX", "CleanPhoto", "Limits", "clean_photo", "kind_of", "pixels"]
