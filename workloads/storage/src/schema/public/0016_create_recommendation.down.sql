DROP TABLE public.recommendation;
