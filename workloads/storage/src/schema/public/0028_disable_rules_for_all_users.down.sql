ALTER TABLE public.rule_disable
    DROP CONSTRAINT rule_disable_pkey,
    ADD CONSTRAINT rule_disable_pkey PRIMARY KEY (user_id, org_id, rule_id, error_key);
