"""``manage.py check`` reads every policy file and names the line of each fault."""

from typing import Any

from django.core.checks import CheckMessage, Error, register

from apps.policies.loading import pack_files, vocabulary
from apps.policies.pack import PackInvalid, parse_pack


@register("policies")
def check_packs(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Return one error per fault of a policy file."""
    found: list[CheckMessage] = []
    for path in pack_files():
        try:
            parse_pack(path.read_text(), vocabulary())
        except PackInvalid as error:
            found += [
                Error(
                    f"{path.name}:{one.line}:{one.column}: {one.sentence}", obj=str(path), id="policies.E001"
                )
                for one in error.problems
            ]
        except UnicodeDecodeError:
            found.append(
                Error(f"{path.name}: the file is not UTF-8 text.", obj=str(path), id="policies.E002")
            )
    return found
