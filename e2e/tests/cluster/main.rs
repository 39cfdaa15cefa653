//! The life cycle of an installation on a cluster with nodes: the chart, one resource, an archive, changes,
//! failures and deletion.
//!
//! One test, since the components take minutes to start: each step begins where the previous one ended.

#![expect(clippy::unwrap_used, reason = "a test that meets nothing has failed")]

mod database;
mod life;
mod load;
mod network;
mod python;
mod rights;
mod rules;
mod story;

use ccx_e2e::{Cluster, Namespace, Servers};
use ccx_messages::ClusterId;

use story::Story;

#[test]
#[ignore = "needs cluster with pods"]
fn pipeline_on_a_cluster_survives_its_life_cycle() {
    let cluster = Cluster::find();
    let servers = Servers::start_at(cluster.host());
    cluster.install_operator(&[]);
    let namespace = Namespace::new(&cluster, "ccx-e2e");
    let story = Story { cluster: &cluster, servers, namespace };

    story.resource_becomes_ready_with_all_components();
    let cluster_id = ClusterId::random();
    story.archive_becomes_a_report(cluster_id);
    story.unrelated_pod_does_not_reach_the_database();
    story.changed_component_restarts_alone_while_the_api_responds(cluster_id);
    story.rotated_secret_restarts_its_users_as_long_as_they_work();
    story.connections_to_the_database_are_encrypted_while_its_certificate_is_renewed();
    story.rotated_and_replaced_database_password_keeps_the_report(cluster_id);
    story.cleaner_deletes_only_what_is_old(cluster_id);
    story.killed_pod_is_replaced_without_loss(cluster_id);
    story.manual_change_is_restored();
    story.orphan_is_deleted();
    story.rules_of_users_are_reloaded_while_the_pipeline_runs();
    story.findings_of_python_rules_are_served_with_the_built_in_ones();
    story.aggregator_is_scaled_up_under_load_and_down_without(cluster_id);
    story.suspension_stops_the_workloads_and_resumption_starts_them(cluster_id);
    story.upgraded_operator_keeps_the_workloads_running(cluster_id);
    story.retained_database_is_adopted_by_the_next_resource(cluster_id);
    story.delete_policy_deletes_all_objects();
    story.requests_of_the_operator_match_its_rights();
}
