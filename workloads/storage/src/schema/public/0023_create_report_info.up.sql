CREATE TABLE public.report_info (
    org_id       INTEGER NOT NULL,
    cluster_id   VARCHAR NOT NULL,
    version_info VARCHAR NOT NULL,
    CONSTRAINT report_info_pkey PRIMARY KEY (org_id, cluster_id),
    CONSTRAINT report_info_cluster_id_key UNIQUE (cluster_id)
);
