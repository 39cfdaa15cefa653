DROP TABLE public.rule_disable;
