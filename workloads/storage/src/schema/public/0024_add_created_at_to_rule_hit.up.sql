ALTER TABLE public.rule_hit ADD COLUMN created_at TIMESTAMP;
