ALTER TABLE public.report DROP COLUMN kafka_offset;
