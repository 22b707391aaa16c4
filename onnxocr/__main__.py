"""``python -m onnxocr``."""

from __future__ import annotations

from onnxocr.cli.main import main

if __name__ == "__main__":
    main()
