ALTER TABLE public.rule_disable ADD COLUMN user_id VARCHAR NOT NULL DEFAULT '-1';
