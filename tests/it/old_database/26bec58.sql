SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE SCHEMA apalis;
CREATE SCHEMA barlift;
CREATE EXTENSION IF NOT EXISTS hstore WITH SCHEMA apalis;
CREATE FUNCTION apalis.generate_ulid() RETURNS text
    LANGUAGE plpgsql
    AS $$
DECLARE
  -- Crockford's Base32
  encoding   BYTEA = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  timestamp  BYTEA = E'\\000\\000\\000\\000\\000\\000';
  output     TEXT = '';
  unix_time  BIGINT;
  ulid       BYTEA;
  rand       BYTEA;
BEGIN
  -- 6 timestamp bytes
  unix_time = (EXTRACT(EPOCH FROM CLOCK_TIMESTAMP()) * 1000)::BIGINT;
  timestamp = SET_BYTE(timestamp, 0, (unix_time >> 40)::BIT(8)::INTEGER);
  timestamp = SET_BYTE(timestamp, 1, (unix_time >> 32)::BIT(8)::INTEGER);
  timestamp = SET_BYTE(timestamp, 2, (unix_time >> 24)::BIT(8)::INTEGER);
  timestamp = SET_BYTE(timestamp, 3, (unix_time >> 16)::BIT(8)::INTEGER);
  timestamp = SET_BYTE(timestamp, 4, (unix_time >> 8)::BIT(8)::INTEGER);
  timestamp = SET_BYTE(timestamp, 5, unix_time::BIT(8)::INTEGER);
  -- 10 entropy bytes, taken from a core gen_random_uuid(). Bytes 1-6 and 11-14
  -- of the UUID are fully random (we skip the version/variant bytes at offsets
  -- 7 and 9), preserving the full 80 bits of ULID entropy.
  rand = uuid_send(gen_random_uuid());
  ulid = timestamp || substr(rand, 1, 6) || substr(rand, 11, 4);
  -- Encode the timestamp
  output = output || CHR(GET_BYTE(encoding, (GET_BYTE(ulid, 0) & 224) >> 5));
  output = output || CHR(GET_BYTE(encoding, (GET_BYTE(ulid, 0) & 31)));
  output = output || CHR(GET_BYTE(encoding, (GET_BYTE(ulid, 1) & 248) >> 3));
  output = output || CHR(GET_BYTE(encoding, ((GET_BYTE(ulid, 1) & 7) << 2) | ((GET_BYTE(ulid, 2) & 192) >> 6)));
  output = output || CHR(GET_BYTE(encoding, (GET_BYTE(ulid, 2) & 62) >> 1));
  output = output || CHR(GET_BYTE(encoding, ((GET_BYTE(ulid, 2) & 1) << 4) | ((GET_BYTE(ulid, 3) & 240) >> 4)));
  output = output || CHR(GET_BYTE(encoding, ((GET_BYTE(ulid, 3) & 15) << 1) | ((GET_BYTE(ulid, 4) & 128) >> 7)));
  output = output || CHR(GET_BYTE(encoding, (GET_BYTE(ulid, 4) & 124) >> 2));
  output = output || CHR(GET_BYTE(encoding, ((GET_BYTE(ulid, 4) & 3) << 3) | ((GET_BYTE(ulid, 5) & 224) >> 5)));
  output = output || CHR(GET_BYTE(encoding, (GET_BYTE(ulid, 5) & 31)));
  -- Encode the entropy
  output = output || CHR(GET_BYTE(encoding, (GET_BYTE(ulid, 6) & 248) >> 3));
  output = output || CHR(GET_BYTE(encoding, ((GET_BYTE(ulid, 6) & 7) << 2) | ((GET_BYTE(ulid, 7) & 192) >> 6)));
  output = output || CHR(GET_BYTE(encoding, (GET_BYTE(ulid, 7) & 62) >> 1));
  output = output || CHR(GET_BYTE(encoding, ((GET_BYTE(ulid, 7) & 1) << 4) | ((GET_BYTE(ulid, 8) & 240) >> 4)));
  output = output || CHR(GET_BYTE(encoding, ((GET_BYTE(ulid, 8) & 15) << 1) | ((GET_BYTE(ulid, 9) & 128) >> 7)));
  output = output || CHR(GET_BYTE(encoding, (GET_BYTE(ulid, 9) & 124) >> 2));
  output = output || CHR(GET_BYTE(encoding, ((GET_BYTE(ulid, 9) & 3) << 3) | ((GET_BYTE(ulid, 10) & 224) >> 5)));
  output = output || CHR(GET_BYTE(encoding, (GET_BYTE(ulid, 10) & 31)));
  output = output || CHR(GET_BYTE(encoding, (GET_BYTE(ulid, 11) & 248) >> 3));
  output = output || CHR(GET_BYTE(encoding, ((GET_BYTE(ulid, 11) & 7) << 2) | ((GET_BYTE(ulid, 12) & 192) >> 6)));
  output = output || CHR(GET_BYTE(encoding, (GET_BYTE(ulid, 12) & 62) >> 1));
  output = output || CHR(GET_BYTE(encoding, ((GET_BYTE(ulid, 12) & 1) << 4) | ((GET_BYTE(ulid, 13) & 240) >> 4)));
  output = output || CHR(GET_BYTE(encoding, ((GET_BYTE(ulid, 13) & 15) << 1) | ((GET_BYTE(ulid, 14) & 128) >> 7)));
  output = output || CHR(GET_BYTE(encoding, (GET_BYTE(ulid, 14) & 124) >> 2));
  output = output || CHR(GET_BYTE(encoding, ((GET_BYTE(ulid, 14) & 3) << 3) | ((GET_BYTE(ulid, 15) & 224) >> 5)));
  output = output || CHR(GET_BYTE(encoding, (GET_BYTE(ulid, 15) & 31)));
  RETURN output;
END
$$;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE apalis.jobs (
    job bytea NOT NULL,
    id text NOT NULL,
    job_type text NOT NULL,
    status text DEFAULT 'Pending'::text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    max_attempts integer DEFAULT 25 NOT NULL,
    run_at timestamp with time zone DEFAULT now() NOT NULL,
    last_result jsonb,
    lock_at timestamp with time zone,
    lock_by text,
    done_at timestamp with time zone,
    priority integer DEFAULT 0,
    idempotency_key text,
    metadata apalis.hstore
);
CREATE FUNCTION apalis.get_jobs(worker_id text, v_job_type text, v_job_count integer DEFAULT 5) RETURNS SETOF apalis.jobs
    LANGUAGE sql
    AS $$
    WITH jobs AS (
        SELECT id
        FROM apalis.jobs
        WHERE
            (
                status = 'Pending'
                OR (
                    status = 'Failed'
                    AND attempts < max_attempts
                )
            )
            AND run_at < now()
            AND job_type = v_job_type
        ORDER BY priority DESC, run_at ASC
        LIMIT v_job_count
        FOR UPDATE SKIP LOCKED
    )
    UPDATE apalis.jobs j
    SET
        status = 'Queued',
        lock_by = worker_id,
        lock_at = now()
    FROM jobs
    WHERE j.id = jobs.id
    RETURNING j.*;
$$;
CREATE FUNCTION apalis.notify_new_jobs() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF NEW.run_at <= now() THEN
        PERFORM pg_notify(
            'apalis::job::insert',
            json_build_object(
                'job_type', NEW.job_type,
                'id', NEW.id,
                'run_at', NEW.run_at
            )::text
        );
    END IF;
    RETURN NEW;
END;
$$;
CREATE FUNCTION apalis.push_job(job_type text, job json DEFAULT NULL::json, status text DEFAULT 'Pending'::text, run_at timestamp with time zone DEFAULT now(), max_attempts integer DEFAULT 25, priority integer DEFAULT 0) RETURNS apalis.jobs
    LANGUAGE plpgsql
    AS $$
        DECLARE
            v_job_row apalis.jobs;
            v_job_id text;
        BEGIN
        IF job_type is not NULL and length(job_type) > 512 THEN raise exception 'Job_type is too long (max length: 512).' USING errcode = 'APAJT';
        END IF;
        IF max_attempts < 1 THEN raise exception 'Job maximum attempts must be at least 1.' USING errcode = 'APAMA';
        end IF;
        SELECT
            apalis.generate_ulid() INTO v_job_id;
        INSERT INTO
            apalis.jobs
        VALUES
            (
                job,
                v_job_id,
                job_type,
                status,
                0,
                max_attempts,
                run_at,
                NULL,
                NULL,
                NULL,
                NULL,
                priority
            )
            returning * INTO v_job_row;
            RETURN v_job_row;
END;
$$;
CREATE FUNCTION barlift.queue_overview(OUT waiting bigint, OUT running bigint, OUT scheduled bigint, OUT oldest_age_seconds double precision) RETURNS record
    LANGUAGE sql STABLE
    AS $$
    SELECT count(*) FILTER (WHERE j.status IN ('Pending', 'Failed') AND j.run_at <= now()),
           count(*) FILTER (WHERE j.status IN ('Queued', 'Running')),
           count(*) FILTER (WHERE j.status IN ('Pending', 'Failed') AND j.run_at > now())
               + (SELECT count(*)
                  FROM barlift.tasks w
                  JOIN barlift.operations o ON o.id = w.operation_id
                  WHERE w.waits_for IS NOT NULL AND w.state = 'pending' AND o.paused_at IS NULL),
           coalesce(extract(epoch FROM now() - min(j.run_at) FILTER (
               WHERE j.status IN ('Pending', 'Failed') AND j.run_at <= now())), 0)::double precision
    FROM barlift.tasks t
    -- Only a task's last job counts; one that was settled may have left a job behind that nobody acknowledged.
    JOIN apalis.jobs j
        ON j.job_type = 'barlift.v1' AND j.idempotency_key = t.operation_id || ':' || t.id || ':' || t.pushes
    WHERE t.state IN ('pending', 'running') AND j.status IN ('Pending', 'Failed', 'Queued', 'Running')
$$;
CREATE TABLE apalis._sqlx_migrations (
    version bigint NOT NULL,
    description text NOT NULL,
    installed_on timestamp with time zone DEFAULT now() NOT NULL,
    success boolean NOT NULL,
    checksum bytea NOT NULL,
    execution_time bigint NOT NULL
);
CREATE TABLE apalis.workers (
    id text NOT NULL,
    worker_type text NOT NULL,
    storage_name text NOT NULL,
    layers text DEFAULT ''::text NOT NULL,
    last_seen timestamp with time zone DEFAULT now() NOT NULL,
    started_at timestamp with time zone
);
CREATE TABLE barlift._sqlx_migrations (
    version bigint NOT NULL,
    description text NOT NULL,
    installed_on timestamp with time zone DEFAULT now() NOT NULL,
    success boolean NOT NULL,
    checksum bytea NOT NULL,
    execution_time bigint NOT NULL
);
CREATE TABLE barlift.attempts (
    task_id bigint NOT NULL,
    fence integer NOT NULL,
    attempt integer NOT NULL,
    worker text NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone,
    outcome text,
    error_class text,
    error_message text,
    push integer,
    rows jsonb DEFAULT '{}'::jsonb NOT NULL,
    phases jsonb DEFAULT '{}'::jsonb NOT NULL,
    slowest jsonb DEFAULT '[]'::jsonb NOT NULL,
    span_due_at timestamp with time zone,
    together integer DEFAULT 1 NOT NULL,
    CONSTRAINT attempts_outcome_check CHECK ((outcome = ANY (ARRAY['succeeded'::text, 'failed'::text, 'rescued'::text, 'handed_back'::text, 'cancelled'::text]))),
    CONSTRAINT attempts_phases_check CHECK ((jsonb_typeof(phases) = 'object'::text)),
    CONSTRAINT attempts_rows_check CHECK ((jsonb_typeof(rows) = 'object'::text)),
    CONSTRAINT attempts_slowest_check CHECK ((jsonb_typeof(slowest) = 'array'::text)),
    CONSTRAINT attempts_together_check CHECK ((together >= 1))
);
CREATE TABLE barlift.bars (
    series_id integer NOT NULL,
    "time" timestamp with time zone NOT NULL,
    open double precision NOT NULL,
    high double precision NOT NULL,
    low double precision NOT NULL,
    close double precision NOT NULL,
    volume double precision NOT NULL
);
CREATE TABLE barlift.series (
    id integer NOT NULL,
    symbol text NOT NULL,
    timeframe text NOT NULL,
    held_by bigint,
    content numeric,
    content_at timestamp with time zone,
    waited_for boolean DEFAULT false NOT NULL,
    CONSTRAINT series_content_check CHECK (((content >= (0)::numeric) AND (content < '340282366920938463463374607431768211456'::numeric))),
    CONSTRAINT series_symbol_check CHECK ((symbol <> ''::text)),
    CONSTRAINT series_timeframe_check CHECK ((timeframe <> ''::text))
);
CREATE VIEW barlift.bars_named AS
 SELECT s.symbol,
    s.timeframe,
    b."time",
    b.open,
    b.high,
    b.low,
    b.close,
    b.volume
   FROM (barlift.bars b
     JOIN barlift.series s ON ((s.id = b.series_id)));
CREATE TABLE barlift.difference_ranges (
    task_id bigint NOT NULL,
    n integer NOT NULL,
    kind text NOT NULL,
    first_time timestamp with time zone NOT NULL,
    last_time timestamp with time zone NOT NULL,
    bars bigint NOT NULL,
    identical bigint NOT NULL,
    price_ratio double precision,
    volume_ratio double precision,
    shifted_by interval,
    CONSTRAINT difference_ranges_check CHECK (((kind = 'shifted'::text) = (shifted_by IS NOT NULL))),
    CONSTRAINT difference_ranges_kind_check CHECK ((kind = ANY (ARRAY['identical'::text, 'only_in_csv'::text, 'only_in_db'::text, 'revised'::text, 'ratio'::text, 'shifted'::text])))
);
CREATE TABLE barlift.differences (
    task_id bigint NOT NULL,
    n bigint NOT NULL,
    kind text NOT NULL,
    "time" timestamp with time zone NOT NULL,
    source text,
    line bigint,
    csv_open double precision,
    csv_high double precision,
    csv_low double precision,
    csv_close double precision,
    csv_volume double precision,
    db_open double precision,
    db_high double precision,
    db_low double precision,
    db_close double precision,
    db_volume double precision,
    CONSTRAINT differences_check CHECK ((num_nonnulls(source, line, csv_open, csv_high, csv_low, csv_close, csv_volume) =
CASE kind
    WHEN 'only_in_db'::text THEN 0
    ELSE 7
END)),
    CONSTRAINT differences_check1 CHECK ((num_nonnulls(db_open, db_high, db_low, db_close, db_volume) =
CASE kind
    WHEN 'only_in_csv'::text THEN 0
    ELSE 5
END)),
    CONSTRAINT differences_kind_check CHECK ((kind = ANY (ARRAY['different'::text, 'only_in_csv'::text, 'only_in_db'::text])))
);
CREATE TABLE barlift.imported_sources (
    series_id integer NOT NULL,
    content_hash bytea NOT NULL,
    options_hash bytea NOT NULL,
    rows bigint NOT NULL,
    first_time timestamp with time zone,
    last_time timestamp with time zone,
    bars bigint NOT NULL,
    imported_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT imported_sources_content_hash_check CHECK ((length(content_hash) = 32)),
    CONSTRAINT imported_sources_options_hash_check CHECK ((length(options_hash) = 32))
);
CREATE TABLE barlift.mismatches (
    task_id bigint NOT NULL,
    line bigint NOT NULL,
    "time" timestamp with time zone NOT NULL,
    csv_open double precision NOT NULL,
    csv_high double precision NOT NULL,
    csv_low double precision NOT NULL,
    csv_close double precision NOT NULL,
    csv_volume double precision NOT NULL,
    db_open double precision NOT NULL,
    db_high double precision NOT NULL,
    db_low double precision NOT NULL,
    db_close double precision NOT NULL,
    db_volume double precision NOT NULL,
    overwritten boolean NOT NULL
);
CREATE TABLE barlift.operations (
    id text NOT NULL,
    type text NOT NULL,
    state text NOT NULL,
    root text NOT NULL,
    options jsonb NOT NULL,
    unrecognised jsonb DEFAULT '[]'::jsonb NOT NULL,
    priority integer DEFAULT 0 NOT NULL,
    max_attempts integer NOT NULL,
    traceparent text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    run_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    began_at timestamp with time zone,
    traced boolean DEFAULT false NOT NULL,
    root_span_due_at timestamp with time zone,
    paused_at timestamp with time zone,
    retried_at timestamp with time zone,
    root_span_id text,
    follows text,
    waiting boolean DEFAULT false NOT NULL,
    CONSTRAINT operations_check CHECK (((state = ANY (ARRAY['succeeded'::text, 'failed'::text, 'cancelled'::text])) = (finished_at IS NOT NULL))),
    CONSTRAINT operations_check1 CHECK (((follows IS NOT NULL) OR (NOT waiting))),
    CONSTRAINT operations_id_check CHECK ((id ~ '^op_(migration|verify)_[0-9A-Z]{26}$'::text)),
    CONSTRAINT operations_max_attempts_check CHECK ((max_attempts >= 1)),
    CONSTRAINT operations_priority_check CHECK (((priority >= 0) AND (priority <= 1000))),
    CONSTRAINT operations_root_span_id_check CHECK ((root_span_id ~ '^[0-9a-f]{16}$'::text)),
    CONSTRAINT operations_state_check CHECK ((state = ANY (ARRAY['scheduled'::text, 'running'::text, 'succeeded'::text, 'failed'::text, 'cancelled'::text]))),
    CONSTRAINT operations_traceparent_check CHECK ((traceparent ~ '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$'::text)),
    CONSTRAINT operations_type_check CHECK ((type = ANY (ARRAY['DATA_MIGRATION'::text, 'DATA_VERIFICATION'::text])))
);
CREATE TABLE barlift.tasks (
    id bigint NOT NULL,
    operation_id text NOT NULL,
    symbol text NOT NULL,
    timeframe text NOT NULL,
    source text NOT NULL,
    source_bytes bigint NOT NULL,
    state text DEFAULT 'pending'::text NOT NULL,
    pushes integer DEFAULT 1 NOT NULL,
    fence integer DEFAULT 0 NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    failures integer DEFAULT 0 NOT NULL,
    rescues integer DEFAULT 0 NOT NULL,
    worker text,
    series_id integer,
    source_version text,
    checkpoint bigint DEFAULT 0 NOT NULL,
    header bytea,
    ignored_columns text[] DEFAULT '{}'::text[] NOT NULL,
    recognised boolean DEFAULT false NOT NULL,
    rows bigint DEFAULT 0 NOT NULL,
    rows_imported bigint DEFAULT 0 NOT NULL,
    rows_skipped bigint DEFAULT 0 NOT NULL,
    rows_mismatched bigint DEFAULT 0 NOT NULL,
    rows_rejected bigint DEFAULT 0 NOT NULL,
    rows_duplicate bigint DEFAULT 0 NOT NULL,
    quality_issues bigint DEFAULT 0 NOT NULL,
    first_time timestamp with time zone,
    last_time timestamp with time zone,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    error_class text,
    error_message text,
    more_sources text[] DEFAULT '{}'::text[] NOT NULL,
    rows_missing bigint DEFAULT 0 NOT NULL,
    verdict text,
    waits_for integer,
    CONSTRAINT rows_add_up CHECK (((((((rows_imported + rows_skipped) + rows_mismatched) + rows_rejected) + rows_duplicate) + rows_missing) = rows)),
    CONSTRAINT tasks_error_class_check CHECK ((error_class = ANY (ARRAY['transient'::text, 'permanent'::text, 'poisoned'::text]))),
    CONSTRAINT tasks_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'running'::text, 'succeeded'::text, 'failed'::text, 'cancelled'::text]))),
    CONSTRAINT tasks_verdict_check CHECK ((verdict = ANY (ARRAY['identical'::text, 'differs'::text])))
);
CREATE VIEW barlift.operations_overview AS
 SELECT o.id,
    o.type,
    o.state,
    o.traceparent,
    o.root,
    o.unrecognised,
    o.created_at,
    o.run_at,
    o.started_at,
    o.finished_at,
    COALESCE(((o.options ->> 'dry_run'::text))::boolean, false) AS dry_run,
    t.tasks,
    t.pending,
    t.running,
    t.succeeded,
    t.failed,
    t.cancelled,
    t.rows,
    t.rows_imported,
    t.rows_skipped,
    t.rows_mismatched,
    t.rows_rejected,
    t.rows_duplicate,
    t.quality_issues,
    t.bytes,
    t.bytes_done,
    o.priority,
    o.paused_at,
    o.follows,
    o.waiting,
    t.rows_missing,
    t.identical,
    t.differing,
    (o.options ->> 'mode'::text) AS mode,
    (COALESCE(jsonb_array_length((o.options -> 'unexplained'::text)), 0))::bigint AS unexplained
   FROM (barlift.operations o
     CROSS JOIN LATERAL ( SELECT count(*) AS tasks,
            count(*) FILTER (WHERE (tasks.state = 'pending'::text)) AS pending,
            count(*) FILTER (WHERE (tasks.state = 'running'::text)) AS running,
            count(*) FILTER (WHERE (tasks.state = 'succeeded'::text)) AS succeeded,
            count(*) FILTER (WHERE (tasks.state = 'failed'::text)) AS failed,
            count(*) FILTER (WHERE (tasks.state = 'cancelled'::text)) AS cancelled,
            (COALESCE(sum(tasks.rows), (0)::numeric))::bigint AS rows,
            (COALESCE(sum(tasks.rows_imported), (0)::numeric))::bigint AS rows_imported,
            (COALESCE(sum(tasks.rows_skipped), (0)::numeric))::bigint AS rows_skipped,
            (COALESCE(sum(tasks.rows_mismatched), (0)::numeric))::bigint AS rows_mismatched,
            (COALESCE(sum(tasks.rows_rejected), (0)::numeric))::bigint AS rows_rejected,
            (COALESCE(sum(tasks.rows_duplicate), (0)::numeric))::bigint AS rows_duplicate,
            (COALESCE(sum(tasks.quality_issues), (0)::numeric))::bigint AS quality_issues,
            (COALESCE(sum(tasks.source_bytes), (0)::numeric))::bigint AS bytes,
            (COALESCE(sum(
                CASE
                    WHEN (tasks.state = ANY (ARRAY['pending'::text, 'running'::text])) THEN LEAST(tasks.checkpoint, tasks.source_bytes)
                    ELSE tasks.source_bytes
                END), (0)::numeric))::bigint AS bytes_done,
            (COALESCE(sum(tasks.rows_missing), (0)::numeric))::bigint AS rows_missing,
            count(*) FILTER (WHERE ((tasks.state = 'succeeded'::text) AND (tasks.verdict = 'identical'::text))) AS identical,
            count(*) FILTER (WHERE ((tasks.state = 'succeeded'::text) AND (tasks.verdict = 'differs'::text))) AS differing
           FROM barlift.tasks
          WHERE (tasks.operation_id = o.id)) t);
