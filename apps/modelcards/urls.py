from django.urls import path, register_converter
from django.urls.converters import StringConverter

from apps.modelcards import exchange_views, views, views_life, views_public


class Secret(StringConverter):
    """A secret with or without a slash after it: a redirect to the slash would say the address without its headers."""

    regex = "[^/]+/?"

    def to_python(self, value: str) -> str:
        return value.removesuffix("/")

    def to_url(self, value: str) -> str:
        return f"{value}/"


register_converter(Secret, "secret")
app_name = "modelcards"
urlpatterns = [
    path("versions/<uuid:pk>/card/", views.card, name="card"),
    path("versions/<uuid:pk>/card/edit/", views.edit, name="edit"),
    path("versions/<uuid:pk>/card/pdf/", views.request_pdf, name="pdf"),
    path("versions/<uuid:pk>/card.pdf", views.download, name="download"),
    path("versions/<uuid:pk>/card/life/", views_life.review, name="life"),
    path("versions/<uuid:pk>/card/submit/", views_life.submit, name="submit"),
    path("versions/<uuid:pk>/card/take-back/", views_life.take_back, name="take_back"),
    path("versions/<uuid:pk>/card/send-back/", views_life.send_back, name="send_back"),
    path("versions/<uuid:pk>/card/publish/", views_life.publish, name="publish"),
    path("versions/<uuid:pk>/card/withdraw/", views_life.withdraw, name="withdraw"),
    path("versions/<uuid:pk>/card/revisions/", views_life.revisions, name="revisions"),
    path("versions/<uuid:pk>/card/comments/", views_public.comments, name="comments"),
    path("card-comments/<uuid:pk>/resolve/", views_public.resolve, name="resolve"),
    path("versions/<uuid:pk>/card/links/", views_public.links, name="links"),
    path("card-links/<uuid:pk>/withdraw/", views_public.withdraw_link, name="withdraw_link"),
    path("projects/<slug:slug>/card-defaults/", views_life.project_defaults, name="defaults"),
    path("public/cards/<secret:secret>", views_public.public, name="public"),
    path("versions/<uuid:pk>/card/exports/", exchange_views.exports, name="exports"),
    path("versions/<uuid:pk>/card/exports/<str:key>/", exchange_views.export, name="export"),
    path("versions/<uuid:pk>/card/import/", exchange_views.take_over, name="import"),
]
