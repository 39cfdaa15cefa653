ALTER TABLE public.advisor_ratings
    ADD COLUMN user_id VARCHAR NOT NULL DEFAULT '-1',
    DROP CONSTRAINT advisor_ratings_pkey,
    ADD CONSTRAINT advisor_ratings_pkey PRIMARY KEY (user_id, org_id, rule_fqdn, error_key);
