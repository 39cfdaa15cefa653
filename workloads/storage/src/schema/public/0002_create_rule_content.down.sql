DROP TABLE public.rule_error_key;
DROP TABLE public.rule;
