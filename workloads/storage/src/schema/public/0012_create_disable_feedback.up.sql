CREATE TABLE public.cluster_user_rule_disable_feedback (
    cluster_id VARCHAR   NOT NULL,
    user_id    VARCHAR   NOT NULL,
    rule_id    VARCHAR   NOT NULL,
    message    VARCHAR   NOT NULL,
    added_at   TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    CONSTRAINT cluster_user_rule_disable_feedback_pkey PRIMARY KEY (cluster_id, user_id, rule_id)
);
