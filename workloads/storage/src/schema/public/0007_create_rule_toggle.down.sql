DROP TABLE public.cluster_rule_toggle;
