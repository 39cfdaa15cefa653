DELETE FROM public.cluster_rule_toggle WHERE org_id = '0';
DELETE FROM public.cluster_rule_user_feedback WHERE org_id = '0';
DELETE FROM public.cluster_user_rule_disable_feedback WHERE org_id = '0';
