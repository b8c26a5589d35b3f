from django.urls import path

from apps.projects.views import briefs, framing, projects

app_name = "projects"
urlpatterns = [
    path("projects/new/", projects.create, name="create"),
    path("projects/<slug:slug>/brief/", briefs.brief, name="brief"),
    path("projects/<slug:slug>/brief/revisions/", briefs.revisions, name="brief_revisions"),
    path("projects/<slug:slug>/brief/steps/<slug:key>/", briefs.step, name="brief_step"),
    path("projects/<slug:slug>/kill-criteria/", framing.kill_criteria, name="kill_criteria"),
    path(
        "projects/<slug:slug>/kill-criteria/<uuid:pk>/retire/",
        framing.retire_kill_criterion,
        name="retire_kill_criterion",
    ),
    path("projects/<slug:slug>/approach/", framing.approach, name="approach"),
    path("projects/<slug:slug>/tier/", framing.tier, name="tier"),
    path("projects/<slug:slug>/platform/", framing.platform, name="platform"),
    path("projects/<slug:slug>/platform/<slug:component>/", framing.component, name="component"),
    path("projects/<slug:slug>/members/", projects.members, name="members"),
    path("projects/<slug:slug>/members/<uuid:pk>/remove/", projects.remove_member, name="remove_member"),
]
