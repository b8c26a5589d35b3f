"""Settings of the interface for pipelines: how it answers, how often it may be asked, what its document says."""

import os

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.api.authentication.TokenAuthentication",
        "apps.api.authentication.PortalSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["apps.api.permissions.DenyByDefault"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["apps.api.parsing.FlatJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "apps.api.described.Described",
    "DEFAULT_THROTTLE_CLASSES": ["apps.api.throttling.PrincipalThrottle"],
    "EXCEPTION_HANDLER": "apps.api.problems.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
#: Requests in a window of time: of a principal, and of a place that exchanges identity tokens (apps/core/budgets.py).
API_RATES = {
    "principal": os.environ.get("MLGOV_API_RATE", "6000/min"),
    "exchange": os.environ.get("MLGOV_EXCHANGE_RATE", "120/min"),
}
#: How many requests of a process may wait by “Prefer: wait”; fewer than its threads, so that others are answered.
API_WAITERS = int(os.environ.get("MLGOV_API_WAITERS", "2"))
SPECTACULAR_SETTINGS = {
    "TITLE": "mlgov",
    "VERSION": "1",
    "DESCRIPTION": "Evidence in, verdicts out: the interface for pipelines.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "OAS_VERSION": "3.1.1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "apps.api.openapi.say_what_all_share",
    ],
    "COMPONENT_SPLIT_REQUEST": True,
    # Where two fields of one name, or two names of one choice, would be named by chance.
    "ENUM_NAME_OVERRIDES": {
        "DataRole": "apps.projects.enums.DataRole.choices",
        "ComponentState": "apps.projects.enums.ComponentState.choices",
        "IssuerKind": "apps.identity.enums.IssuerKind.choices",
        "CriterionState": "apps.policies.verdicts.State",
        "GateState": ["pass", "fail", "inconclusive", "missing"],
        "RunEnd": ["finished", "failed"],
    },
    "SERVE_PERMISSIONS": ["apps.api.permissions.SignedIn"],
}
