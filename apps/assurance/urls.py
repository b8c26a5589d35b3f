from django.urls import path

from apps.assurance.views import reviews, trail

app_name = "assurance"
urlpatterns = [
    path("audit/access/", reviews.access_site, name="access_site"),
    path("audit/export.<slug:form>", trail.export_site, name="export_site"),
    path("audit/head.txt", trail.head, name="head"),
    path("audit/mlgov_verify.py", trail.verifier, name="verifier"),
    path("audit/verify/", trail.verify_now, name="verify"),
    path("audit/records/<int:number>/", trail.event, name="event"),
    path("audit/records/<int:number>/proof.json", trail.event_proof, name="proof"),
    path("audit/records/<int:number>/story/", trail.story, name="story"),
    path("projects/<slug:slug>/audit/export.<slug:form>", trail.export_project, name="export_project"),
    path("projects/<slug:slug>/access/", reviews.access_project, name="access_project"),
    path("projects/<slug:slug>/past/", reviews.past, name="past"),
    path("projects/<slug:slug>/packs/", reviews.packs, name="packs"),
    path("versions/<uuid:pk>/pack/", reviews.pack_version, name="pack_version"),
    path("packs/<uuid:pk>.zip", reviews.pack_download, name="pack_download"),
]
