"""Markdown in templates."""

from django import template
from django.utils.safestring import SafeString

from apps.core.markdown import render

register = template.Library()


@register.filter
def markdown(text: str) -> SafeString:
    """Return people's Markdown as safe HTML."""
    return render(text)
