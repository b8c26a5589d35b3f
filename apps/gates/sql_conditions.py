"""What the database holds of conditional approvals: docs/adr/0014."""

from collections.abc import Mapping

from apps.gates.enums import BREACH_MOVES, CONDITION_MOVES, OBLIGATION_MOVES


def _moves(table: Mapping[str, frozenset[str]]) -> str:
    """Return the pairs of a transition table as a list of SQL."""
    return ", ".join(f"('{old}', '{new}')" for old in table for new in sorted(table[old]))


#: Conditions and obligations are set by the one who approves, while the request is open, and about its version.
BIRTH = """
CREATE FUNCTION gates_guard_term() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> 'proposed' OR NOT EXISTS (
            SELECT 1 FROM gates_approval a JOIN gates_promotion p ON p.id = a.promotion_id
            WHERE a.id = NEW.approval_id AND p.id = NEW.promotion_id AND p.version_id = NEW.version_id
              AND p.state = 'open' AND a.decision = 'approve' AND a.withdrawn_at IS NULL) THEN
        RAISE EXCEPTION 'only an approval of an open request sets terms'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_term_of_an_approval';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gates_condition_birth BEFORE INSERT ON gates_condition
    FOR EACH ROW EXECUTE FUNCTION gates_guard_term();
CREATE TRIGGER gates_obligation_birth BEFORE INSERT ON gates_obligation
    FOR EACH ROW EXECUTE FUNCTION gates_guard_term();
CREATE FUNCTION gates_guard_breach_birth() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> 'open' OR NOT EXISTS (
            SELECT 1 FROM gates_condition WHERE id = NEW.condition_id AND state = 'in_force') THEN
        RAISE EXCEPTION 'only a condition in force is broken'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_breach_in_force';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gates_breach_birth BEFORE INSERT ON gates_breach
    FOR EACH ROW EXECUTE FUNCTION gates_guard_breach_birth();
"""
BIRTH_BACK = """
DROP TRIGGER gates_breach_birth ON gates_breach; DROP FUNCTION gates_guard_breach_birth;
DROP TRIGGER gates_obligation_birth ON gates_obligation; DROP TRIGGER gates_condition_birth ON gates_condition;
DROP FUNCTION gates_guard_term;
"""

_LIFE = """
CREATE FUNCTION gates_guard_{name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (to_jsonb(NEW) - '{{{free}}}'::text[]) IS DISTINCT FROM (to_jsonb(OLD) - '{{{free}}}'::text[])
       OR (OLD.state, NEW.state) NOT IN ({moves}) THEN
        RAISE EXCEPTION '{name} % does not go from % to %, and what it says is fixed', OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_{name}_fixed';
    END IF;
    {more}
    RETURN NEW;
END $$;
CREATE TRIGGER gates_{name}_guard BEFORE UPDATE ON gates_{name}
    FOR EACH ROW EXECUTE FUNCTION gates_guard_{name}();
CREATE TRIGGER gates_{name}_no_delete BEFORE DELETE ON gates_{name}
    FOR EACH ROW EXECUTE FUNCTION core_refuse_change();
"""
_LIFE_BACK = """
DROP TRIGGER gates_{name}_no_delete ON gates_{name};
DROP TRIGGER gates_{name}_guard ON gates_{name};
DROP FUNCTION gates_guard_{name};
"""
_PROMOTED = """IF NEW.state = '{live}' AND NOT EXISTS (
            SELECT 1 FROM gates_promotion p JOIN gates_approval a ON a.id = NEW.approval_id
            WHERE p.id = NEW.promotion_id AND p.state = 'promoted' AND a.withdrawn_at IS NULL) THEN
        RAISE EXCEPTION 'terms come into force with the promotion'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_term_in_force';
    END IF;"""
_BY_A_PERSON = """
    IF NEW.state IN ('fulfilled', 'confirmed') AND NOT EXISTS (SELECT 1 FROM accounts_user WHERE kind = 'person'
            AND is_active AND id = CASE NEW.state WHEN 'confirmed' THEN NEW.answered_by_id ELSE NEW.fulfilled_by_id END) THEN
        RAISE EXCEPTION 'only a person fulfils or confirms an obligation'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_obligation_by_person';
    END IF;"""

_ALWAYS_FREE = "state,lock_version,updated_at"
_CONDITION = {
    "name": "condition",
    "free": f"{_ALWAYS_FREE},in_force_at,closed_at",
    "moves": _moves(CONDITION_MOVES),
    "more": _PROMOTED.format(live="in_force"),
}
_BREACH = {
    "name": "breach",
    "free": f"{_ALWAYS_FREE},cleared_at,cleared_because",
    "moves": _moves(BREACH_MOVES),
    "more": "",
}
_OBLIGATION = {
    "name": "obligation",
    "free": f"{_ALWAYS_FREE},note,link,fulfilled_by_id,fulfilled_at,answer,answered_by_id,answered_at",
    "moves": _moves(OBLIGATION_MOVES),
    "more": _PROMOTED.format(live="open") + _BY_A_PERSON,
}
LIFE = "".join(_LIFE.format(**one) for one in (_CONDITION, _BREACH, _OBLIGATION))
LIFE_BACK = "".join(_LIFE_BACK.format(**one) for one in (_CONDITION, _BREACH, _OBLIGATION))

#: At commit, a promotion has its terms in force: nobody can promote and forget what was signed.
IN_FORCE = """
CREATE FUNCTION gates_demand_terms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM gates_condition WHERE promotion_id = NEW.id AND state = 'proposed')
       OR EXISTS (SELECT 1 FROM gates_obligation WHERE promotion_id = NEW.id AND state = 'proposed') THEN
        RAISE EXCEPTION 'request % is closed and its conditions are neither in force nor dropped', NEW.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_promotion_terms_in_force';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER gates_promotion_terms AFTER UPDATE ON gates_promotion
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.state <> 'open') EXECUTE FUNCTION gates_demand_terms();
"""
IN_FORCE_BACK = "DROP TRIGGER gates_promotion_terms ON gates_promotion; DROP FUNCTION gates_demand_terms;"

#: An overdue obligation that blocks stops every promotion of its model, break-glass as well.
OWED = """
CREATE FUNCTION gates_guard_owed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM policies_allowedtransition WHERE revision_id = NEW.policy_revision_id
            AND from_stage = NEW.from_stage AND to_stage = NEW.to_stage AND kind = 'promote') THEN
        RETURN NEW;
    END IF;
    IF EXISTS (SELECT 1 FROM gates_obligation o
            JOIN registry_version ov ON ov.id = o.version_id
            JOIN registry_version v ON v.id = NEW.version_id AND v.model_id = ov.model_id
            WHERE o.state IN ('open', 'fulfilled') AND o.blocks AND o.due_at < clock_timestamp()) THEN
        RAISE EXCEPTION 'an obligation of an approval of this model is overdue'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_promotion_obligation_overdue';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gates_promotion_owed BEFORE UPDATE ON gates_promotion
    FOR EACH ROW WHEN (OLD.state = 'open' AND NEW.state = 'promoted') EXECUTE FUNCTION gates_guard_owed();
"""
OWED_BACK = "DROP TRIGGER gates_promotion_owed ON gates_promotion; DROP FUNCTION gates_guard_owed;"
