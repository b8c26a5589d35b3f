"""All addresses: each app's own, the interface for pipelines, and signing in."""

from allauth.account import views as account
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    # Only what is in use of allauth: nobody signs up, and addresses are an administrator's matter.
    path("accounts/login/", account.login, name="account_login"),
    path("accounts/logout/", account.logout, name="account_logout"),
    path("accounts/password/change/", account.password_change, name="account_change_password"),
    path("accounts/reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("api/", include("apps.api.urls")),
    path("", include("apps.projects.urls")),
    path("", include("apps.portal.urls")),
    path("", include("apps.accounts.urls")),
    path("", include("apps.assurance.urls")),
    path("", include("apps.checklists.urls")),
    path("", include("apps.costs.urls")),
    path("", include("apps.evaluations.urls")),
    path("", include("apps.experiments.urls")),
    path("", include("apps.gates.urls")),
    path("", include("apps.jobs.urls")),
    path("", include("apps.modelcards.urls")),
    path("", include("apps.policies.urls")),
    path("", include("apps.registry.urls")),
    path("", include("apps.rubrics.urls")),
]
