from django.urls import path

from apps.gates import views

app_name = "gates"
urlpatterns = [
    path("promotions/<uuid:pk>/", views.promotion, name="promotion"),
    path("promotions/<uuid:pk>/sign/", views.sign, name="sign"),
    path("promotions/<uuid:pk>/withdraw/", views.withdraw, name="withdraw"),
    path("approvals/<uuid:pk>/withdraw/", views.withdraw_approval, name="withdraw_approval"),
    path("versions/<uuid:pk>/promote/", views.ask, name="request"),
]
