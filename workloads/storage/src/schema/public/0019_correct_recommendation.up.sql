-- `<rule>|<error key>` and `<rule>.<error key>` both become `<rule>`. Where a row has the corrected form already, it counts.
DELETE FROM public.recommendation AS odd USING public.recommendation AS plain
    WHERE odd.org_id = plain.org_id AND odd.cluster_id = plain.cluster_id AND odd.error_key = plain.error_key
        AND odd.rule_fqdn = plain.rule_fqdn || '|' || plain.error_key;
UPDATE public.recommendation SET rule_fqdn = CASE
    WHEN strpos(rule_fqdn, '|') > 0 THEN split_part(rule_fqdn, '|', 1)
    ELSE regexp_replace(rule_fqdn, '\.[^.]*$', '')
END;
ALTER TABLE public.recommendation ADD COLUMN rule_id VARCHAR NOT NULL DEFAULT '.';
UPDATE public.recommendation SET rule_id = rule_fqdn || '|' || error_key;
ALTER TABLE public.recommendation ADD COLUMN created_at TIMESTAMP DEFAULT (now() AT TIME ZONE 'utc');
