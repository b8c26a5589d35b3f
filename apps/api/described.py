"""How an operation is described. A module of its own: the framework loads it while it loads its views."""

from drf_spectacular.openapi import AutoSchema


class Described(AutoSchema):
    """An operation as the view declares it: deprecated where its method is retiring."""

    def is_deprecated(self) -> bool:
        return self.method in getattr(self.view, "retiring", {})
