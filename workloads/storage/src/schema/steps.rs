//! The history of both schemas: one step for each version, up and down.
//!
//! The tables of every version, their columns, constraints and indexes are those that other programs that share the
//! database expect. Where a step of theirs loses what users said, ours keeps it; `docs/compatibility.md` lists these.

/// The statements between version `n - 1` and version `n` of a schema; `n` is the position in the list, from 1.
#[derive(Debug)]
pub(super) struct Step {
    /// From version `n - 1` to `n`.
    pub(super) up: &'static str,
    /// From version `n` to `n - 1`.
    pub(super) down: &'static str,
}

macro_rules! step {
    ($name:literal) => {
        Step { up: include_str!(concat!($name, ".up.sql")), down: include_str!(concat!($name, ".down.sql")) }
    };
}

/// Schema `public`: the reports of clusters, and the votes, toggles and ratings of users.
pub(super) const PUBLIC: &[Step] = &[
    step!("public/0001_create_report"),
    step!("public/0002_create_rule_content"),
    step!("public/0003_create_user_feedback"),
    step!("public/0004_reference_report_and_rule"),
    step!("public/0005_create_consumer_error"),
    step!("public/0006_delete_error_keys_with_their_rule"),
    step!("public/0007_create_rule_toggle"),
    step!("public/0008_add_kafka_offset"),
    step!("public/0009_index_kafka_offset"),
    step!("public/0010_add_tags"),
    step!("public/0011_drop_rule_content"),
    step!("public/0012_create_disable_feedback"),
    step!("public/0013_create_rule_hit"),
    step!("public/0014_toggle_rules_for_all_users"),
    step!("public/0015_add_error_key"),
    step!("public/0016_create_recommendation"),
    step!("public/0017_create_rule_disable"),
    step!("public/0018_create_advisor_ratings"),
    step!("public/0019_correct_recommendation"),
    step!("public/0020_add_rule_id_to_advisor_ratings"),
    step!("public/0021_add_gathered_at"),
    step!("public/0022_delete_toggles_without_component"),
    step!("public/0023_create_report_info"),
    step!("public/0024_add_created_at_to_rule_hit"),
    step!("public/0025_add_impacted_since"),
    step!("public/0026_add_org_id"),
    step!("public/0027_delete_rows_without_organization"),
    step!("public/0028_disable_rules_for_all_users"),
    step!("public/0029_drop_user_of_rule_toggle"),
    step!("public/0030_drop_user_of_rule_disable"),
    step!("public/0031_rate_rules_for_all_users"),
    step!("public/0032_delete_toggles_without_error_key"),
];

/// Schema `dvo`: the workload recommendations of namespaces.
pub(super) const DVO: &[Step] = &[
    step!("dvo/0001_create_dvo_report"),
    step!("dvo/0002_index_organization"),
    step!("dvo/0003_delete_faulty_reports"),
    step!("dvo/0004_add_rule_hits_count"),
];
