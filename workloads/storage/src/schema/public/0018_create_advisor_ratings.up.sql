CREATE TABLE public.advisor_ratings (
    user_id         VARCHAR NOT NULL,
    org_id          VARCHAR NOT NULL,
    rule_id         VARCHAR NOT NULL,
    error_key       VARCHAR NOT NULL,
    rated_at        TIMESTAMP,
    last_updated_at TIMESTAMP,
    rating          SMALLINT,
    CONSTRAINT advisor_ratings_pkey PRIMARY KEY (user_id, org_id, rule_id, error_key)
);
