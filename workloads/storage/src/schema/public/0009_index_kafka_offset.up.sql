CREATE INDEX report_kafka_offset_btree_idx ON public.report USING btree (kafka_offset);
