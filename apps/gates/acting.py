"""What the pages of acts share: show the form with what it means, act, go back, or say why not."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from apps.accounts.requests import SignedInRequest
from apps.core.errors import Decision, MlgovError
from apps.core.htmx import page
from apps.registry.models import Version

FIELD_OF_CODE = {"wrong_password": "password"}


def act_page(
    request: SignedInRequest,
    version: Version,
    *,
    form: forms.Form,
    may: Decision,
    title: str,
    button: str,
    about: str,
    act: Callable[[dict[str, Any]], Any],
    done: str,
    danger: bool = True,
    **more: Any,
) -> HttpResponse:
    """Serve one act on a version: GET shows what it does and asks; POST does it once, or shows why not."""
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                act(form.cleaned_data)
            except MlgovError as error:
                field = FIELD_OF_CODE.get(error.code) or error.details.get("field")
                form.add_error(field if field in form.fields else None, error.sentence)
                status = error.status
            else:
                messages.success(request, done)
                return redirect("portal:version", pk=version.pk)
    context = {
        "version": version,
        "project": version.model.project,
        "form": form,
        "may": may,
        "act_title": title,
        "act_button": button,
        "act_about": about,
        "act_danger": danger,
        **more,
    }
    return page(request, "gates/act.html", context, status=status)
