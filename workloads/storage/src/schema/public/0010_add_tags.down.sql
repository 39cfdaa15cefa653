ALTER TABLE public.rule_error_key DROP COLUMN tags;
