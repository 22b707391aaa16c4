"""From uint8 BGR images to the float32 tensors that the networks were trained on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from onnxocr.arrays import Image, Tensor

# ImageNet statistics. PP-OCR's detectors were trained on BGR images with the RGB constants in RGB order, so
# the first pair belongs to blue here (configs/det: DecodeImage img_mode BGR + NormalizeImage order hwc).
DETECTION_MEAN = (0.485, 0.456, 0.406)
DETECTION_STD = (0.229, 0.224, 0.225)

_DETECTION_SCALE = tuple(np.float32((1 / 255) / std) for std in DETECTION_STD)
_DETECTION_SHIFT = tuple(
    np.float32(-mean / std) for mean, std in zip(DETECTION_MEAN, DETECTION_STD, strict=True)
)

# A recogniser's input has 256 possible values, so they are worked out once: (v / 255 - 0.5) / 0.5 in float32.
_RECOGNITION_VALUES: npt.NDArray[np.float32] = (
    np.arange(256, dtype=np.float32) / np.float32(255) - np.float32(0.5)
) / np.float32(0.5)


def normalize_for_detection(image: Image) -> Tensor:
    """Returns ``(3, H, W)`` float32: each channel scaled to [0, 1], less its mean, over its deviation."""
    tensor = np.empty((3, *image.shape[:2]), np.float32)
    for channel in range(3):
        np.multiply(image[:, :, channel], _DETECTION_SCALE[channel], out=tensor[channel])
        tensor[channel] += _DETECTION_SHIFT[channel]
    return tensor


def normalize_for_recognition(image: Image, tensor_width: int) -> Tensor:
    """Returns ``(3, H, tensor_width)`` float32 in [-1, 1], padded with 0 on the right."""
    height, width = image.shape[:2]
    tensor = np.zeros((3, height, tensor_width), np.float32)
    tensor[:, :, :width] = _RECOGNITION_VALUES[image.transpose(2, 0, 1)]
    return tensor
