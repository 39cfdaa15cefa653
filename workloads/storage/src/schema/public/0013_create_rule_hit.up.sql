CREATE TABLE public.rule_hit (
    org_id        INTEGER NOT NULL,
    cluster_id    VARCHAR NOT NULL,
    rule_fqdn     VARCHAR NOT NULL,
    error_key     VARCHAR NOT NULL,
    template_data VARCHAR NOT NULL,
    CONSTRAINT rule_hit_pkey PRIMARY KEY (cluster_id, org_id, rule_fqdn, error_key)
);

-- A report that is not JSON with a list of hits yields none: the next report of its cluster brings them.
DO $$
DECLARE
    stored record;
BEGIN
    FOR stored IN SELECT org_id, cluster, report FROM public.report LOOP
        BEGIN
            INSERT INTO public.rule_hit (org_id, cluster_id, rule_fqdn, error_key, template_data)
                SELECT stored.org_id, stored.cluster, hit ->> 'component', hit ->> 'key', coalesce(hit ->> 'details', 'null')
                FROM json_array_elements(stored.report::json -> 'reports') AS hit
                WHERE hit ->> 'component' IS NOT NULL AND hit ->> 'key' IS NOT NULL
                ON CONFLICT DO NOTHING;
        EXCEPTION WHEN data_exception THEN
            RAISE NOTICE 'the report of cluster % is not readable: %', stored.cluster, SQLERRM;
        END;
    END LOOP;
END $$;