CREATE TABLE barlift.quality_issues (
    task_id bigint NOT NULL,
    line bigint NOT NULL,
    "time" timestamp with time zone NOT NULL,
    open double precision NOT NULL,
    high double precision NOT NULL,
    low double precision NOT NULL,
    close double precision NOT NULL,
    volume double precision NOT NULL,
    rules text NOT NULL
);
CREATE TABLE barlift.rejected_rows (
    task_id bigint NOT NULL,
    line bigint NOT NULL,
    byte_offset bigint NOT NULL,
    rule text NOT NULL,
    reason text NOT NULL,
    raw bytea NOT NULL,
    file integer DEFAULT 0 NOT NULL
);
ALTER TABLE barlift.series ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME barlift.series_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE barlift.source_digests (
    content_hash bytea NOT NULL,
    read_hash bytea NOT NULL,
    rows bigint NOT NULL,
    bars bigint NOT NULL,
    bars_hash bytea NOT NULL,
    known_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT source_digests_bars_hash_check CHECK ((length(bars_hash) = 16)),
    CONSTRAINT source_digests_content_hash_check CHECK ((length(content_hash) = 32)),
    CONSTRAINT source_digests_read_hash_check CHECK ((length(read_hash) = 32))
);
ALTER TABLE barlift.tasks ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME barlift.tasks_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE barlift.verifications (
    task_id bigint NOT NULL,
    csv_bars bigint NOT NULL,
    db_bars bigint NOT NULL,
    csv_first timestamp with time zone,
    csv_last timestamp with time zone,
    db_first timestamp with time zone,
    db_last timestamp with time zone,
    compared bigint NOT NULL,
    identical bigint NOT NULL,
    different bigint NOT NULL,
    only_in_csv bigint NOT NULL,
    only_in_db bigint NOT NULL,
    outside bigint DEFAULT 0 NOT NULL,
    csv_hash bytea,
    db_hash bytea,
    by_hash boolean DEFAULT false NOT NULL,
    untouched boolean,
    duplicates jsonb DEFAULT '[]'::jsonb NOT NULL,
    ranges_left_out bigint DEFAULT 0 NOT NULL,
    CONSTRAINT verifications_check CHECK ((((identical + different) + only_in_csv) = compared)),
    CONSTRAINT verifications_csv_hash_check CHECK ((length(csv_hash) = 16)),
    CONSTRAINT verifications_db_hash_check CHECK ((length(db_hash) = 16)),
    CONSTRAINT verifications_duplicates_check CHECK ((jsonb_typeof(duplicates) = 'array'::text))
);
INSERT INTO apalis._sqlx_migrations VALUES
	(20220530084123, 'jobs workers', '2025-11-29 22:03:16.68828+00', true, '\xd0839c6f57a379769dc27ccd581feb3d2709239c8f138e05271c9e3c760c4517a78a4d8912ab3d63b074b28d15ec74e9', 107151794),
	(20220709210445, 'add job fn', '2025-11-29 22:03:16.798508+00', true, '\x14f906e53a627f1b27996e74e8e69dbc29ee70519e7af4f0032a27c75ed706a34af8bafecc8f8572855f314cbc5a7ba9', 2806178),
	(20230330210841, 'replace add job fn', '2025-11-29 22:03:16.80153+00', true, '\xd9b6e57e6de60db1647e2447cf36bf0eafbec266f1d482bd196affc97617efbc4c07bad826706c7b3a0b3960cf9f727b', 4795699),
	(20230408110421, 'drop old push job', '2025-11-29 22:03:16.806627+00', true, '\x3656a91fe9c652ca23df775a601409a9252357f47088d6bcf2025fda2dd67e50c99ad94d1d2ca569c91c343189c58e33', 3140112),
	(20230408234928, 'add get jobs fn ', '2025-11-29 22:03:16.811388+00', true, '\x176c3acaf1097ff45da76d4c746af766640027b6721a056b3fc3fcc4ab8192344920b4415e8dae46f5136ee223ed5f6b', 4180338),
	(20240225141841, 'replace add job fn remove jid', '2025-11-29 22:03:16.814708+00', true, '\xc53560b7a312915d696ed6c7e18bda478d9bf1278c4d59e3c53b47c45d8a903f089c728a5ff2e131cd5b629cdfe7d4cb', 3357049),
	(20250210092135, 'include failed in get jobs', '2025-11-29 22:03:16.818373+00', true, '\x810786bd8f1007bf523bec8ed9de0a9ae789e634e5434a1a5cc9c1b766bd758b4d37912ef390dcf95e8de23910eeef55', 1013226),
	(20250223193249, 'fix get jobs conditional', '2025-11-29 22:03:16.819698+00', true, '\xcfda3f3d62b4122b6321af0e45ba162fd3ad5d07f95e4eefe858600551167e31454ebd57d45b62e880336fcfef3ef2a7', 62533860),
	(20250307001101, 'add job priority', '2025-11-29 22:03:16.882552+00', true, '\xb5d318f2da5e909d66db190f58b76ae52f6808733d2a88d180555430d28518fee783fb0ff1e1c37ed1dc79627abd9694', 1414285),
	(20250404160441, 'cleanup old push jobs fn', '2025-11-29 22:03:16.88424+00', true, '\x962242ef0971de54905cafbdefe26a3c1f32c1c52ef13b6937c2920445b1ce97cd2dcf7db9c293becc95dc55412e7a15', 772885),
	(20250722071207, 'improve notify', '2025-11-29 22:03:16.88522+00', true, '\xb3a1f712f8fbdfe38004134d8f55e49857b764f3277f38dd9d13299d5e0afbc895005b62fa0355b8a0d8595a38be6db7', 1032841),
	(20251018164839, 'update result', '2025-11-29 22:03:16.886486+00', true, '\xe4e3d1efc77746e4db164b49017c90785613b35520da84f9a5a3f8981d60420d9dec3c94af9e8632ab711ffac7c1e199', 4097373),
	(20251018164912, 'add metadata', '2025-11-29 22:03:16.890868+00', true, '\x803a4510201392a36e20ef81c9b05230ffa734a292c875f87ea65bc73944642b1d260a38741c4bdb88c0096338c152c0', 761204),
	(20251018165007, 'move to bytes', '2025-11-29 22:03:16.891873+00', true, '\xdcbb8181c56cc4b9511ddc940f81f5bb9420436d0f4edf1bc9978011324e6b8d5437c50830b8651e2168608d04977272', 11939339),
	(20251018165033, 'add started at', '2025-11-29 22:03:16.909896+00', true, '\x21b1264f3881a4cf4fb209ff2cc75c21946441691745d7cbc9ab1dd812a1e1c08648e47ea8b4de060784da581dab2246', 893340),
	(20251018165056, 'queue jobs', '2025-11-29 22:03:16.911012+00', true, '\xdd02b7e9c23a7da0f71bff73b469c51b7305d1830e7f4bd6de083c11315e8492801e242755d9981381760a5ace6d8fe7', 974723),
	(20251018165121, 'notify run at', '2025-11-29 22:03:16.912219+00', true, '\xa99e6c60687ec15c1bf8132763db63a0d9d18e1ee814527254fc95ee733e65bdf2f0ae64ca86cae0d1f232654d189fda', 9832269),
	(20251225090252, 'include primary keys', '2025-11-29 22:03:16.922317+00', true, '\xfd9f16bd772c5682ecb3f6b0a21efed5581a85316770ab8d620b38346e9319ae239ef784e8eb46735d6be735e7b3b5be', 1599061),
	(20260508093314, 'idempotency key', '2025-11-29 22:03:16.924158+00', true, '\xf2686534e1abbba2fcde715c1ca724e7937a4e1f49d6a9a462ed4f1c2e8b83518f4f78868a111d6451afba770207c2d0', 1087844),
	(20260605000000, 'confine generate ulid to apalis', '2025-11-29 22:03:16.925532+00', true, '\xc56dbd61156387934579af19b51ba95bd0cbe203f9528f0cd619c191730788858eca89044a7aa0622d308b9a3028e2c5', 2070863),
	(20260824233636, 'streamline indices', '2025-11-29 22:03:16.927835+00', true, '\x09c57f5bd9cce210564e8b12da0520289290ad729ef4205cdd55bd2a60ac85f889df8c23b20a4a01d959f0c8b5775a6d', 2904221),
	(20260826101335, 'metadata hstore', '2025-11-29 22:03:16.931033+00', true, '\xcc38c9e6fd38157b443f6dd584e322405d49dedfd3a60867604102078a99320f97279e6c244cb87f84152ab9be7d41be', 43235900),
	(20260902075949, 'remove pl in get jobs', '2025-11-29 22:03:16.974774+00', true, '\x0dc0483d69bf530508d451bec9346f7d14be68c37308b130910462d130cab0827eb2825d20072105c83ae3a66ed82c6b', 1263022);
