"""The fields of a model card that people write (M9.2; Mitchell et al., "Model Cards for Model Reporting", 2019)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CardField:
    """One written field. A required field that is empty makes the card incomplete."""

    key: str
    title: str
    help: str
    required: bool = True


FIELDS = (
    CardField("description", "Description", "What the model does, in a paragraph for somebody new to it."),
    CardField("intended_use", "Intended use", "Who may use it, for which decisions."),
    CardField("out_of_scope", "Out-of-scope uses", "What it must not be used for, as plainly as the above."),
    CardField("training_data", "Training data", "Source, size, date range, and known biases of the data."),
    CardField("limitations", "Limitations", "Where it is known to fail."),
    CardField(
        "ethical_considerations", "Ethical considerations", "Whom it can harm, and what is done about it."
    ),
    CardField("maintenance", "Maintenance", "Retraining schedule, monitoring, whom to call."),
    CardField("caveats", "Caveats and recommendations", "Anything else a reader must know.", required=False),
)
BY_KEY = {field.key: field for field in FIELDS}
LONGEST = 20_000


def missing(written: dict[str, str]) -> list[str]:
    """Return the keys of the required fields that are empty."""
    return [field.key for field in FIELDS if field.required and not written.get(field.key, "").strip()]
