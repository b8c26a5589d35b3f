"""How forms and services meet: one service call, its refusal beside the field it is about."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from django import forms
from django.conf import settings
from django.forms import renderers
from django.forms.renderers import Jinja2
from django.template.backends.jinja2 import Jinja2 as Engine

from apps.core.errors import Forbidden, MlgovError

R = TypeVar("R")


class FormRenderer(Jinja2):
    """Renders fields and widgets with the framework's Jinja templates, over which ours in ``templates/jinja2`` stand.

    A checklist has ninety widgets, and Jinja writes one in a fifth of the time. Pages are not Jinja.
    """

    @cached_property
    def engine(self) -> Engine:
        own = Path(settings.BASE_DIR) / "templates" / "jinja2"
        built_in = Path(renderers.__file__).parent / "jinja2"
        return Engine({"APP_DIRS": False, "DIRS": [own, built_in], "NAME": "forms", "OPTIONS": {}})


class TextArea(forms.Textarea):
    """A text area of a modest height."""

    def __init__(self, rows: int = 3) -> None:
        super().__init__(attrs={"rows": rows})


def attempt(form: forms.Form, act: Callable[..., R], *args: Any, **kwargs: Any) -> R | None:
    """Call a service; a refusal becomes an error of ``form`` and None is returned, so that the page shows it.

    Who lacks the right has nothing to correct in a form: Forbidden goes on, and is answered with 403 (guarantee 28).
    """
    try:
        return act(*args, **kwargs)
    except Forbidden:
        raise
    except MlgovError as error:
        field = error.details.get("field")
        form.add_error(field if field in form.fields else None, error.sentence)
        return None
