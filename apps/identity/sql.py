"""The promises of trusts, kept by the database: what they say stands, and no token is above them."""

#: What changes when a trust is withdrawn; all else stands as it was made.
TRUST = """
CREATE FUNCTION identity_guard_trust() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ends text[] := ARRAY['withdrawn_at', 'withdrawn_by_id', 'withdrawn_reason', 'lock_version', 'updated_at'];
BEGIN
    IF OLD.withdrawn_at IS NOT NULL OR NEW.withdrawn_at IS NULL
       OR to_jsonb(NEW) - ends <> to_jsonb(OLD) - ends THEN
        RAISE EXCEPTION 'trust % is withdrawn once, and not changed otherwise', OLD.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'identity_trust_stands';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER identity_trust_stands BEFORE UPDATE ON identity_trust
    FOR EACH ROW EXECUTE FUNCTION identity_guard_trust();
"""
TRUST_BACK = """
DROP TRIGGER identity_trust_stands ON identity_trust;
DROP FUNCTION identity_guard_trust;
"""
#: A token that came by a trust is its service account's, within its scopes, and soon over.
EXCHANGE = """
CREATE FUNCTION identity_guard_exchange() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM identity_trust trust JOIN accounts_token token ON token.id = NEW.token_id
        WHERE trust.id = NEW.trust_id AND trust.withdrawn_at IS NULL
          AND token.user_id = trust.account_id AND token.scopes <@ trust.scopes
          AND token.expires_at <= clock_timestamp() + interval '16 minutes'
    ) THEN
        RAISE EXCEPTION 'token % is above the trust %', NEW.token_id, NEW.trust_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'identity_exchange_within_trust';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER identity_exchange_within_trust BEFORE INSERT ON identity_exchange
    FOR EACH ROW EXECUTE FUNCTION identity_guard_exchange();
"""
EXCHANGE_BACK = """
DROP TRIGGER identity_exchange_within_trust ON identity_exchange;
DROP FUNCTION identity_guard_exchange;
"""
