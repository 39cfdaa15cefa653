DROP TABLE public.advisor_ratings;
