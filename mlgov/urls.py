"""All addresses: each app's own, the interface for pipelines, and signing in."""

from allauth.account import views as account
from django.urls import URLPattern, URLResolver, include, path

from apps.api import download
from apps.identity import views as identity

urlpatterns: list[URLPattern | URLResolver] = [
    # First what is asked most often: each address that is tried before it takes time.
    path("mlflow/", include("apps.mlflow.urls")),
    # Only what is in use of allauth: nobody signs up, and addresses are an administrator's matter.
    path("accounts/login/", account.login, name="account_login"),
    path("accounts/logout/", account.logout, name="account_logout"),
    path("accounts/inactive/", account.account_inactive, name="account_inactive"),
    path("accounts/password/change/", account.password_change, name="account_change_password"),
    path("accounts/password/set/", account.password_set, name="account_set_password"),
    path("accounts/reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("accounts/security/", include("allauth.mfa.urls")),
    path("accounts/sso/<slug:provider_id>/", identity.provider_login, name="openid_connect_login"),
    path(
        "accounts/sso/<slug:provider_id>/callback/",
        identity.provider_callback,
        name="openid_connect_callback",
    ),
    path("accounts/sso/cancelled/", account.login, name="socialaccount_login_cancelled"),
    path("accounts/sessions/", include("allauth.usersessions.urls")),
    path("api/", include("apps.api.urls")),
    path("cli/mlgov", download.download, name="client"),
    path("cli/mlgov.sha256", download.checksum, name="client_checksum"),
    path("", include("apps.projects.urls")),
    path("", include("apps.portal.urls")),
    path("", include("apps.accounts.urls")),
    path("", include("apps.identity.urls")),
    path("", include("apps.assurance.urls")),
    path("", include("apps.checklists.urls")),
    path("", include("apps.commands.urls")),
    path("", include("apps.costs.urls")),
    path("", include("apps.data.urls")),
    path("", include("apps.evaluations.urls")),
    path("", include("apps.experiments.urls")),
    path("", include("apps.findings.urls")),
    path("", include("apps.gates.urls")),
    path("", include("apps.jobs.urls")),
    path("", include("apps.modelcards.urls")),
    path("", include("apps.notifications.urls")),
    path("", include("apps.policies.urls")),
    path("", include("apps.registry.urls")),
    path("", include("apps.rubrics.urls")),
]
handler500 = "apps.api.problems.broken"
