DELETE FROM public.cluster_rule_toggle WHERE error_key = '';
