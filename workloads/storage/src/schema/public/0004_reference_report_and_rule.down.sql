ALTER TABLE public.cluster_rule_user_feedback
    DROP CONSTRAINT cluster_rule_user_feedback_rule_id_fkey,
    DROP CONSTRAINT cluster_rule_user_feedback_cluster_id_fkey;
ALTER TABLE public.cluster_rule_user_feedback
    RENAME CONSTRAINT cluster_rule_user_feedback_pkey1 TO cluster_rule_user_feedback_pkey;
