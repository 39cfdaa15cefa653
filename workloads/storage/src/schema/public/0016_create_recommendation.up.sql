-- rule_fqdn ends with the error key in this version; version 19 corrects it.
CREATE TABLE public.recommendation (
    org_id     INTEGER NOT NULL,
    cluster_id VARCHAR NOT NULL,
    rule_fqdn  TEXT    NOT NULL,
    error_key  VARCHAR NOT NULL,
    CONSTRAINT recommendation_pk PRIMARY KEY (org_id, cluster_id, rule_fqdn, error_key)
);
INSERT INTO public.recommendation (org_id, cluster_id, rule_fqdn, error_key)
    SELECT org_id, cluster_id, regexp_replace(rule_fqdn, 'report$', error_key), error_key FROM public.rule_hit;
