ALTER TABLE public.advisor_ratings RENAME COLUMN rule_id TO rule_fqdn;
ALTER TABLE public.advisor_ratings ADD COLUMN rule_id VARCHAR NOT NULL DEFAULT '.';
UPDATE public.advisor_ratings SET rule_id = rule_fqdn || '|' || error_key;
