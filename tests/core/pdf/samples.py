"""Documents to try the renderer on: what a card can hold, and what somebody could put into one."""

from django.template.loader import render_to_string

from apps.assurance import indexing
from apps.core import charts
from apps.core.charts import Estimate, GroupRate
from apps.core.markdown import render as markdown
from apps.gates.printing import context_of as record_context

#: One line of each script that the fonts have, and signs.
SCRIPTS = (
    "Latin ǟ ẽ, Ελληνικά, Кириллица, العربية والنص, עברית, 中文字体, 日本語テスト, 한국어, हिन्दी क्षत्रिय, "
    "বাংলা, ગુજરાતી, ਪੰਜਾਬੀ, தமிழ், తెలుగు, ಕನ್ನಡ, മലയാളം, ਸਿੰਘ, ខ្មែរ, ລາວ, မြန်မာ, ଓଡ଼ିଆ, සිංහල, ไทย, "
    "Հայերեն, ქართული, ✓ ✕ → ≤ ∑ ½ 😀 👩‍💻 ❤️ 𝒳"
)
MARKDOWN = """# Top

##### Far too deep

| a | b |
|---|---|
| 1 | **x** |

- one
  - two

> quoted

```
code ✓
```

[a link](https://example.org/)
"""


def page(body: str, *, title: str = "Card", running: str = "Card · 0123456789abcdef") -> str:
    """Return a whole document."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="author" content="Ada"><meta name="description" content="A & B"><meta name="generator" content="m">'
        '<meta name="dcterms.created" content="2026-11-26T08:00:00Z"></head>'
        f'<body data-running="{running}" data-footer="mlgov test"><h1>{title}</h1>{body}</body></html>'
    )


def contents() -> str:
    """Return a document with a table of contents that links to its sections."""
    links = '<li><a href="#one">First</a></li><li><a href="#two">Second</a></li>'
    return page(
        f'<nav class="contents"><h2>Contents</h2><ol>{links}</ol></nav>'
        '<section class="page"><h2 id="one">First</h2><p>x</p></section>'
        '<section class="page"><h2 id="two">Second</h2><p>y</p></section>'
    )


def written() -> str:
    """Return what people write: Markdown, every script, and nothing where nothing can be drawn."""
    return page(f"<h2>Use</h2>{markdown(MARKDOWN)}<p>{SCRIPTS}</p><p><b>{SCRIPTS}</b> <i>{SCRIPTS}</i></p>")


def drawn(*, rows: int = 0) -> str:
    """Return charts with their readings, one of them with 40 slices, and a table of ``rows`` figures."""
    groups = [GroupRate("a & <b>", 500, 0.5, 0.45, 0.55, True), GroupRate("small", 3, 0.1, None, None, False)]
    drawings = [
        charts.impact_ratios(groups, attribute="sex", ratio=0.9),
        charts.dimension_bars([("Data", 10, 3, 4)], total=70, band="good"),
        charts.forest(
            [Estimate(f"slice {n}", 0.8, 0.7, 0.9, 0.6) for n in range(40)], title="Accuracy by slice"
        ),
    ]
    shown = "".join(
        f'<h2>{one.title}</h2><div class="chart">{one.svg}</div><p class="reading">{one.reading}</p>'
        for one in drawings
    )
    return page(shown + long_table(rows))


def long_table(rows: int) -> str:
    """Return a table over many pages, with names that do not break by themselves; nothing for no rows."""
    if not rows:
        return ""
    head = "".join(
        f'<th scope="col">{name}</th>' for name in ("Metric", "Slice", "Value", "Interval", "Rows", "Method")
    )
    cells = "<td>0.871234</td><td>0.861 to 0.881</td><td>12,345</td><td>stratified bootstrap</td>"
    lines = "".join(
        f'<tr><th scope="row">metric_{number}</th><td>{"group_by_a_long_name" * 2}={number}</td>{cells}</tr>'
        for number in range(rows)
    )
    return (
        '<table class="long dense"><caption>All figures</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"
    )


def approval() -> str:
    """Return the record of a request with a signature that was withdrawn, terms and a chart."""
    at, sha = "2026-11-26T08:00:00Z", "ab" * 32
    estimate = {
        "name": "evaluation.metrics.roc_auc",
        "value": 0.9,
        "low": 0.8,
        "high": 0.95,
        "threshold": 0.7,
    }
    criterion = {"title": "Good <b>", "state": "pass", "severity": "block", "reason": "0.9 is over 0.7."}
    content = {
        "format": "x",
        "request": {
            **{"id": "1", "purpose": "promote", "kind": "ordinary", "project": "Credit", "version": "m v1"},
            **{
                "version_id": "1",
                "change": "major",
                "from": "Staging",
                "to": "Production",
                "asked_by": "Dev",
            },
            **{"asked_at": at, "note": "Please.", "state": "promoted", "closed_at": at},
        },
        "policy": {"pack": "standard", "revision": 1, "content_hash": sha},
        "gate": "Fit for production",
        "evidence_digest": sha,
        "verdict": {"state": "pass", "criteria": [criterion | {"estimates": [estimate]}]},
        "needed": {"reviewer": 2},
        "participants": [{"name": "Dev", "part": "Requester"}],
        "signatures": [
            {
                **{"name": "Rita", "on_behalf_of": "Ben", "role": "risk", "decision": "approve", "at": at},
                **{"meaning": "I agree", "comment": "Fine.", "proved_by": "password", "evidence_digest": sha},
                **{"withdrawn_at": at, "withdrawal_reason": "I was wrong."},
            }
        ],
        "conditions": [{"text": "Watch it.", "state": "in force", "until": None, "on_breach": "tell"}],
        "obligations": [{"text": "Look again.", "owner": "Ada", "due_at": at, "state": "open"}],
        "waivers": [],
        "events": [{"record": 7, "at": at, "text": "Rita signed", "leaf_hash": sha}],
    }
    return render_to_string("gates/pdf.html", record_context(content) | {"head": "mlgov/audit\n7\nabc="})


def pack() -> dict[str, object]:
    """Return the index of a pack of some files."""
    files = {"audit.jsonl": b"1", "card/card.pdf": b"2", f"evidence/{'ab' * 32}.json": b"3"}
    return indexing.content_of(
        files, project="Credit", of="m v1", versions=["m v1"], as_of=None, head="mlgov/audit\n7\nabc="
    )
