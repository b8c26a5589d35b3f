"""What a card tells of risk, checks, approvals and duties."""

from apps.modelcards.exporting.blocks import Block, facts, section, table
from apps.modelcards.exporting.reading import Part

BRIEF = (
    *(
        ("business_problem", "Business problem"),
        ("task", "Task"),
        ("prediction_target", "Target of the prediction"),
    ),
    ("consumer", "Consumer"),
    *(("latency", "Latency"), ("success_metric", "Success metric"), ("success_target", "Target")),
    *(("fairness_metric", "Fairness metric"), ("fairness_threshold", "Fairness threshold")),
)


def purpose(root: Part) -> list[Block]:
    """Return brief, risk, costs and energy."""
    risk = (
        ("tier", "Tier"),
        ("title", "Title"),
        ("reasons", "Reasons"),
        ("set_by", "Set by"),
        ("set_at", "Set at"),
    )
    costs = (
        *(("currency", "Currency"), ("version_total", "Total of the version")),
        *(("per_1000_predictions", "Per 1,000 predictions"), ("monthly_budget", "Budget a month")),
    )
    energy = (("training_kwh", "Training, kWh"), ("co2_kg", "CO2, kg"), ("source", "Source"))
    return section(
        2,
        "Purpose, risk and costs",
        facts("Brief", root.part("brief"), BRIEF),
        facts("Risk", root.part("risk"), risk),
        facts("Costs", root.part("costs"), costs),
        facts("Energy", root.part("energy"), energy),
    )


def judged(root: Part) -> list[Block]:
    """Return checks, checklists and the rubric."""
    found: list[Block] = table(
        "Checks",
        root.rows("checks"),
        (
            *(("name", "Check"), ("status", "Status"), ("reported_at", "Reported at")),
            *(("source", "Source"), ("url", "Address")),
        ),
    )
    checklists = root.rows("checklists")
    columns = (
        *(("title", "Checklist"), ("key", "Key"), ("answered", "Answered"), ("of", "Of")),
        ("failed", "Failed"),
    )
    found += table("Checklists", checklists, columns)
    answers = (
        *(("question", "Question"), ("answer", "Answer"), ("by", "By"), ("at", "At"), ("reason", "Reason")),
        ("evidence_url", "Evidence"),
    )
    for one in checklists:
        found += table(f"Checklist {one.text('title')}", one.rows("items"), answers)
    rubric = root.part("rubric")
    found += facts("Rubric", rubric, (("total", "Total"), ("band", "Band")))
    dimensions = (("title", "Dimension"), ("level", "Level"), ("weight", "Weight"))
    found += table("Dimensions of the rubric", rubric.rows("dimensions"), dimensions)
    return section(2, "Checks", found)


def approved(root: Part) -> list[Block]:
    """Return verdict, waivers, duties, signatures and exceptions."""
    gates = root.part("gates")
    verdict = gates.part("last_verdict")
    signatures = (
        *(("name", "Name"), ("role", "Role"), ("meaning", "Meaning"), ("at", "At")),
        *(("reason", "Reason"), ("evidence_digest", "Evidence digest")),
    )
    return section(
        2,
        "Approvals and duties",
        facts("Policy", gates, (("policy", "Policy"), ("policy_revision", "Revision"))),
        facts("Last verdict", verdict, (("gate", "Gate"), ("state", "State"), ("at", "At"))),
        table(
            "Criteria",
            verdict.rows("criteria"),
            (("title", "Criterion"), ("state", "State"), ("says", "Says")),
        ),
        table("Signatures", root.rows("signatures"), signatures),
        table(
            "Waivers",
            gates.rows("waivers"),
            (
                ("criterion", "Criterion"),
                ("reason", "Reason"),
                ("until", "Until"),
                ("granted_by", "Granted by"),
            ),
        ),
        table("Conditions", gates.rows("conditions"), (("text", "Condition"), ("state", "State"))),
        table(
            "Obligations",
            gates.rows("obligations"),
            (("text", "Obligation"), ("due", "Due"), ("owner", "Owner"), ("state", "State")),
        ),
        table("Exceptions", root.rows("exceptions"), (("text", "Exception"), ("at", "At"))),
        facts("Monitoring", root.part("monitoring"), (("review_due", "Review due"), ("signals", "Signals"))),
    )


def history(root: Part) -> list[Block]:
    """Return what happened."""
    columns = (("at", "At"), ("by", "By"), ("text", "What"))
    return section(2, "History", table("History", root.rows("history"), columns))


def standards(root: Part) -> list[Block]:
    """Return how far the card serves each standard."""
    rows = root.rows("standards")
    columns = (
        *(("title", "Standard"), ("edition", "Edition"), ("key", "Key")),
        *(("complete", "Complete"), ("of", "Of")),
    )
    found: list[Block] = table("Standards", rows, columns)
    demands = (
        *(("key", "Demand"), ("title", "Title"), ("served", "Served")),
        *(("by", "By"), ("missing", "Missing")),
    )
    for one in rows:
        found += table(f"Demands of {one.text('title')}", one.rows("items"), demands)
    return section(2, "Standards", found)
