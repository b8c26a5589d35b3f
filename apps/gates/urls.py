from django.urls import path

from apps.gates.views import exceptions, ledger, requests, waivers

app_name = "gates"
urlpatterns = [
    path("promotions/<uuid:pk>/", requests.promotion, name="promotion"),
    path("promotions/<uuid:pk>/sign/", requests.sign, name="sign"),
    path("promotions/<uuid:pk>/withdraw/", requests.withdraw, name="withdraw"),
    path("approvals/<uuid:pk>/withdraw/", requests.withdraw_approval, name="withdraw_approval"),
    path("versions/<uuid:pk>/promote/", requests.ask, name="request"),
    path("projects/<slug:slug>/exceptions/", ledger.exceptions, name="exceptions"),
    path("versions/<uuid:pk>/waive/<slug:to>/", waivers.ask, name="waiver_ask"),
    path("waivers/<uuid:pk>/", waivers.waiver, name="waiver"),
    path("waivers/<uuid:pk>/grant/", waivers.grant, name="waiver_grant"),
    path("waivers/<uuid:pk>/end/", waivers.end, name="waiver_end"),
    path("versions/<uuid:pk>/rollback/", exceptions.roll_back, name="rollback"),
    path("versions/<uuid:pk>/suspend/", exceptions.suspend, name="suspend"),
    path("versions/<uuid:pk>/break-glass/<slug:to>/", exceptions.break_glass, name="break_glass"),
    path("postmortems/<uuid:pk>/", exceptions.postmortem, name="postmortem"),
]
