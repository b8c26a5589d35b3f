from django.urls import path

from apps.checklists import views

app_name = "checklists"
urlpatterns = [
    path("versions/<uuid:pk>/checklists/<slug:key>/", views.checklist, name="checklist"),
    path("versions/<uuid:pk>/checklists/<slug:key>/assign/", views.assign, name="assign"),
    path("versions/<uuid:pk>/checklists/<slug:key>/comment/", views.comment, name="comment"),
    path("versions/<uuid:pk>/checklists/<slug:key>/migration/", views.migration, name="migration"),
    path("checklist-evidence/<uuid:pk>/", views.evidence, name="evidence"),
]
