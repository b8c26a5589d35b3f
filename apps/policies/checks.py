"""``manage.py check`` reads every policy file and names the line of each fault."""

from typing import Any

from django.core.checks import CheckMessage, Error, register

from apps.policies.loading import pack_files, vocabulary
from apps.policies.pack import PackInvalid, parse_pack


@register("policies")
def check_packs(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Return one error per fault of a policy file."""
    found: list[CheckMessage] = []
    for pack in pack_files():
        try:
            parse_pack(pack.read(), vocabulary())
        except PackInvalid as error:
            for one in error.problems:
                name, line = pack.place(one.line)
                sentence = f"{name}:{line}:{one.column}: {one.sentence}"
                found.append(Error(sentence, obj=str(pack.path), id="policies.E001"))
        except UnicodeDecodeError:
            found.append(
                Error(f"{pack.name}: the file is not UTF-8 text.", obj=str(pack.path), id="policies.E002")
            )
    return found
