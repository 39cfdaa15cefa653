//! The API under load, on a cluster with metrics-server: `e2e/cluster/cluster.sh metrics`.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::Instant,
};

use ccx_e2e::PODS;
use ccx_messages::ClusterId;
use ccx_test_support::{eventually_within, http::Response};
use serde_json::{Value, json};

use crate::story::{AGGREGATOR, RESOURCE, Story, ask};

/// The number of concurrent clients, each of which sends one request after the other.
const USERS: usize = 4;

impl Story<'_> {
    pub(crate) fn aggregator_is_scaled_up_under_load_and_down_without(&self, cluster_id: ClusterId) {
        let measured =
            self.cluster.get(&["apiservices", "--field-selector=metadata.name=v1beta1.metrics.k8s.io"]);
        if measured["items"] == json!([]) {
            eprintln!("nothing measures the pods here");
            return;
        }
        let bounds = |max: Value| json!({"spec": {"aggregator": {"autoscaling": {"maxReplicas": max}}}});
        self.namespace.patch(RESOURCE, &bounds(Value::Null));
        let is_over = AtomicBool::new(false);
        let answered = AtomicUsize::new(0);
        let unanswered: Vec<Response> = thread::scope(|scope| {
            let users: Vec<_> =
                (0..USERS).map(|_| scope.spawn(|| self.use_it(cluster_id, &is_over, &answered))).collect();
            self.wait_for_ready_pods("more pods under load", |count| count > 2);
            is_over.store(true, Ordering::Relaxed);
            users.into_iter().flat_map(|user| user.join().unwrap()).collect()
        });
        assert_eq!(unanswered, [], "of {} requests", answered.load(Ordering::Relaxed));
        eprintln!("{} requests were answered meanwhile", answered.load(Ordering::Relaxed));
        self.wait_for_ready_pods("fewer pods at rest", |count| count == 2);
        self.namespace.patch(RESOURCE, &bounds(json!(2)));
        self.wait_until_ready();
    }

    /// Returns the responses that are not reports.
    fn use_it(&self, cluster_id: ClusterId, is_over: &AtomicBool, answered: &AtomicUsize) -> Vec<Response> {
        let api = self.api();
        let mut others = Vec::new();
        while !is_over.load(Ordering::Relaxed) {
            let answer = ask(&api, cluster_id);
            if answer.status == 200 {
                answered.fetch_add(1, Ordering::Relaxed);
            } else {
                others.push(answer);
            }
        }
        others
    }

    fn wait_for_ready_pods(&self, what: &str, is_enough: impl Fn(usize) -> bool) {
        let started = Instant::now();
        let ready = eventually_within(PODS, what, || {
            let pods = self.namespace.pods(AGGREGATOR);
            let ready = pods.iter().filter(|pod| pod.is_ready).count();
            if ready == pods.len() && is_enough(ready) { Ok(ready) } else { Err(pods) }
        });
        eprintln!("{what}: {ready} after {} s", started.elapsed().as_secs());
    }
}
