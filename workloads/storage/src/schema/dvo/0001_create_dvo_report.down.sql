DROP TABLE dvo.dvo_report;
