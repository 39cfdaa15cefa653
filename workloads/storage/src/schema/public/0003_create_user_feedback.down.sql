DROP TABLE public.cluster_rule_user_feedback;
