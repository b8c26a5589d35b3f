"""Exports of a card: each a pure function of the card's document that also says what it does not carry.

One module for each kind of format, one line here for each format.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from apps.modelcards.exporting import cyclonedx, huggingface, ll144, sagemaker, story, toolkit
from apps.modelcards.exporting.reading import Export

__all__ = ["FORMATS", "Export", "Format"]


class Format(NamedTuple):
    """What a reader calls a format, and the function that writes it."""

    title: str
    function: Callable[[Mapping[str, Any]], Export]


FORMATS: dict[str, Format] = {
    "json": Format("JSON, whole", story.json),
    "huggingface": Format("Hugging Face README.md", huggingface.export),
    "cyclonedx-1.7": Format("CycloneDX 1.7 ML-BOM", cyclonedx.exporter("1.7")),
    "cyclonedx-1.6": Format("CycloneDX 1.6 ML-BOM", cyclonedx.exporter("1.6")),
    "sagemaker": Format("SageMaker model card", sagemaker.export),
    "model-card-toolkit": Format("Model Card Toolkit 0.0.2", toolkit.export),
    "markdown": Format("Markdown", story.markdown),
    "html": Format("HTML, one file", story.html),
    "ll144-html": Format("Bias audit summary (NYC Local Law 144), HTML", ll144.html),
    "ll144-csv": Format("Bias audit summary (NYC Local Law 144), CSV", ll144.csv),
    "ll144-json": Format("Bias audit summary (NYC Local Law 144), JSON", ll144.json),
}
