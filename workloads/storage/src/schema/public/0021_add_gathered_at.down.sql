ALTER TABLE public.report DROP COLUMN gathered_at;
