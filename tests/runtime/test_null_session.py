from __future__ import annotations

import numpy as np
import pytest

from onnxocr.errors import ClosedError
from onnxocr.runtime.null_session import NullSession
from onnxocr.runtime.session import Session, TensorSpec

X = TensorSpec("x", (None,), "float32")
Y = TensorSpec("y", (None,), "float32")


def test_a_null_session_answers_with_its_function_and_keeps_the_shapes() -> None:
    session = NullSession(lambda feeds: {"y": feeds["x"] + 1}, inputs=[X], outputs=[Y], metadata={"a": "b"})
    as_protocol: Session = session
    np.testing.assert_array_equal(as_protocol.run({"x": np.zeros(3, np.float32)})["y"], [1, 1, 1])
    assert session.shapes == [{"x": (3,)}]
    assert session.metadata == {"a": "b"}


def test_a_closed_null_session_refuses_to_run() -> None:
    session = NullSession(lambda feeds: {}, inputs=[X], outputs=[Y])
    session.close()
    with pytest.raises(ClosedError):
        session.run({"x": np.zeros(3, np.float32)})
