"""The pipeline over stand-in networks: order, options, errors, threads."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from onnxocr import OCRResult, PaddleOCR
from onnxocr.arrays import Image
from onnxocr.errors import ClosedError, ConfigError, InputError, NotYetSupportedError
from onnxocr.modules.loading import LoadedModel, ModelRequest
from tests import fakes


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[ModelRequest]:
    """Puts stand-ins in place of models; returns the requests that were made."""
    made: list[ModelRequest] = []

    def load(requests: list[ModelRequest], runtime: object) -> list[LoadedModel]:
        made.extend(requests)
        return [fakes.detector(tmp_path), fakes.recognizer(tmp_path)]

    monkeypatch.setattr("onnxocr.pipelines.ocr.load_models", load)
    return made


def page(*boxes: tuple[int, int, int, int, int]) -> Image:
    image = np.zeros((200, 400, 3), np.uint8)
    for x_min, y_min, x_max, y_max, value in boxes:
        image[y_min:y_max, x_min:x_max] = value
    return image


TWO_ROWS = page((220, 30, 340, 60, 255), (40, 34, 160, 64, 200), (40, 130, 160, 160, 255))


@pytest.mark.usefixtures("requests")
class TestPredict:
    def test_lines_come_in_reading_order_with_box_text_and_score_together(self) -> None:
        (result,) = PaddleOCR().predict(TWO_ROWS)
        assert [line.box[0] < 200 for line in result.lines] == [True, False, True]
        assert [line.box[1] < 100 for line in result.lines] == [True, True, False]
        assert len(result["dt_polys"]) == len(result["rec_texts"]) == len(result["rec_scores"]) == 3

    def test_an_empty_page_gives_an_empty_result_of_the_same_type(self) -> None:
        (result,) = PaddleOCR().predict(page())
        assert isinstance(result, OCRResult)
        assert result.lines == ()
        assert result["rec_texts"] == []

    def test_a_call_option_is_gone_after_the_call(self) -> None:
        ocr = PaddleOCR()
        before = ocr.predict(TWO_ROWS)[0].json
        overridden = ocr.predict(TWO_ROWS, text_det_box_thresh=0.95, text_det_limit_side_len=640)[0]
        assert len(overridden.lines) == 0
        assert overridden["text_det_params"]["limit_side_len"] == 640
        assert ocr.predict(TWO_ROWS)[0].json == before

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("text_det_limit_side_len", 640),
            ("text_det_limit_type", "max"),
            ("text_det_thresh", 0.95),
            ("text_det_box_thresh", 0.95),
            ("text_det_unclip_ratio", 0.5),
            ("text_rec_score_thresh", 0.99),
            ("return_word_box", True),
        ],
    )
    def test_every_option_has_an_effect_from_the_constructor_and_the_call(
        self, name: str, value: object
    ) -> None:
        options: dict[str, Any] = {name: value}
        plain = PaddleOCR().predict(TWO_ROWS)[0].json
        by_call = PaddleOCR().predict(TWO_ROWS, **options)[0].json
        by_constructor = PaddleOCR(**options).predict(TWO_ROWS)[0].json
        assert by_call == by_constructor != plain

    def test_fixed_input_shapes_have_an_effect(self) -> None:
        plain = PaddleOCR().predict(TWO_ROWS)[0]
        squeezed = PaddleOCR(text_det_input_shape=(3, 64, 64)).predict(TWO_ROWS)[0]
        assert not np.array_equal(plain["dt_polys"], squeezed["dt_polys"])
        narrow = PaddleOCR(text_rec_input_shape=[3, 48, 16]).predict(TWO_ROWS)[0]
        assert narrow["rec_texts"] != plain["rec_texts"]

    def test_words_are_located_inside_their_line(self) -> None:
        (result,) = PaddleOCR(return_word_box=True).predict(TWO_ROWS)
        for line in result.lines:
            assert line.words
            assert line.words[0].box[0] >= line.box[0]

    def test_the_result_tells_what_ran(self) -> None:
        (result,) = PaddleOCR().predict(page())
        assert {task: info.backend for task, info in result.runtime.items()} == {
            "text_detection": "null",
            "text_recognition": "null",
        }

    def test_sixteen_threads_get_what_one_gets(self) -> None:
        ocr = PaddleOCR(return_word_box=True)
        pages = [
            page((20 + 5 * i, 30, 150 + 9 * i, 60, 255), (40, 100 + i, 160, 130 + i, 150)) for i in range(32)
        ]
        serial = [ocr.predict(image)[0].json for image in pages]
        with ThreadPoolExecutor(16) as pool:
            assert list(pool.map(lambda image: ocr.predict(image)[0].json, pages)) == serial


@pytest.mark.usefixtures("requests")
class TestInputs:
    def test_pages_are_read_one_at_a_time(self) -> None:
        alive = most = 0

        def died() -> None:
            nonlocal alive
            alive -= 1

        def pages() -> Iterator[Image]:
            nonlocal alive, most
            for _ in range(20):
                image = page()
                weakref.finalize(image, died)
                alive += 1
                gc.collect()
                most = max(most, alive)
                yield image

        for result in PaddleOCR().predict_iter(pages()):
            assert result["rec_texts"] == []
        assert most <= 3  # the page in hand, its predecessor's result, and the one being made

    def test_nothing_is_read_before_it_is_asked_for(self) -> None:
        def pages() -> Iterator[Image]:
            yield page()
            pytest.fail("the second page was touched")

        next(PaddleOCR().predict_iter(pages()))

    def test_a_broken_input_is_raised_at_its_place(self, tmp_path: Path) -> None:
        results = PaddleOCR().predict_iter([page(), str(tmp_path / "missing.png"), page()])
        assert isinstance(next(results), OCRResult)
        with pytest.raises(InputError, match=r"missing\.png"):
            next(results)

    def test_with_on_error_the_others_are_read(self, tmp_path: Path) -> None:
        errors: list[InputError] = []
        results = PaddleOCR().predict([page(), str(tmp_path / "missing.png"), page()], on_error=errors.append)
        assert len(results) == 2
        assert len(errors) == 1

    def test_on_error_must_be_a_function(self) -> None:
        with pytest.raises(ConfigError, match="on_error must be a function"):
            PaddleOCR().predict_iter(page(), on_error=5)  # type: ignore[arg-type]

    def test_wrong_options_are_refused_before_the_first_page(self) -> None:
        with pytest.raises(ConfigError, match="text_det_box_thresh must be a number from 0 to 1, not 7"):
            PaddleOCR().predict_iter(page(), text_det_box_thresh=7)


@pytest.mark.usefixtures("requests")
class TestConstructor:
    @pytest.mark.parametrize(
        ("arguments", "complaint"),
        [
            ({"text_det_thrsh": 0.3}, "Unknown argument: text_det_thrsh. Did you mean"),
            ({"show_log": True}, "Unknown argument: show_log"),
            ({"text_det_thresh": 1.5}, "text_det_thresh must be a number from 0 to 1, not 1.5"),
            (
                {"text_det_limit_type": "mid"},
                "text_det_limit_type must be one of min, max, resize_long, not 'mid'",
            ),
            ({"text_det_limit_side_len": 0}, "text_det_limit_side_len must be a whole number above 0"),
            ({"text_det_unclip_ratio": -1}, "text_det_unclip_ratio must be a number above 0"),
            ({"text_det_input_shape": (3, 0, 5)}, "text_det_input_shape must be three whole numbers"),
            ({"text_det_input_shape": (3, 640, 639)}, "text_det_input_shape must have multiples of 32"),
            ({"text_rec_input_shape": (3, 32, 320)}, "takes .*48"),
            (
                {"text_det_unclip_ratio": 1e9},
                "text_det_unclip_ratio must be a number above 0 and at most 1000",
            ),
            ({"input_limits": 5}, "input_limits must be an onnxocr.config.InputLimits"),
            ({"text_detection_model_dir": ""}, "text_detection model is an empty string"),
            (
                {"text_recognition_batch_size": 0},
                "text_recognition_batch_size must be a whole number above 0",
            ),
            ({"return_word_box": "yes"}, "return_word_box must be True or False"),
            ({"engine": "paddle"}, "needs Paddle"),
            ({"engine": "torch"}, "engine must be one of onnxruntime, openvino"),
            ({"precision": "int8"}, "precision must be one of fp32, fp16"),
            ({"cpu_threads": 0}, "cpu_threads must be a whole number above 0"),
            ({"det_db_thresh": 0.3, "text_det_thresh": 0.3}, "mutually exclusive"),
        ],
    )
    def test_bad_arguments_are_refused(self, arguments: dict[str, Any], complaint: str) -> None:
        with pytest.raises(ConfigError, match=complaint):
            PaddleOCR(**arguments)

    @pytest.mark.parametrize(
        "arguments",
        [
            {"use_doc_orientation_classify": True},
            {"use_doc_unwarping": True},
            {"use_textline_orientation": True},
            {"textline_orientation_model_name": "PP-LCNet_x1_0_textline_ori"},
            {"doc_unwarping_model_dir": "x"},
            {"textline_orientation_batch_size": 1},
            {"paddlex_config": "OCR.yaml"},
            {"enable_hpi": True},
            {"precision": "fp16"},
        ],
    )
    def test_what_this_release_cannot_do_is_said(self, arguments: dict[str, Any]) -> None:
        with pytest.raises(NotYetSupportedError, match=next(iter(arguments))):
            PaddleOCR(**arguments)
        call = {name: value for name, value in arguments.items() if name.startswith("use_")}
        if call:
            with pytest.raises(NotYetSupportedError):
                PaddleOCR().predict(page(), **call)

    def test_stages_may_be_switched_off(self) -> None:
        ocr = PaddleOCR(
            use_doc_orientation_classify=False, use_doc_unwarping=False, use_textline_orientation=False
        )
        assert len(ocr.predict(page(), use_doc_unwarping=False)) == 1

    def test_old_names_warn_and_work(self) -> None:
        with pytest.warns(DeprecationWarning, match="`det_db_box_thresh` has been deprecated"):
            ocr = PaddleOCR(det_db_box_thresh=0.95)
        assert ocr.predict(TWO_ROWS)[0].lines == ()

    def test_paddle_only_switches_warn(self) -> None:
        with pytest.warns(UserWarning, match="enable_mkldnn controls Paddle Inference"):
            PaddleOCR(enable_mkldnn=True)

    def test_ocr_is_predict_with_a_warning(self) -> None:
        with pytest.warns(DeprecationWarning, match="predict"):
            assert len(PaddleOCR().ocr(page())) == 1

    def test_the_portable_models_are_the_default(self, requests: list[ModelRequest]) -> None:
        PaddleOCR()
        assert [request.name for request in requests] == ["PP-OCRv5_mobile_det", "PP-OCRv5_mobile_rec"]

    def test_a_version_chooses_both_models(self, requests: list[ModelRequest]) -> None:
        PaddleOCR(ocr_version="PP-OCRv4")
        assert [request.name for request in requests] == ["PP-OCRv4_mobile_det", "PP-OCRv4_mobile_rec"]

    def test_language_and_version_do_not_count_beside_a_named_model(
        self, requests: list[ModelRequest]
    ) -> None:
        with pytest.warns(UserWarning, match="ignored"):
            PaddleOCR(text_recognition_model_name="PP-OCRv6_tiny_rec", ocr_version="PP-OCRv4")
        assert [request.name for request in requests] == ["PP-OCRv5_mobile_det", "PP-OCRv6_tiny_rec"]

    def test_a_folder_needs_no_name(self, requests: list[ModelRequest]) -> None:
        PaddleOCR(text_detection_model_dir="mine")
        assert requests[0] == ModelRequest("text_detection", None, "mine")

    def test_close_and_with_release_the_models(self) -> None:
        with PaddleOCR() as ocr:
            assert len(ocr.predict(page())) == 1
        with pytest.raises(ClosedError):
            ocr.predict(page())
        ocr.close()
