from django.urls import path

from apps.gates.views import dryrun, requests

app_name = "gates"
urlpatterns = [
    path("promotions/<uuid:pk>/", requests.promotion, name="promotion"),
    path("promotions/<uuid:pk>/sign/", requests.sign, name="sign"),
    path("promotions/<uuid:pk>/withdraw/", requests.withdraw, name="withdraw"),
    path("approvals/<uuid:pk>/withdraw/", requests.withdraw_approval, name="withdraw_approval"),
    path("versions/<uuid:pk>/promote/", requests.ask, name="request"),
    path("versions/<uuid:pk>/dry-run/", dryrun.ask, name="dry_run"),
]
