"""One way to open an ONNX network: one thread, and no memory kept between pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import onnxruntime

__all__ = ["open_session"]


def open_session(data: bytes) -> onnxruntime.InferenceSession:
    """A session of ``data`` on the processor. Raises ImportError without onnxruntime, and for
    bytes that are no network whatever onnxruntime raises."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # One thread a picture: two cores serve several pictures and the pages at once.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # The arena keeps the largest picture's memory for good; taking it anew costs no time worth
    # measuring beside the network itself.
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(data, options, ["CPUExecutionProvider"])
