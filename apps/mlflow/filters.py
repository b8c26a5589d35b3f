"""MLflow's language of searches: ``metrics.auc > 0.8 AND tags.team = 'a'``, and ``metrics.auc DESC``.

A filter is one comparison after another, joined by AND; there is no OR and there are no brackets but of lists. What may be
compared with what stands in a ``Grammar``, one for each kind of thing that is searched. Pure: nothing here knows Django.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

METRIC, PARAM, TAG, ATTRIBUTE, DATASET = "metric", "parameter", "tag", "attribute", "dataset"
#: How each kind may be written.
SPELLINGS: Mapping[str, str] = {
    **dict.fromkeys(("metric", "metrics"), METRIC),
    **dict.fromkeys(("parameter", "parameters", "param", "params"), PARAM),
    **dict.fromkeys(("tag", "tags"), TAG),
    **dict.fromkeys(("attribute", "attributes", "attr", "run"), ATTRIBUTE),
    **dict.fromkeys(("dataset", "datasets"), DATASET),
}
OF_NUMBERS = frozenset({"=", "!=", ">", ">=", "<", "<="})
OF_TEXTS = frozenset({"=", "!=", "LIKE", "ILIKE"})
OF_LISTS = frozenset({"IN", "NOT IN"})
OF_NOTHING = frozenset({"IS NULL", "IS NOT NULL"})
DATASET_KEYS = frozenset({"name", "digest", "context"})
_TOKENS = re.compile(
    r"""\s*(?:
      (?P<name>(?:[A-Za-z_]\w*|`[^`]*`)(?:\.(?:[\w/-]+|`[^`]*`|"[^"]*"))+|[A-Za-z_]\w*)
    | (?P<text>'(?:''|[^'])*'|"(?:""|[^"])*")
    | (?P<tick>`[^`]*`)
    | (?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<operator>>=|<=|!=|=|<|>)
    | (?P<mark>[(),])
    )""",
    re.VERBOSE,
)
#: Each comparison is a part of one statement of the database, and each order a join.
MOST_COMPARISONS = 100
MOST_ORDERS = 20


class BadFilter(ValueError):
    """A filter or an order that cannot be read; says which part and why."""


@dataclass(frozen=True)
class Key:
    """What is compared: its kind and its name."""

    kind: str
    name: str


@dataclass(frozen=True)
class Comparison:
    """A key, an operator in capitals, and a number, a text, a list of texts, or None after IS NULL."""

    key: Key
    operator: str
    value: float | str | tuple[str, ...] | None


@dataclass(frozen=True)
class Ordering:
    """By what is sorted, and whether downwards; a metric may be the one on a dataset of this name or digest."""

    key: Key
    descending: bool = False
    dataset: str = ""
    digest: str = ""


@dataclass(frozen=True)
class Grammar:
    """What can be searched: kinds, attributes with texts and with numbers, those that take lists, and other names.

    The last two are the words in which the protocol says that a filter is none, or an operator not one of the key.
    """

    kinds: frozenset[str]
    texts: frozenset[str]
    numbers: frozenset[str]
    listed: frozenset[str] = frozenset()
    aliases: Mapping[str, str] = field(default_factory=dict)
    broken: str = "Invalid clause(s) in filter string"
    unfit: str = "Invalid comparator"

    def operators(self, key: Key) -> frozenset[str]:
        """Return the operators that the key takes."""
        if key.kind == METRIC or (key.kind == ATTRIBUTE and key.name in self.numbers):
            return OF_NUMBERS
        if key.kind == ATTRIBUTE:
            return OF_TEXTS | OF_LISTS if key.name in self.listed else OF_TEXTS
        if key.kind == DATASET:
            return OF_TEXTS | OF_LISTS
        return OF_TEXTS | OF_NOTHING


RUNS = Grammar(
    kinds=frozenset({METRIC, PARAM, TAG, ATTRIBUTE, DATASET}),
    texts=frozenset({"run_id", "run_name", "status", "artifact_uri", "user_id"}),
    numbers=frozenset({"start_time", "end_time"}),
    listed=frozenset({"run_id"}),
    aliases={
        **dict.fromkeys(("created", "Created"), "start_time"),
        **dict.fromkeys(("run name", "Run name", "Run Name"), "run_name"),
        **dict.fromkeys(("run_uuid", "run id", "Run id", "Run ID"), "run_id"),
    },
)
EXPERIMENTS = Grammar(
    kinds=frozenset({ATTRIBUTE, TAG}),
    texts=frozenset({"name", "experiment_id"}),
    numbers=frozenset({"creation_time", "last_update_time"}),
)
MODELS = Grammar(
    kinds=frozenset({ATTRIBUTE, TAG}),
    texts=frozenset({"name"}),
    numbers=frozenset({"creation_timestamp", "last_updated_timestamp"}),
    listed=frozenset({"name"}),
    aliases={"timestamp": "last_updated_timestamp"},
)
VERSIONS = Grammar(
    kinds=frozenset({ATTRIBUTE, TAG}),
    texts=frozenset({"name", "run_id", "source_path"}),
    numbers=frozenset({"version_number", "creation_timestamp", "last_updated_timestamp"}),
    listed=frozenset({"name", "run_id"}),
    aliases={"timestamp": "last_updated_timestamp"},
)
LOGGED = Grammar(
    kinds=frozenset({METRIC, ATTRIBUTE, TAG, PARAM}),
    texts=frozenset({"name", "model_id", "model_type", "status", "source_run_id"}),
    numbers=frozenset({"creation_timestamp", "last_updated_timestamp"}),
    listed=frozenset({"name", "model_id", "source_run_id"}),
    aliases={
        **dict.fromkeys(("creation_time", "creation_timestamp_ms"), "creation_timestamp"),
        **dict.fromkeys(("last_updated_time", "last_updated_timestamp_ms"), "last_updated_timestamp"),
    },
    broken="Invalid filter string",
    unfit="Invalid comparison operator",
)


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str

    @property
    def word(self) -> str:
        return self.text.upper() if self.kind == "name" else ""


class _Tokens:
    """The words of a filter, with one to look ahead at."""

    def __init__(self, text: str, broken: str) -> None:
        self.text = text
        self._broken = broken
        self._all = list(_scan(text, broken))
        self._at = 0

    @property
    def next(self) -> _Token:
        return self._all[self._at] if self._at < len(self._all) else _Token("end", "")

    def take(self) -> _Token:
        token = self.next
        self._at += 1
        return token

    def takes(self, word: str) -> bool:
        """Take the next word if it is this one."""
        if self.next.word == word or (self.next.kind == "mark" and self.next.text == word):
            self._at += 1
            return True
        return False

    def wrong(self, what: str) -> BadFilter:
        found = f"“{self.next.text[:60]}”" if self.next.kind != "end" else "its end"
        return BadFilter(f"{self._broken}: {what}, found {found} in “{self.text[:200]}”.")


def _scan(text: str, broken: str) -> Iterator[_Token]:
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _TOKENS.match(text, at)
        if found is None:
            raise BadFilter(
                f"{broken}: “{text[at : at + 40].strip()}” cannot be read. Put quotes "
                "around texts, and backticks around names with special characters."
            )
        kind = found.lastgroup or ""
        yield _Token(kind, found.group(kind))
        at = found.end()


def parse_filter(text: str, grammar: Grammar = RUNS) -> tuple[Comparison, ...]:
    """Return the comparisons of a filter, all of which must hold; raises BadFilter."""
    tokens = _Tokens(text, grammar.broken)
    found: list[Comparison] = []
    while tokens.next.kind != "end":
        if found and not tokens.takes("AND"):
            raise tokens.wrong("comparisons are joined by AND")
        found.append(_comparison(tokens, grammar))
        if len(found) > MOST_COMPARISONS:
            raise BadFilter(f"A filter has at most {MOST_COMPARISONS} comparisons. Search several times.")
    return tuple(found)


def _comparison(tokens: _Tokens, grammar: Grammar) -> Comparison:
    if tokens.next.kind not in {"name", "tick", "text"}:
        raise tokens.wrong("a comparison begins with a name such as metrics.auc")
    name = tokens.take().text
    operator = _operator(tokens)
    key = _key(name, grammar)
    allowed = grammar.operators(key)
    if operator not in allowed:
        raise BadFilter(
            f"{grammar.unfit} '{operator}' for the {key.kind} '{key.name}'. It takes {', '.join(sorted(allowed))}."
        )
    if operator in OF_NOTHING:
        return Comparison(key, operator, None)
    if operator in OF_LISTS:
        return Comparison(key, operator, _list(tokens))
    return Comparison(key, operator, _value(tokens.take(), key, grammar))


def _operator(tokens: _Tokens) -> str:
    if tokens.next.kind == "operator":
        return tokens.take().text
    if tokens.takes("IS"):
        negated = tokens.takes("NOT")
        if tokens.takes("NULL"):
            return "IS NOT NULL" if negated else "IS NULL"
        raise tokens.wrong("IS is followed by NULL or NOT NULL")
    if tokens.takes("NOT"):
        if tokens.takes("IN"):
            return "NOT IN"
        raise tokens.wrong("NOT is followed by IN")
    for word in ("LIKE", "ILIKE", "IN"):
        if tokens.takes(word):
            return word
    raise tokens.wrong("a comparator such as = or LIKE was expected")


def _value(token: _Token, key: Key, grammar: Grammar) -> float | str:
    if key.kind == METRIC or (key.kind == ATTRIBUTE and key.name in grammar.numbers):
        if token.kind != "number":
            what = "metric" if key.kind == METRIC else f"numeric attribute: {key.name}"
            raise BadFilter(f"Expected numeric value type for {what}. Found {token.text or 'nothing'}")
        return float(token.text)
    if token.kind != "text":
        raise BadFilter(
            f"Expected a quoted string value for {key.kind} (e.g. 'my-value'). Got value {token.text or 'nothing'}"
        )
    return _unquoted(token.text)


def _list(tokens: _Tokens) -> tuple[str, ...]:
    if not tokens.takes("("):
        raise tokens.wrong("IN is followed by a list such as ('a', 'b')")
    values = []
    while True:
        if tokens.next.kind != "text":
            raise tokens.wrong("a list holds quoted texts")
        values.append(_unquoted(tokens.take().text))
        if tokens.takes(")"):
            return tuple(values)
        if not tokens.takes(","):
            raise tokens.wrong("texts of a list are separated by commas")
        if tokens.takes(")"):
            # As Python writes a tuple of one.
            return tuple(values)


def _unquoted(text: str) -> str:
    quote = text[0]
    return text[1:-1].replace(quote * 2, quote)


def _key(written: str, grammar: Grammar) -> Key:
    """Return the key of ``metrics.auc``, of ``tags.`a b` ``, or of an attribute by its bare name."""
    kind, dot, name = ("", "", written) if _is_quoted(written) else written.partition(".")
    if not dot:
        kind, name = ATTRIBUTE, written
    else:
        spelt = kind.strip("`")
        kind = SPELLINGS.get(spelt, "")
        if kind not in grammar.kinds:
            raise BadFilter(
                f"Invalid entity type '{spelt}'. Valid values are {', '.join(sorted(grammar.kinds))}."
            )
    name = name[1:-1] if _is_quoted(name) else name
    if kind == ATTRIBUTE:
        name = grammar.aliases.get(name, name)
        _demand_known(name, grammar.texts | grammar.numbers, kind)
    if kind == DATASET:
        _demand_known(name, DATASET_KEYS, kind)
    return Key(kind, name)


def _is_quoted(text: str) -> bool:
    return len(text) > 1 and text[0] == text[-1] and text[0] in "`\"'" and text[0] not in text[1:-1]


def _demand_known(name: str, known: Iterable[str], kind: str) -> None:
    if name not in known:
        raise BadFilter(f"Invalid {kind} key '{name}' specified. Valid keys are {', '.join(sorted(known))}.")


def parse_order(clauses: Iterable[str], grammar: Grammar = RUNS) -> tuple[Ordering, ...]:
    """Return by what is sorted, the first first; raises BadFilter."""
    found: list[Ordering] = []
    for clause in clauses:
        if len(found) == MOST_ORDERS:
            raise BadFilter(f"order_by has at most {MOST_ORDERS} clauses. Leave out the last.")
        # No pattern: one that may end in a word takes quadratic time to find out that it does not.
        words = clause.rsplit(None, 1)
        way = words[1].upper() if len(words) == 2 else ""
        written = words[0] if way in {"ASC", "DESC"} else clause
        key = _key(_one_name(written, clause, grammar), grammar)
        if key.kind == DATASET:
            raise BadFilter(f"Invalid order_by clause '{clause[:100]}'. Datasets have no order.")
        found.append(Ordering(key, way == "DESC"))
    return tuple(found)


def _one_name(written: str, clause: str, grammar: Grammar) -> str:
    try:
        tokens = list(_scan(written, grammar.broken))
    except BadFilter:
        tokens = []
    if len(tokens) != 1 or tokens[0].kind not in {"name", "tick", "text"}:
        raise BadFilter(
            f"Invalid order_by clause '{clause[:100]}'. Could not be parsed: write one name, then ASC or DESC."
        )
    return tokens[0].text
