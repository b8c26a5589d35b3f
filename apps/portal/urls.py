from django.urls import path

from apps.assurance.views import trail
from apps.portal import styleguide, views

app_name = "portal"
urlpatterns = [
    path("", views.home, name="home"),
    path("projects/", views.projects, name="projects"),
    path("projects/<slug:slug>/", views.project, name="project"),
    path("projects/<slug:slug>/audit/", trail.audit_project, name="audit_project"),
    path("versions/<uuid:pk>/", views.version, name="version"),
    path("audit/", trail.audit_site, name="audit_site"),
    path("theme/", views.theme, name="theme"),
    path("styleguide/", styleguide.styleguide, name="styleguide"),
]
