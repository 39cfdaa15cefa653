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
