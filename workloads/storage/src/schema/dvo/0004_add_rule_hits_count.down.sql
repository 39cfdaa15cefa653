ALTER TABLE dvo.dvo_report DROP COLUMN rule_hits_count;