INSERT INTO apalis.jobs VALUES
	('\x7b226b696e64223a22696d706f72742d73796d626f6c222c226f7065726174696f6e5f6964223a226f705f6d6967726174696f6e5f30314d384d4e415a31593334544542584348535632375642465a222c2270757368223a312c227461736b5f6964223a312c2276657273696f6e223a327d', '01M8MNAZ7ZYPW3M4RMGE5DC8V5', 'barlift.v1', 'Done', 1, 2147483647, '2025-11-29 22:03:18+00', '{"Ok": null}', '2025-11-29 22:03:18.201421+00', 'vm-8289-v8prjvqj.1', '2025-11-29 22:03:18.598793+00', 0, 'op_migration_01M8MNAZ1Y34TEBXCHSV27VBFZ:1:1', '"traceparent"=>"00-dcd11012bc0c6433f825e32ac2de6c60-bf8323ad96f5baec-01"'),
	('\x7b226b696e64223a22696d706f72742d73796d626f6c222c226f7065726174696f6e5f6964223a226f705f6d6967726174696f6e5f30314d384d4e415a585a514859375937504e343143484b39455a222c2270757368223a312c227461736b5f6964223a322c2276657273696f6e223a327d', '01M8MNB0BDR64T7YMDMFFXA4YR', 'barlift.v1', 'Done', 1, 2147483647, '2025-11-29 22:03:19+00', '{"Ok": null}', '2025-11-29 22:03:19.645511+00', 'vm-8321-5gfz66sc.1', '2025-11-29 22:03:20.11863+00', 0, 'op_migration_01M8MNAZXZQHY7Y7PN41CHK9EZ:2:1', '"traceparent"=>"00-baf09845f656517c905ea8da2e450cd6-3e46c6905fabf824-01"'),
	('\x7b226b696e64223a22696d706f72742d73796d626f6c222c226f7065726174696f6e5f6964223a226f705f6d6967726174696f6e5f30314d384d4e415a585a514859375937504e343143484b39455a222c2270757368223a312c227461736b5f6964223a342c2276657273696f6e223a327d', '01M8MNB0BDRCHFNXQWYZPAW9YY', 'barlift.v1', 'Done', 1, 2147483647, '2025-11-29 22:03:19+00', '{"Ok": null}', '2025-11-29 22:03:19.772069+00', 'vm-8321-5gfz66sc.1', '2025-11-29 22:03:20.162049+00', 0, 'op_migration_01M8MNAZXZQHY7Y7PN41CHK9EZ:4:1', '"traceparent"=>"00-baf09845f656517c905ea8da2e450cd6-3e46c6905fabf824-01"'),
	('\x7b226b696e64223a22696d706f72742d73796d626f6c222c226f7065726174696f6e5f6964223a226f705f6d6967726174696f6e5f30314d384d4e415a585a514859375937504e343143484b39455a222c2270757368223a312c227461736b5f6964223a332c2276657273696f6e223a327d', '01M8MNB0BD6P8104A63M53QDE5', 'barlift.v1', 'Done', 1, 2147483647, '2025-11-29 22:03:19+00', '{"Ok": null}', '2025-11-29 22:03:19.698791+00', 'vm-8321-5gfz66sc.1', '2025-11-29 22:03:20.162049+00', 0, 'op_migration_01M8MNAZXZQHY7Y7PN41CHK9EZ:3:1', '"traceparent"=>"00-baf09845f656517c905ea8da2e450cd6-3e46c6905fabf824-01"'),
	('\x7b226b696e64223a227665726966792d64617461222c226f7065726174696f6e5f6964223a226f705f7665726966795f30314d384d4e4231443750544b5244565238365a533637593751222c2270757368223a312c227461736b5f6964223a352c2276657273696f6e223a327d', '01M8MNB1RH03VE2C6VECRDX0XS', 'barlift.v1', 'Done', 1, 2147483647, '2025-11-29 22:03:20+00', '{"Ok": null}', '2025-11-29 22:03:20.932516+00', 'vm-8430-bknr908g.1', '2025-11-29 22:03:21.376856+00', 0, 'op_verify_01M8MNB1D7PTKRDVR86ZS67Y7Q:5:1', '"traceparent"=>"00-66fcea9f636a21f1e4b615f29107b961-6af85472f3051771-01"'),
	('\x7b226b696e64223a227665726966792d64617461222c226f7065726174696f6e5f6964223a226f705f7665726966795f30314d384d4e4231443750544b5244565238365a533637593751222c2270757368223a312c227461736b5f6964223a362c2276657273696f6e223a327d', '01M8MNB1RHTW2G7GFS39H6QHG7', 'barlift.v1', 'Done', 1, 2147483647, '2025-11-29 22:03:20+00', '{"Ok": null}', '2025-11-29 22:03:20.986835+00', 'vm-8430-bknr908g.1', '2025-11-29 22:03:21.491995+00', 0, 'op_verify_01M8MNB1D7PTKRDVR86ZS67Y7Q:6:1', '"traceparent"=>"00-66fcea9f636a21f1e4b615f29107b961-6af85472f3051771-01"'),
	('\x7b226b696e64223a227665726966792d64617461222c226f7065726174696f6e5f6964223a226f705f7665726966795f30314d384d4e4231443750544b5244565238365a533637593751222c2270757368223a312c227461736b5f6964223a372c2276657273696f6e223a327d', '01M8MNB1RHJW8QV283FVQCTS2T', 'barlift.v1', 'Done', 1, 2147483647, '2025-11-29 22:03:20+00', '{"Ok": null}', '2025-11-29 22:03:21.043537+00', 'vm-8430-bknr908g.1', '2025-11-29 22:03:21.581588+00', 0, 'op_verify_01M8MNB1D7PTKRDVR86ZS67Y7Q:7:1', '"traceparent"=>"00-66fcea9f636a21f1e4b615f29107b961-6af85472f3051771-01"'),
	('\x7b226b696e64223a22696d706f72742d73796d626f6c222c226f7065726174696f6e5f6964223a226f705f6d6967726174696f6e5f30314d384d4e4233314434383547463458474436543245595446222c2270757368223a312c227461736b5f6964223a382c2276657273696f6e223a327d', '01M8MNB39HHBZE9RQPK1DGW19X', 'barlift.v1', 'Running', 0, 2147483647, '2025-11-29 22:03:22+00', NULL, '2025-11-29 22:03:22.78135+00', 'vm-8472-6p8xrrmf.1', NULL, 0, 'op_migration_01M8MNB31D485GF4XGD6T2EYTF:8:1', '"traceparent"=>"00-ed7bbf3fde56db8da77774d8f4fbabc6-58ff0d5701cc04ef-01"'),
	('\x7b226b696e64223a22696d706f72742d73796d626f6c222c226f7065726174696f6e5f6964223a226f705f6d6967726174696f6e5f30314d384d4e42344252544130305638375a453658413548595a222c2270757368223a312c227461736b5f6964223a31302c2276657273696f6e223a327d', '01M8MNB4N4EY6JDM8R4TV46PZG', 'barlift.v1', 'Running', 0, 2147483647, '2025-11-29 22:03:23+00', NULL, '2025-11-29 22:03:24.059359+00', 'vm-8502-2x7732sn.1', NULL, 0, 'op_migration_01M8MNB4BRTA00V87ZE6XA5HYZ:10:1', '"traceparent"=>"00-5469a69baa393607e1bdfe7ef4528f79-0c4585e028e45265-01"'),
	('\x7b226b696e64223a22696d706f72742d73796d626f6c222c226f7065726174696f6e5f6964223a226f705f6d6967726174696f6e5f30314d384d4e42344252544130305638375a453658413548595a222c2270757368223a312c227461736b5f6964223a31312c2276657273696f6e223a327d', '01M8MNB4N415R03VJMHZ8BQD2J', 'barlift.v1', 'Running', 0, 2147483647, '2025-11-29 22:03:23+00', NULL, '2025-11-29 22:03:24.070478+00', 'vm-8502-2x7732sn.1', NULL, 0, 'op_migration_01M8MNB4BRTA00V87ZE6XA5HYZ:11:1', '"traceparent"=>"00-5469a69baa393607e1bdfe7ef4528f79-0c4585e028e45265-01"'),
	('\x7b226b696e64223a22696d706f72742d73796d626f6c222c226f7065726174696f6e5f6964223a226f705f6d6967726174696f6e5f30314d384d4e42353851373531563142354d38304d4b33584b51222c2270757368223a322c227461736b5f6964223a31322c2276657273696f6e223a327d', '01M8MNB5ZK5CYM05RT7RF9F1F3', 'barlift.v1', 'Pending', 0, 2147483647, '2025-11-29 22:38:59+00', NULL, NULL, NULL, NULL, 0, 'op_migration_01M8MNB58Q751V1B5M80MK3XKQ:12:2', '"traceparent"=>"00-ada47f438c1c197f56a57c2ead8ac3dd-90301e3199184a42-01"'),
	('\x7b226b696e64223a22696d706f72742d73796d626f6c222c226f7065726174696f6e5f6964223a226f705f6d6967726174696f6e5f30314d384d4e42353851373531563142354d38304d4b33584b51222c2270757368223a312c227461736b5f6964223a31322c2276657273696f6e223a327d', '01M8MNB5CAC2227H2W7X7TW34E', 'barlift.v1', 'Done', 1, 2147483647, '2025-11-29 22:03:24+00', '{"Ok": null}', '2025-11-29 22:03:24.889859+00', 'vm-8542-p3tzebfr.1', '2025-11-29 22:03:25.073038+00', 0, 'op_migration_01M8MNB58Q751V1B5M80MK3XKQ:12:1', '"traceparent"=>"00-ada47f438c1c197f56a57c2ead8ac3dd-90301e3199184a42-01"'),
	('\x7b226b696e64223a22696d706f72742d73796d626f6c222c226f7065726174696f6e5f6964223a226f705f6d6967726174696f6e5f30314d384d4e42353851373531563142354d38304d4b33584b51222c2270757368223a312c227461736b5f6964223a31342c2276657273696f6e223a327d', '01M8MNB5CASTV1ZP90AKPZQQS6', 'barlift.v1', 'Done', 1, 2147483647, '2025-11-29 22:03:24+00', '{"Ok": null}', '2025-11-29 22:03:25.150384+00', 'vm-8542-p3tzebfr.1', '2025-11-29 22:03:25.439176+00', 0, 'op_migration_01M8MNB58Q751V1B5M80MK3XKQ:14:1', '"traceparent"=>"00-ada47f438c1c197f56a57c2ead8ac3dd-90301e3199184a42-01"'),
	('\x7b226b696e64223a22696d706f72742d73796d626f6c222c226f7065726174696f6e5f6964223a226f705f6d6967726174696f6e5f30314d384d4e42353851373531563142354d38304d4b33584b51222c2270757368223a312c227461736b5f6964223a31332c2276657273696f6e223a327d', '01M8MNB5CANB4FDFEKTFK8CVJZ', 'barlift.v1', 'Done', 1, 2147483647, '2025-11-29 22:03:24+00', '{"Ok": null}', '2025-11-29 22:03:25.179482+00', 'vm-8542-p3tzebfr.1', '2025-11-29 22:03:25.441825+00', 0, 'op_migration_01M8MNB58Q751V1B5M80MK3XKQ:13:1', '"traceparent"=>"00-ada47f438c1c197f56a57c2ead8ac3dd-90301e3199184a42-01"'),
	('\x7b226b696e64223a22696d706f72742d73796d626f6c222c226f7065726174696f6e5f6964223a226f705f6d6967726174696f6e5f30314d384d4e42353851373531563142354d38304d4b33584b51222c2270757368223a312c227461736b5f6964223a31352c2276657273696f6e223a327d', '01M8MNB5CAN7VRZA5W8CTE47Q8', 'barlift.v1', 'Running', 0, 2147483647, '2025-11-29 22:03:24+00', NULL, '2025-11-29 22:03:25.44702+00', 'vm-8542-p3tzebfr.1', NULL, 0, 'op_migration_01M8MNB58Q751V1B5M80MK3XKQ:15:1', '"traceparent"=>"00-ada47f438c1c197f56a57c2ead8ac3dd-90301e3199184a42-01"'),
	('\x7b226b696e64223a22696d706f72742d73796d626f6c222c226f7065726174696f6e5f6964223a226f705f6d6967726174696f6e5f30314d384d4e423647364e54413351454b325735375a50584434222c2270757368223a312c227461736b5f6964223a31362c2276657273696f6e223a327d', '01M8MNB6Z4BXSQWT5W0Z5PCYAQ', 'barlift.v1', 'Running', 0, 2147483647, '2025-11-29 22:03:26+00', NULL, '2025-11-29 22:03:26.659135+00', 'vm-8702-n16vmfeh.1', NULL, 0, 'op_migration_01M8MNB6G6NTA3QEK2W57ZPXD4:16:1', '"traceparent"=>"00-b1aab6354de40fbae1524b0cf285c5ab-ee46bb00a622bdd9-01"'),
	('\x7b226b696e64223a22696d706f72742d73796d626f6c222c226f7065726174696f6e5f6964223a226f705f6d6967726174696f6e5f30314d384d4e4237524a435a46545850393648534a32575a5444222c2270757368223a312c227461736b5f6964223a31372c2276657273696f6e223a327d', '01M8MNB82F6XNWH2DCMFNPJA0V', 'barlift.v1', 'Pending', 0, 2147483647, '2025-11-29 22:03:27+00', NULL, NULL, NULL, NULL, 0, 'op_migration_01M8MNB7RJCZFTXP96HSJ2WZTD:17:1', '"traceparent"=>"00-a5bcb224f30db10930e17df4853ffb18-79564e35ec874c53-01"'),
	('\x7b226b696e64223a22696d706f72742d73796d626f6c222c226f7065726174696f6e5f6964223a226f705f6d6967726174696f6e5f30314d384d4e4237524a435a46545850393648534a32575a5444222c2270757368223a312c227461736b5f6964223a31382c2276657273696f6e223a327d', '01M8MNB82FFN993DDEFAY3W94C', 'barlift.v1', 'Pending', 0, 2147483647, '2025-11-29 22:03:27+00', NULL, NULL, NULL, NULL, 0, 'op_migration_01M8MNB7RJCZFTXP96HSJ2WZTD:18:1', '"traceparent"=>"00-a5bcb224f30db10930e17df4853ffb18-79564e35ec874c53-01"'),
	('\x7b226b696e64223a22696d706f72742d73796d626f6c222c226f7065726174696f6e5f6964223a226f705f6d6967726174696f6e5f30314d384d4e4237524a435a46545850393648534a32575a5444222c2270757368223a312c227461736b5f6964223a31392c2276657273696f6e223a327d', '01M8MNB82F6TP5J193KSCXZTMG', 'barlift.v1', 'Pending', 0, 2147483647, '2025-11-29 22:03:27+00', NULL, NULL, NULL, NULL, 0, 'op_migration_01M8MNB7RJCZFTXP96HSJ2WZTD:19:1', '"traceparent"=>"00-a5bcb224f30db10930e17df4853ffb18-79564e35ec874c53-01"'),
	('\x7b226b696e64223a22696d706f72742d73796d626f6c222c226f7065726174696f6e5f6964223a226f705f6d6967726174696f6e5f30314d384d4e423838574331525754593457365736513950395a222c2270757368223a312c227461736b5f6964223a32302c2276657273696f6e223a327d', '01M8MNB8KRHMPDN5ES1SF9EDPS', 'barlift.v1', 'Pending', 0, 2147483647, '2025-11-29 22:03:27+00', NULL, NULL, NULL, NULL, 0, 'op_migration_01M8MNB88WC1RWTY4W6W6Q9P9Z:20:1', '"traceparent"=>"00-f8b5bbdd3c50a3837323674fe5286d2f-ef619aa7b5f89f21-01"'),
	('\x7b226b696e64223a22696d706f72742d73796d626f6c222c226f7065726174696f6e5f6964223a226f705f6d6967726174696f6e5f30314d384d4e423838574331525754593457365736513950395a222c2270757368223a312c227461736b5f6964223a32312c2276657273696f6e223a327d', '01M8MNB8KRYWF89T54A9MHZMQM', 'barlift.v1', 'Pending', 0, 2147483647, '2025-11-29 22:03:27+00', NULL, NULL, NULL, NULL, 0, 'op_migration_01M8MNB88WC1RWTY4W6W6Q9P9Z:21:1', '"traceparent"=>"00-f8b5bbdd3c50a3837323674fe5286d2f-ef619aa7b5f89f21-01"'),
	('\x7b226b696e64223a227665726966792d64617461222c226f7065726174696f6e5f6964223a226f705f7665726966795f30314d384d4e42385035525343355447354459364b4d4e505048222c2270757368223a312c227461736b5f6964223a32342c2276657273696f6e223a327d', '01M8MNB972T8QM2RQ6BSJZ5GJR', 'barlift.v1', 'Pending', 0, 2147483647, '2025-11-29 22:03:28+00', NULL, NULL, NULL, NULL, 0, 'op_verify_01M8MNB8P5RSC5TG5DY6KMNPPH:24:1', '"traceparent"=>"00-c06bf3d6bb022407c0e4eaeb480aba52-cdd36253673f3dc1-01"'),
	('\x7b226b696e64223a227665726966792d64617461222c226f7065726174696f6e5f6964223a226f705f7665726966795f30314d384d4e42385035525343355447354459364b4d4e505048222c2270757368223a312c227461736b5f6964223a32352c2276657273696f6e223a327d', '01M8MNB972H4F8186RWSQF2GY9', 'barlift.v1', 'Pending', 0, 2147483647, '2025-11-29 22:03:28+00', NULL, NULL, NULL, NULL, 0, 'op_verify_01M8MNB8P5RSC5TG5DY6KMNPPH:25:1', '"traceparent"=>"00-c06bf3d6bb022407c0e4eaeb480aba52-cdd36253673f3dc1-01"'),
	('\x7b226b696e64223a227665726966792d64617461222c226f7065726174696f6e5f6964223a226f705f7665726966795f30314d384d4e42385035525343355447354459364b4d4e505048222c2270757368223a312c227461736b5f6964223a32362c2276657273696f6e223a327d', '01M8MNB9720B0C4GFD9Q4H0FK3', 'barlift.v1', 'Pending', 0, 2147483647, '2025-11-29 22:03:28+00', NULL, NULL, NULL, NULL, 0, 'op_verify_01M8MNB8P5RSC5TG5DY6KMNPPH:26:1', '"traceparent"=>"00-c06bf3d6bb022407c0e4eaeb480aba52-cdd36253673f3dc1-01"');
INSERT INTO apalis.workers VALUES
	('vm-8289-v8prjvqj.1', 'barlift.v1', 'PgStorage', 'tower::limit::concurrency::service::ConcurrencyLimit<apalis_core::task::data::AddExtension<apalis_core::worker::ext::event_listener::EventListenerService<apalis_core::worker::lifecycle::LifecycleService<apalis_core::task::task_fn::TaskFn<barlift::queue::run::deliver, serde_json::value::Value, (apalis_core::task::data::Data<barlift::queue::run::Context>, apalis_core::task::metadata::MetadataStore, apalis_core::task::task_id::TaskId)>>>, barlift::queue::run::Context>>', '1970-01-01 00:00:00+00', NULL),
	('vm-8321-5gfz66sc.1', 'barlift.v1', 'PgStorage', 'tower::limit::concurrency::service::ConcurrencyLimit<apalis_core::task::data::AddExtension<apalis_core::worker::ext::event_listener::EventListenerService<apalis_core::worker::lifecycle::LifecycleService<apalis_core::task::task_fn::TaskFn<barlift::queue::run::deliver, serde_json::value::Value, (apalis_core::task::data::Data<barlift::queue::run::Context>, apalis_core::task::metadata::MetadataStore, apalis_core::task::task_id::TaskId)>>>, barlift::queue::run::Context>>', '1970-01-01 00:00:00+00', NULL),
	('vm-8430-bknr908g.1', 'barlift.v1', 'PgStorage', 'tower::limit::concurrency::service::ConcurrencyLimit<apalis_core::task::data::AddExtension<apalis_core::worker::ext::event_listener::EventListenerService<apalis_core::worker::lifecycle::LifecycleService<apalis_core::task::task_fn::TaskFn<barlift::queue::run::deliver, serde_json::value::Value, (apalis_core::task::data::Data<barlift::queue::run::Context>, apalis_core::task::metadata::MetadataStore, apalis_core::task::task_id::TaskId)>>>, barlift::queue::run::Context>>', '1970-01-01 00:00:00+00', NULL),
	('vm-8472-6p8xrrmf.1', 'barlift.v1', 'PgStorage', 'tower::limit::concurrency::service::ConcurrencyLimit<apalis_core::task::data::AddExtension<apalis_core::worker::ext::event_listener::EventListenerService<apalis_core::worker::lifecycle::LifecycleService<apalis_core::task::task_fn::TaskFn<barlift::queue::run::deliver, serde_json::value::Value, (apalis_core::task::data::Data<barlift::queue::run::Context>, apalis_core::task::metadata::MetadataStore, apalis_core::task::task_id::TaskId)>>>, barlift::queue::run::Context>>', '2025-11-29 22:03:23.213325+00', NULL),
	('vm-8502-2x7732sn.1', 'barlift.v1', 'PgStorage', 'tower::limit::concurrency::service::ConcurrencyLimit<apalis_core::task::data::AddExtension<apalis_core::worker::ext::event_listener::EventListenerService<apalis_core::worker::lifecycle::LifecycleService<apalis_core::task::task_fn::TaskFn<barlift::queue::run::deliver, serde_json::value::Value, (apalis_core::task::data::Data<barlift::queue::run::Context>, apalis_core::task::metadata::MetadataStore, apalis_core::task::task_id::TaskId)>>>, barlift::queue::run::Context>>', '2025-11-29 22:03:24.01352+00', NULL),
	('vm-8542-p3tzebfr.1', 'barlift.v1', 'PgStorage', 'tower::limit::concurrency::service::ConcurrencyLimit<apalis_core::task::data::AddExtension<apalis_core::worker::ext::event_listener::EventListenerService<apalis_core::worker::lifecycle::LifecycleService<apalis_core::task::task_fn::TaskFn<barlift::queue::run::deliver, serde_json::value::Value, (apalis_core::task::data::Data<barlift::queue::run::Context>, apalis_core::task::metadata::MetadataStore, apalis_core::task::task_id::TaskId)>>>, barlift::queue::run::Context>>', '2025-11-29 22:03:25.472323+00', NULL),
	('vm-8702-n16vmfeh.1', 'barlift.v1', 'PgStorage', 'tower::limit::concurrency::service::ConcurrencyLimit<apalis_core::task::data::AddExtension<apalis_core::worker::ext::event_listener::EventListenerService<apalis_core::worker::lifecycle::LifecycleService<apalis_core::task::task_fn::TaskFn<barlift::queue::run::deliver, serde_json::value::Value, (apalis_core::task::data::Data<barlift::queue::run::Context>, apalis_core::task::metadata::MetadataStore, apalis_core::task::task_id::TaskId)>>>, barlift::queue::run::Context>>', '2025-11-29 22:03:26+00', NULL);
