from __future__ import annotations

import numpy as np

from onnxocr.processing.normalize import normalize_for_detection, normalize_for_recognition


def test_detection_applies_each_constant_to_its_channel_in_bgr_order() -> None:
    image = np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8)
    tensor = normalize_for_detection(image)
    assert tensor.shape == (3, 1, 2)
    assert tensor.dtype == np.float32
    # -mean/std and (1-mean)/std of blue, green, red
    assert np.allclose(tensor[:, 0, 0], [-2.1179039, -2.0357143, -1.8044444], atol=1e-6)
    assert np.allclose(tensor[:, 0, 1], [2.2489083, 2.4285714, 2.64], atol=1e-6)


def test_recognition_maps_to_minus_one_to_one_and_pads_with_zero() -> None:
    image = np.array([[[0, 127, 255]]], np.uint8)
    tensor = normalize_for_recognition(image, 3)
    assert tensor.shape == (3, 1, 3)
    assert tensor[:, 0, 0].tolist() == [-1.0, np.float32(127) / np.float32(255) * 2 - 1, 1.0]
    assert not tensor[:, :, 1:].any()


def test_the_image_is_not_modified() -> None:
    image = np.full((2, 2, 3), 9, np.uint8)
    normalize_for_detection(image)
    normalize_for_recognition(image, 4)
    assert (image == 9).all()
