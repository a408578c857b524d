"""Plain arrays on disk, one file each, read by mapping them into memory.

Beside the LanceDB tables a generation keeps what has to be looked up for hundreds of
candidates within a millisecond. A mapped file costs memory only where it is read, and a
reader keeps it even when the generation has been deleted since.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["ArrayWriter", "blob_of", "open_array", "ranges", "read_blob", "spans"]


class ArrayWriter:
    """Appends to the arrays of ``folder``; a context manager that closes the files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, IO[bytes]] = {}

    def __enter__(self) -> ArrayWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def append(self, name: str, values: Iterable[Any], dtype: str) -> None:
        """Add ``values`` to the end of the array ``name``."""
        import numpy as np

        if name not in self._files:
            self._files[name] = (self._folder / f"{name}.bin").open("wb")
        self._files[name].write(np.ascontiguousarray(values, dtype=dtype).tobytes())

    def flush(self) -> None:
        """Make everything appended so far readable."""
        for file in self._files.values():
            file.flush()

    def close(self) -> None:
        """Close every file."""
        for file in self._files.values():
            file.close()
        self._files.clear()


def open_array(
    folder: Path, name: str, dtype: str, *, width: int = 0, mode: Literal["r", "r+"] = "r"
) -> NDArray[Any]:
    """The array ``name`` as it lies on disk: shape (n,), or (n, width) when width is given.

    An array that was never written is empty. Raises OSError for a file that cannot be read.
    """
    import numpy as np

    path = folder / f"{name}.bin"
    if not path.exists() or path.stat().st_size == 0:
        return np.zeros((0, width) if width else 0, dtype)
    # A plain view: NumPy's own class for mapped files makes every slice slow.
    flat: NDArray[Any] = np.memmap(path, dtype=dtype, mode=mode).view(np.ndarray)
    return flat.reshape(-1, width) if width else flat


def blob_of(key: str, payload: str) -> bytes:
    """A key, which may hold anything, and its payload in one: see :func:`read_blob`."""
    return f"{len(key)}\n{key}{payload}".encode("utf-8", "surrogatepass")


def read_blob(blob: bytes) -> tuple[str, str]:
    """The key and the payload of a :func:`blob_of`. Raises ValueError for anything else."""
    size, _, rest = blob.decode("utf-8", "surrogatepass").partition("\n")
    return rest[: int(size)], rest[int(size) :]


def spans(ends: NDArray[Any], rows: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Start and length of each of ``rows``, whose ends lie in ``ends`` one after the other."""
    import numpy as np

    rows = np.asarray(rows, dtype=np.int64)
    starts = np.where(rows > 0, ends[np.maximum(rows, 1) - 1], 0).astype(np.int64)
    return starts, ends[rows].astype(np.int64) - starts


def ranges(starts: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """``start, start + 1, … start + count - 1`` for each pair, in one array."""
    import numpy as np

    before = np.cumsum(counts) - counts
    each = np.repeat(starts - before, counts)
    numbers: NDArray[np.int64] = np.arange(len(each), dtype=np.int64) + each
    return numbers
