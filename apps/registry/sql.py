"""What the database holds of retired models and of what production rests on."""

#: A retired model has no version in production, gets no new one, and none of its versions moves.
RETIRED = """
CREATE FUNCTION registry_guard_retired() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'registry_model' THEN
        IF EXISTS (SELECT 1 FROM registry_version WHERE model_id = (to_jsonb(NEW) ->> 'id')::uuid
                   AND stage = 'production') THEN
            RAISE EXCEPTION 'a version of this model is in production'
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'registry_model_retired_out_of_production';
        END IF;
        RETURN NEW;
    END IF;
    -- The lock makes a retirement and a move of the same moment take turns.
    PERFORM 1 FROM registry_model WHERE id = (to_jsonb(NEW) ->> 'model_id')::uuid AND retired_at IS NULL FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the model is retired'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'registry_version_model_lives';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER registry_model_retires BEFORE UPDATE ON registry_model FOR EACH ROW
    WHEN (OLD.retired_at IS NULL AND NEW.retired_at IS NOT NULL) EXECUTE FUNCTION registry_guard_retired();
CREATE TRIGGER registry_version_begins BEFORE INSERT ON registry_version
    FOR EACH ROW EXECUTE FUNCTION registry_guard_retired();
CREATE TRIGGER registry_version_moves BEFORE UPDATE ON registry_version FOR EACH ROW
    WHEN (OLD.stage IS DISTINCT FROM NEW.stage) EXECUTE FUNCTION registry_guard_retired();
"""
RETIRED_BACK = """
DROP TRIGGER registry_version_moves ON registry_version;
DROP TRIGGER registry_version_begins ON registry_version;
DROP TRIGGER registry_model_retires ON registry_model;
DROP FUNCTION registry_guard_retired;
"""

#: The files of the run behind a version in production stay. (The version's own artifact is held by its foreign key.)
ARTIFACTS = """
CREATE FUNCTION registry_guard_artifacts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM registry_version WHERE run_id = OLD.run_id AND stage = 'production') THEN
        RAISE EXCEPTION 'the artifact % belongs to a version in production', OLD.path
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'experiments_artifact_in_production';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER experiments_artifact_in_production BEFORE UPDATE OR DELETE ON experiments_artifact
    FOR EACH ROW EXECUTE FUNCTION registry_guard_artifacts();
"""
ARTIFACTS_BACK = """
DROP TRIGGER experiments_artifact_in_production ON experiments_artifact;
DROP FUNCTION registry_guard_artifacts;
"""

#: A run that a version came from is not deleted, nor is its experiment; and nothing comes from a deleted run.
RUNS_STAY = """
CREATE FUNCTION registry_guard_runs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'registry_version' THEN
        -- The lock makes a registration and a deletion of the same moment take turns.
        PERFORM 1 FROM experiments_run run JOIN experiments_experiment experiment ON experiment.id = run.experiment_id
            WHERE run.id = (to_jsonb(NEW) ->> 'run_id')::uuid AND run.deleted_at IS NULL
                AND experiment.deleted_at IS NULL FOR SHARE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the run is deleted'
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'registry_version_run_lives';
        END IF;
    ELSIF EXISTS (
        SELECT 1 FROM registry_version version JOIN experiments_run run ON run.id = version.run_id
        WHERE NEW.id = CASE TG_TABLE_NAME WHEN 'experiments_run' THEN run.id ELSE run.experiment_id END
    ) THEN
        RAISE EXCEPTION 'a version came from this run'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'experiments_run_has_version';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER registry_version_run_lives BEFORE INSERT ON registry_version FOR EACH ROW
    WHEN (NEW.run_id IS NOT NULL) EXECUTE FUNCTION registry_guard_runs();
CREATE TRIGGER experiments_run_has_version BEFORE UPDATE ON experiments_run FOR EACH ROW
    WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION registry_guard_runs();
CREATE TRIGGER experiments_experiment_has_version BEFORE UPDATE ON experiments_experiment FOR EACH ROW
    WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION registry_guard_runs();
"""
RUNS_STAY_BACK = """
DROP TRIGGER experiments_experiment_has_version ON experiments_experiment;
DROP TRIGGER experiments_run_has_version ON experiments_run;
DROP TRIGGER registry_version_run_lives ON registry_version;
DROP FUNCTION registry_guard_runs;
"""

