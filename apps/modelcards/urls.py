from django.urls import path

from apps.modelcards import exchange_views, views

app_name = "modelcards"
urlpatterns = [
    path("versions/<uuid:pk>/card/", views.card, name="card"),
    path("versions/<uuid:pk>/card/edit/", views.edit, name="edit"),
    path("versions/<uuid:pk>/card/pdf/", views.request_pdf, name="pdf"),
    path("versions/<uuid:pk>/card.pdf", views.download, name="download"),
    path("versions/<uuid:pk>/card/exports/", exchange_views.exports, name="exports"),
    path("versions/<uuid:pk>/card/exports/<str:key>/", exchange_views.export, name="export"),
    path("versions/<uuid:pk>/card/import/", exchange_views.take_over, name="import"),
]
