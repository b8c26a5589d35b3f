"""Addresses of MLflow's protocol; ``projects/<slug>/`` before them names the project of a token that reaches several."""

from django.urls import URLPattern, include, path

from apps.mlflow import artifacts, views

app_name = "mlflow"
#: The protocol's own pages use ajax-api; calls that are new there stand under 3.0.
_BEGINNINGS = [f"{kind}/{version}/mlflow/" for kind in ("api", "ajax-api") for version in ("2.0", "3.0")]


#: The proxy of artifacts knows one version.
_FILES = [f"{kind}/2.0/mlflow-artifacts/" for kind in ("api", "ajax-api")]


def _addresses() -> list[URLPattern]:
    return [
        *(path(f"{beginning}<path:address>", views.call) for beginning in _BEGINNINGS),
        *(path(f"{beginning}artifacts", artifacts.artifact) for beginning in _FILES),
        *(path(f"{beginning}artifacts/<path:place>", artifacts.artifact) for beginning in _FILES),
        *(
            path(f"{beginning}{kind}/<path:place>", artifacts.in_parts)
            for beginning in _FILES
            for kind in ("mpu", "presigned")
        ),
        path("health", views.health),
        path("version", views.version),
    ]


urlpatterns = [
    *_addresses(),
    path("projects/<slug:slug>/", include(_addresses())),
    path("<path:address>", views.unknown),
]
