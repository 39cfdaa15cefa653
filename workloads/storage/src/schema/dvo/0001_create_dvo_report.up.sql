CREATE TABLE dvo.dvo_report (
    org_id          INTEGER NOT NULL,
    cluster_id      VARCHAR NOT NULL,
    namespace_id    VARCHAR NOT NULL,
    namespace_name  VARCHAR,
    report          TEXT,
    recommendations INTEGER NOT NULL,
    objects         INTEGER NOT NULL,
    reported_at     TIMESTAMP,
    last_checked_at TIMESTAMP,
    CONSTRAINT dvo_report_pkey PRIMARY KEY (org_id, cluster_id, namespace_id)
);
COMMENT ON TABLE dvo.dvo_report IS 'newest workload recommendations of each namespace';
COMMENT ON COLUMN dvo.dvo_report.org_id IS 'organization that owns the cluster';
COMMENT ON COLUMN dvo.dvo_report.cluster_id IS 'cluster, a UUID';
COMMENT ON COLUMN dvo.dvo_report.namespace_id IS 'namespace, a UUID';
COMMENT ON COLUMN dvo.dvo_report.namespace_name IS 'name of the namespace, when the cluster reports it';
COMMENT ON COLUMN dvo.dvo_report.report IS 'the whole report, JSON inside a JSON string';
COMMENT ON COLUMN dvo.dvo_report.recommendations IS 'number of recommendations for the namespace';
COMMENT ON COLUMN dvo.dvo_report.objects IS 'number of distinct workloads that they concern';
COMMENT ON COLUMN dvo.dvo_report.reported_at IS 'when the namespace was first reported, UTC';
COMMENT ON COLUMN dvo.dvo_report.last_checked_at IS 'when the archive was announced, UTC';
