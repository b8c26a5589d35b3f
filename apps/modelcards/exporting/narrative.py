"""What a card tells, in the order in which people read it."""

from collections.abc import Iterator

from apps.modelcards.exporting.blocks import Block, Column, Heading, Prose, facts, section, table
from apps.modelcards.exporting.reading import Part

VERSION: tuple[Column, ...] = (
    *(("name", "Version"), ("model", "Model"), ("project", "Project"), ("number", "Number")),
    *(("status", "Status"), ("stage_title", "Stage"), ("change", "Change")),
    *(("registered_at", "Registered at"), ("registered_by", "Registered by"), ("commit", "Commit")),
    *(("contents_digest", "SHA-256 of the contents"), ("base_models", "Base models"), ("id", "Identifier")),
)
CARD: tuple[Column, ...] = (
    *(("state", "State"), ("revision", "Revision"), ("published_at", "Published at")),
    *(("published_by", "Published by"), ("language", "Language"), ("evidence_digest", "Evidence digest")),
    *(("stale", "Written before the evidence changed"), ("missing", "Required and not written")),
)
METRIC: tuple[Column, ...] = (
    *(("title", "Metric"), ("key", "Key"), ("value", "Value"), ("low", "Low"), ("high", "High")),
    *(("level", "Level"), ("method", "Method"), ("n", "n"), ("better", "Better"), ("reason", "Reason")),
    ("definition", "Definition"),
)
GROUP: tuple[Column, ...] = (
    *(("value", "Group"), ("rows", "Rows"), ("share", "Share"), ("selected", "Selected")),
    *(("selection_rate", "Selection rate"), ("low", "Low"), ("high", "High")),
    *(("impact_ratio", "Impact ratio"), ("impact_low", "Ratio low"), ("impact_high", "Ratio high")),
    *(("tpr", "True positive rate"), ("fpr", "False positive rate")),
    *(("left_out", "Left out"), ("left_out_reason", "Reason")),
)
DIFFERENCE: tuple[Column, ...] = (
    *(("title", "Difference"), ("key", "Key"), ("value", "Value"), ("low", "Low"), ("high", "High")),
)
EVALUATION: tuple[Column, ...] = (
    *(("task", "Task"), ("dataset", "Dataset"), ("split", "Split"), ("rows", "Rows")),
    *(("positives", "Positives"), ("threshold", "Threshold"), ("headline", "Headline metrics")),
    *(("completed_at", "Completed at"), ("engine", "Engine"), ("dataset_digest", "SHA-256 of the dataset")),
    *(("report_digest", "SHA-256 of the report"), ("path", "Page"), ("id", "Identifier")),
)


def about(root: Part) -> list[Block]:
    """Return what the version is and who stands for it."""
    version, people = root.part("version"), root.part("people")
    run = version.part("run")
    run_columns = (
        *(("name", "Run"), ("model_type", "Model type"), ("started_at", "Started at")),
        *(("seed", "Seed"), ("datasets", "Datasets"), ("id", "Identifier")),
    )
    return [
        *facts("The version", version, VERSION),
        *facts("The previous version", version.part("previous"), (("name", "Version"), ("number", "Number"))),
        *facts("The card", root.part("card"), CARD),
        *facts("People", people, (("owners", "Owners"), ("contact", "Contact"), ("provider", "Provider"))),
        *table("Members", people.rows("members"), (("name", "Name"), ("role", "Role"))),
        *facts("The training run", run, run_columns),
        *table("Parameters", run.rows("parameters"), (("name", "Parameter"), ("value", "Value"))),
        *table("Environment", run.rows("environment"), (("name", "Part"), ("value", "Version"))),
        *table("Files", version.rows("files"), (("path", "File"), ("bytes", "Bytes"), ("digest", "SHA-256"))),
    ]


def written(root: Part) -> Iterator[Block]:
    """Yield what people wrote, or evidence filled, under the groups of the fields."""
    group = None
    for field in root.rows("fields"):
        if not field.peek("text") and field.peek("value") is None:
            continue
        if (found := field.text("group")) != group:
            group = found
            yield Heading(2, found.replace("_", " ").capitalize() or "Fields")
        yield Heading(3, field.text("title"))
        yield from field_text(field)


