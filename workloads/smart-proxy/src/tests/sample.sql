INSERT INTO report (org_id, cluster, report, reported_at, last_checked_at, gathered_at) VALUES
    (11, '34c3ecc5-624a-49a5-bab8-4fdc5e51a266', '{"reports":[],"system":{}}', now() AT TIME ZONE 'utc',
     (now() AT TIME ZONE 'utc') - interval '1 hour', '2026-01-23 16:15:30'),
    (11, '74ae54aa-6577-4e80-85e7-697cb646ff37', '{"reports":[]}', '2026-01-02 03:04:05.9', '2026-01-02 03:04:04', NULL),
    (11, 'b0000000-0000-4000-8000-000000000000', '{"reports":[]}', now() AT TIME ZONE 'utc', NULL, NULL),
    (12, 'a7467445-8d6a-43cc-b82c-7007664bdf69', '{"reports":[]}', now() AT TIME ZONE 'utc', '2026-01-23 16:15:59', NULL);

INSERT INTO rule_hit (org_id, cluster_id, rule_fqdn, error_key, template_data, created_at) VALUES
    (11, '34c3ecc5-624a-49a5-bab8-4fdc5e51a266', 'ccx_rules.external.node_not_ready.report', 'NODE_NOT_READY',
     '{"type":"rule","error_key":"NODE_NOT_READY","not_ready":1,"total":3,"nodes":[{"name":"m0"}],"affected_nodes":[{"name":"m0","role":"master","status":"Unknown"}]}', '2026-01-20 00:00:00'),
    (11, '34c3ecc5-624a-49a5-bab8-4fdc5e51a266', 'ccx_rules_ocp.external.rules.control_plane_replicas.report',
     'CONTROL_PLANE_NODE_REPLICAS', '{"type":1,"control_plane_nodes":2,"expected":3,"nodes":["m0","m1"]}', NULL),
    (11, '34c3ecc5-624a-49a5-bab8-4fdc5e51a266', 'ccx_rules_ocp.external.rules.control_plane_replicas',
     'CONTROL_PLANE_NODE_REPLICAS', '{}', NULL),
    (11, '34c3ecc5-624a-49a5-bab8-4fdc5e51a266', 'ccx_rules.external.audit_disabled.report', 'AUDIT_LOGGING_DISABLED',
     'not JSON', NULL),
    (11, '34c3ecc5-624a-49a5-bab8-4fdc5e51a266', 'acme.unknown.report', 'KEY', '{"a":1}', NULL);

INSERT INTO recommendation (org_id, cluster_id, rule_fqdn, error_key, rule_id, created_at, impacted_since) VALUES
    (11, '34c3ecc5-624a-49a5-bab8-4fdc5e51a266', 'ccx_rules.external.node_not_ready', 'NODE_NOT_READY',
     'ccx_rules.external.node_not_ready|NODE_NOT_READY', '2026-01-23 16:16:00.25', '2026-01-20 00:00:00'),
    (11, '34c3ecc5-624a-49a5-bab8-4fdc5e51a266', 'ccx_rules_ocp.external.rules.control_plane_replicas',
     'CONTROL_PLANE_NODE_REPLICAS', 'ccx_rules_ocp.external.rules.control_plane_replicas|CONTROL_PLANE_NODE_REPLICAS',
     '2026-01-23 16:16:00.25', NULL),
    (11, '34c3ecc5-624a-49a5-bab8-4fdc5e51a266', 'acme.unknown', 'KEY', 'acme.unknown|KEY', '2026-01-23 16:16:00', NULL),
    (12, 'a7467445-8d6a-43cc-b82c-7007664bdf69', 'ccx_rules.external.node_not_ready', 'NODE_NOT_READY',
     'ccx_rules.external.node_not_ready|NODE_NOT_READY', '2026-01-23 16:16:00', '2026-01-20 00:00:00');

INSERT INTO report_info (org_id, cluster_id, version_info) VALUES (11, '34c3ecc5-624a-49a5-bab8-4fdc5e51a266', '4.18.3');

INSERT INTO dvo.dvo_report (org_id, cluster_id, namespace_id, namespace_name, report, recommendations, objects, reported_at,
                            last_checked_at, rule_hits_count) VALUES
    (11, '34c3ecc5-624a-49a5-bab8-4fdc5e51a266', 'fad82c1f-96db-430f-b3ec-503fb9eeb7bb', 'shop',
     '{"workload_recommendations":[{"component":"ccx_rules.external.dvo.host_ipc.recommendation","key":"DVO_HOST_IPC","details":{"n":1},"workloads":[{"namespace_uid":"fad82c1f-96db-430f-b3ec-503fb9eeb7bb","kind":"Pod","uid":"u-1","name":"p"}]},{"component":"acme.dvo.recommendation","key":"K","workloads":[{"namespace_uid":"fad82c1f-96db-430f-b3ec-503fb9eeb7bb","kind":"Pod","uid":"u-1"}]}]}',
     2, 1, '2026-01-20 01:02:03.5', '2026-01-23 16:15:59.9', '{"ccx_rules.external.dvo.host_ipc|DVO_HOST_IPC": 1, "acme.dvo|K": 1}'),
    (12, 'a7467445-8d6a-43cc-b82c-7007664bdf69', '17a2e369-e96b-436e-924a-afa055280e44', NULL, '{}', 1, 1, NULL, NULL, NULL);
