DROP TABLE public.report;
