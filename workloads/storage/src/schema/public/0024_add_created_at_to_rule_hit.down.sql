ALTER TABLE public.rule_hit DROP COLUMN created_at;