INSERT INTO barlift._sqlx_migrations VALUES
	(20261122080000, 'series and bars', '2025-11-29 22:03:17.097359+00', true, '\xe317c6ced2baa37b86c176eddb6921f48021a2c7b434221de04014844ac4b00e30d345e1ff69e24c9c3d626c1eb2463d', 99960124),
	(20261122080100, 'operations', '2025-11-29 22:03:17.225336+00', true, '\xce75091507772d09322142d712bd8806be257efabb6a0beb6c62d2046b777bfe48b50877338a3011039104c3913b3bf9', 90337387),
	(20261122080200, 'findings', '2025-11-29 22:03:17.317455+00', true, '\x730d2599b7d57b57678a7f7aa1a6addc90aaa342e9673a37c4052e8ca1ca07f0dcd3c5857f20f5dbc196db65877b8c5d', 53033843),
	(20261122120000, 'root spans', '2025-11-29 22:03:17.38137+00', true, '\x135b2e5a9bd28b8243ea0eca063dee106dc55797a414225c60f6f06b3f25b038b5d41a617096344f1bb79a4e96bbafee', 36390066),
	(20261122120100, 'attempt timings', '2025-11-29 22:03:17.414677+00', true, '\x0b15c26861060342d221e86fc0ef91c76746b0df1be0cc1849cf94d79fcd27d421d12a4decd8200fc00918c8aaa82a86', 11060566),
	(20261122120200, 'queue overview', '2025-11-29 22:03:17.433591+00', true, '\x893a403c7a31da1ec63279280981f444fcadf3f5a5b2d5ebdd3df578f4eb617126d887e65c75293e79e516b3d44a6fb3', 15984574),
	(20261122180000, 'operation control', '2025-11-29 22:03:17.452141+00', true, '\x3dde84939b41da23839d53650b6de560ae8818ec1a615499879d81625db1373dda6638b5f5674ec956d32d220dd83d56', 6093466),
	(20261122180100, 'cancelled attempts', '2025-11-29 22:03:17.456254+00', true, '\x73235015fba554eea9034bd725b7f547965614f5a9634e36af6882a1b97d7fa0798d22a19bf73476f2274c6fed2f588b', 1655546),
	(20261122200000, 'verification tasks', '2025-11-29 22:03:17.47185+00', true, '\xb511efbca9e3e235c5e1af8b6b4766b67c0ea3e9eb4ddac126ebe0471d01d120f95dda1548afad20eee8d6541c7585ad', 66159909),
	(20261122200100, 'verifications', '2025-11-29 22:03:17.539216+00', true, '\x778b1895cbf2e20143e01fa40be6429aa4c6c9e599530739b0eb0a60c2a0db6fd615ce2ae091722298047eef58eb9430', 129006466),
	(20261122200200, 'source digests', '2025-11-29 22:03:17.671884+00', true, '\x9d011ee924f1ad8e762a192c7e35444418d127aa14ec8b3d3a0e08602326021d5dd8c6ff34e10c9418b4f45bbca19db2', 40850007),
	(20261122200300, 'series content', '2025-11-29 22:03:17.712713+00', true, '\x1828d039c7e046959ea8aaf9dd00c600676c85fec6a47f0c0fd48d14f72fcd2c4d93fd9152c2718cabad32ca48fefddd', 1449981),
	(20261122200400, 'following operations', '2025-11-29 22:03:17.714436+00', true, '\xc513b31c6016b59da24169b7d34a6fac4074da4522c1a8ff92f56fb958c404972fbba5ba2920af0caa15e0bdd8db52c0', 43827666),
	(20261122200500, 'rejected rows of several files', '2025-11-29 22:03:17.758865+00', true, '\x657571fdb414d1f74d5f195ba1f00fe04a9b36b660d019f75eb243c9547bfdd7e8da8bc6749fe17fb8e00ac3dbad5b6d', 11626344),
	(20261122210000, 'tasks that wait', '2025-11-29 22:03:17.771176+00', true, '\xd8fb84cf14715a57b7430ae789020cc961509ca776b1d3fd659e6968bfa6098330c936ad445cbceac98e8e67e4a33a9d', 2752377),
	(20261122220000, 'small files together', '2025-11-29 22:03:17.774228+00', true, '\x62fb37ad101b972bb4e7d0f258ee07a83ae6d1b3182fc7553decaa3413af79db64c398daf043f540d7d9677b5ee36462', 12021242);
INSERT INTO barlift.attempts VALUES
	(1, 1, 1, 'vm-8289-v8prjvqj.1', '2025-11-29 22:03:18.233344+00', '2025-11-29 22:03:18.473333+00', 'succeeded', NULL, NULL, 1, '{"rows": 20, "rows_skipped": 0, "rows_imported": 20, "rows_rejected": 0, "quality_issues": 0, "rows_duplicate": 0, "rows_mismatched": 0}', '{"read": {"ms": 0.114104, "count": 1, "max_ms": 0.114104}, "commit": {"ms": 10.301877, "count": 1, "max_ms": 10.301877}, "bookkeeping": {"ms": 0.061195, "count": 1, "max_ms": 0.061195}, "check_exists": {"ms": 5.942965, "count": 1, "max_ms": 5.942965}, "insert_batch": {"ms": 1.056146, "count": 1, "max_ms": 1.056146}, "compare_values": {"ms": 0.0, "count": 0, "max_ms": 0.0}, "connection_wait": {"ms": 0.407071, "count": 1, "max_ms": 0.407071}}', '[{"ms": 10.301877, "rows": 0, "operation": "COMMIT", "statement": "COMMIT"}, {"ms": 5.8286500000000006, "rows": 0, "operation": "SELECT", "statement": "SELECT time, open, high, low, close, volume\nFROM barlift.bars\nWHERE series_id = $1 AND time BETWEEN $2 AND $3\nORDER BY time\nLIMIT $4\n"}, {"ms": 0.995702, "rows": 20, "operation": "INSERT", "statement": "COPY barlift.bars (series_id, time, open, high, low, close, volume) FROM STDIN (FORMAT binary)"}]', NULL, 1),
	(2, 1, 1, 'vm-8321-5gfz66sc.1', '2025-11-29 22:03:19.642937+00', '2025-11-29 22:03:19.994114+00', 'succeeded', NULL, NULL, 1, '{"rows": 20, "rows_skipped": 0, "rows_imported": 20, "rows_rejected": 0, "quality_issues": 0, "rows_duplicate": 0, "rows_mismatched": 0}', '{"read": {"ms": 0.107922, "count": 1, "max_ms": 0.107922}, "commit": {"ms": 4.088506000000001, "count": 1, "max_ms": 4.088506000000001}, "bookkeeping": {"ms": 0.002074, "count": 1, "max_ms": 0.002074}, "check_exists": {"ms": 10.889334999999999, "count": 1, "max_ms": 10.889334999999999}, "insert_batch": {"ms": 24.190369999999998, "count": 1, "max_ms": 24.190369999999998}, "compare_values": {"ms": 0.0, "count": 0, "max_ms": 0.0}, "connection_wait": {"ms": 1.150061, "count": 1, "max_ms": 1.150061}}', '[{"ms": 24.101715, "rows": 20, "operation": "INSERT", "statement": "COPY barlift.bars (series_id, time, open, high, low, close, volume) FROM STDIN (FORMAT binary)"}, {"ms": 10.768479, "rows": 0, "operation": "SELECT", "statement": "SELECT time, open, high, low, close, volume\nFROM barlift.bars\nWHERE series_id = $1 AND time BETWEEN $2 AND $3\nORDER BY time\nLIMIT $4\n"}, {"ms": 4.088506000000001, "rows": 0, "operation": "COMMIT", "statement": "COMMIT"}]', NULL, 1),
	(4, 1, 1, 'vm-8321-5gfz66sc.1', '2025-11-29 22:03:19.783672+00', '2025-11-29 22:03:20.075159+00', 'succeeded', NULL, NULL, 1, '{"rows": 20, "rows_skipped": 18, "rows_imported": 0, "rows_rejected": 0, "quality_issues": 0, "rows_duplicate": 0, "rows_mismatched": 2}', '{"read": {"ms": 0.162824, "count": 1, "max_ms": 0.162824}, "commit": {"ms": 0.595534, "count": 1, "max_ms": 0.595534}, "bookkeeping": {"ms": 0.002554, "count": 1, "max_ms": 0.002554}, "check_exists": {"ms": 3.749202, "count": 1, "max_ms": 3.749202}, "insert_batch": {"ms": 23.590549, "count": 1, "max_ms": 23.590549}, "compare_values": {"ms": 0.014918, "count": 1, "max_ms": 0.014918}, "connection_wait": {"ms": 8.123172, "count": 1, "max_ms": 8.123172}}', '[{"ms": 23.434156, "rows": 2, "operation": "INSERT", "statement": "INSERT INTO barlift.mismatches (\n    task_id, overwritten, line, time,\n    csv_open, csv_high, csv_low, csv_close, csv_volume,\n    db_open, db_high, db_low, db_close, db_volume)\nSELECT $1, $2, *\nFROM unnest(\n    $3::bigint[], $4::timestamptz[],\n    $5::float8[], $6::float8[], $7::float8[], $8::float8[], $9::float8[],\n    $10::float8[], $11::float8[], $12::float8[], $13::float8[], $14::float8[])\n"}, {"ms": 3.662099, "rows": 20, "operation": "SELECT", "statement": "SELECT time, open, high, low, close, volume\nFROM barlift.bars\nWHERE series_id = $1 AND time BETWEEN $2 AND $3\nORDER BY time\nLIMIT $4\n"}, {"ms": 0.595534, "rows": 0, "operation": "COMMIT", "statement": "COMMIT"}]', NULL, 1),
	(3, 1, 1, 'vm-8321-5gfz66sc.1', '2025-11-29 22:03:19.698736+00', '2025-11-29 22:03:20.106957+00', 'succeeded', NULL, NULL, 1, '{"rows": 22, "rows_skipped": 0, "rows_imported": 20, "rows_rejected": 1, "quality_issues": 1, "rows_duplicate": 1, "rows_mismatched": 0}', '{"read": {"ms": 0.224951, "count": 2, "max_ms": 0.112841}, "commit": {"ms": 21.983273, "count": 2, "max_ms": 12.28766}, "bookkeeping": {"ms": 0.0028250000000000003, "count": 1, "max_ms": 0.0028250000000000003}, "check_exists": {"ms": 24.462189, "count": 1, "max_ms": 24.462189}, "insert_batch": {"ms": 46.839999, "count": 2, "max_ms": 32.53161}, "compare_values": {"ms": 0.0, "count": 0, "max_ms": 0.0}, "connection_wait": {"ms": 5.053181, "count": 2, "max_ms": 3.268002}}', '[{"ms": 32.336835, "rows": 1, "operation": "INSERT", "statement": "INSERT INTO barlift.rejected_rows (task_id, file, line, byte_offset, rule, reason, raw)\nSELECT $1, $2, *\nFROM unnest($3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::bytea[])\n"}, {"ms": 24.36631, "rows": 0, "operation": "SELECT", "statement": "SELECT time, open, high, low, close, volume\nFROM barlift.bars\nWHERE series_id = $1 AND time BETWEEN $2 AND $3\nORDER BY time\nLIMIT $4\n"}, {"ms": 22.171565, "rows": 1, "operation": "SELECT", "statement": "SELECT b.time, b.open, b.high, b.low, b.close, b.volume\nFROM barlift.bars b\nWHERE b.series_id = $1 AND b.time = ANY ($2)\nORDER BY b.time\n"}, {"ms": 12.28766, "rows": 0, "operation": "COMMIT", "statement": "COMMIT"}, {"ms": 11.729005, "rows": 20, "operation": "INSERT", "statement": "COPY barlift.bars (series_id, time, open, high, low, close, volume) FROM STDIN (FORMAT binary)"}]', NULL, 1),
	(7, 1, 1, 'vm-8430-bknr908g.1', '2025-11-29 22:03:21.066003+00', '2025-11-29 22:03:21.417351+00', 'succeeded', NULL, NULL, 1, '{"rows": 0, "rows_skipped": 0, "rows_imported": 0, "rows_rejected": 0, "quality_issues": 0, "rows_duplicate": 0, "rows_mismatched": 0}', '{"read": {"ms": 0.09097000000000001, "count": 1, "max_ms": 0.09097000000000001}, "commit": {"ms": 17.300365000000003, "count": 1, "max_ms": 17.300365000000003}, "bookkeeping": {"ms": 72.801985, "count": 2, "max_ms": 72.799369}, "check_exists": {"ms": 39.787611, "count": 2, "max_ms": 39.754238}, "insert_batch": {"ms": 0.0, "count": 0, "max_ms": 0.0}, "compare_values": {"ms": 0.09592899999999999, "count": 3, "max_ms": 0.094637}, "connection_wait": {"ms": 42.038309999999996, "count": 3, "max_ms": 27.272064}}', '[{"ms": 38.596012, "rows": 20, "operation": "COPY", "statement": "COPY (\n    SELECT time, open, high, low, close, volume FROM barlift.bars WHERE series_id = {series} {range} ORDER BY time\n) TO STDOUT (FORMAT binary)\n"}, {"ms": 17.300365000000003, "rows": 0, "operation": "COMMIT", "statement": "COMMIT"}, {"ms": 12.150213, "rows": 3, "operation": "INSERT", "statement": "INSERT INTO barlift.difference_ranges (\n    task_id, n, kind, first_time, last_time, bars, price_ratio, volume_ratio, shifted_by, identical)\nSELECT $1, n, kind, first_time, last_time, bars, price_ratio, volume_ratio,\n       make_interval(secs => shifted_by / 1000000.0), identical\nFROM unnest(\n    $2::integer[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::bigint[], $7::float8[], $8::float8[],\n    $9::bigint[], $10::bigint[])\n    AS r (n, kind, first_time, last_time, bars, price_ratio, v"}, {"ms": 7.646789999999999, "rows": 20, "operation": "COPY", "statement": "COPY (\n    SELECT time, open, high, low, close, volume FROM barlift.bars WHERE series_id = {series} {range} ORDER BY time\n) TO STDOUT (FORMAT binary)\n"}, {"ms": 2.5997820000000003, "rows": 2, "operation": "INSERT", "statement": "INSERT INTO barlift.differences (\n    task_id, n, kind, time, source, line,\n    csv_open, csv_high, csv_low, csv_close, csv_volume, db_open, db_high, db_low, db_close, db_volume)\nSELECT $1, *\nFROM unnest(\n    $2::bigint[], $3::text[], $4::timestamptz[], $5::text[], $6::bigint[],\n    $7::float8[], $8::float8[], $9::float8[], $10::float8[], $11::float8[],\n    $12::float8[], $13::float8[], $14::float8[], $15::float8[], $16::float8[])\n"}]', NULL, 1),
	(5, 1, 1, 'vm-8430-bknr908g.1', '2025-11-29 22:03:20.930519+00', '2025-11-29 22:03:21.121336+00', 'succeeded', NULL, NULL, 1, '{"rows": 0, "rows_skipped": 0, "rows_imported": 0, "rows_rejected": 0, "quality_issues": 0, "rows_duplicate": 0, "rows_mismatched": 0}', '{"read": {"ms": 0.0, "count": 0, "max_ms": 0.0}, "commit": {"ms": 3.5173729999999996, "count": 1, "max_ms": 3.5173729999999996}, "bookkeeping": {"ms": 64.408145, "count": 2, "max_ms": 64.405911}, "check_exists": {"ms": 0.0, "count": 0, "max_ms": 0.0}, "insert_batch": {"ms": 0.0, "count": 0, "max_ms": 0.0}, "compare_values": {"ms": 0.0, "count": 0, "max_ms": 0.0}, "connection_wait": {"ms": 17.755355, "count": 2, "max_ms": 12.472656}}', '[{"ms": 12.916205, "rows": 1, "operation": "INSERT", "statement": "INSERT INTO barlift.difference_ranges (\n    task_id, n, kind, first_time, last_time, bars, price_ratio, volume_ratio, shifted_by, identical)\nSELECT $1, n, kind, first_time, last_time, bars, price_ratio, volume_ratio,\n       make_interval(secs => shifted_by / 1000000.0), identical\nFROM unnest(\n    $2::integer[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::bigint[], $7::float8[], $8::float8[],\n    $9::bigint[], $10::bigint[])\n    AS r (n, kind, first_time, last_time, bars, price_ratio, v"}, {"ms": 10.704740000000001, "rows": 20, "operation": "COPY", "statement": "COPY (\n    SELECT time, open, high, low, close, volume FROM barlift.bars WHERE series_id = {series} {range} ORDER BY time\n) TO STDOUT (FORMAT binary)\n"}, {"ms": 3.5173729999999996, "rows": 0, "operation": "COMMIT", "statement": "COMMIT"}, {"ms": 0.8111569999999999, "rows": 1, "operation": "INSERT", "statement": "INSERT INTO barlift.verifications (\n    task_id, csv_bars, db_bars, csv_first, csv_last, db_first, db_last, compared, identical, different, only_in_csv,\n    only_in_db, outside, csv_hash, db_hash, by_hash, untouched, duplicates, ranges_left_out)\nVALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)\n"}]', NULL, 1),
	(6, 1, 1, 'vm-8430-bknr908g.1', '2025-11-29 22:03:20.986892+00', '2025-11-29 22:03:21.374068+00', 'succeeded', NULL, NULL, 1, '{"rows": 0, "rows_skipped": 0, "rows_imported": 0, "rows_rejected": 0, "quality_issues": 0, "rows_duplicate": 0, "rows_mismatched": 0}', '{"read": {"ms": 14.537058, "count": 2, "max_ms": 14.34022}, "commit": {"ms": 3.435585, "count": 1, "max_ms": 3.435585}, "bookkeeping": {"ms": 219.522568, "count": 2, "max_ms": 219.52050400000002}, "check_exists": {"ms": 56.419071, "count": 4, "max_ms": 39.10522}, "insert_batch": {"ms": 0.0, "count": 0, "max_ms": 0.0}, "compare_values": {"ms": 0.071171, "count": 5, "max_ms": 0.036097}, "connection_wait": {"ms": 24.430946000000002, "count": 3, "max_ms": 12.927577000000001}}', '[{"ms": 37.704693999999996, "rows": 20, "operation": "COPY", "statement": "COPY (\n    SELECT time, open, high, low, close, volume FROM barlift.bars WHERE series_id = {series} {range} ORDER BY time\n) TO STDOUT (FORMAT binary)\n"}, {"ms": 14.988059999999999, "rows": 1, "operation": "INSERT", "statement": "INSERT INTO barlift.rejected_rows (task_id, file, line, byte_offset, rule, reason, raw)\nSELECT $1, $2, *\nFROM unnest($3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::bytea[])\n"}, {"ms": 12.83327, "rows": 1, "operation": "INSERT", "statement": "INSERT INTO barlift.verifications (\n    task_id, csv_bars, db_bars, csv_first, csv_last, db_first, db_last, compared, identical, different, only_in_csv,\n    only_in_db, outside, csv_hash, db_hash, by_hash, untouched, duplicates, ranges_left_out)\nVALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)\n"}, {"ms": 12.119016, "rows": 1, "operation": "INSERT", "statement": "INSERT INTO barlift.difference_ranges (\n    task_id, n, kind, first_time, last_time, bars, price_ratio, volume_ratio, shifted_by, identical)\nSELECT $1, n, kind, first_time, last_time, bars, price_ratio, volume_ratio,\n       make_interval(secs => shifted_by / 1000000.0), identical\nFROM unnest(\n    $2::integer[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::bigint[], $7::float8[], $8::float8[],\n    $9::bigint[], $10::bigint[])\n    AS r (n, kind, first_time, last_time, bars, price_ratio, v"}, {"ms": 4.119775, "rows": 20, "operation": "COPY", "statement": "COPY (\n    SELECT time, open, high, low, close, volume FROM barlift.bars WHERE series_id = {series} {range} ORDER BY time\n) TO STDOUT (FORMAT binary)\n"}]', NULL, 1),
	(14, 1, 1, 'vm-8542-p3tzebfr.1', '2025-11-29 22:03:25.150384+00', '2025-11-29 22:03:25.426512+00', 'failed', 'permanent', 'FAILED_1m.csv, line 1: the header lacks a column for high, low, close, volume; it has: `time`, `open`; name the columns in [csv.columns] or with --column', 1, '{"rows": 0, "rows_skipped": 0, "rows_imported": 0, "rows_rejected": 0, "quality_issues": 0, "rows_duplicate": 0, "rows_mismatched": 0}', '{"read": {"ms": 0.0, "count": 0, "max_ms": 0.0}, "commit": {"ms": 0.0, "count": 0, "max_ms": 0.0}, "bookkeeping": {"ms": 0.001543, "count": 1, "max_ms": 0.001543}, "check_exists": {"ms": 0.0, "count": 0, "max_ms": 0.0}, "insert_batch": {"ms": 0.0, "count": 0, "max_ms": 0.0}, "compare_values": {"ms": 0.0, "count": 0, "max_ms": 0.0}, "connection_wait": {"ms": 0.0, "count": 0, "max_ms": 0.0}}', '[]', '2025-11-29 22:04:25.426512+00', 1),
	(8, 1, 1, 'vm-8472-6p8xrrmf.1', '2025-11-29 22:03:22.715146+00', '2025-11-29 22:03:23.233201+00', 'handed_back', NULL, NULL, 1, '{"rows": 40, "rows_skipped": 0, "rows_imported": 40, "rows_rejected": 0, "quality_issues": 0, "rows_duplicate": 0, "rows_mismatched": 0}', '{"read": {"ms": 0.177452, "count": 2, "max_ms": 0.109966}, "commit": {"ms": 4.117771, "count": 1, "max_ms": 4.117771}, "bookkeeping": {"ms": 0.001803, "count": 1, "max_ms": 0.001803}, "check_exists": {"ms": 6.3198799999999995, "count": 2, "max_ms": 5.063059}, "insert_batch": {"ms": 7.466804, "count": 2, "max_ms": 4.777224}, "compare_values": {"ms": 0.0, "count": 0, "max_ms": 0.0}, "connection_wait": {"ms": 5.064983, "count": 2, "max_ms": 4.501058}}', '[]', NULL, 1),
	(10, 1, 1, 'vm-8502-2x7732sn.1', '2025-11-29 22:03:24.058572+00', NULL, NULL, NULL, NULL, 1, '{}', '{}', '[]', NULL, 1),
	(11, 1, 1, 'vm-8502-2x7732sn.1', '2025-11-29 22:03:24.070478+00', NULL, NULL, NULL, NULL, 1, '{}', '{}', '[]', NULL, 1),
	(12, 1, 1, 'vm-8542-p3tzebfr.1', '2025-11-29 22:03:24.892077+00', '2025-11-29 22:03:24.989044+00', 'failed', 'transient', 'writing bars: away', 1, '{"rows": 0, "rows_skipped": 0, "rows_imported": 0, "rows_rejected": 0, "quality_issues": 0, "rows_duplicate": 0, "rows_mismatched": 0}', '{"read": {"ms": 0.10702, "count": 1, "max_ms": 0.10702}, "commit": {"ms": 0.0, "count": 0, "max_ms": 0.0}, "bookkeeping": {"ms": 0.0023740000000000002, "count": 1, "max_ms": 0.0023740000000000002}, "check_exists": {"ms": 29.564431, "count": 1, "max_ms": 29.564431}, "insert_batch": {"ms": 16.327485, "count": 1, "max_ms": 16.327485}, "compare_values": {"ms": 0.0, "count": 0, "max_ms": 0.0}, "connection_wait": {"ms": 7.7990450000000004, "count": 1, "max_ms": 7.7990450000000004}}', '[{"ms": 29.338629, "rows": 0, "operation": "SELECT", "statement": "SELECT time, open, high, low, close, volume\nFROM barlift.bars\nWHERE series_id = $1 AND time BETWEEN $2 AND $3\nORDER BY time\nLIMIT $4\n"}, {"ms": 16.086474, "rows": 0, "operation": "INSERT", "statement": "COPY barlift.bars (series_id, time, open, high, low, close, volume) FROM STDIN (FORMAT binary)"}]', '2025-11-29 22:04:24.989044+00', 1),
	(13, 1, 1, 'vm-8542-p3tzebfr.1', '2025-11-29 22:03:25.142518+00', '2025-11-29 22:03:25.394286+00', 'succeeded', NULL, NULL, 1, '{"rows": 30, "rows_skipped": 0, "rows_imported": 30, "rows_rejected": 0, "quality_issues": 0, "rows_duplicate": 0, "rows_mismatched": 0}', '{"read": {"ms": 0.115626, "count": 2, "max_ms": 0.08603100000000001}, "commit": {"ms": 24.349919, "count": 2, "max_ms": 13.266261}, "bookkeeping": {"ms": 0.002614, "count": 1, "max_ms": 0.002614}, "check_exists": {"ms": 10.751316, "count": 2, "max_ms": 9.829492}, "insert_batch": {"ms": 36.982273, "count": 2, "max_ms": 18.556995}, "compare_values": {"ms": 0.0, "count": 0, "max_ms": 0.0}, "connection_wait": {"ms": 9.219533, "count": 2, "max_ms": 8.832378}}', '[{"ms": 18.395213000000002, "rows": 20, "operation": "INSERT", "statement": "COPY barlift.bars (series_id, time, open, high, low, close, volume) FROM STDIN (FORMAT binary)"}, {"ms": 18.256663, "rows": 10, "operation": "INSERT", "statement": "COPY barlift.bars (series_id, time, open, high, low, close, volume) FROM STDIN (FORMAT binary)"}, {"ms": 13.266261, "rows": 0, "operation": "COMMIT", "statement": "COMMIT"}, {"ms": 11.083658, "rows": 0, "operation": "COMMIT", "statement": "COMMIT"}, {"ms": 9.626984, "rows": 0, "operation": "SELECT", "statement": "SELECT time, open, high, low, close, volume\nFROM barlift.bars\nWHERE series_id = $1 AND time BETWEEN $2 AND $3\nORDER BY time\nLIMIT $4\n"}]', '2025-11-29 22:04:25.394286+00', 1),
	(15, 1, 1, 'vm-8542-p3tzebfr.1', '2025-11-29 22:03:25.447487+00', NULL, NULL, NULL, NULL, 1, '{"rows": 40, "rows_skipped": 0, "rows_imported": 39, "rows_rejected": 1, "quality_issues": 0, "rows_duplicate": 0, "rows_mismatched": 0}', '{"read": {"ms": 0.168023, "count": 2, "max_ms": 0.118992}, "commit": {"ms": 11.850012, "count": 1, "max_ms": 11.850012}, "bookkeeping": {"ms": 0.0030359999999999996, "count": 1, "max_ms": 0.0030359999999999996}, "check_exists": {"ms": 2.25169, "count": 2, "max_ms": 1.466973}, "insert_batch": {"ms": 20.504537, "count": 2, "max_ms": 11.326882999999999}, "compare_values": {"ms": 0.0, "count": 0, "max_ms": 0.0}, "connection_wait": {"ms": 3.056436, "count": 2, "max_ms": 2.520614}}', '[]', NULL, 1);