#: A file of a run that a version came from is neither replaced nor removed.
FILES_STAY = """
CREATE FUNCTION registry_guard_files() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM registry_version version JOIN experiments_artifact file ON file.run_id = version.run_id
        WHERE file.id = NEW.artifact_id
    ) THEN
        RAISE EXCEPTION 'a version came from the run of this file'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'experiments_artifactend_has_version';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER experiments_artifactend_has_version BEFORE INSERT ON experiments_artifactend
    FOR EACH ROW EXECUTE FUNCTION registry_guard_files();
"""
FILES_STAY_BACK = """
DROP TRIGGER experiments_artifactend_has_version ON experiments_artifactend;
DROP FUNCTION registry_guard_files;
"""

#: Where a version is said to come from is written once, as what it is.
ORIGIN = """
CREATE FUNCTION registry_guard_origin() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'version % cannot change where it comes from; register a new one', OLD.id
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'registry_version_fixed';
END $$;
CREATE TRIGGER registry_version_origin BEFORE UPDATE ON registry_version FOR EACH ROW
    WHEN ((OLD.source, OLD.run_link) IS DISTINCT FROM (NEW.source, NEW.run_link))
    EXECUTE FUNCTION registry_guard_origin();
"""
ORIGIN_BACK = """
DROP TRIGGER registry_version_origin ON registry_version;
DROP FUNCTION registry_guard_origin;
"""

#: What was deleted stays as it was: no stage moves, and nobody takes it back.
DELETED = """
CREATE FUNCTION registry_guard_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% % is deleted', TG_TABLE_NAME, OLD.id
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_TABLE_NAME || '_deleted_for_good';
END $$;
CREATE TRIGGER registry_version_deleted BEFORE UPDATE ON registry_version FOR EACH ROW
    WHEN (OLD.deleted_at IS NOT NULL) EXECUTE FUNCTION registry_guard_deleted();
CREATE TRIGGER registry_model_deleted BEFORE UPDATE ON registry_model FOR EACH ROW
    WHEN (OLD.deleted_at IS NOT NULL) EXECUTE FUNCTION registry_guard_deleted();
"""
DELETED_BACK = """
DROP TRIGGER registry_model_deleted ON registry_model;
DROP TRIGGER registry_version_deleted ON registry_version;
DROP FUNCTION registry_guard_deleted;
"""

#: Which logged model a version came from does not change; that model is not deleted, and nothing comes from a deleted one.
LOGGED_STAY = """
CREATE TRIGGER registry_version_logged_origin BEFORE UPDATE ON registry_version FOR EACH ROW
    WHEN (OLD.logged_model_id IS DISTINCT FROM NEW.logged_model_id) EXECUTE FUNCTION registry_guard_origin();
CREATE FUNCTION registry_guard_logged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'registry_version' THEN
        -- The lock makes a registration and a deletion of the same moment take turns.
        PERFORM 1 FROM experiments_loggedmodel WHERE id = (to_jsonb(NEW) ->> 'logged_model_id')::uuid
            AND deleted_at IS NULL FOR SHARE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the logged model is deleted'
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'registry_version_logged_model_lives';
        END IF;
    ELSIF EXISTS (SELECT 1 FROM registry_version WHERE logged_model_id = NEW.id) THEN
        RAISE EXCEPTION 'a version came from this logged model'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'experiments_loggedmodel_has_version';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER registry_version_logged_model_lives BEFORE INSERT ON registry_version FOR EACH ROW
    WHEN (NEW.logged_model_id IS NOT NULL) EXECUTE FUNCTION registry_guard_logged();
CREATE TRIGGER experiments_loggedmodel_has_version BEFORE UPDATE ON experiments_loggedmodel FOR EACH ROW
    WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION registry_guard_logged();
"""
LOGGED_STAY_BACK = """
DROP TRIGGER experiments_loggedmodel_has_version ON experiments_loggedmodel;
DROP TRIGGER registry_version_logged_model_lives ON registry_version;
DROP FUNCTION registry_guard_logged;
DROP TRIGGER registry_version_logged_origin ON registry_version;
"""

#: Names of models are taken one after the other, each by itself; the number is that of our own advisory locks on texts.
#: A function asks anew after it waited, which a statement does not: whoever took the name meanwhile is seen.
TAKE_NAME = """
CREATE FUNCTION registry_take_name(of_project uuid, wanted text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('registry_model:' || of_project || ':' || wanted, 20819));
    RETURN NOT EXISTS (
        SELECT 1 FROM registry_model WHERE project_id = of_project AND name = wanted AND deleted_at IS NULL
    );
END $$;
"""
TAKE_NAME_BACK = "DROP FUNCTION registry_take_name;"
