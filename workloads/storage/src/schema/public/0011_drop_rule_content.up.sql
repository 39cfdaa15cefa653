ALTER TABLE public.cluster_rule_user_feedback DROP CONSTRAINT cluster_rule_user_feedback_rule_id_fkey;
DROP TABLE public.rule_error_key;
DROP TABLE public.rule;
