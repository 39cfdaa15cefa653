ALTER TABLE public.recommendation DROP COLUMN created_at, DROP COLUMN rule_id;
-- Version 18 has the error key behind the rule, and the way up removes what is behind it.
UPDATE public.recommendation SET rule_fqdn = rule_fqdn || '.' || error_key;
