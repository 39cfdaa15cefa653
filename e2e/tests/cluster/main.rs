//! The whole of it on a cluster that runs pods: the chart, one resource, an archive, and a life with all that happens in it.
//!
//! One story, as the parts of it take minutes to start: each chapter begins where the one before has ended.

#![expect(clippy::unwrap_used, reason = "a test that meets nothing has failed")]

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

    story.everything_becomes_ready_from_one_resource();
    let cluster_id = ClusterId::random();
    story.an_archive_becomes_a_report(cluster_id);
    story.a_stranger_does_not_reach_the_database();
    story.a_change_of_one_component_restarts_that_one_while_the_api_answers(cluster_id);
    story.a_rotated_secret_restarts_whoever_uses_it();
    story.a_killed_pod_comes_back_and_nothing_is_lost(cluster_id);
    story.what_somebody_changes_by_hand_is_put_back();
    story.what_a_resource_wants_no_longer_is_deleted();
    story.rules_of_users_are_taken_while_the_pipeline_runs();
    story.rules_in_python_find_what_they_find_beside_the_others();
    story.load_brings_more_pods_of_the_api_and_rest_fewer(cluster_id);
    story.suspension_stops_the_workloads_and_the_end_of_it_starts_them(cluster_id);
    story.another_operator_lets_the_workloads_run(cluster_id);
    story.a_deleted_resource_leaves_its_database_for_the_next(cluster_id);
    story.a_resource_that_owns_its_database_leaves_nothing();
    story.the_operator_has_asked_for_what_it_may_and_no_more();
}
