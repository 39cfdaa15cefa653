CREATE INDEX report_org_id_idx ON dvo.dvo_report USING hash (org_id);
CREATE INDEX report_org_id_cluster_id_idx ON dvo.dvo_report USING btree (org_id, cluster_id);
