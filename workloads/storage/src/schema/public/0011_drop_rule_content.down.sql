CREATE TABLE public.rule (
    module     VARCHAR NOT NULL,
    name       VARCHAR NOT NULL,
    summary    VARCHAR NOT NULL,
    reason     VARCHAR NOT NULL,
    resolution VARCHAR NOT NULL,
    more_info  VARCHAR NOT NULL,
    CONSTRAINT rule_pkey PRIMARY KEY (module)
);
CREATE TABLE public.rule_error_key (
    error_key    VARCHAR   NOT NULL,
    rule_module  VARCHAR   NOT NULL,
    condition    VARCHAR   NOT NULL,
    description  VARCHAR   NOT NULL,
    impact       INTEGER   NOT NULL,
    likelihood   INTEGER   NOT NULL,
    publish_date TIMESTAMP NOT NULL,
    active       BOOLEAN   NOT NULL,
    generic      VARCHAR   NOT NULL,
    tags         VARCHAR   NOT NULL DEFAULT '',
    CONSTRAINT rule_error_key_pkey PRIMARY KEY (error_key, rule_module),
    CONSTRAINT rule_error_key_rule_module_fkey
        FOREIGN KEY (rule_module) REFERENCES public.rule (module) ON DELETE CASCADE
);
-- The votes of users are kept: each rule that they name gets an empty entry, which the foreign key needs.
INSERT INTO public.rule (module, name, summary, reason, resolution, more_info)
    SELECT DISTINCT rule_id, '', '', '', '', '' FROM public.cluster_rule_user_feedback;
ALTER TABLE public.cluster_rule_user_feedback
    ADD CONSTRAINT cluster_rule_user_feedback_rule_id_fkey
        FOREIGN KEY (rule_id) REFERENCES public.rule (module) ON DELETE CASCADE;
