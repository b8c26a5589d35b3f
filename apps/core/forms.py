"""How forms and services meet: one service call, its refusal beside the field it is about."""

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.forms.renderers import Jinja2, TemplatesSetting

from apps.core.errors import Forbidden, MlgovError

R = TypeVar("R")


class FormRenderer(TemplatesSetting):
    """Renders the framework's own widgets with its Jinja templates, and everything else with ours.

    A checklist has ninety widgets, and Jinja writes one in a fifth of the time.
    """

    def __init__(self) -> None:
        self._widgets = Jinja2()

    def get_template(self, template_name: str) -> Any:
        if template_name.startswith("django/forms/widgets/"):
            return self._widgets.get_template(template_name)
        return super().get_template(template_name)


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
