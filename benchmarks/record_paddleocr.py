"""Records PaddleOCR 3.7's answers in the form that parity.py compares with.

    python benchmarks/record_paddleocr.py FAMILY MODELS IMAGES TARGET

Runs in an environment of its own: ``pip install paddleocr==3.7.0 "paddlex[ocr-core]==3.7.2" onnxruntime``.
MODELS holds ``<FAMILY>_det`` and ``<FAMILY>_rec`` with ``inference.onnx`` and ``inference.yml``, such as
``onnxocr models path`` shows (models without an ``inference.yml`` need one with Global.model_name, PreProcess
and PostProcess written by hand).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

KEYS = (
    "text_det_params",
    "dt_polys",
    "rec_texts",
    "rec_scores",
    "rec_polys",
    "rec_boxes",
    "text_word",
    "text_word_boxes",
)


def main() -> int:
    """Reads every picture with PaddleOCR and writes the answers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("family")
    parser.add_argument("models", type=Path)
    parser.add_argument("images", type=Path)
    parser.add_argument("target", type=Path)
    arguments = parser.parse_args()

    from paddleocr import PaddleOCR

    family = arguments.family
    ocr = PaddleOCR(
        text_detection_model_name=f"{family}_det",
        text_detection_model_dir=str(arguments.models / f"{family}_det"),
        text_recognition_model_name=f"{family}_rec",
        text_recognition_model_dir=str(arguments.models / f"{family}_rec"),
        text_recognition_batch_size=1,
        use_doc_orientation_classify=False,
        use_doc_unwarping=False,
        use_textline_orientation=False,
        engine="onnxruntime",
        return_word_box=True,
    )
    answers = {}
    for path in sorted(arguments.images.iterdir()):
        result = ocr.predict(str(path))[0].json["res"]
        answers[path.name] = {key: result[key] for key in KEYS}
    arguments.target.write_text(json.dumps(answers, ensure_ascii=False), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
