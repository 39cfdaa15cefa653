ALTER TABLE public.cluster_rule_toggle ADD COLUMN org_id VARCHAR NOT NULL DEFAULT '0';
UPDATE public.cluster_rule_toggle AS t SET org_id = report.org_id::varchar
    FROM public.report WHERE report.cluster = t.cluster_id;
ALTER TABLE public.cluster_rule_user_feedback ADD COLUMN org_id VARCHAR NOT NULL DEFAULT '0';
UPDATE public.cluster_rule_user_feedback AS t SET org_id = report.org_id::varchar
    FROM public.report WHERE report.cluster = t.cluster_id;
ALTER TABLE public.cluster_user_rule_disable_feedback ADD COLUMN org_id VARCHAR NOT NULL DEFAULT '0';
UPDATE public.cluster_user_rule_disable_feedback AS t SET org_id = report.org_id::varchar
    FROM public.report WHERE report.cluster = t.cluster_id;
