CREATE TABLE public.rule_disable (
    org_id        VARCHAR   NOT NULL,
    user_id       VARCHAR   NOT NULL,
    rule_id       VARCHAR   NOT NULL,
    error_key     VARCHAR   NOT NULL,
    justification VARCHAR,
    created_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP,
    CONSTRAINT rule_disable_pkey PRIMARY KEY (user_id, org_id, rule_id, error_key)
);
