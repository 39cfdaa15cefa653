ALTER TABLE public.rule_error_key
    DROP CONSTRAINT rule_error_key_rule_module_fkey,
    ADD CONSTRAINT rule_error_key_rule_module_fkey
        FOREIGN KEY (rule_module) REFERENCES public.rule (module) ON DELETE CASCADE;
