from django.urls import path

from apps.gates.views import (
    delegations,
    dryrun,
    exceptions,
    ledger,
    requests,
    reviews,
    talk,
    times,
    waivers,
)

app_name = "gates"
urlpatterns = [
    path("promotions/<uuid:pk>/", requests.promotion, name="promotion"),
    path("promotions/<uuid:pk>/sign/", requests.sign, name="sign"),
    path("promotions/<uuid:pk>/withdraw/", requests.withdraw, name="withdraw"),
    path("promotions/<uuid:pk>/comment/", talk.comment, name="comment"),
    path("promotions/<uuid:pk>/seat/", talk.ask_for_seat, name="ask_for_seat"),
    path("approvals/<uuid:pk>/withdraw/", requests.withdraw_approval, name="withdraw_approval"),
    path("approvals/<uuid:pk>/record/", talk.record, name="record"),
    path("versions/<uuid:pk>/promote/", requests.ask, name="request"),
    path("projects/<slug:slug>/delegations/", delegations.delegations, name="delegations"),
    path("delegations/<uuid:pk>/end/", delegations.end, name="end_delegation"),
    path("reviews/<uuid:pk>/", reviews.review, name="review"),
    path("reviews/<uuid:pk>/start/", reviews.start, name="start_review"),
    path("reviews/<uuid:pk>/finding/", reviews.finding, name="finding"),
    path("projects/<slug:slug>/requests/", times.of_project, name="times"),
    path("requests/", times.of_all, name="all_times"),
    path("projects/<slug:slug>/exceptions/", ledger.exceptions, name="exceptions"),
    path("versions/<uuid:pk>/waive/<slug:to>/", waivers.ask, name="waiver_ask"),
    path("waivers/<uuid:pk>/", waivers.waiver, name="waiver"),
    path("waivers/<uuid:pk>/grant/", waivers.grant, name="waiver_grant"),
    path("waivers/<uuid:pk>/end/", waivers.end, name="waiver_end"),
    path("versions/<uuid:pk>/rollback/", exceptions.roll_back, name="rollback"),
    path("versions/<uuid:pk>/suspend/", exceptions.suspend, name="suspend"),
    path("versions/<uuid:pk>/break-glass/<slug:to>/", exceptions.break_glass, name="break_glass"),
    path("postmortems/<uuid:pk>/", exceptions.postmortem, name="postmortem"),
    path("versions/<uuid:pk>/dry-run/", dryrun.ask, name="dry_run"),
]
