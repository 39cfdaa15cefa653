DROP TABLE public.report_info;
