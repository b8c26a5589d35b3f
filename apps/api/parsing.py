"""How bodies are read."""

from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

#: Levels of objects and lists in each other; nothing that is asked for here has ten.
DEEPEST = 50


class FlatJSONParser(JSONParser):
    """JSON that is not nested without end: what walks over it would run out of stack."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None
    ) -> dict[str, Any]:
        try:
            data = super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise _too_deep() from None
        if _is_deeper(data):
            raise _too_deep()
        return data


def _too_deep() -> ParseError:
    return ParseError(f"The JSON is nested more than {DEEPEST} deep. Send it flatter.")


def _is_deeper(data: Any) -> bool:
    level = [data]
    for _ in range(DEEPEST + 1):
        nested = (one for one in level if isinstance(one, dict | list))
        level = [child for one in nested for child in (one.values() if isinstance(one, dict) else one)]
        if not level:
            return False
    return True
