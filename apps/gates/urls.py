from django.urls import path

from apps.gates.views import delegations, requests, reviews, talk, times

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
]
