-- Reports until that day had wrong counts.
DELETE FROM dvo.dvo_report WHERE last_checked_at <= TIMESTAMP '2024-03-09';