INSERT INTO barlift.bars VALUES
	(1, '2024-01-01 00:00:00+00', 105.57142857142857, 107.07142857142857, 104.32142857142857, 105.67142857142856, 0),
	(1, '2024-01-01 00:01:00+00', 106.57142857142857, 108.07142857142857, 105.32142857142857, 106.67142857142856, 3),
	(1, '2024-01-01 00:02:00+00', 107.57142857142857, 109.07142857142857, 106.32142857142857, 107.67142857142856, 6),
	(1, '2024-01-01 00:03:00+00', 108.57142857142857, 110.07142857142857, 107.32142857142857, 108.67142857142856, 9),
	(1, '2024-01-01 00:04:00+00', 109.57142857142857, 111.07142857142857, 108.32142857142857, 109.67142857142856, 12),
	(1, '2024-01-01 00:05:00+00', 110.57142857142857, 112.07142857142857, 109.32142857142857, 110.67142857142856, 15),
	(1, '2024-01-01 00:06:00+00', 111.57142857142857, 113.07142857142857, 110.32142857142857, 111.67142857142856, 18),
	(1, '2024-01-01 00:07:00+00', 112.57142857142857, 114.07142857142857, 111.32142857142857, 112.67142857142856, 21),
	(1, '2024-01-01 00:08:00+00', 113.57142857142857, 115.07142857142857, 112.32142857142857, 113.67142857142856, 24),
	(1, '2024-01-01 00:09:00+00', 100.28571428571429, 101.78571428571429, 99.03571428571429, 100.38571428571429, 27),
	(1, '2024-01-01 00:10:00+00', 101.28571428571429, 102.78571428571429, 100.03571428571429, 101.38571428571429, 30),
	(1, '2024-01-01 00:11:00+00', 102.28571428571429, 103.78571428571429, 101.03571428571429, 102.38571428571429, 33),
	(1, '2024-01-01 00:12:00+00', 103.28571428571429, 104.78571428571429, 102.03571428571429, 103.38571428571429, 36),
	(1, '2024-01-01 00:13:00+00', 104.28571428571429, 105.78571428571429, 103.03571428571429, 104.38571428571429, 39),
	(1, '2024-01-01 00:14:00+00', 105.28571428571429, 106.78571428571429, 104.03571428571429, 105.38571428571429, 42),
	(1, '2024-01-01 00:15:00+00', 106.28571428571429, 107.78571428571429, 105.03571428571429, 106.38571428571429, 45),
	(1, '2024-01-01 00:16:00+00', 107.28571428571429, 108.78571428571429, 106.03571428571429, 107.38571428571429, 48),
	(1, '2024-01-01 00:17:00+00', 108.28571428571429, 109.78571428571429, 107.03571428571429, 108.38571428571429, 51),
	(1, '2024-01-01 00:18:00+00', 109.28571428571429, 110.78571428571429, 108.03571428571429, 109.38571428571429, 54),
	(1, '2024-01-01 00:19:00+00', 110.28571428571429, 111.78571428571429, 109.03571428571429, 110.38571428571429, 57),
	(2, '2024-01-01 00:00:00+00', 101.85714285714286, 103.35714285714286, 100.60714285714286, 101.95714285714286, 0),
	(2, '2024-01-01 00:01:00+00', 102.85714285714286, 104.35714285714286, 101.60714285714286, 102.95714285714286, 3),
	(2, '2024-01-01 00:02:00+00', 103.85714285714286, 105.35714285714286, 102.60714285714286, 103.95714285714286, 6),
	(2, '2024-01-01 00:03:00+00', 104.85714285714286, 106.35714285714286, 103.60714285714286, 104.95714285714286, 9),
	(2, '2024-01-01 00:04:00+00', 105.85714285714286, 107.35714285714286, 104.60714285714286, 105.95714285714286, 12),
	(2, '2024-01-01 00:05:00+00', 106.85714285714286, 108.35714285714286, 105.60714285714286, 106.95714285714286, 15),
	(2, '2024-01-01 00:06:00+00', 107.85714285714286, 109.35714285714286, 106.60714285714286, 107.95714285714286, 18),
	(2, '2024-01-01 00:07:00+00', 108.85714285714286, 110.35714285714286, 107.60714285714286, 108.95714285714286, 21),
	(2, '2024-01-01 00:08:00+00', 109.85714285714286, 111.35714285714286, 108.60714285714286, 109.95714285714286, 24),
	(2, '2024-01-01 00:09:00+00', 110.85714285714286, 112.35714285714286, 109.60714285714286, 110.95714285714286, 27),
	(2, '2024-01-01 00:10:00+00', 111.85714285714286, 113.35714285714286, 110.60714285714286, 111.95714285714286, 30),
	(2, '2024-01-01 00:11:00+00', 112.85714285714286, 114.35714285714286, 111.60714285714286, 112.95714285714286, 33),
	(2, '2024-01-01 00:12:00+00', 113.85714285714286, 115.35714285714286, 112.60714285714286, 113.95714285714286, 36),
	(2, '2024-01-01 00:13:00+00', 100.57142857142857, 102.07142857142857, 99.32142857142857, 100.67142857142856, 39),
	(2, '2024-01-01 00:14:00+00', 101.57142857142857, 103.07142857142857, 100.32142857142857, 101.67142857142856, 42),
	(2, '2024-01-01 00:15:00+00', 102.57142857142857, 104.07142857142857, 101.32142857142857, 102.67142857142856, 45),
	(2, '2024-01-01 00:16:00+00', 103.57142857142857, 105.07142857142857, 102.32142857142857, 103.67142857142856, 48),
	(2, '2024-01-01 00:17:00+00', 104.57142857142857, 106.07142857142857, 103.32142857142857, 104.67142857142856, 51),
	(2, '2024-01-01 00:18:00+00', 105.57142857142857, 107.07142857142857, 104.32142857142857, 105.67142857142856, 54),
	(2, '2024-01-01 00:19:00+00', 106.57142857142857, 108.07142857142857, 105.32142857142857, 106.67142857142856, 57),
	(3, '2024-01-01 00:00:00+00', 103.71428571428571, 105.21428571428571, 102.46428571428571, 103.8142857142857, 0),
	(3, '2024-01-01 00:01:00+00', 104.71428571428571, 106.21428571428571, 103.46428571428571, 104.8142857142857, 3),
	(3, '2024-01-01 00:02:00+00', 105.71428571428571, 107.21428571428571, 104.46428571428571, 105.8142857142857, 6),
	(3, '2024-01-01 00:03:00+00', 106.71428571428571, 108.21428571428571, 105.46428571428571, 106.8142857142857, 9),
	(3, '2024-01-01 00:04:00+00', 107.71428571428571, 109.21428571428571, 106.46428571428571, 107.8142857142857, 12),
	(3, '2024-01-01 00:05:00+00', 108.71428571428571, 110.21428571428571, 107.46428571428571, 108.8142857142857, 15),
	(3, '2024-01-01 00:06:00+00', 109.71428571428571, 111.21428571428571, 108.46428571428571, 109.8142857142857, 18),
	(3, '2024-01-01 00:07:00+00', 110.71428571428571, 112.21428571428571, 109.46428571428571, 110.8142857142857, 21),
	(3, '2024-01-01 00:08:00+00', 111.71428571428571, 113.21428571428571, 110.46428571428571, 111.8142857142857, 24),
	(3, '2024-01-01 00:09:00+00', 112.71428571428571, 114.21428571428571, 111.46428571428571, 112.8142857142857, 27),
	(3, '2024-01-01 00:10:00+00', 113.71428571428571, 115.21428571428571, 112.46428571428571, 113.8142857142857, 30),
	(3, '2024-01-01 00:11:00+00', 100.42857142857143, 101.92857142857143, 99.17857142857143, 100.52857142857142, 33),
	(3, '2024-01-01 00:12:00+00', 101.42857142857143, 102.92857142857143, 100.17857142857143, 101.52857142857142, 36),
	(3, '2024-01-01 00:13:00+00', 102.42857142857143, 103.92857142857143, 101.17857142857143, 102.52857142857142, 39),
	(3, '2024-01-01 00:14:00+00', 103.42857142857143, 104.92857142857143, 102.17857142857143, 103.52857142857142, 42),
	(3, '2024-01-01 00:15:00+00', 104.42857142857143, 105.92857142857143, 103.17857142857143, 104.52857142857142, 45),
	(3, '2024-01-01 00:16:00+00', 105.42857142857143, 106.92857142857143, 104.17857142857143, 105.52857142857142, 48),
	(3, '2024-01-01 00:17:00+00', 106.42857142857143, 107.92857142857143, 105.17857142857143, 106.52857142857142, 51),
	(3, '2024-01-01 00:18:00+00', 107.42857142857143, 108.92857142857143, 106.17857142857143, 107.52857142857142, 54),
	(3, '2024-01-02 00:00:00+00', 1, 0.5, 0.9, 1, 5),
	(4, '2024-01-01 00:00:00+00', 107.42857142857143, 108.92857142857143, 106.17857142857143, 107.52857142857142, 0),
	(4, '2024-01-01 00:01:00+00', 108.42857142857143, 109.92857142857143, 107.17857142857143, 108.52857142857142, 3),
	(4, '2024-01-01 00:02:00+00', 109.42857142857143, 110.92857142857143, 108.17857142857143, 109.52857142857142, 6),
	(4, '2024-01-01 00:03:00+00', 110.42857142857143, 111.92857142857143, 109.17857142857143, 110.52857142857142, 9),
	(4, '2024-01-01 00:04:00+00', 111.42857142857143, 112.92857142857143, 110.17857142857143, 111.52857142857142, 12),
	(4, '2024-01-01 00:05:00+00', 112.42857142857143, 113.92857142857143, 111.17857142857143, 112.52857142857142, 15),
	(4, '2024-01-01 00:06:00+00', 113.42857142857143, 114.92857142857143, 112.17857142857143, 113.52857142857142, 18),
	(4, '2024-01-01 00:07:00+00', 100.14285714285714, 101.64285714285714, 98.89285714285714, 100.24285714285713, 21),
	(4, '2024-01-01 00:08:00+00', 101.14285714285714, 102.64285714285714, 99.89285714285714, 101.24285714285713, 24),
	(4, '2024-01-01 00:09:00+00', 102.14285714285714, 103.64285714285714, 100.89285714285714, 102.24285714285713, 27),
	(4, '2024-01-01 00:10:00+00', 103.14285714285714, 104.64285714285714, 101.89285714285714, 103.24285714285713, 30),
	(4, '2024-01-01 00:11:00+00', 104.14285714285714, 105.64285714285714, 102.89285714285714, 104.24285714285713, 33),
	(4, '2024-01-01 00:12:00+00', 105.14285714285714, 106.64285714285714, 103.89285714285714, 105.24285714285713, 36),
	(4, '2024-01-01 00:13:00+00', 106.14285714285714, 107.64285714285714, 104.89285714285714, 106.24285714285713, 39),
	(4, '2024-01-01 00:14:00+00', 107.14285714285714, 108.64285714285714, 105.89285714285714, 107.24285714285713, 42),
	(4, '2024-01-01 00:15:00+00', 108.14285714285714, 109.64285714285714, 106.89285714285714, 108.24285714285713, 45),
	(4, '2024-01-01 00:16:00+00', 109.14285714285714, 110.64285714285714, 107.89285714285714, 109.24285714285713, 48),
	(4, '2024-01-01 00:17:00+00', 110.14285714285714, 111.64285714285714, 108.89285714285714, 110.24285714285713, 51),
	(4, '2024-01-01 00:18:00+00', 111.14285714285714, 112.64285714285714, 109.89285714285714, 111.24285714285713, 54),
	(4, '2024-01-01 00:19:00+00', 112.14285714285714, 113.64285714285714, 110.89285714285714, 112.24285714285713, 57),
	(4, '2024-01-01 00:20:00+00', 113.14285714285714, 114.64285714285714, 111.89285714285714, 113.24285714285713, 60),
	(4, '2024-01-01 00:21:00+00', 114.14285714285714, 115.64285714285714, 112.89285714285714, 114.24285714285713, 63),
	(4, '2024-01-01 00:22:00+00', 100.85714285714286, 102.35714285714286, 99.60714285714286, 100.95714285714286, 66),
	(4, '2024-01-01 00:23:00+00', 101.85714285714286, 103.35714285714286, 100.60714285714286, 101.95714285714286, 69),
	(4, '2024-01-01 00:24:00+00', 102.85714285714286, 104.35714285714286, 101.60714285714286, 102.95714285714286, 72),
	(4, '2024-01-01 00:25:00+00', 103.85714285714286, 105.35714285714286, 102.60714285714286, 103.95714285714286, 75),
	(4, '2024-01-01 00:26:00+00', 104.85714285714286, 106.35714285714286, 103.60714285714286, 104.95714285714286, 78),
	(4, '2024-01-01 00:27:00+00', 105.85714285714286, 107.35714285714286, 104.60714285714286, 105.95714285714286, 81),
	(4, '2024-01-01 00:28:00+00', 106.85714285714286, 108.35714285714286, 105.60714285714286, 106.95714285714286, 84),
	(4, '2024-01-01 00:29:00+00', 107.85714285714286, 109.35714285714286, 106.60714285714286, 107.95714285714286, 87),
	(4, '2024-01-01 00:30:00+00', 108.85714285714286, 110.35714285714286, 107.60714285714286, 108.95714285714286, 90),
	(4, '2024-01-01 00:31:00+00', 109.85714285714286, 111.35714285714286, 108.60714285714286, 109.95714285714286, 93),
	(4, '2024-01-01 00:32:00+00', 110.85714285714286, 112.35714285714286, 109.60714285714286, 110.95714285714286, 96),
	(4, '2024-01-01 00:33:00+00', 111.85714285714286, 113.35714285714286, 110.60714285714286, 111.95714285714286, 99),
	(4, '2024-01-01 00:34:00+00', 112.85714285714286, 114.35714285714286, 111.60714285714286, 112.95714285714286, 102),
	(4, '2024-01-01 00:35:00+00', 113.85714285714286, 115.35714285714286, 112.60714285714286, 113.95714285714286, 105),
	(4, '2024-01-01 00:36:00+00', 100.57142857142857, 102.07142857142857, 99.32142857142857, 100.67142857142856, 108),
	(4, '2024-01-01 00:37:00+00', 101.57142857142857, 103.07142857142857, 100.32142857142857, 101.67142857142856, 111),
	(4, '2024-01-01 00:38:00+00', 102.57142857142857, 104.07142857142857, 101.32142857142857, 102.67142857142856, 114),
	(4, '2024-01-01 00:39:00+00', 103.57142857142857, 105.07142857142857, 102.32142857142857, 103.67142857142856, 117);
