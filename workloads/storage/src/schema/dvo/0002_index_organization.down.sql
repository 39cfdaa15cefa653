DROP INDEX dvo.report_org_id_cluster_id_idx;
DROP INDEX dvo.report_org_id_idx;
