"""The ten mistakes of the built-in policy (M12): each on facts where it is made, and on facts where it is not."""

import pytest

from apps.policies.judge import State, judge
from apps.policies.loading import standard_text
from apps.policies.pack import PackInvalid, parse_pack

pytestmark = pytest.mark.method("M12")
RULES = {one.rule.key: one.rule for one in parse_pack(standard_text()).method.findings.mistakes}
IMBALANCED = {"task": "binary", "positives": 40, "n": 1000}
GENERATION = {"brief": {"task": "generation"}}
LIVE = {"subject": {"stage": "production"}}
#: Rule -> facts on which it is found, facts on which it is not.
CASES = {
    "tuned_before_data": (
        {"data": {"score": 17}, "project": {"ended_runs": 10}},
        {"data": {"score": 18}, "project": {"ended_runs": 10}},
    ),
    "accuracy_on_imbalance": (
        {"evaluation": IMBALANCED, "brief": {"success_metric": "Accuracy on the holdout"}},
        {"evaluation": {**IMBALANCED, "positives": 50}, "brief": {"success_metric": "accuracy"}},
    ),
    "no_baseline": (
        {"brief": {"missing": ["baseline", "task"]}, "project": {"ended_runs": 1}},
        {"brief": {"missing": ["task"]}, "project": {"ended_runs": 1}},
    ),
    "trained_on_future": (
        {"checklists": {"leakage": {"failed": 1}}},
        {"checklists": {"leakage": {"failed": 0}}},
    ),
    "unmonitored": (
        {**LIVE, "monitoring": {"exists": False}},
        {**LIVE, "monitoring": {"exists": True}},
    ),
    "fine_tuned_unprompted": (
        {
            **GENERATION,
            "run": {"tags": {"approach": "fine_tuning"}},
            "project": {"approaches": ["fine_tuning"]},
        },
        {
            **GENERATION,
            "run": {"tags": {"approach": "fine_tuning"}},
            "project": {"approaches": ["fine_tuning", "prompting"]},
        },
    ),
    "gpu_for_cpu": (
        {"run": {"model_type": "XGBoost", "tags": {"accelerator": "gpu:T4"}}},
        {"run": {"model_type": "ResNet", "tags": {"accelerator": "gpu:T4"}}},
    ),
    "uncalibrated": (
        {"evaluation": {"calibration": {"ece": 0.11}}},
        {"evaluation": {"calibration": {"ece": 0.1}}},
    ),
    "no_retraining_plan": (
        {**LIVE, "card": {"missing": ["maintenance"]}},
        {**LIVE, "card": {"missing": ["caveats"]}},
    ),
    "real_time_too_early": (
        {**LIVE, "brief": {"latency": "real_time"}, "checks": {}},
        {**LIVE, "brief": {"latency": "real_time"}, "checks": {"batch_trial": {"status": "passed"}}},
    ),
}


def test_there_are_ten_each_with_a_remedy():
    assert set(RULES) == set(CASES)
    assert len(RULES) == 10
    assert all(rule.remedy and rule.method == "M12" for rule in RULES.values())


@pytest.mark.parametrize("key", CASES)
def test_a_mistake_is_found_where_it_is_made_alone(key):
    made, not_made = CASES[key]
    assert judge(RULES[key], made).state == State.PASS
    assert judge(RULES[key], not_made).state == State.FAIL
    assert judge(RULES[key], {}).state != State.PASS


def test_a_key_used_twice_is_named_with_its_line():
    text = standard_text().replace("- key: no_baseline", "- key: uncalibrated")
    with pytest.raises(PackInvalid, match="The key 'uncalibrated' is used twice here"):
        parse_pack(text)
