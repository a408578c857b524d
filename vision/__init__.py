"""Photos: safe decoding now; judging what is on them comes with a later issue."""

from vision.decode import CleanPhoto, clean_photo

__all__ = ["CleanPhoto", "clean_photo"]
