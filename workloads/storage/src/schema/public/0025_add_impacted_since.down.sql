ALTER TABLE public.recommendation DROP COLUMN impacted_since;
