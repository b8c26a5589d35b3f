from django.urls import path

from apps.modelcards import views

app_name = "modelcards"
urlpatterns = [
    path("versions/<uuid:pk>/card/", views.card, name="card"),
    path("versions/<uuid:pk>/card/edit/", views.edit, name="edit"),
    path("versions/<uuid:pk>/card/pdf/", views.request_pdf, name="pdf"),
    path("versions/<uuid:pk>/card.pdf", views.download, name="download"),
]
