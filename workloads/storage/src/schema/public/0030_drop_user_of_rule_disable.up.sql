ALTER TABLE public.rule_disable DROP COLUMN user_id;
