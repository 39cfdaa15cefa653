-- Without the error key, several rows can be of one rule: the newest is kept.
DELETE FROM public.cluster_rule_toggle AS older USING public.cluster_rule_toggle AS newer
    WHERE older.cluster_id = newer.cluster_id AND older.rule_id = newer.rule_id
        AND (older.updated_at, older.error_key) < (newer.updated_at, newer.error_key);
ALTER TABLE public.cluster_rule_toggle
    DROP CONSTRAINT cluster_rule_toggle_pkey,
    DROP COLUMN error_key,
    ADD CONSTRAINT cluster_rule_toggle_pkey PRIMARY KEY (cluster_id, rule_id);
DELETE FROM public.cluster_rule_user_feedback AS older USING public.cluster_rule_user_feedback AS newer
    WHERE older.cluster_id = newer.cluster_id AND older.rule_id = newer.rule_id AND older.user_id = newer.user_id
        AND (older.updated_at, older.error_key) < (newer.updated_at, newer.error_key);
ALTER TABLE public.cluster_rule_user_feedback
    DROP CONSTRAINT cluster_rule_user_feedback_pkey,
    DROP COLUMN error_key,
    ADD CONSTRAINT cluster_rule_user_feedback_pkey1 PRIMARY KEY (cluster_id, rule_id, user_id);
DELETE FROM public.cluster_user_rule_disable_feedback AS older USING public.cluster_user_rule_disable_feedback AS newer
    WHERE older.cluster_id = newer.cluster_id AND older.rule_id = newer.rule_id AND older.user_id = newer.user_id
        AND (older.updated_at, older.error_key) < (newer.updated_at, newer.error_key);
ALTER TABLE public.cluster_user_rule_disable_feedback
    DROP CONSTRAINT cluster_user_rule_disable_feedback_pkey,
    DROP COLUMN error_key,
    ADD CONSTRAINT cluster_user_rule_disable_feedback_pkey PRIMARY KEY (cluster_id, user_id, rule_id);
