ALTER TABLE public.cluster_rule_toggle DROP COLUMN user_id;
