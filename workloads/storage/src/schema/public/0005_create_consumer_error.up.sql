CREATE TABLE public.consumer_error (
    topic        VARCHAR   NOT NULL,
    partition    INTEGER   NOT NULL,
    topic_offset INTEGER   NOT NULL,
    key          VARCHAR,
    produced_at  TIMESTAMP NOT NULL,
    consumed_at  TIMESTAMP NOT NULL,
    message      VARCHAR,
    error        VARCHAR   NOT NULL,
    CONSTRAINT consumer_error_pkey PRIMARY KEY (topic, partition, topic_offset)
);
