INSERT INTO report (org_id, cluster, report, reported_at, last_checked_at, gathered_at) VALUES
    (11, '34c3ecc5-624a-49a5-bab8-4fdc5e51a266', '{"fingerprints":[],"reports":[{"a":"\u003c"}],"system":{}}',
     (now() AT TIME ZONE 'utc'), '2026-01-23 16:15:59.478901', '2026-01-23 16:15:30'),
    (11, '74ae54aa-6577-4e80-85e7-697cb646ff37', '{"reports":[]}', '2026-01-02 03:04:05.9', '2026-01-02 03:04:04', NULL),
    (12, 'a7467445-8d6a-43cc-b82c-7007664bdf69', '{"reports":[]}', (now() AT TIME ZONE 'utc'), '2026-01-23 16:15:59', NULL);

INSERT INTO rule_hit (org_id, cluster_id, rule_fqdn, error_key, template_data, created_at) VALUES
    (11, '34c3ecc5-624a-49a5-bab8-4fdc5e51a266', 'rules.b.report', 'KEY_B', '{"type": "rule","error_key":"KEY_B","n":1.0}',
     '2026-01-20 00:00:00'),
    (11, '34c3ecc5-624a-49a5-bab8-4fdc5e51a266', 'rules.a.report', 'KEY_A', '{"type":"rule","error_key":"KEY_A"}', NULL);

INSERT INTO cluster_rule_toggle (cluster_id, rule_id, error_key, org_id, disabled, disabled_at, updated_at) VALUES
    ('34c3ecc5-624a-49a5-bab8-4fdc5e51a266', 'rules.b.report', 'KEY_B', '11', 1, '2026-01-21 10:11:12.5', '2026-01-21 10:11:12.5'),
    ('34c3ecc5-624a-49a5-bab8-4fdc5e51a266', 'rules.b.report', 'KEY_C', '11', 1, '2026-01-22 00:00:00', '2026-01-22 00:00:00');

INSERT INTO cluster_rule_user_feedback (cluster_id, rule_id, error_key, user_id, org_id, message, user_vote, added_at, updated_at) VALUES
    ('34c3ecc5-624a-49a5-bab8-4fdc5e51a266', 'rules.a.report', 'KEY_A', '7', '11', '', 1, now(), now()),
    ('34c3ecc5-624a-49a5-bab8-4fdc5e51a266', 'rules.b.report', 'KEY_B', '8', '11', '', -1, now(), now());

INSERT INTO cluster_user_rule_disable_feedback (cluster_id, user_id, rule_id, error_key, org_id, message, added_at, updated_at) VALUES
    ('34c3ecc5-624a-49a5-bab8-4fdc5e51a266', '7', 'rules.b.report', 'KEY_B', '11', 'too <noisy>', now(), now());

INSERT INTO recommendation (org_id, cluster_id, rule_fqdn, error_key, rule_id, created_at, impacted_since) VALUES
    (11, '34c3ecc5-624a-49a5-bab8-4fdc5e51a266', 'rules.a', 'KEY_A', 'rules.a|KEY_A', '2026-01-23 16:16:00.25', '2026-01-20 00:00:00'),
    (11, '34c3ecc5-624a-49a5-bab8-4fdc5e51a266', 'rules.b', 'KEY_B', 'rules.b|KEY_B', '2026-01-23 16:16:00.25', NULL),
    (12, 'a7467445-8d6a-43cc-b82c-7007664bdf69', 'rules.a', 'KEY_A', 'rules.a|KEY_A', '2026-01-23 16:16:00', '2026-01-20 00:00:00');

INSERT INTO report_info (org_id, cluster_id, version_info) VALUES (11, '34c3ecc5-624a-49a5-bab8-4fdc5e51a266', '4.18.3');

INSERT INTO rule_disable (org_id, rule_id, error_key, justification, created_at) VALUES
    ('11', 'rules.a', 'KEY_A', 'known', '2026-01-21 10:11:12.5'),
    ('12', 'rules.b', 'KEY_B', 'foreign', '2026-01-21 10:11:12.5');

INSERT INTO advisor_ratings (org_id, rule_fqdn, error_key, rule_id, rated_at, last_updated_at, rating) VALUES
    ('11', 'rules.a', 'KEY_A', 'rules.a|KEY_A', '2026-01-21 10:11:12', '2026-01-21 10:11:12', -1);

INSERT INTO dvo.dvo_report (org_id, cluster_id, namespace_id, namespace_name, report, recommendations, objects, reported_at,
                            last_checked_at, rule_hits_count) VALUES
    (11, '34c3ecc5-624a-49a5-bab8-4fdc5e51a266', 'ns-1', 'shop',
     '"{\"workload_recommendations\":[{\"component\":\"dvo.a.recommendation\",\"key\":\"A\",\"details\":{\"n\":1},\"workloads\":[{\"namespace_uid\":\"ns-1\",\"kind\":\"Pod\",\"uid\":\"u-1\"}]}]}"',
     1, 1, '2026-01-20 01:02:03.5', '2026-01-23 16:15:59.9', '{"dvo.a|A": 1}'),
    (12, 'a7467445-8d6a-43cc-b82c-7007664bdf69', 'ns-2', NULL, '{}', 1, 1, NULL, NULL, NULL);
