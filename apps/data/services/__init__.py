"""What is done with samples, features and checks of a project's data."""

from apps.data.services.exchange import import_features
from apps.data.services.features import change_feature, register_feature
from apps.data.services.samples import assess, request_leakage, request_profile

__all__ = [
    "assess",
    "change_feature",
    "import_features",
    "register_feature",
    "request_leakage",
    "request_profile",
]
