-- A toggle names the rule's component, which ends with `.report`; others were never matched by any query.
DELETE FROM public.cluster_rule_toggle WHERE rule_id NOT LIKE '%.report';
DELETE FROM public.cluster_user_rule_disable_feedback WHERE rule_id NOT LIKE '%.report';
