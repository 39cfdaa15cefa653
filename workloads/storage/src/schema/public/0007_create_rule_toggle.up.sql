CREATE TABLE public.cluster_rule_toggle (
    cluster_id     VARCHAR   NOT NULL,
    rule_id        VARCHAR   NOT NULL,
    user_id        VARCHAR   NOT NULL,
    disabled       SMALLINT  NOT NULL,
    disabled_at    TIMESTAMP,
    enabled_at     TIMESTAMP,
    updated_at     TIMESTAMP NOT NULL,
    -- A column without use, which every migrated database has.
    disabled_check SMALLINT,
    CONSTRAINT cluster_rule_toggle_pkey PRIMARY KEY (cluster_id, rule_id, user_id),
    CONSTRAINT cluster_rule_toggle_disabled_check CHECK (disabled >= 0 AND disabled <= 1)
);
