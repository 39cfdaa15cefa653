-- Of several users' acknowledgements of one rule, the newest counts.
DELETE FROM public.rule_disable AS older USING public.rule_disable AS newer
    WHERE older.org_id = newer.org_id AND older.rule_id = newer.rule_id AND older.error_key = newer.error_key
        AND (coalesce(older.updated_at, older.created_at), older.user_id)
            < (coalesce(newer.updated_at, newer.created_at), newer.user_id);
ALTER TABLE public.rule_disable
    DROP CONSTRAINT rule_disable_pkey,
    ADD CONSTRAINT rule_disable_pkey PRIMARY KEY (org_id, rule_id, error_key);
