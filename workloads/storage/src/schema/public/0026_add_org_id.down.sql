ALTER TABLE public.cluster_rule_toggle DROP COLUMN org_id;
ALTER TABLE public.cluster_rule_user_feedback DROP COLUMN org_id;
ALTER TABLE public.cluster_user_rule_disable_feedback DROP COLUMN org_id;
