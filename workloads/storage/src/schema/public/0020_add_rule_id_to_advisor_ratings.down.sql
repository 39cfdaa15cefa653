ALTER TABLE public.advisor_ratings DROP COLUMN rule_id;
ALTER TABLE public.advisor_ratings RENAME COLUMN rule_fqdn TO rule_id;
