-- Of several users' toggles of one rule, the newest counts.
DELETE FROM public.cluster_rule_toggle AS older USING public.cluster_rule_toggle AS newer
    WHERE older.cluster_id = newer.cluster_id AND older.rule_id = newer.rule_id
        AND (older.updated_at, older.user_id) < (newer.updated_at, newer.user_id);
ALTER TABLE public.cluster_rule_toggle
    DROP CONSTRAINT cluster_rule_toggle_pkey,
    ADD CONSTRAINT cluster_rule_toggle_pkey PRIMARY KEY (cluster_id, rule_id);
ALTER TABLE public.cluster_rule_toggle ALTER COLUMN user_id DROP NOT NULL;
