-- The primary key is called …_pkey1 in every database that was migrated step by step, and a later step drops it by that name.
ALTER TABLE public.cluster_rule_user_feedback
    RENAME CONSTRAINT cluster_rule_user_feedback_pkey TO cluster_rule_user_feedback_pkey1;
ALTER TABLE public.cluster_rule_user_feedback
    ADD CONSTRAINT cluster_rule_user_feedback_cluster_id_fkey
        FOREIGN KEY (cluster_id) REFERENCES public.report (cluster) ON DELETE CASCADE,
    ADD CONSTRAINT cluster_rule_user_feedback_rule_id_fkey
        FOREIGN KEY (rule_id) REFERENCES public.rule (module) ON DELETE CASCADE;