INSERT INTO barlift.bars VALUES
	(8, '2024-01-01 00:00:00+00', 102.42857142857143, 103.92857142857143, 101.17857142857143, 102.52857142857142, 0),
	(8, '2024-01-01 00:01:00+00', 103.42857142857143, 104.92857142857143, 102.17857142857143, 103.52857142857142, 3),
	(8, '2024-01-01 00:02:00+00', 104.42857142857143, 105.92857142857143, 103.17857142857143, 104.52857142857142, 6),
	(8, '2024-01-01 00:03:00+00', 105.42857142857143, 106.92857142857143, 104.17857142857143, 105.52857142857142, 9),
	(8, '2024-01-01 00:04:00+00', 106.42857142857143, 107.92857142857143, 105.17857142857143, 106.52857142857142, 12),
	(8, '2024-01-01 00:05:00+00', 107.42857142857143, 108.92857142857143, 106.17857142857143, 107.52857142857142, 15),
	(8, '2024-01-01 00:06:00+00', 108.42857142857143, 109.92857142857143, 107.17857142857143, 108.52857142857142, 18),
	(8, '2024-01-01 00:07:00+00', 109.42857142857143, 110.92857142857143, 108.17857142857143, 109.52857142857142, 21),
	(8, '2024-01-01 00:08:00+00', 110.42857142857143, 111.92857142857143, 109.17857142857143, 110.52857142857142, 24),
	(8, '2024-01-01 00:09:00+00', 111.42857142857143, 112.92857142857143, 110.17857142857143, 111.52857142857142, 27),
	(8, '2024-01-01 00:10:00+00', 112.42857142857143, 113.92857142857143, 111.17857142857143, 112.52857142857142, 30),
	(8, '2024-01-01 00:11:00+00', 113.42857142857143, 114.92857142857143, 112.17857142857143, 113.52857142857142, 33),
	(8, '2024-01-01 00:12:00+00', 100.14285714285714, 101.64285714285714, 98.89285714285714, 100.24285714285713, 36),
	(8, '2024-01-01 00:13:00+00', 101.14285714285714, 102.64285714285714, 99.89285714285714, 101.24285714285713, 39),
	(8, '2024-01-01 00:14:00+00', 102.14285714285714, 103.64285714285714, 100.89285714285714, 102.24285714285713, 42),
	(8, '2024-01-01 00:15:00+00', 103.14285714285714, 104.64285714285714, 101.89285714285714, 103.24285714285713, 45),
	(8, '2024-01-01 00:16:00+00', 104.14285714285714, 105.64285714285714, 102.89285714285714, 104.24285714285713, 48),
	(8, '2024-01-01 00:17:00+00', 105.14285714285714, 106.64285714285714, 103.89285714285714, 105.24285714285713, 51),
	(8, '2024-01-01 00:18:00+00', 106.14285714285714, 107.64285714285714, 104.89285714285714, 106.24285714285713, 54),
	(8, '2024-01-01 00:19:00+00', 107.14285714285714, 108.64285714285714, 105.89285714285714, 107.24285714285713, 57),
	(8, '2024-01-01 00:20:00+00', 108.14285714285714, 109.64285714285714, 106.89285714285714, 108.24285714285713, 60),
	(8, '2024-01-01 00:21:00+00', 109.14285714285714, 110.64285714285714, 107.89285714285714, 109.24285714285713, 63),
	(8, '2024-01-01 00:22:00+00', 110.14285714285714, 111.64285714285714, 108.89285714285714, 110.24285714285713, 66),
	(8, '2024-01-01 00:23:00+00', 111.14285714285714, 112.64285714285714, 109.89285714285714, 111.24285714285713, 69),
	(8, '2024-01-01 00:24:00+00', 112.14285714285714, 113.64285714285714, 110.89285714285714, 112.24285714285713, 72),
	(8, '2024-01-01 00:25:00+00', 113.14285714285714, 114.64285714285714, 111.89285714285714, 113.24285714285713, 75),
	(8, '2024-01-01 00:26:00+00', 114.14285714285714, 115.64285714285714, 112.89285714285714, 114.24285714285713, 78),
	(8, '2024-01-01 00:27:00+00', 100.85714285714286, 102.35714285714286, 99.60714285714286, 100.95714285714286, 81),
	(8, '2024-01-01 00:28:00+00', 101.85714285714286, 103.35714285714286, 100.60714285714286, 101.95714285714286, 84),
	(8, '2024-01-01 00:29:00+00', 102.85714285714286, 104.35714285714286, 101.60714285714286, 102.95714285714286, 87),
	(10, '2024-01-01 00:00:00+00', 104.28571428571429, 105.78571428571429, 103.03571428571429, 104.38571428571429, 0),
	(10, '2024-01-01 00:01:00+00', 105.28571428571429, 106.78571428571429, 104.03571428571429, 105.38571428571429, 3),
	(10, '2024-01-01 00:02:00+00', 106.28571428571429, 107.78571428571429, 105.03571428571429, 106.38571428571429, 6),
	(10, '2024-01-01 00:03:00+00', 107.28571428571429, 108.78571428571429, 106.03571428571429, 107.38571428571429, 9),
	(10, '2024-01-01 00:04:00+00', 108.28571428571429, 109.78571428571429, 107.03571428571429, 108.38571428571429, 12),
	(10, '2024-01-01 00:05:00+00', 109.28571428571429, 110.78571428571429, 108.03571428571429, 109.38571428571429, 15),
	(10, '2024-01-01 00:06:00+00', 110.28571428571429, 111.78571428571429, 109.03571428571429, 110.38571428571429, 18),
	(10, '2024-01-01 00:07:00+00', 111.28571428571429, 112.78571428571429, 110.03571428571429, 111.38571428571429, 21),
	(10, '2024-01-01 00:08:00+00', 112.28571428571429, 113.78571428571429, 111.03571428571429, 112.38571428571429, 24),
	(10, '2024-01-01 00:09:00+00', 113.28571428571429, 114.78571428571429, 112.03571428571429, 113.38571428571429, 27),
	(10, '2024-01-01 00:10:00+00', 100, 101.5, 98.75, 100.1, 30),
	(10, '2024-01-01 00:11:00+00', 101, 102.5, 99.75, 101.1, 33),
	(10, '2024-01-01 00:12:00+00', 102, 103.5, 100.75, 102.1, 36),
	(10, '2024-01-01 00:13:00+00', 103, 104.5, 101.75, 103.1, 39),
	(10, '2024-01-01 00:14:00+00', 104, 105.5, 102.75, 104.1, 42),
	(10, '2024-01-01 00:15:00+00', 105, 106.5, 103.75, 105.1, 45),
	(10, '2024-01-01 00:16:00+00', 106, 107.5, 104.75, 106.1, 48),
	(10, '2024-01-01 00:17:00+00', 107, 108.5, 105.75, 107.1, 51),
	(10, '2024-01-01 00:18:00+00', 108, 109.5, 106.75, 108.1, 54),
	(10, '2024-01-01 00:19:00+00', 109, 110.5, 107.75, 109.1, 57),
	(10, '2024-01-01 00:20:00+00', 110, 111.5, 108.75, 110.1, 60),
	(10, '2024-01-01 00:21:00+00', 111, 112.5, 109.75, 111.1, 63),
	(10, '2024-01-01 00:22:00+00', 112, 113.5, 110.75, 112.1, 66),
	(10, '2024-01-01 00:23:00+00', 113, 114.5, 111.75, 113.1, 69),
	(10, '2024-01-01 00:24:00+00', 114, 115.5, 112.75, 114.1, 72),
	(10, '2024-01-01 00:25:00+00', 100.71428571428571, 102.21428571428571, 99.46428571428571, 100.8142857142857, 75),
	(10, '2024-01-01 00:26:00+00', 101.71428571428571, 103.21428571428571, 100.46428571428571, 101.8142857142857, 78),
	(10, '2024-01-01 00:27:00+00', 102.71428571428571, 104.21428571428571, 101.46428571428571, 102.8142857142857, 81),
	(10, '2024-01-01 00:28:00+00', 103.71428571428571, 105.21428571428571, 102.46428571428571, 103.8142857142857, 84),
	(10, '2024-01-01 00:29:00+00', 104.71428571428571, 106.21428571428571, 103.46428571428571, 104.8142857142857, 87),
	(10, '2024-01-01 00:30:00+00', 105.71428571428571, 107.21428571428571, 104.46428571428571, 105.8142857142857, 90),
	(10, '2024-01-01 00:31:00+00', 106.71428571428571, 108.21428571428571, 105.46428571428571, 106.8142857142857, 93),
	(10, '2024-01-01 00:32:00+00', 107.71428571428571, 109.21428571428571, 106.46428571428571, 107.8142857142857, 96),
	(10, '2024-01-01 00:33:00+00', 108.71428571428571, 110.21428571428571, 107.46428571428571, 108.8142857142857, 99),
	(10, '2024-01-01 00:34:00+00', 109.71428571428571, 111.21428571428571, 108.46428571428571, 109.8142857142857, 102),
	(10, '2024-01-01 00:35:00+00', 110.71428571428571, 112.21428571428571, 109.46428571428571, 110.8142857142857, 105),
	(10, '2024-01-01 00:36:00+00', 111.71428571428571, 113.21428571428571, 110.46428571428571, 111.8142857142857, 108),
	(10, '2024-01-01 00:37:00+00', 112.71428571428571, 114.21428571428571, 111.46428571428571, 112.8142857142857, 111),
	(10, '2024-01-01 00:38:00+00', 113.71428571428571, 115.21428571428571, 112.46428571428571, 113.8142857142857, 114);
INSERT INTO barlift.difference_ranges VALUES
	(5, 1, 'identical', '2024-01-01 00:00:00+00', '2024-01-01 00:19:00+00', 20, 20, NULL, NULL, NULL),
	(6, 1, 'identical', '2024-01-01 00:00:00+00', '2024-01-02 00:00:00+00', 20, 20, NULL, NULL, NULL),
	(7, 1, 'identical', '2024-01-01 00:00:00+00', '2024-01-01 00:08:00+00', 9, 9, NULL, NULL, NULL),
	(7, 2, 'revised', '2024-01-01 00:09:00+00', '2024-01-01 00:10:00+00', 2, 0, NULL, NULL, NULL),
	(7, 3, 'identical', '2024-01-01 00:11:00+00', '2024-01-01 00:19:00+00', 9, 9, NULL, NULL, NULL);
INSERT INTO barlift.differences VALUES
	(7, 1, 'different', '2024-01-01 00:09:00+00', 'MISMATCH_1m.csv', 11, 100.28571428571429, 101.78571428571429, 99.03571428571429, 100.38571428571429, 28, 100.28571428571429, 101.78571428571429, 99.03571428571429, 100.38571428571429, 27),
	(7, 2, 'different', '2024-01-01 00:10:00+00', 'MISMATCH_1m.csv', 12, 101.28571428571429, 102.78571428571429, 100.03571428571429, 101.38571428571429, 31, 101.28571428571429, 102.78571428571429, 100.03571428571429, 101.38571428571429, 30);
INSERT INTO barlift.imported_sources VALUES
	(1, '\x7def4fb759a2e306425b09258f910848776a24e2702b7dac3c8fa2d1e582fe3a', '\xb9ffb560408855f6ee856871950d9391ebab5c14d6d46556df8e72f86fa456c8', 20, '2024-01-01 00:00:00+00', '2024-01-01 00:19:00+00', 20, '2025-11-29 22:03:18.473333+00'),
	(2, '\x2783081793450f4f409abf48a030b290f5fe576e704a9a0ac5608031b8731402', '\xb9ffb560408855f6ee856871950d9391ebab5c14d6d46556df8e72f86fa456c8', 20, '2024-01-01 00:00:00+00', '2024-01-01 00:19:00+00', 20, '2025-11-29 22:03:19.994114+00'),
	(3, '\x8527c948b9dae9e9cf09565bd889a99d7e954371c838e8c72d9a6d4762c2f21e', '\xb9ffb560408855f6ee856871950d9391ebab5c14d6d46556df8e72f86fa456c8', 22, '2024-01-01 00:00:00+00', '2024-01-02 00:00:00+00', 20, '2025-11-29 22:03:20.106957+00'),
	(8, '\x32b67dd59acf32493f4d520e3bbbc1029f64c8ff6700150117967229b6001a29', '\xb9ffb560408855f6ee856871950d9391ebab5c14d6d46556df8e72f86fa456c8', 30, '2024-01-01 00:00:00+00', '2024-01-01 00:29:00+00', 30, '2025-11-29 22:03:25.394286+00');
INSERT INTO barlift.mismatches VALUES
	(4, 11, '2024-01-01 00:09:00+00', 100.28571428571429, 101.78571428571429, 99.03571428571429, 100.38571428571429, 28, 100.28571428571429, 101.78571428571429, 99.03571428571429, 100.38571428571429, 27, false),
	(4, 12, '2024-01-01 00:10:00+00', 101.28571428571429, 102.78571428571429, 100.03571428571429, 101.38571428571429, 31, 101.28571428571429, 102.78571428571429, 100.03571428571429, 101.38571428571429, 30, false);
