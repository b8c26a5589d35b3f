"""All addresses: each app's own, the interface for pipelines, and signing in."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
