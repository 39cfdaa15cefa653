-- Of several users' ratings of one rule, the newest counts.
DELETE FROM public.advisor_ratings AS older USING public.advisor_ratings AS newer
    WHERE older.org_id = newer.org_id AND older.rule_fqdn = newer.rule_fqdn AND older.error_key = newer.error_key
        AND (coalesce(older.last_updated_at, older.rated_at, '-infinity'), older.user_id)
            < (coalesce(newer.last_updated_at, newer.rated_at, '-infinity'), newer.user_id);
ALTER TABLE public.advisor_ratings
    DROP CONSTRAINT advisor_ratings_pkey,
    DROP COLUMN user_id,
    ADD CONSTRAINT advisor_ratings_pkey PRIMARY KEY (org_id, rule_fqdn, error_key);
