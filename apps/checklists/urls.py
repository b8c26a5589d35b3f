from django.urls import path

from apps.checklists import views

app_name = "checklists"
urlpatterns = [path("versions/<uuid:pk>/checklists/<slug:key>/", views.checklist, name="checklist")]
