ALTER TABLE public.recommendation ADD COLUMN impacted_since TIMESTAMP;
