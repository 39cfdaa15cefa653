ALTER TABLE public.report ADD COLUMN gathered_at TIMESTAMP;
