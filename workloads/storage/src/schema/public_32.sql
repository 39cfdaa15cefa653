-- Schema `public`, version 32: rule results, and what users say about them.
--
-- Names, types, keys and even the numbers of the columns are those of databases that were migrated step by step, so that every
-- program that works with such a database works with this one. Times are UTC, without a zone.

CREATE TABLE public.report (
    org_id          INTEGER   NOT NULL,
    cluster         VARCHAR   NOT NULL,
    report          VARCHAR   NOT NULL,
    reported_at     TIMESTAMP,
    last_checked_at TIMESTAMP,
    kafka_offset    BIGINT    NOT NULL DEFAULT 0,
    gathered_at     TIMESTAMP,
    CONSTRAINT report_pkey PRIMARY KEY (org_id, cluster),
    CONSTRAINT report_cluster_key UNIQUE (cluster)
);
CREATE INDEX report_kafka_offset_btree_idx ON public.report USING btree (kafka_offset);

-- rule_fqdn is the rule's component here: with `.report` at its end.
CREATE TABLE public.rule_hit (
    org_id        INTEGER NOT NULL,
    cluster_id    VARCHAR NOT NULL,
    rule_fqdn     VARCHAR NOT NULL,
    error_key     VARCHAR NOT NULL,
    template_data VARCHAR NOT NULL,
    created_at    TIMESTAMP,
    CONSTRAINT rule_hit_pkey PRIMARY KEY (cluster_id, org_id, rule_fqdn, error_key)
);

-- rule_fqdn is without `.report`; rule_id is `rule_fqdn|error_key`.
CREATE TABLE public.recommendation (
    org_id         INTEGER NOT NULL,
    cluster_id     VARCHAR NOT NULL,
    rule_fqdn      TEXT    NOT NULL,
    error_key      VARCHAR NOT NULL,
    rule_id        VARCHAR NOT NULL DEFAULT '.',
    created_at     TIMESTAMP DEFAULT (now() AT TIME ZONE 'utc'),
    impacted_since TIMESTAMP,
    CONSTRAINT recommendation_pk PRIMARY KEY (org_id, cluster_id, rule_fqdn, error_key)
);

CREATE TABLE public.report_info (
    org_id       INTEGER NOT NULL,
    cluster_id   VARCHAR NOT NULL,
    version_info VARCHAR NOT NULL,
    CONSTRAINT report_info_pkey PRIMARY KEY (org_id, cluster_id),
    CONSTRAINT report_info_cluster_id_key UNIQUE (cluster_id)
);

CREATE TABLE public.consumer_error (
    topic        VARCHAR   NOT NULL,
    partition    INTEGER   NOT NULL,
    topic_offset INTEGER   NOT NULL,
    key          VARCHAR,
    produced_at  TIMESTAMP NOT NULL,
    consumed_at  TIMESTAMP NOT NULL,
    message      VARCHAR,
    error        VARCHAR   NOT NULL,
    CONSTRAINT consumer_error_pkey PRIMARY KEY (topic, partition, topic_offset)
);

CREATE TABLE public.cluster_rule_toggle (
    cluster_id     VARCHAR   NOT NULL,
    rule_id        VARCHAR   NOT NULL,
    user_id        VARCHAR,
    disabled       SMALLINT  NOT NULL,
    disabled_at    TIMESTAMP,
    enabled_at     TIMESTAMP,
    updated_at     TIMESTAMP NOT NULL,
    disabled_check SMALLINT,
    error_key      VARCHAR   NOT NULL DEFAULT '',
    org_id         VARCHAR   NOT NULL DEFAULT '0',
    CONSTRAINT cluster_rule_toggle_pkey PRIMARY KEY (cluster_id, rule_id, error_key),
    CONSTRAINT cluster_rule_toggle_disabled_check CHECK (disabled >= 0 AND disabled <= 1)
);

CREATE TABLE public.cluster_rule_user_feedback (
    cluster_id VARCHAR   NOT NULL,
    rule_id    VARCHAR   NOT NULL,
    user_id    VARCHAR   NOT NULL,
    message    VARCHAR   NOT NULL,
    user_vote  SMALLINT  NOT NULL,
    added_at   TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    error_key  VARCHAR   NOT NULL DEFAULT '',
    org_id     VARCHAR   NOT NULL DEFAULT '0',
    CONSTRAINT cluster_rule_user_feedback_pkey PRIMARY KEY (cluster_id, rule_id, user_id, error_key),
    CONSTRAINT cluster_rule_user_feedback_cluster_id_fkey FOREIGN KEY (cluster_id)
        REFERENCES public.report (cluster) ON DELETE CASCADE
);

CREATE TABLE public.cluster_user_rule_disable_feedback (
    cluster_id VARCHAR   NOT NULL,
    user_id    VARCHAR   NOT NULL,
    rule_id    VARCHAR   NOT NULL,
    message    VARCHAR   NOT NULL,
    added_at   TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    error_key  VARCHAR   NOT NULL DEFAULT '',
    org_id     VARCHAR   NOT NULL DEFAULT '0',
    CONSTRAINT cluster_user_rule_disable_feedback_pkey PRIMARY KEY (cluster_id, user_id, rule_id, error_key)
);

CREATE TABLE public.rule_disable (
    org_id        VARCHAR   NOT NULL,
    user_id       VARCHAR,
    rule_id       VARCHAR   NOT NULL,
    error_key     VARCHAR   NOT NULL,
    justification VARCHAR,
    created_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP,
    CONSTRAINT rule_disable_pkey PRIMARY KEY (org_id, rule_id, error_key)
);

CREATE TABLE public.advisor_ratings (
    user_id         VARCHAR,
    org_id          VARCHAR NOT NULL,
    rule_fqdn       VARCHAR NOT NULL,
    error_key       VARCHAR NOT NULL,
    rated_at        TIMESTAMP,
    last_updated_at TIMESTAMP,
    rating          SMALLINT,
    rule_id         VARCHAR NOT NULL DEFAULT '.',
    CONSTRAINT advisor_ratings_pkey PRIMARY KEY (org_id, rule_fqdn, error_key)
);

-- Versions before 29 to 31 kept the user in these tables; without the gap, later columns would have other numbers.
ALTER TABLE public.cluster_rule_toggle DROP COLUMN user_id;
ALTER TABLE public.rule_disable DROP COLUMN user_id;
ALTER TABLE public.advisor_ratings DROP COLUMN user_id;