INSERT INTO barlift.operations VALUES
	('op_migration_01M8MNB31D485GF4XGD6T2EYTF', 'DATA_MIGRATION', 'running', 'file://@FOLDER@/paused/', '{"read": {"csv": {"quote": "\"", "header": true, "columns": {"low": null, "date": null, "high": null, "open": null, "time": null, "close": null, "volume": null}, "max_line": 64000, "delimiter": "auto", "time_format": null, "decimal_comma": false}, "timezone": "UTC", "on_invalid": "warn"}, "force": false, "trace": {"detail": "batch", "spans_per_task": 4998}, "dry_run": false, "max_rejects": null, "on_mismatch": "warn"}', '[]', 0, 5, '00-ed7bbf3fde56db8da77774d8f4fbabc6-58ff0d5701cc04ef-01', '2025-11-29 22:03:22.253909+00', '2025-11-29 22:03:22.261453+00', '2025-11-29 22:03:22.715146+00', NULL, '2025-11-29 22:03:22.021476+00', false, NULL, '2025-11-29 22:03:23.233201+00', NULL, NULL, NULL, false),
	('op_migration_01M8MNAZ1Y34TEBXCHSV27VBFZ', 'DATA_MIGRATION', 'succeeded', 'file://@FOLDER@/before/', '{"read": {"csv": {"quote": "\"", "header": true, "columns": {"low": null, "date": null, "high": null, "open": null, "time": null, "close": null, "volume": null}, "max_line": 64000, "delimiter": "auto", "time_format": null, "decimal_comma": false}, "timezone": "UTC", "on_invalid": "warn"}, "force": false, "trace": {"detail": "batch", "spans_per_task": 9997}, "dry_run": false, "max_rejects": null, "on_mismatch": "warn"}', '[]', 0, 5, '00-dcd11012bc0c6433f825e32ac2de6c60-bf8323ad96f5baec-01', '2025-11-29 22:03:18.104396+00', '2025-11-29 22:03:18.104615+00', '2025-11-29 22:03:18.233344+00', '2025-11-29 22:03:18.554494+00', '2025-11-29 22:03:17.950378+00', false, NULL, NULL, NULL, NULL, NULL, false),
	('op_migration_01M8MNAZXZQHY7Y7PN41CHK9EZ', 'DATA_MIGRATION', 'succeeded', 'file://@FOLDER@/finished/', '{"read": {"csv": {"quote": "\"", "header": true, "columns": {"low": null, "date": null, "high": null, "open": null, "time": null, "close": null, "volume": null}, "max_line": 64000, "delimiter": "auto", "time_format": null, "decimal_comma": false}, "timezone": "UTC", "on_invalid": "warn"}, "force": false, "trace": {"detail": "batch", "spans_per_task": 3332}, "dry_run": false, "max_rejects": null, "on_mismatch": "warn"}', '[]', 0, 5, '00-baf09845f656517c905ea8da2e450cd6-3e46c6905fabf824-01', '2025-11-29 22:03:19.20949+00', '2025-11-29 22:03:19.213455+00', '2025-11-29 22:03:19.642937+00', '2025-11-29 22:03:20.154633+00', '2025-11-29 22:03:18.843491+00', false, NULL, NULL, NULL, NULL, NULL, false),
	('op_migration_01M8MNB4BRTA00V87ZE6XA5HYZ', 'DATA_MIGRATION', 'running', 'file://@FOLDER@/bundle/', '{"read": {"csv": {"quote": "\"", "header": true, "columns": {"low": null, "date": null, "high": null, "open": null, "time": null, "close": null, "volume": null}, "max_line": 64000, "delimiter": "auto", "time_format": null, "decimal_comma": false}, "timezone": "UTC", "on_invalid": "warn"}, "force": false, "trace": {"detail": "batch", "spans_per_task": 4998}, "dry_run": false, "max_rejects": null, "on_mismatch": "warn"}', '[]', 0, 5, '00-5469a69baa393607e1bdfe7ef4528f79-0c4585e028e45265-01', '2025-11-29 22:03:23.634874+00', '2025-11-29 22:03:23.635082+00', '2025-11-29 22:03:24.058572+00', NULL, '2025-11-29 22:03:23.383854+00', false, NULL, NULL, NULL, NULL, NULL, false),
	('op_verify_01M8MNB1D7PTKRDVR86ZS67Y7Q', 'DATA_VERIFICATION', 'succeeded', 'file://@FOLDER@/finished/', '{"mode": "full", "read": {"csv": {"quote": "\"", "header": true, "columns": {"low": null, "date": null, "high": null, "open": null, "time": null, "close": null, "volume": null}, "max_line": 64000, "delimiter": "auto", "time_format": null, "decimal_comma": false}, "timezone": "UTC", "on_invalid": "warn"}, "seed": 1716080521, "force": false, "trace": {"detail": "batch", "spans_per_task": 3332}, "sample_size": 1000, "unexplained": [], "within_range": false, "max_differences": 50000}', '[]', 0, 5, '00-66fcea9f636a21f1e4b615f29107b961-6af85472f3051771-01', '2025-11-29 22:03:20.681852+00', '2025-11-29 22:03:20.681937+00', '2025-11-29 22:03:20.930519+00', '2025-11-29 22:03:21.491031+00', '2025-11-29 22:03:20.359429+00', false, NULL, NULL, NULL, NULL, NULL, false),
	('op_migration_01M8MNB88WC1RWTY4W6W6Q9P9Z', 'DATA_MIGRATION', 'scheduled', 'file://@FOLDER@/verified/', '{"read": {"csv": {"quote": "\"", "header": true, "columns": {"low": null, "date": null, "high": null, "open": null, "time": null, "close": null, "volume": null}, "max_line": 64000, "delimiter": "auto", "time_format": null, "decimal_comma": false}, "timezone": "UTC", "on_invalid": "warn"}, "force": false, "trace": {"detail": "batch", "spans_per_task": 4998}, "dry_run": false, "max_rejects": null, "on_mismatch": "warn"}', '[]', 0, 5, '00-f8b5bbdd3c50a3837323674fe5286d2f-ef619aa7b5f89f21-01', '2025-11-29 22:03:27.706068+00', '2025-11-29 22:03:27.709593+00', NULL, NULL, '2025-11-29 22:03:27.385354+00', false, NULL, NULL, NULL, NULL, NULL, false),
	('op_migration_01M8MNB58Q751V1B5M80MK3XKQ', 'DATA_MIGRATION', 'running', 'file://@FOLDER@/half/', '{"read": {"csv": {"quote": "\"", "header": true, "columns": {"low": null, "date": null, "high": null, "open": null, "time": null, "close": null, "volume": null}, "max_line": 64000, "delimiter": "auto", "time_format": null, "decimal_comma": false}, "timezone": "UTC", "on_invalid": "warn"}, "force": false, "trace": {"detail": "batch", "spans_per_task": 2499}, "dry_run": false, "max_rejects": null, "on_mismatch": "warn"}', '[]', 0, 5, '00-ada47f438c1c197f56a57c2ead8ac3dd-90301e3199184a42-01', '2025-11-29 22:03:24.409392+00', '2025-11-29 22:03:24.409568+00', '2025-11-29 22:03:24.892077+00', NULL, '2025-11-29 22:03:24.313055+00', true, NULL, NULL, NULL, NULL, NULL, false),
	('op_migration_01M8MNB6G6NTA3QEK2W57ZPXD4', 'DATA_MIGRATION', 'scheduled', 'file://@FOLDER@/turns/', '{"read": {"csv": {"quote": "\"", "header": true, "columns": {"low": null, "date": null, "high": null, "open": null, "time": null, "close": null, "volume": null}, "max_line": 64000, "delimiter": "auto", "time_format": null, "decimal_comma": false}, "timezone": "UTC", "on_invalid": "warn"}, "force": false, "trace": {"detail": "batch", "spans_per_task": 9997}, "dry_run": false, "max_rejects": null, "on_mismatch": "warn"}', '[]', 0, 5, '00-b1aab6354de40fbae1524b0cf285c5ab-ee46bb00a622bdd9-01', '2025-11-29 22:03:26.013344+00', '2025-11-29 22:03:26.019304+00', NULL, NULL, '2025-11-29 22:03:25.568253+00', false, NULL, NULL, NULL, NULL, NULL, false),
	('op_migration_01M8MNB7RJCZFTXP96HSJ2WZTD', 'DATA_MIGRATION', 'scheduled', 'file://@FOLDER@/queued/', '{"read": {"csv": {"quote": "\"", "header": true, "columns": {"low": null, "date": null, "high": null, "open": null, "time": null, "close": null, "volume": null}, "max_line": 64000, "delimiter": "auto", "time_format": null, "decimal_comma": false}, "timezone": "UTC", "on_invalid": "warn"}, "force": false, "trace": {"detail": "batch", "spans_per_task": 3332}, "dry_run": false, "max_rejects": null, "on_mismatch": "warn"}', '[]', 0, 5, '00-a5bcb224f30db10930e17df4853ffb18-79564e35ec874c53-01', '2025-11-29 22:03:27.134509+00', '2025-11-29 22:03:27.141387+00', NULL, NULL, '2025-11-29 22:03:26.858066+00', false, NULL, NULL, NULL, NULL, NULL, false),
	('op_verify_01M8MNB8GB04SJKG1QF2ZS60NV', 'DATA_VERIFICATION', 'scheduled', 'file://@FOLDER@/verified/', '{"mode": "full", "read": {"csv": {"quote": "\"", "header": true, "columns": {"low": null, "date": null, "high": null, "open": null, "time": null, "close": null, "volume": null}, "max_line": 64000, "delimiter": "auto", "time_format": null, "decimal_comma": false}, "timezone": "UTC", "on_invalid": "warn"}, "seed": 1881579892, "force": false, "trace": {"detail": "batch", "spans_per_task": 4998}, "sample_size": 1000, "unexplained": [{"symbol": "CLEAN", "timeframe": "1m"}, {"symbol": "DONE", "timeframe": "1m"}, {"symbol": "FINDINGS", "timeframe": "1m"}, {"symbol": "HALTED", "timeframe": "1m"}, {"symbol": "KILLED", "timeframe": "1m"}, {"symbol": "MISMATCH", "timeframe": "1m"}], "within_range": false, "max_differences": 50000}', '[]', 0, 5, '00-acbbfa035b9b5c02230dfccecfc99105-2464ed07dcb8c43e-01', '2025-11-29 22:03:27.706068+00', '2025-11-29 22:03:27.77244+00', NULL, NULL, '2025-11-29 22:03:27.322516+00', false, NULL, NULL, NULL, NULL, 'op_migration_01M8MNB88WC1RWTY4W6W6Q9P9Z', true),
	('op_verify_01M8MNB8P5RSC5TG5DY6KMNPPH', 'DATA_VERIFICATION', 'scheduled', 'file://@FOLDER@/finished/', '{"mode": "full", "read": {"csv": {"quote": "\"", "header": true, "columns": {"low": null, "date": null, "high": null, "open": null, "time": null, "close": null, "volume": null}, "max_line": 64000, "delimiter": "auto", "time_format": null, "decimal_comma": false}, "timezone": "UTC", "on_invalid": "warn"}, "seed": 4056448971, "force": false, "trace": {"detail": "batch", "spans_per_task": 3332}, "sample_size": 1000, "unexplained": [{"symbol": "DONE", "timeframe": "1m"}, {"symbol": "HALTED", "timeframe": "1m"}, {"symbol": "KILLED", "timeframe": "1m"}], "within_range": false, "max_differences": 50000}', '[]', 0, 5, '00-c06bf3d6bb022407c0e4eaeb480aba52-cdd36253673f3dc1-01', '2025-11-29 22:03:28.29204+00', '2025-11-29 22:03:28.30049+00', NULL, NULL, '2025-11-29 22:03:27.80445+00', false, NULL, NULL, NULL, NULL, NULL, false);
INSERT INTO barlift.quality_issues VALUES
	(3, 21, '2024-01-02 00:00:00+00', 1, 0.5, 0.9, 1, 5, 'high_below_low,high_below_open,high_below_close');
INSERT INTO barlift.rejected_rows VALUES
	(3, 22, 1956, 'time', 'column 1: `nonsense` is no time: expected RFC 3339, YYYY-MM-DD[ HH:MM:SS[.f][±zz:zz]] or an epoch count', '\x6e6f6e73656e73652c312c312c312c312c31', 0),
	(6, 22, 1956, 'time', 'column 1: `nonsense` is no time: expected RFC 3339, YYYY-MM-DD[ HH:MM:SS[.f][±zz:zz]] or an epoch count', '\x6e6f6e73656e73652c312c312c312c312c31', 0),
	(15, 8, 633, 'ragged', 'has 1 fields instead of 6', '\x726f772035206973206e6f6e65', 0);
INSERT INTO barlift.series OVERRIDING SYSTEM VALUE VALUES
	(2, 'CLEAN', '1m', NULL, 139426619261074118806696799011911777514, '2025-11-29 22:03:21.054178+00', false),
	(3, 'FINDINGS', '1m', NULL, 183756878657607618005944299473087103524, '2025-11-29 22:03:21.15695+00', false),
	(1, 'MISMATCH', '1m', NULL, 15715614881300965704545452189897697095, '2025-11-29 22:03:21.345339+00', false),
	(4, 'HALTED', '1m', 8, 213141374777240595497713925592610356343, '2025-11-29 22:03:22.854507+00', false),
	(5, 'BOTH1', '1m', 10, 0, '2025-11-29 22:03:24.058572+00', false),
	(6, 'BOTH2', '1m', 11, 0, '2025-11-29 22:03:24.070478+00', false),
	(7, 'DELAYED', '1m', NULL, 0, '2025-11-29 22:03:24.892077+00', false),
	(8, 'DONE', '1m', NULL, 228776086095769049164609804606572520651, '2025-11-29 22:03:25.35408+00', false),
	(9, 'FAILED', '1m', NULL, 0, '2025-11-29 22:03:25.150384+00', false),
	(10, 'KILLED', '1m', 15, 99341847608705231879488497187380049942, '2025-11-29 22:03:25.490074+00', true);
INSERT INTO barlift.source_digests VALUES
	('\x7def4fb759a2e306425b09258f910848776a24e2702b7dac3c8fa2d1e582fe3a', '\xa988866731ac74ddeb391445811d0bf5e87694e960a55f30492dcf7b796bd2d4', 20, 20, '\x0bd2b7a2e6e20297878ffd938cefa747', '2025-11-29 22:03:18.473333+00'),
	('\x2783081793450f4f409abf48a030b290f5fe576e704a9a0ac5608031b8731402', '\xa988866731ac74ddeb391445811d0bf5e87694e960a55f30492dcf7b796bd2d4', 20, 20, '\x68e4971150ad0e72a806f65de5703cea', '2025-11-29 22:03:21.054178+00'),
	('\x8527c948b9dae9e9cf09565bd889a99d7e954371c838e8c72d9a6d4762c2f21e', '\xa988866731ac74ddeb391445811d0bf5e87694e960a55f30492dcf7b796bd2d4', 22, 20, '\x8a3e499a37003f4cabe46fab79260224', '2025-11-29 22:03:21.15695+00'),
	('\xa6261b81fe24790311c943500580b5ea8bf642b90e3861cb8a82246bd0742394', '\xa988866731ac74ddeb391445811d0bf5e87694e960a55f30492dcf7b796bd2d4', 20, 20, '\xbfc224392e0180dd4126cbed63079431', '2025-11-29 22:03:21.345339+00'),
	('\x32b67dd59acf32493f4d520e3bbbc1029f64c8ff6700150117967229b6001a29', '\xa988866731ac74ddeb391445811d0bf5e87694e960a55f30492dcf7b796bd2d4', 30, 30, '\xac1cabe5ed46708d73587db21ed6e4cb', '2025-11-29 22:03:25.394286+00');
