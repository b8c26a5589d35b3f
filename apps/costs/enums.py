"""What money is spent on (M10.3)."""

from django.db.models import TextChoices


class CostKind(TextChoices):
    TRAINING = "training", "Training"
    STORAGE = "storage", "Storage"
    TRACKING = "tracking", "Tracking"
    COMPUTE = "inference_compute", "Inference: compute"
    MODEL_API = "inference_model_api", "Inference: model API"
    VECTOR_DATABASE = "inference_vector_database", "Inference: vector database"
    TRANSFER = "inference_transfer", "Inference: transfer"
    EVALUATION = "evaluation", "Evaluation"
