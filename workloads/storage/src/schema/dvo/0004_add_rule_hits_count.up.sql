ALTER TABLE dvo.dvo_report ADD COLUMN rule_hits_count JSONB DEFAULT '{}';
COMMENT ON COLUMN dvo.dvo_report.rule_hits_count IS 'number of workloads for each <rule>|<error key>';
