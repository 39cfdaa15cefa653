CREATE TABLE public.report (
    org_id          INTEGER NOT NULL,
    cluster         VARCHAR NOT NULL,
    report          VARCHAR NOT NULL,
    reported_at     TIMESTAMP,
    last_checked_at TIMESTAMP,
    CONSTRAINT report_pkey PRIMARY KEY (org_id, cluster),
    CONSTRAINT report_cluster_key UNIQUE (cluster)
);
