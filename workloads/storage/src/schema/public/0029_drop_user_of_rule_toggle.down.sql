ALTER TABLE public.cluster_rule_toggle ADD COLUMN user_id VARCHAR NOT NULL DEFAULT '-1';
