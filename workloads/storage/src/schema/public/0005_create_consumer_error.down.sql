DROP TABLE public.consumer_error;
