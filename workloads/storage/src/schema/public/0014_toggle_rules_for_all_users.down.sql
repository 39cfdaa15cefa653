UPDATE public.cluster_rule_toggle SET user_id = '-1' WHERE user_id IS NULL;
ALTER TABLE public.cluster_rule_toggle
    DROP CONSTRAINT cluster_rule_toggle_pkey,
    ADD CONSTRAINT cluster_rule_toggle_pkey PRIMARY KEY (cluster_id, rule_id, user_id);