INSERT INTO barlift.tasks OVERRIDING SYSTEM VALUE VALUES
	(1, 'op_migration_01M8MNAZ1Y34TEBXCHSV27VBFZ', 'MISMATCH', '1m', 'MISMATCH_1m.csv', 2032, 'succeeded', 1, 1, 1, 0, 0, 'vm-8289-v8prjvqj.1', 1, '2032 1717200000000000 "9ae501-619c8c8022000-7f0"', 2032, '\x74696d657374616d702c6f70656e2c686967682c6c6f772c636c6f73652c766f6c756d65', '{}', false, 20, 20, 0, 0, 0, 0, 0, '2024-01-01 00:00:00+00', '2024-01-01 00:19:00+00', '2025-11-29 22:03:18.233344+00', '2025-11-29 22:03:18.473333+00', NULL, NULL, '{}', 0, NULL, NULL),
	(5, 'op_verify_01M8MNB1D7PTKRDVR86ZS67Y7Q', 'CLEAN', '1m', 'CLEAN_1m.csv', 2032, 'succeeded', 1, 1, 1, 0, 0, 'vm-8430-bknr908g.1', 2, NULL, 2032, NULL, '{}', false, 20, 0, 20, 0, 0, 0, 0, '2024-01-01 00:00:00+00', '2024-01-01 00:19:00+00', '2025-11-29 22:03:20.930519+00', '2025-11-29 22:03:21.121336+00', NULL, NULL, '{}', 0, 'identical', NULL),
	(2, 'op_migration_01M8MNAZXZQHY7Y7PN41CHK9EZ', 'CLEAN', '1m', 'CLEAN_1m.csv', 2032, 'succeeded', 1, 1, 1, 0, 0, 'vm-8321-5gfz66sc.1', 2, '2032 1717200000000000 "9ae503-619c8c8022000-7f0"', 2032, '\x74696d657374616d702c6f70656e2c686967682c6c6f772c636c6f73652c766f6c756d65', '{}', false, 20, 20, 0, 0, 0, 0, 0, '2024-01-01 00:00:00+00', '2024-01-01 00:19:00+00', '2025-11-29 22:03:19.642937+00', '2025-11-29 22:03:19.994114+00', NULL, NULL, '{}', 0, NULL, NULL),
	(4, 'op_migration_01M8MNAZXZQHY7Y7PN41CHK9EZ', 'MISMATCH', '1m', 'MISMATCH_1m.csv', 2032, 'succeeded', 1, 1, 1, 0, 0, 'vm-8321-5gfz66sc.1', 1, '2032 1717200000000000 "9ae666-619c8c8022000-7f0"', 2032, '\x74696d657374616d702c6f70656e2c686967682c6c6f772c636c6f73652c766f6c756d65', '{}', false, 20, 0, 18, 2, 0, 0, 0, '2024-01-01 00:00:00+00', '2024-01-01 00:19:00+00', '2025-11-29 22:03:19.783672+00', '2025-11-29 22:03:20.075159+00', NULL, NULL, '{}', 0, NULL, NULL),
	(10, 'op_migration_01M8MNB4BRTA00V87ZE6XA5HYZ', 'BOTH1', '1m', 'BOTH1_1m.csv', 1532, 'running', 1, 1, 1, 0, 0, 'vm-8502-2x7732sn.1', 5, NULL, 0, NULL, '{}', false, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, '2025-11-29 22:03:24.058572+00', NULL, NULL, NULL, '{}', 0, NULL, NULL),
	(3, 'op_migration_01M8MNAZXZQHY7Y7PN41CHK9EZ', 'FINDINGS', '1m', 'FINDINGS_1m.csv', 2073, 'succeeded', 1, 1, 1, 0, 0, 'vm-8321-5gfz66sc.1', 3, '2073 1717200000000000 "9ae665-619c8c8022000-819"', 2073, '\x74696d657374616d702c6f70656e2c686967682c6c6f772c636c6f73652c766f6c756d65', '{}', false, 22, 20, 0, 0, 1, 1, 1, '2024-01-01 00:00:00+00', '2024-01-02 00:00:00+00', '2025-11-29 22:03:19.698736+00', '2025-11-29 22:03:20.106957+00', NULL, NULL, '{}', 0, NULL, NULL),
	(11, 'op_migration_01M8MNB4BRTA00V87ZE6XA5HYZ', 'BOTH2', '1m', 'BOTH2_1m.csv', 1413, 'running', 1, 1, 1, 0, 0, 'vm-8502-2x7732sn.1', 6, NULL, 0, NULL, '{}', false, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, '2025-11-29 22:03:24.070478+00', NULL, NULL, NULL, '{}', 0, NULL, NULL),
	(6, 'op_verify_01M8MNB1D7PTKRDVR86ZS67Y7Q', 'FINDINGS', '1m', 'FINDINGS_1m.csv', 2073, 'succeeded', 1, 1, 1, 0, 0, 'vm-8430-bknr908g.1', 3, NULL, 2073, NULL, '{}', false, 22, 0, 20, 0, 1, 1, 0, '2024-01-01 00:00:00+00', '2024-01-02 00:00:00+00', '2025-11-29 22:03:20.986892+00', '2025-11-29 22:03:21.374068+00', NULL, NULL, '{}', 0, 'identical', NULL),
	(7, 'op_verify_01M8MNB1D7PTKRDVR86ZS67Y7Q', 'MISMATCH', '1m', 'MISMATCH_1m.csv', 2032, 'succeeded', 1, 1, 1, 0, 0, 'vm-8430-bknr908g.1', 1, NULL, 2032, NULL, '{}', false, 20, 0, 18, 2, 0, 0, 0, '2024-01-01 00:00:00+00', '2024-01-01 00:19:00+00', '2025-11-29 22:03:21.066003+00', '2025-11-29 22:03:21.417351+00', NULL, NULL, '{}', 0, 'differs', NULL),
	(8, 'op_migration_01M8MNB31D485GF4XGD6T2EYTF', 'HALTED', '1m', 'HALTED_1m.csv', 92747, 'pending', 2, 2, 0, 0, 0, 'vm-8472-6p8xrrmf.1', 4, '@VERSION OF paused/HALTED_1m.csv@', 4035, '\x74696d657374616d702c6f70656e2c686967682c6c6f772c636c6f73652c766f6c756d65', '{}', false, 40, 40, 0, 0, 0, 0, 0, '2024-01-01 00:00:00+00', '2024-01-01 00:39:00+00', '2025-11-29 22:03:22.715146+00', NULL, NULL, NULL, '{}', 0, NULL, NULL),
	(9, 'op_migration_01M8MNB31D485GF4XGD6T2EYTF', 'UNTOUCHED', '1m', 'UNTOUCHED_1m.csv', 2225, 'pending', 2, 0, 0, 0, 0, NULL, NULL, NULL, 0, NULL, '{}', false, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '{}', 0, NULL, NULL),
	(12, 'op_migration_01M8MNB58Q751V1B5M80MK3XKQ', 'DELAYED', '1m', 'DELAYED_1m.csv', 92747, 'pending', 2, 1, 1, 1, 0, 'vm-8542-p3tzebfr.1', 7, NULL, 0, NULL, '{}', false, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, '2025-11-29 22:03:24.892077+00', NULL, 'transient', 'writing bars: away', '{}', 0, NULL, NULL),
	(15, 'op_migration_01M8MNB58Q751V1B5M80MK3XKQ', 'KILLED', '1m', 'KILLED_1m.csv', 92777, 'running', 1, 1, 1, 0, 0, 'vm-8542-p3tzebfr.1', 10, '@VERSION OF half/KILLED_1m.csv@', 3140, '\x74696d657374616d702c6f70656e2c686967682c6c6f772c636c6f73652c766f6c756d65', '{}', false, 40, 39, 0, 0, 1, 0, 0, '2024-01-01 00:00:00+00', '2024-01-01 00:38:00+00', '2025-11-29 22:03:25.447487+00', NULL, NULL, NULL, '{}', 0, NULL, NULL),
	(13, 'op_migration_01M8MNB58Q751V1B5M80MK3XKQ', 'DONE', '1m', 'DONE_1m.csv', 3030, 'succeeded', 1, 1, 1, 0, 0, 'vm-8542-p3tzebfr.1', 8, '3030 1717200000000000 "9ae66f-619c8c8022000-bd6"', 3030, '\x74696d657374616d702c6f70656e2c686967682c6c6f772c636c6f73652c766f6c756d65', '{}', false, 30, 30, 0, 0, 0, 0, 0, '2024-01-01 00:00:00+00', '2024-01-01 00:29:00+00', '2025-11-29 22:03:25.142518+00', '2025-11-29 22:03:25.394286+00', NULL, NULL, '{}', 0, NULL, NULL),
	(14, 'op_migration_01M8MNB58Q751V1B5M80MK3XKQ', 'FAILED', '1m', 'FAILED_1m.csv', 33, 'failed', 1, 1, 1, 1, 0, 'vm-8542-p3tzebfr.1', 9, NULL, 0, NULL, '{}', false, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, '2025-11-29 22:03:25.150384+00', '2025-11-29 22:03:25.426512+00', 'permanent', 'FAILED_1m.csv, line 1: the header lacks a column for high, low, close, volume; it has: `time`, `open`; name the columns in [csv.columns] or with --column', '{}', 0, NULL, NULL),
	(16, 'op_migration_01M8MNB6G6NTA3QEK2W57ZPXD4', 'KILLED', '1m', 'KILLED_1m.csv', 1501, 'pending', 1, 0, 0, 0, 0, NULL, NULL, NULL, 0, NULL, '{}', false, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '{}', 0, NULL, 10),
	(17, 'op_migration_01M8MNB7RJCZFTXP96HSJ2WZTD', 'Q1', '1m', 'Q1_1m.csv', 2531, 'pending', 1, 0, 0, 0, 0, NULL, NULL, NULL, 0, NULL, '{}', false, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '{}', 0, NULL, NULL),
	(18, 'op_migration_01M8MNB7RJCZFTXP96HSJ2WZTD', 'Q2', '1m', 'Q2_1m.csv', 2146, 'pending', 1, 0, 0, 0, 0, NULL, NULL, NULL, 0, NULL, '{}', false, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '{}', 0, NULL, NULL),
	(19, 'op_migration_01M8MNB7RJCZFTXP96HSJ2WZTD', 'Q3', '1m', 'Q3_1m.csv', 2531, 'pending', 1, 0, 0, 0, 0, NULL, NULL, NULL, 0, NULL, '{}', false, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '{}', 0, NULL, NULL),
	(20, 'op_migration_01M8MNB88WC1RWTY4W6W6Q9P9Z', 'V1', '1m', 'V1_1m.csv', 4032, 'pending', 1, 0, 0, 0, 0, NULL, NULL, NULL, 0, NULL, '{}', false, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '{}', 0, NULL, NULL),
	(21, 'op_migration_01M8MNB88WC1RWTY4W6W6Q9P9Z', 'V2', '1m', 'V2_1m.csv', 3230, 'pending', 1, 0, 0, 0, 0, NULL, NULL, NULL, 0, NULL, '{}', false, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '{}', 0, NULL, NULL),
	(22, 'op_verify_01M8MNB8GB04SJKG1QF2ZS60NV', 'V1', '1m', 'V1_1m.csv', 4032, 'pending', 1, 0, 0, 0, 0, NULL, NULL, NULL, 0, NULL, '{}', false, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '{}', 0, NULL, NULL),
	(23, 'op_verify_01M8MNB8GB04SJKG1QF2ZS60NV', 'V2', '1m', 'V2_1m.csv', 3230, 'pending', 1, 0, 0, 0, 0, NULL, NULL, NULL, 0, NULL, '{}', false, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '{}', 0, NULL, NULL),
	(24, 'op_verify_01M8MNB8P5RSC5TG5DY6KMNPPH', 'CLEAN', '1m', 'CLEAN_1m.csv', 2032, 'pending', 1, 0, 0, 0, 0, NULL, NULL, NULL, 0, NULL, '{}', false, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '{}', 0, NULL, NULL),
	(25, 'op_verify_01M8MNB8P5RSC5TG5DY6KMNPPH', 'FINDINGS', '1m', 'FINDINGS_1m.csv', 2073, 'pending', 1, 0, 0, 0, 0, NULL, NULL, NULL, 0, NULL, '{}', false, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '{}', 0, NULL, NULL),
	(26, 'op_verify_01M8MNB8P5RSC5TG5DY6KMNPPH', 'MISMATCH', '1m', 'MISMATCH_1m.csv', 2032, 'pending', 1, 0, 0, 0, 0, NULL, NULL, NULL, 0, NULL, '{}', false, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '{}', 0, NULL, NULL);
INSERT INTO barlift.verifications VALUES
	(5, 20, 20, '2024-01-01 00:00:00+00', '2024-01-01 00:19:00+00', '2024-01-01 00:00:00+00', '2024-01-01 00:19:00+00', 20, 20, 0, 0, 0, 0, '\x68e4971150ad0e72a806f65de5703cea', '\x68e4971150ad0e72a806f65de5703cea', true, true, '[]', 0),
	(6, 20, 20, '2024-01-01 00:00:00+00', '2024-01-02 00:00:00+00', '2024-01-01 00:00:00+00', '2024-01-02 00:00:00+00', 20, 20, 0, 0, 0, 0, '\x8a3e499a37003f4cabe46fab79260224', '\x8a3e499a37003f4cabe46fab79260224', false, true, '[{"line": 23, "source": "FINDINGS_1m.csv"}]', 0),
	(7, 20, 20, '2024-01-01 00:00:00+00', '2024-01-01 00:19:00+00', '2024-01-01 00:00:00+00', '2024-01-01 00:19:00+00', 20, 18, 2, 0, 0, 0, '\xbfc224392e0180dd4126cbed63079431', '\x0bd2b7a2e6e20297878ffd938cefa747', false, true, '[]', 0);
SELECT pg_catalog.setval('barlift.series_id_seq', 10, true);
SELECT pg_catalog.setval('barlift.tasks_id_seq', 26, true);
ALTER TABLE ONLY apalis._sqlx_migrations
    ADD CONSTRAINT _sqlx_migrations_pkey PRIMARY KEY (version);
ALTER TABLE ONLY apalis.jobs
    ADD CONSTRAINT jobs_pkey PRIMARY KEY (id);
ALTER TABLE ONLY apalis.workers
    ADD CONSTRAINT workers_pkey PRIMARY KEY (id);
ALTER TABLE ONLY barlift._sqlx_migrations
    ADD CONSTRAINT _sqlx_migrations_pkey PRIMARY KEY (version);
ALTER TABLE ONLY barlift.attempts
    ADD CONSTRAINT attempts_pkey PRIMARY KEY (task_id, fence);
ALTER TABLE ONLY barlift.bars
    ADD CONSTRAINT bars_pkey PRIMARY KEY (series_id, "time");
ALTER TABLE ONLY barlift.difference_ranges
    ADD CONSTRAINT difference_ranges_pkey PRIMARY KEY (task_id, n);
ALTER TABLE ONLY barlift.differences
    ADD CONSTRAINT differences_pkey PRIMARY KEY (task_id, n);
ALTER TABLE ONLY barlift.imported_sources
    ADD CONSTRAINT imported_sources_pkey PRIMARY KEY (series_id, content_hash, options_hash);
ALTER TABLE ONLY barlift.mismatches
    ADD CONSTRAINT mismatches_pkey PRIMARY KEY (task_id, line);
ALTER TABLE ONLY barlift.operations
    ADD CONSTRAINT operations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY barlift.quality_issues
    ADD CONSTRAINT quality_issues_pkey PRIMARY KEY (task_id, line);
ALTER TABLE ONLY barlift.rejected_rows
    ADD CONSTRAINT rejected_rows_pkey PRIMARY KEY (task_id, file, line);
ALTER TABLE ONLY barlift.series
    ADD CONSTRAINT series_pkey PRIMARY KEY (id);
ALTER TABLE ONLY barlift.series
    ADD CONSTRAINT series_symbol_timeframe_key UNIQUE (symbol, timeframe);
ALTER TABLE ONLY barlift.source_digests
    ADD CONSTRAINT source_digests_pkey PRIMARY KEY (content_hash, read_hash);
ALTER TABLE ONLY barlift.tasks
    ADD CONSTRAINT tasks_operation_id_source_key UNIQUE (operation_id, source);
ALTER TABLE ONLY barlift.tasks
    ADD CONSTRAINT tasks_pkey PRIMARY KEY (id);
ALTER TABLE ONLY barlift.verifications
    ADD CONSTRAINT verifications_pkey PRIMARY KEY (task_id);
CREATE INDEX idx_apalis_jobs_fetch_partial ON apalis.jobs USING btree (job_type, priority DESC, run_at) WHERE ((status = 'Pending'::text) OR ((status = 'Failed'::text) AND (attempts < max_attempts)));
CREATE INDEX idx_apalis_jobs_lock_by ON apalis.jobs USING btree (lock_by);
CREATE INDEX idx_apalis_workers_last_seen ON apalis.workers USING btree (last_seen);
CREATE INDEX idx_apalis_workers_worker_type ON apalis.workers USING btree (worker_type);
CREATE UNIQUE INDEX idx_jobs_idempotency_key ON apalis.jobs USING btree (job_type, idempotency_key);
CREATE INDEX lidx ON apalis.jobs USING btree (lock_by);
CREATE INDEX lsidx ON apalis.workers USING btree (last_seen);
CREATE UNIQUE INDEX unique_job_id ON apalis.jobs USING btree (id);
CREATE UNIQUE INDEX unique_worker_id ON apalis.workers USING btree (id);
CREATE INDEX wtidx ON apalis.workers USING btree (worker_type);
CREATE INDEX attempts_span_due ON barlift.attempts USING btree (span_due_at) WHERE (span_due_at IS NOT NULL);
CREATE INDEX mismatches_time ON barlift.mismatches USING btree (task_id, "time");
CREATE INDEX operations_follows ON barlift.operations USING btree (follows) WHERE (follows IS NOT NULL);
CREATE INDEX operations_newest ON barlift.operations USING btree (created_at DESC);
CREATE INDEX operations_root_span_due ON barlift.operations USING btree (root_span_due_at) WHERE (root_span_due_at IS NOT NULL);
CREATE INDEX tasks_open ON barlift.tasks USING btree (operation_id) WHERE (state = ANY (ARRAY['pending'::text, 'running'::text]));
CREATE INDEX tasks_untried ON barlift.tasks USING btree (operation_id, id) WHERE ((state = 'pending'::text) AND (fence = 0));
CREATE INDEX tasks_waiting ON barlift.tasks USING btree (waits_for, id) WHERE (waits_for IS NOT NULL);
CREATE TRIGGER notify_workers AFTER INSERT ON apalis.jobs FOR EACH ROW EXECUTE FUNCTION apalis.notify_new_jobs();
ALTER TABLE ONLY apalis.jobs
    ADD CONSTRAINT fk_worker_lock_by FOREIGN KEY (lock_by) REFERENCES apalis.workers(id);
ALTER TABLE ONLY barlift.attempts
    ADD CONSTRAINT attempts_task_id_fkey FOREIGN KEY (task_id) REFERENCES barlift.tasks(id) ON DELETE CASCADE;
ALTER TABLE ONLY barlift.difference_ranges
    ADD CONSTRAINT difference_ranges_task_id_fkey FOREIGN KEY (task_id) REFERENCES barlift.tasks(id) ON DELETE CASCADE;
ALTER TABLE ONLY barlift.differences
    ADD CONSTRAINT differences_task_id_fkey FOREIGN KEY (task_id) REFERENCES barlift.tasks(id) ON DELETE CASCADE;
ALTER TABLE ONLY barlift.imported_sources
    ADD CONSTRAINT imported_sources_series_id_fkey FOREIGN KEY (series_id) REFERENCES barlift.series(id);
ALTER TABLE ONLY barlift.mismatches
    ADD CONSTRAINT mismatches_task_id_fkey FOREIGN KEY (task_id) REFERENCES barlift.tasks(id) ON DELETE CASCADE;
ALTER TABLE ONLY barlift.operations
    ADD CONSTRAINT operations_follows_fkey FOREIGN KEY (follows) REFERENCES barlift.operations(id) ON DELETE CASCADE;
ALTER TABLE ONLY barlift.quality_issues
    ADD CONSTRAINT quality_issues_task_id_fkey FOREIGN KEY (task_id) REFERENCES barlift.tasks(id) ON DELETE CASCADE;
ALTER TABLE ONLY barlift.rejected_rows
    ADD CONSTRAINT rejected_rows_task_id_fkey FOREIGN KEY (task_id) REFERENCES barlift.tasks(id) ON DELETE CASCADE;
ALTER TABLE ONLY barlift.tasks
    ADD CONSTRAINT tasks_operation_id_fkey FOREIGN KEY (operation_id) REFERENCES barlift.operations(id) ON DELETE CASCADE;
ALTER TABLE ONLY barlift.verifications
    ADD CONSTRAINT verifications_task_id_fkey FOREIGN KEY (task_id) REFERENCES barlift.tasks(id) ON DELETE CASCADE;
