//! The steps from the first object to the deletion of the last one.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Instant,
};

use ccx_e2e::{BACKLOG, OPERATOR, PASSWORD, Pod};
use ccx_messages::ClusterId;
use ccx_test_support::{eventually, eventually_within};
use serde_json::json;

use crate::story::{
    AGGREGATOR, COMPONENTS, DATABASE, FAULTS, PIPELINE, REPLICAS, RESOURCE, Story, WRITER, ask, conditions,
    kafka_secret, keys, storage_secret,
};

impl Story<'_> {
    pub(crate) fn resource_becomes_ready_with_all_components(&self) {
        let started = Instant::now();
        for (name, data) in [("kafka", kafka_secret()), ("object-storage", storage_secret(PASSWORD))] {
            self.apply_secret(name, &data);
        }
        self.namespace.apply(&self.resource());
        self.wait_until_ready();
        eprintln!("all pods are ready after {} s", started.elapsed().as_secs());
        let ready = COMPONENTS
            .map(|component| self.namespace.pods(component).iter().filter(|pod| pod.is_ready).count());
        assert_eq!(ready, REPLICAS);
        let resource = self.namespace.get(&[RESOURCE]);
        let version = &resource["status"]["schemaVersion"];
        assert_eq!(
            (&version["public"], &version["dvo"]),
            (&json!(32), &json!(4)),
            "as the migration's pod has message"
        );
    }

    pub(crate) fn archive_becomes_a_report(&self, cluster_id: ClusterId) {
        let started = Instant::now();
        self.upload(cluster_id);
        let report = self.wait_for_report(cluster_id);
        eprintln!("the report is there after {} ms", started.elapsed().as_millis());
        assert_eq!(keys(&report), FAULTS.iter().map(|fault| fault.error_key().to_owned()).collect());
    }

    pub(crate) fn changed_component_restarts_alone_while_the_api_responds(&self, cluster_id: ClusterId) {
        let before = self.pods();
        let api = self.api();
        let is_over = AtomicBool::new(false);
        let unanswered = thread::scope(|scope| {
            let asking = scope.spawn(|| {
                let asks = std::iter::repeat_with(|| ask(&api, cluster_id))
                    .take_while(|_| !is_over.load(Ordering::Relaxed));
                asks.filter(|answer| answer.status != 200).collect::<Vec<_>>()
            });
            self.namespace.patch(RESOURCE, &json!({"spec": {"aggregator": {"orgOverviewLimit": "4h"}}}));
            self.wait_for_new_pods(AGGREGATOR, &before[2]);
            self.wait_until_ready();
            is_over.store(true, Ordering::Relaxed);
            asking.join().unwrap()
        });
        assert_eq!(unanswered, [], "while pods are replaced");
        let after = self.pods();
        assert_eq!(
            [&after[0], &after[1], &after[3]],
            [&before[0], &before[1], &before[3]],
            "only the aggregator is restarted"
        );
    }

    pub(crate) fn rotated_secret_restarts_its_users_as_long_as_they_work(&self) {
        let before = self.pods();
        self.apply_secret("object-storage", &storage_secret("rotated"));
        // The server refuses this key, so that new pods are not ready, and working ones stay.
        eventually_within(BACKLOG, "the refused key is reported", || {
            let conditions = conditions(&self.namespace.get(&[RESOURCE]));
            let is_reported = conditions["ObjectStorageReachable"].starts_with("False");
            if is_reported { Ok(()) } else { Err(conditions) }
        });
        let message = self.namespace.events("SecretChanged");
        assert!(message.iter().any(|note| note.contains(PIPELINE)), "an Event says why: {message:?}");
        let working = |pod: &&Pod| pod.is_ready && before[0].iter().any(|old| old.uid == pod.uid);
        assert!(self.namespace.pods(PIPELINE).iter().filter(working).count() > 0, "the rollout stops");
        self.apply_secret("object-storage", &storage_secret(PASSWORD));
        self.wait_until_ready();
        assert_eq!(self.pods()[1..], before[1..], "no other pod is restarted");
    }

    pub(crate) fn killed_pod_is_replaced_without_loss(&self, cluster_id: ClusterId) {
        for component in [DATABASE, AGGREGATOR] {
            let before = self.namespace.pods(component);
            self.namespace.kubectl(&["delete", "pod", &before[0].name, "--grace-period=0", "--force"]);
            eventually_within(BACKLOG, "another pod", || {
                let now = self.namespace.pods(component);
                let is_replaced = now.iter().all(|pod| pod.is_ready && pod.uid != before[0].uid);
                if is_replaced && now.len() == before.len() { Ok(()) } else { Err(now) }
            });
        }
        self.wait_until_ready();
        self.wait_for_report(cluster_id);
    }

    pub(crate) fn manual_change_is_restored(&self) {
        let deployment = format!("deployment/ccx-{WRITER}");
        self.namespace.kubectl(&["scale", &deployment, "--replicas=3"]);
        eventually("the number of writers is put back", || {
            self.namespace.get(&[&deployment])["spec"]["replicas"] == 1
        });
        let service = format!("service/ccx-{AGGREGATOR}");
        self.namespace.kubectl(&["delete", &service]);
        eventually("the Service is recreated", || self.namespace.names("services").contains(&service));
        let message = self.namespace.events("DriftCorrected");
        assert!(
            message.iter().any(|note| note.contains("replicas")),
            "an Event names the field: {message:?}"
        );
        self.wait_until_ready();
    }

    pub(crate) fn suspension_stops_the_workloads_and_resumption_starts_them(&self, cluster_id: ClusterId) {
        let database = self.namespace.pods(DATABASE);
        self.namespace.patch(RESOURCE, &json!({"spec": {"suspend": true}}));
        eventually_within(BACKLOG, "the workloads are deleted", || {
            let left: Vec<Pod> =
                COMPONENTS[..3].iter().flat_map(|component| self.namespace.pods(component)).collect();
            if left.is_empty() { Ok(()) } else { Err(left) }
        });
        assert_eq!(self.namespace.pods(DATABASE), database, "the database goes on");
        self.namespace.patch(RESOURCE, &json!({"spec": {"suspend": false}}));
        self.wait_until_ready();
        self.wait_for_report(cluster_id);
    }

    pub(crate) fn upgraded_operator_keeps_the_workloads_running(&self, cluster_id: ClusterId) {
        let before = self.pods();
        self.cluster.install_operator(&["podAnnotations.release=next"]);
        let operators = ["pods", "--namespace", OPERATOR, "--selector=app.kubernetes.io/name=ccx-operator"];
        eventually("only the new operator runs", || {
            let pods = self.cluster.get(&operators)["items"].as_array().unwrap().clone();
            let releases: Vec<_> =
                pods.iter().map(|pod| pod["metadata"]["annotations"]["release"].clone()).collect();
            // A leader and a standby.
            if releases == ["next", "next"] { Ok(()) } else { Err(releases) }
        });
        // The change is applied only by a leader.
        self.namespace.patch(RESOURCE, &json!({"spec": {"aggregator": {"orgOverviewLimit": "5h"}}}));
        self.wait_for_new_pods(AGGREGATOR, &before[2]);
        self.wait_until_ready();
        let after = self.pods();
        assert_eq!(
            [&after[0], &after[1], &after[3]],
            [&before[0], &before[1], &before[3]],
            "it changes no other pod"
        );
        self.wait_for_report(cluster_id);
    }

    pub(crate) fn retained_database_is_adopted_by_the_next_resource(&self, cluster_id: ClusterId) {
        self.namespace.kubectl(&["delete", RESOURCE, "--timeout=60s"]);
        eventually_within(BACKLOG, "the workloads are deleted", || {
            let left = self.namespace.names("deployments,services,configmaps");
            let left: Vec<_> =
                left.iter().filter(|name| name.contains("/ccx-") && !name.contains(DATABASE)).collect();
            if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) }
        });
        assert_eq!(self.namespace.names("persistentvolumeclaims").len(), 1, "the data stays");
        self.namespace.apply(&self.resource());
        self.wait_until_ready();
        self.wait_for_report(cluster_id);
    }

    pub(crate) fn delete_policy_deletes_all_objects(&self) {
        self.namespace.patch(RESOURCE, &json!({"spec": {"deletionPolicy": "Delete"}}));
        self.wait_until_ready();
        self.namespace.kubectl(&["delete", RESOURCE, "--timeout=60s"]);
        eventually_within(BACKLOG, "all objects are deleted", || {
            let kinds = "deployments,statefulsets,jobs,services,configmaps,secrets,persistentvolumeclaims,serviceaccounts,pods";
            let left = self.namespace.names(kinds);
            let left: Vec<_> = left.into_iter().filter(|name| name.contains("/ccx-")).collect();
            if left.is_empty() { Ok(()) } else { Err(left) }
        });
    }
}
