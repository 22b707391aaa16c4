"""Every error that onnxocr raises on purpose.

The tree (the number is the exit code of the command line)::

    OnnxOCRError                        1
    ├── ConfigError (ValueError)        2   a setting that is unknown, contradictory or out of range
    │   └── NotYetSupportedError        2   a PaddleOCR setting that this release does not carry out
    ├── InputError (ValueError)         3   something handed in to be read
    │   ├── InputNotFoundError (FileNotFoundError)
    │   ├── UnsupportedInputError           a kind of object or file that is no image and no document
    │   ├── ImageDecodeError                damaged or empty image data
    │   ├── ImageSizeError                  no pixels at all, or more than the limit
    │   ├── ImageArrayError                 an array of the wrong shape, type or content
    │   ├── PDFError                        damaged, encrypted or empty PDF
    │   └── URLError                        a download that failed, was too large, too slow or not allowed
    ├── ModelError                      4   a model that is unknown, unobtainable or broken
    │   ├── UnknownModelError
    │   ├── ModelUnavailableError           every source was tried and failed
    │   ├── ModelFileError                  the file is not what it should be
    │   ├── CharsetError                    classes and characters do not fit
    │   └── ConversionError                 a Paddle model that cannot be turned into ONNX
    │       └── UnsupportedOperatorError    it has operators that the converter does not know
    ├── BackendError                    5   what runs the graphs
    │   ├── MissingDependencyError (ImportError)
    │   ├── DeviceUnavailableError
    │   ├── InferenceError
    │   └── ClosedError
    └── OutputError                     6   a result that could not be drawn or written

Messages name the value that was seen and what to do about it. Low-level causes are chained.
"""

from __future__ import annotations

__all__ = [
    "BackendError",
    "CharsetError",
    "ClosedError",
    "ConfigError",
    "ConversionError",
    "DeviceUnavailableError",
    "ImageArrayError",
    "ImageDecodeError",
    "ImageSizeError",
    "InferenceError",
    "InputError",
    "InputNotFoundError",
    "MissingDependencyError",
    "ModelError",
    "ModelFileError",
    "ModelUnavailableError",
    "NotYetSupportedError",
    "OnnxOCRError",
    "OutputError",
    "PDFError",
    "URLError",
    "UnknownModelError",
    "UnsupportedInputError",
    "UnsupportedOperatorError",
]


class OnnxOCRError(Exception):
    """Base of all errors raised on purpose by onnxocr."""

    exit_code = 1


class ConfigError(OnnxOCRError, ValueError):
    """A setting is unknown, contradictory or out of range.

    Attributes:
        setting: the setting's name, None if the error is not about one alone.
        complaint: what it must be, in words that follow the name.
    """

    exit_code = 2
    setting: str | None = None
    complaint: str = ""

    @classmethod
    def about(cls, setting: str, complaint: str) -> ConfigError:
        """Returns the error for one setting; the message is the name followed by the complaint."""
        error = cls(f"{setting} {complaint}")
        error.setting, error.complaint = setting, complaint
        return error


class NotYetSupportedError(ConfigError):
    """A setting that PaddleOCR has and this release does not carry out."""


class InputError(OnnxOCRError, ValueError):
    """Something handed in to be read cannot be read.

    Attributes:
        input_path: the path or URL as it was given, None for data without a name.
        page_index: the page from 0, None where the whole input is meant.
    """

    exit_code = 3
    input_path: str | None = None
    page_index: int | None = None


class InputNotFoundError(InputError, FileNotFoundError):
    """A path does not exist, or a folder holds nothing to read."""

    # OSError.__str__ formats errno and file name; the message given here is complete.
    __str__ = Exception.__str__


class UnsupportedInputError(InputError):
    """A kind of object or file that is neither an image nor a document."""


class ImageDecodeError(InputError):
    """Image data is damaged or empty."""


class ImageSizeError(InputError):
    """An image has no pixels, or more than the limit."""


class ImageArrayError(InputError):
    """An array has the wrong shape, type or content for an image."""


class PDFError(InputError):
    """A PDF is damaged, encrypted or has no pages."""


class URLError(InputError):
    """A download failed, was too large or too slow, or is not allowed."""


class ModelError(OnnxOCRError):
    """A model is unknown, unobtainable or broken."""

    exit_code = 4


class UnknownModelError(ModelError):
    """No model of that name, language or version is in the zoo."""


class ModelUnavailableError(ModelError):
    """No source could deliver the model's files."""


class ModelFileError(ModelError):
    """A model file is missing, damaged or not what its place requires."""


class CharsetError(ModelFileError):
    """The number of characters does not fit the classes of the recogniser, or no charset was found."""


class ConversionError(ModelError):
    """A Paddle model cannot be turned into an ONNX graph."""


class UnsupportedOperatorError(ConversionError):
    """A Paddle model has operators that the converter does not know; the message lists all of them."""


class BackendError(OnnxOCRError):
    """A runtime, provider or device problem."""

    exit_code = 5


class MissingDependencyError(BackendError, ImportError):
    """An optional package is not installed; the message names the extra to install."""


class DeviceUnavailableError(BackendError):
    """A device or execution provider was asked for by name and is not there."""


class InferenceError(BackendError):
    """A graph failed while running; names the model and the input shapes."""


class ClosedError(BackendError):
    """A closed engine or session was used."""


class OutputError(OnnxOCRError):
    """A result could not be drawn or written."""

    exit_code = 6
