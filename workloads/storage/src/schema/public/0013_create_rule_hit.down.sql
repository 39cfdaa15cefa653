DROP TABLE public.rule_hit;