def field_text(field: Part) -> list[Block]:
    """Return the text of a field, and its value where it has one."""
    text = field.text("text")
    return [*([Prose(text)] if text else []), *facts("Value", field, (("value", "Value"),))]


def provenance(root: Part) -> list[Block]:
    """Return by whom or from what each field is, and when."""
    found: list[Block] = []
    columns = (
        *(("kind", "Origin"), ("by", "By"), ("at", "At"), ("source", "Source")),
        *(("path", "Page"), ("digest", "SHA-256")),
    )
    for field in root.rows("fields"):
        title = field.text("title")
        found += table(title, field.rows("provenance"), columns)
    state = (("title", "Field"), ("key", "Key"), ("state", "State"), ("required", "Required"))
    return [*table("State of the fields", root.rows("fields"), state), *found]


def evaluations(root: Part, *, level: int = 2) -> list[Block]:
    """Return every evaluation with its metrics, slices and fairness."""
    found: list[Block] = []
    for one in root.rows("evaluations"):
        name = f"Evaluation on {one.text('dataset')}, {one.text('split')}"
        calibration = (("ece", "Expected calibration error"), ("brier", "Brier score"))
        found += section(
            level,
            name,
            facts(name, one, EVALUATION),
            table("Metrics", one.rows("metrics"), METRIC),
            facts("Calibration", one.part("calibration"), calibration),
            _slices(one),
            fairness(one.rows("fairness")),
            table("Definitions", one.rows("definitions"), (("key", "Word"), ("text", "Meaning"))),
        )
    return found


def _slices(evaluation: Part) -> list[Block]:
    found: list[Block] = []
    for one in evaluation.rows("slices"):
        name = f"Slice {one.text('name')}"
        found += facts(name, one, (("rows", "Rows"), ("small", "Too small to judge")))
        found += table(
            f"{name}: attributes", one.rows("attributes"), (("name", "Attribute"), ("value", "Value"))
        )
        found += table(f"{name}: metrics", one.rows("metrics"), METRIC)
    return found


def fairness(rows: list[Part]) -> list[Block]:
    """Return one table for each attribute or crossing."""
    found: list[Block] = []
    for one in rows:
        name = f"Fairness by {one.text('attribute')}"
        columns = (
            *(("crossing", "Crossing"), ("reference", "Reference group"), ("unknown_rows", "Unknown rows")),
            *(("impact_ratio", "Lowest impact ratio"), ("four_fifths", "Four-fifths rule")),
        )
        found += facts(name, one, columns)
        found += table(f"{name}: groups", one.rows("groups"), GROUP)
        found += table(f"{name}: differences", one.rows("differences"), DIFFERENCE)
    return found


AUDIT: tuple[Column, ...] = (
    *(("audited_on", "Audited on"), ("auditor", "Auditor"), ("valid_until", "Valid until")),
    *(("source_of_data", "Source of data"), ("historical", "Historical data")),
    *(("distribution_date", "Distributed since"), ("unknown", "People of unknown category")),
)


def bias_audit(root: Part) -> list[Block]:
    """Return the bias audit."""
    audit = root.part("bias_audit")
    return section(2, "Bias audit", facts("Bias audit", audit, AUDIT), fairness(audit.rows("tables")))


def data(root: Part) -> list[Block]:
    """Return data sources, datasets and features."""
    part = root.part("data")
    found: list[Block] = []
    columns = (
        *(("name", "Source"), ("kind", "Kind"), ("owner", "Owner"), ("score", "Score"), ("of", "Of")),
        *(("sensitive", "Sensitive"), ("description", "Description")),
    )
    found += table("Data sources", part.rows("sources"), columns)
    for one in part.rows("sources"):
        scores = (("dimension", "Dimension"), ("score", "Score"))
        found += table(f"Scores of {one.text('name')}", one.rows("scores"), scores)
    found += table(
        "Datasets",
        part.rows("datasets"),
        (("name", "Dataset"), ("role", "Role"), ("rows", "Rows"), ("digest", "SHA-256")),
    )
    found += facts(
        "Features",
        part.part("features"),
        (("count", "Count"), ("sensitive", "Sensitive"), ("names", "Names")),
    )
    return section(2, "Data", found)
